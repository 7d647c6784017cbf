"""`python -m tests.curves.make [NAME ...]`: make the labelled curves again. Four minutes on one quiet core.

Without a name everything; with names the real runs whose names hold one of them; `made` makes the synthetic ones alone.
The real ones need torch, scikit-learn and the texts in ../shared. Another version of torch gives other digits: then the
labels of the real runs, which were given by looking at the curves and are left alone here, have to be looked at again.
"""

from __future__ import annotations

import sys
import time

from tests.curves import synthetic
from tests.curves.labels import HERE, labels, write_labels


def main() -> None:
    """Make curves and write the labels of the synthetic ones."""
    wanted = sys.argv[1:]
    if not wanted or "made" in wanted:
        _make_synthetic()
    if wanted != ["made"]:
        _train_real(wanted)


def _make_synthetic() -> None:
    kept = [
        (label.file, " ".join(sorted(label.kinds)), " ".join(sorted(label.may)), label.why)
        for label in labels()
        if label.file.startswith("real-")
    ]
    for name, (recording, shape) in synthetic.curves().items():
        recording.write(HERE / f"made-{name}.csv")
        kept.append((f"made-{name}.csv", shape.kinds, shape.may, shape.why))
    write_labels(kept)


def _train_real(wanted: list[str]) -> None:
    import torch

    from tests.curves.recipes import recipes

    torch.set_num_threads(1)
    for name, make in recipes().items():
        if wanted and not any(word in name for word in wanted):
            continue
        begun = time.time()
        make().write(HERE / f"real-{name}.csv")
        print(f"{name:<40}{time.time() - begun:6.1f} s", flush=True)


if __name__ == "__main__":
    main()
