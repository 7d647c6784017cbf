"""Rows of data files that can only be read in part."""

from __future__ import annotations

from core.config import RunConfig
from core.data import sources
from core.data.damage import Damage, rows_of
from core.training.preflight.findings import Finding, Severity

_SEVERITY: dict[str, Severity] = {"stop": "error", "keep": "warning", "drop": "info"}
_HINT = {
    "stop": "mend the file; or data.damaged: drop leaves such rows out, keep trains on them as Datasets shows them",
    "keep": "data.damaged: drop leaves them out; look at them in Datasets",
    "drop": "data.damaged: drop leaves them out; the numbers of rows below count without them",
}


def look(config: RunConfig) -> tuple[RunConfig, list[Finding]]:
    """A finding for each split with damaged files, and the run with which to look for what else is wrong: as if it were
    told to keep them.

    Raises:
        FinetuiError: a file cannot be read at all.
    """
    choice = config.data.damaged
    if sources.split_files(config.data) is None:
        return config, []
    kept = config.data.model_copy(update={"damaged": "keep"} if choice == "stop" else {})
    sources.open_splits(kept)
    damages = sources.damages(kept)
    stops = any(damage.stops for found in damages.values() for damage in found)
    findings = [_finding(split, found, choice) for split, found in damages.items()]
    return (config.model_copy(update={"data": kept}) if stops else config), findings


def _finding(split: str, damages: list[Damage], choice: str) -> Finding:
    if choice == "stop" and not any(damage.stops for damage in damages):
        choice = "keep"  # a run goes on with them
    message = "; ".join(f"{damage.place}: {damage.said}" for damage in damages)
    rows = rows_of(damages)
    return Finding("damaged", _SEVERITY[choice], split, len(rows), message, _HINT[choice], rows)
