"""Reference figures, ours beside a plain script's: `python -m tests.bench.reference --out FILE`.

Every result is written to FILE at once, and what stands there is not measured again: hours of it may be broken off and
taken up. `--table` writes what FILE holds into docs/reference.md.
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
from tests.bench.reference_cases import CASES, EXAMPLES, ROOT, TINY, Case

SEEDS = (1, 2, 3)
DEFAULT_TASK = "sequence-classification"
RESULTS = ROOT / "docs/reference.jsonl"
PAGE = ROOT / "docs/reference.md"


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
                if side == "ours" and case.config().get("task", DEFAULT_TASK) not in get_args(TaskName):
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
        PAGE.write_text(reference_table.with_table(PAGE.read_text(encoding="utf-8"), done), encoding="utf-8")
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


def overrides(case: Case, seed: int, files: tuple[Path, Path], tiny: bool) -> list[str]:
    """What is put in the place of what the example would fetch."""
    config = case.config()
    split = config["data"].get("eval_split", "validation")
    named = dict(zip(("train", split), map(str, files), strict=True))
    model = "tokenizer" if "from_config" in config["model"] else "id"
    settings = [
        f"model.{model}={case.local_model()}",
        "model.dtype=float32",
        "data.id=null",
        "data.subset=null",
        "data.eval_fraction=null",
        f"data.files={json.dumps(named)}",
        f"training.seed={seed}",
        "training.save_strategy=no",
        "samples.rows=0",
        "samples.texts=[]",
    ]
    if tiny:
        settings += [f"data.limit.train={TINY['train']}", f"data.limit.{split}={TINY['evaluation']}"]
        settings += [f"training.max_steps={TINY['steps']}"]
    return settings


def ours(case: Case, seed: int, folder: Path, files: tuple[Path, Path], tiny: bool) -> Mapping[str, Any]:
    """The example through `finetui train`."""
    command = [sys.executable, "-m", "tui", "train", EXAMPLES / case.example, "--json", "--runs", folder]
    settings = overrides(case, seed, files, tiny)
    last = _printed([*command, *(part for setting in settings for part in ("--set", setting))]).splitlines()[-1]
    metrics: Mapping[str, Any] = json.loads(last).get("metrics") or {}
    if not metrics:
        raise Failed(last)
    return metrics


def exported(case: Case, seed: int, folder: Path, files: tuple[Path, Path], tiny: bool) -> Mapping[str, Any]:
    """The script that finetui writes of the example: transformers and its kin alone."""
    from core import config_file
    from core.scripts import export
    from core.training import prepare

    given = config_file.load(EXAMPLES / case.example, overrides(case, seed, files, tiny)).config
    script = export.save(export.script(prepare.check(given).config), folder, "script")
    text = _printed([sys.executable, script], folder)
    metrics: Mapping[str, Any] = json.loads(text[text.rindex("\n{") :])
    return metrics


def plain(case: Case, seed: int, folder: Path, files: tuple[Path, Path], tiny: bool) -> Mapping[str, Any]:
    """The plain script, told what the example says."""
    if case.script is None:
        return exported(case, seed, folder, files, tiny)
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
    command = [sys.executable, Path(__file__).with_name(case.script), json.dumps(given)]
    metrics: Mapping[str, Any] = json.loads(_printed(command).splitlines()[-1])
    return metrics


def _printed(command: list[Any], folder: Path = ROOT) -> str:
    """What a process prints on stdout; that it ends well is seen to."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=folder)
    if done.returncode or not done.stdout.strip():
        raise Failed("\n".join((done.stderr or done.stdout).splitlines()[-15:]))
    return done.stdout.rstrip()


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
    parser.add_argument("--table", action="store_true", help="measure nothing, write the table into docs/reference.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
