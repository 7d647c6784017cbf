"""The whole pre-flight: every finding, and the cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.config import RunConfig
from core.data import origin, sources
from core.training.preflight import balance, boundary, cost, damaged, rate, texts, tokenizer, tokens
from core.training.preflight.bad_labels import original, usable
from core.training.preflight.findings import Finding, Report, report
from core.training.preflight.watch import Watch

if TYPE_CHECKING:
    from datasets import Dataset

    from core.training.prepare import Checked


def check(config: RunConfig, watch: Watch | None = None, trial: bool = True) -> Report:
    """Hold a config against its data and model. Rows are read a few at a time; of the tokens only lengths are kept.

    Args:
        trial: load the model and run its longest batch; without it nothing is loaded, and no time is known.

    Raises:
        FinetuiError: the run could not start at all.
        RunStopped: nobody wants the report any more.
    """
    found = _check(config, watch or Watch(), trial)
    return replace(found, findings=_in_source(config, found.findings))


def _in_source(config: RunConfig, findings: list[Finding]) -> list[Finding]:
    """With the row numbers of the source, where rows of it were drawn for a split of their own."""
    if config.data.eval_fraction is None or not any(finding.rows for finding in findings):
        return findings
    splits = sources.load(config.data)
    return [
        replace(finding, source_rows=origin.source_rows(splits[finding.split], finding.rows) or [])
        if finding.rows and finding.split in splits
        else finding
        for finding in findings
    ]


def _check(config: RunConfig, watch: Watch, trial: bool) -> Report:
    watch.at("looking at data, model and arguments")
    config, broken = damaged.look(config)
    checked, left_out, findings = usable(config)
    findings = broken + findings
    if checked is None:
        return report(findings, {})
    if checked.notes:
        findings.append(Finding("note", "info", "", 0, "; ".join(checked.notes)))
    findings += rate.look(checked.config)
    findings += tokenizer.look(checked)
    splits = _splits(checked)
    seen: dict[str, tokens.Seen] = {}
    for split, rows in splits.items():
        found, seen[split] = _look(checked, split, rows, watch)
        findings += _renumbered(found, left_out)
    if any(item.unreadable for item in seen.values()):
        return report(findings, {})  # what else there is to say needs every row
    if checked.evaluation is not None:
        split = list(splits)[-1]
        tick = watch.over(f"{split}: rows that stand in the train split")
        found = texts.leaked(checked.task, split, checked.train, checked.evaluation, tick)
        findings += _renumbered(found, left_out)
    findings += balance.look(checked.task, checked.config.data.train_split, checked.train, checked.config)
    findings += balance.once(checked.task, checked.config.data.train_split, checked.train)

    impossible = any(finding.severity == "error" for finding in findings)
    found, figures = cost.look(checked, seen, watch, trial=trial and not impossible)
    return report(findings + found, figures)


def _splits(checked: Checked) -> dict[str, Dataset]:
    """The split to train on, then the one to evaluate on where there is another."""
    data = checked.config.data
    splits = {data.train_split: checked.train}
    if checked.evaluation is not None and data.eval_split:
        splits.setdefault(data.eval_split, checked.evaluation)
    return splits


def _look(checked: Checked, split: str, rows: Dataset, watch: Watch) -> tuple[list[Finding], tokens.Seen]:
    task = checked.task
    seen = tokens.look(checked, rows, watch.over(f"{split}: tokens"))
    found = tokens.findings(checked, split, len(rows), seen, split == checked.config.data.train_split)
    if seen.unreadable:
        return found, seen
    found += texts.empty(task, split, rows, watch.over(f"{split}: empty texts"))
    found += boundary.look(task, split, rows, watch.over(f"{split}: prompts and completions"))
    found += texts.repeated(task, split, rows, watch.over(f"{split}: duplicates"))
    return found, seen


def _renumbered(findings: list[Finding], left_out: dict[str, list[int]]) -> list[Finding]:
    """With the row numbers of the split as it is, where rows with bad labels were passed over."""
    return [
        replace(finding, rows=original(finding.rows, left_out[finding.split])) if finding.split in left_out else finding
        for finding in findings
    ]
