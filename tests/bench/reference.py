"""Reference figures, ours beside a plain script's: `python -m tests.bench.reference --out FILE`.

Every result is written to FILE at once, and what stands there is not measured again: hours of it may be broken off and
taken up. `--table` prints what FILE holds as the table of docs/reference.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from core.config import TaskName
from tests.bench import reference_table
from tests.bench.reference_cases import CASES, ROOT, TINY, Case

SEEDS = (1, 2, 3)
RESULTS = ROOT / "docs/reference.jsonl"


class Failed(Exception):
    """A training ended without metrics; the message is the last of what it printed."""


def main() -> int:
    """Measure what is asked for and not there yet; print the table. The exit code."""
    options = _options()
    done = reference_table.read(options.out)
    failed = False
    for name in options.case or CASES if not options.table else ():
        case = CASES[name]
        for seed in options.seed or SEEDS:
            for side, train in (("ours", ours), ("plain", plain)):
                if any(reference_table.is_of(entry, name, seed, side, options.tiny) for entry in done):
                    continue
                if side == "ours" and case.config()["task"] not in get_args(TaskName):
                    print(f"{name}: skipped, there is no task {case.config()['task']} yet", file=sys.stderr)
                    continue
                print(f"{name}, seed {seed}, {side}", file=sys.stderr, flush=True)
                try:
                    entry = measured(case, seed, side, train, options.tiny)
                except Failed as error:
                    print(error, file=sys.stderr)
                    failed = True
                    continue
                done.append(entry)
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry) + "\n")
    if not options.table:
        reference_table.show(done, options.tiny)
    else:
        print(reference_table.markdown(done))
    return int(failed)


def measured(case: Case, seed: int, side: str, train: Any, tiny: bool) -> dict[str, Any]:
    """One training from its start to its metrics, as an entry of the file."""
    with tempfile.TemporaryDirectory() as folder:
        files = case.files(Path(folder))
        begun = time.monotonic()
        metrics = train(case, seed, Path(folder), files, tiny)
        seconds = time.monotonic() - begun
    return {
        "case": case.name,
        "seed": seed,
        "side": side,
        "tiny": tiny,
        "metrics": {name: metrics[f"eval_{name}"] for name in case.figures if f"eval_{name}" in metrics},
        "minutes": round(seconds / 60, 2),
        "device": _device(),
    }


def ours(case: Case, seed: int, folder: Path, files: tuple[Path, Path], tiny: bool) -> Mapping[str, Any]:
    """The example through `finetui train`."""
    config = case.config()
    split = config["data"].get("eval_split", "validation")
    named = dict(zip(("train", split), map(str, files), strict=True))
    model = "tokenizer" if "from_config" in config["model"] else "id"
    settings = [
        f"model.{model}={case.local_model()}",
        "model.dtype=float32",
        "data.id=null",
        "data.subset=null",
        f"data.files={json.dumps(named)}",
        f"training.seed={seed}",
        "training.save_strategy=no",
        "samples.rows=0",
    ]
    if tiny:
        settings += [f"data.limit.train={TINY['train']}", f"data.limit.{split}={TINY['evaluation']}"]
        settings += [f"training.max_steps={TINY['steps']}"]
    command = [sys.executable, "-m", "tui", "train", ROOT / "examples" / case.example, "--json", "--runs", folder]
    last = _last_line([*command, *(part for setting in settings for part in ("--set", setting))])
    metrics: Mapping[str, Any] = json.loads(last).get("metrics") or {}
    if not metrics:
        raise Failed(last)
    return metrics


def plain(case: Case, seed: int, folder: Path, files: tuple[Path, Path], tiny: bool) -> Mapping[str, Any]:
    """The plain script, told what the example says."""
    config = case.config()
    data, training = config["data"], dict(config["training"])
    limit = {"validation" if split != "train" else split: rows for split, rows in data.get("limit", {}).items()}
    if tiny:
        training["max_steps"] = TINY["steps"]
        limit = {"train": TINY["train"], "validation": TINY["evaluation"]}
    given = {
        "model": case.local_model(),
        "architecture": config["model"].get("from_config"),
        "tokenizer": case.local_model(),
        "files": dict(zip(("train", "validation"), map(str, files), strict=True)),
        "rows": limit,
        "max_length": data.get("max_length"),
        "output": str(folder / "plain"),
        "arguments": {**training, "seed": seed, "save_strategy": "no"},
        **case.settings,
    }
    metrics: Mapping[str, Any] = json.loads(
        _last_line([sys.executable, Path(__file__).with_name(case.script), json.dumps(given)])
    )
    return metrics


def _last_line(command: list[Any]) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=ROOT)
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        raise Failed("\n".join((done.stderr.splitlines() or lines)[-15:]))
    return lines[-1]


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{len(os.sched_getaffinity(0))} CPU cores"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"else {RESULTS.relative_to(ROOT)}")
    parser.add_argument("--case", action="append", choices=list(CASES), help="else all; may be given again")
    parser.add_argument("--seed", action="append", type=int, help=f"else {SEEDS}; may be given again")
    parser.add_argument(
        "--tiny", action="store_true", help="two steps on a few rows: tries the bench, measures nothing"
    )
    parser.add_argument("--table", action="store_true", help="measure nothing, print the table for the docs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
