"""Write the table of metrics into docs/metrics.md: `python scripts/metrics.py`. A test holds the two equal."""

from __future__ import annotations

from pathlib import Path

from core.metrics.names import KINDS, TABLE

PAGE = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
BEGIN, END = "<!-- metrics: made by `python scripts/metrics.py` -->\n", "<!-- end of metrics -->"


def markdown() -> str:
    """A row per metric."""
    lines = ["| Name | Compares | What it says | Whose figure | 0/0, nothing to measure |", "|---|---|---|---|---|"]
    for metric in TABLE.values():
        figures = f" → {', '.join(f'`{figure}`' for figure in metric.figures)}" if metric.figures else ""
        kinds = ", ".join(metric.kinds) + (" (two classes)" if metric.two_classes else "")
        cells = [f"`{metric.name}`", kinds, metric.about + figures, metric.library or "our own", metric.undefined]
        lines.append(f"| {' | '.join(cells)} |")
    kinds = "\n".join(f"- **{kind}**: {about}" for kind, about in KINDS.items())
    return "\n".join(lines) + f"\n\nWhat they compare:\n\n{kinds}\n"


def with_metrics(text: str) -> str:
    """The page's text with the table of today between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{markdown()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_metrics(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
