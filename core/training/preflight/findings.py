"""What the pre-flight says: findings, and the cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
ORDER: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one split; there is at most one of each code and split.

    Attributes:
        code: a fixed word; docs/pre-flight.md lists them.
        count: how many rows it is about; of what is not about rows, 0.
        rows: their numbers in the split, from 0.
        source_rows: their numbers in the source, where the split was drawn from it; in the order of `rows`.
    """

    code: str
    severity: Severity
    split: str
    count: int
    message: str
    hint: str = ""
    rows: list[int] = field(default_factory=list)
    source_rows: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """The findings, errors first, and the cost: steps, rows, parameters, bytes and seconds."""

    findings: list[Finding]
    cost: dict[str, Any]

    @property
    def failed(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        return {"findings": [asdict(finding) for finding in self.findings], "cost": self.cost}


def report(findings: list[Finding], cost: dict[str, Any]) -> Report:
    """The findings in the order in which a person needs them."""
    return Report(sorted(findings, key=lambda finding: ORDER.index(finding.severity)), cost)


def rows_of(count: int, total: int | None = None) -> str:
    """1 row, 3 of 20 rows."""
    if total is None:
        return f"{count:,} row" if count == 1 else f"{count:,} rows"
    return f"{count:,} of {total:,} rows"
