"""Rows of a csv with fewer cells than the header: nulls, and said so with file and line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from core.config import DataConfig, ModelConfig, RunConfig
from core.data import sources
from core.data.browse import Browser
from core.data.damage import Damage
from core.training.preflight import damaged

pytestmark = pytest.mark.usefixtures("dataset_cache")

SHORT = 'text,note,label\na,x,1\n"b\nb"\n\n   \nc,y,\nd,z\ne,,3\n'
"""Rows 1 and 3 lack cells; row 2 has an empty one, blank lines are no rows."""


def found(path: Path) -> list[Damage]:
    """What is said of a file that a run reads as it is."""
    data = DataConfig(files={"train": str(path)})
    sources.load(data)
    return sources.damages(data).get("train", [])


@pytest.mark.parametrize("name", ["short.csv", "short.tsv", "short.csv.gz"])
def test_they_are_counted_and_have_a_place(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    # In a tsv a quote that does not close on its line is a character.
    line = "b b" if ".tsv" in name else "b\nb"
    text = (SHORT.replace("b\nb", "b b").replace(",", "\t") if ".tsv" in name else SHORT).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    assert found(path) == [Damage(str(path), "short", 3, [1, 3])]
    rows = Browser.open(str(path)).rows("train")
    assert rows["text"][:] == ["a", line, "c", "d", "e"]
    assert rows["label"][:] == [1, None, None, None, 3]
    # Again, from the cache.
    (again,) = found(path)
    assert (again.place, again.said) == (
        f"{name}, line 3",
        "2 rows have fewer cells than the header, the missing ones are null",
    )


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "a,b\n1,\n,2\n", "a\n1\n  \n2\n", "a,b\n1,2\n\n\n3,4\n"])
def test_rows_that_fit_the_header_are_not_damaged(text: str, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(text)
    assert found(tmp_path / "good.csv") == []


def test_a_run_goes_on_and_says_it_and_drop_leaves_them_out(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("text,note,label\nw,,1\n")
    (tmp_path / "short.csv").write_text(SHORT)
    data = DataConfig(files={"train": [str(tmp_path / "good.csv"), str(tmp_path / "short.csv")]})
    for choice, severity, count in (("stop", "warning", 6), ("keep", "warning", 6), ("drop", "info", 4)):
        chosen = data.model_copy(update={"damaged": choice})
        _, (finding,) = damaged.look(RunConfig(model=ModelConfig(id="any"), data=chosen))
        assert (finding.code, finding.severity, finding.rows) == ("damaged", severity, [2, 4])
        assert "short.csv, line 3: 2 rows have fewer cells" in finding.message
        assert len(sources.load(chosen)["train"]) == count
        (note,) = sources.damage_notes(chosen)
        assert note.startswith("train: short.csv, line 3: 2 rows have fewer cells than the header")


def test_beside_worse_damage_they_are_said_too(tmp_path: Path) -> None:
    path = tmp_path / "both.csv"
    path.write_text("a,b\n1,2\n3\n4,5,6\n")
    data = DataConfig(files={"train": str(path)}, damaged="drop")
    assert sources.load(data)["train"]["a"][:] == [1]
    kinds = {damage.kind: damage.rows for damage in sources.damages(data)["train"]}
    assert kinds == {"surplus": [2], "short": [1]}
