"""Write the table of keys into the README: `make readme`. A test holds the two equal."""

from __future__ import annotations

from pathlib import Path

from tui import keys

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- keys: made by `make readme` -->\n", "<!-- end of keys -->"


def with_keys(text: str) -> str:
    """The README's text with the table of today between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{keys.markdown()}{END}{after}"


if __name__ == "__main__":
    README.write_text(with_keys(README.read_text(encoding="utf-8")), encoding="utf-8")
