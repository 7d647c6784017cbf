"""Bad data on the screen: real files, each shown, with the place of what is wrong; nothing crashes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.config import DataConfig, ModelConfig, RunConfig
from core.data import sources
from core.errors import FinetuiError
from core.training.preflight import damaged as damaged_rows
from tests.pilot.driving import driven, text, type_in, until, until_shown
from tests.pilot.test_datasets import opened
from tui.screens.dialogs import ErrorDialog
from tui.screens.row_dialog import RowDialog


def lines(*rows: Any) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


WIDE = [f"c{index}" for index in range(3000)]
SHOWN: dict[str, tuple[bytes, list[str]]] = {
    "bom.csv": (b"\xef\xbb\xbftext,label\na,1\n", ["text text  label int64", "a "]),
    "short_rows.csv": (
        b"a,b,c\n1,2,3\n4\n",
        ["a int64  b int64  c int64", "<null>", "! short_rows.csv, line 3: 1 row has fewer cells", "(row 1)"],
    ),
    "mixed.jsonl": (
        lines({"x": 1}, {"x": "[red]one"}, {"x": {"a": [None]}}),
        ["x json", '"[red]one"', '{"a":[null]}'],
    ),
    "nested.jsonl": (
        lines({"x": [[1], [2, 3]], "m": {"a": {"b": ["[/]"]}}}, {"x": [], "m": None}),
        ["list[list[int64]]", "[[1], [2, 3]]", '{a: {b: ["[/]"]}}', "<null>"],
    ),
    "nulls.jsonl": (lines({"a": None, "b": "x"}, {"a": None}), ["<null>"]),
    "control.jsonl": (
        lines({"t": "\x1b]0;owned\x07\x1b[2J\x00"}, {"t": "[bold]x[/bold] [/] [@click=app.quit]"}, {"t": "a\r\nb\tc"}),
        ["␛]0;owned␇␛[2J␀", "[bold]x[/bold] [/] [@click=app.quit]", "a␍⏎b␉c"],
    ),
    "scripts.jsonl": (
        lines({"t": "שלום עולם"}, {"t": "\u202eevil"}, {"t": "日本語の文"}, {"t": "👩‍👩‍👧 e\u0301"}),
        ["שלום עולם", "<U+202E>evil", "日本語の文"],
    ),
    "wide.csv": ("\n".join([",".join(WIDE), ",".join(map(str, range(3000)))]).encode(), ["c0 int64", "c20 "]),
    "megabyte.jsonl": (lines({"t": "x" * 1_000_000}, {"t": "[red]"}), ["xxxx…", "[red]"]),
}
DAMAGED: dict[str, tuple[bytes, list[str], list[int]]] = {
    # content, what stands on the screen, the rows that are damaged
    "encodings.jsonl": (
        '{"t": "café"}\n'.encode() + '{"t": "café"}\n'.encode("latin-1"),
        ["café", "caf<0xE9>", "! encodings.jsonl, line 2: 1 row has bytes that are not UTF-8", "(row 1)"],
        [1],
    ),
    "sixteen.csv": ("t\ncafé\n".encode("utf-16"), ["café", "! sixteen.csv, line 1: the file is UTF-16"], []),
    "ragged.csv": (
        b"a,b\n1,2\n1,2,[red]\n4\n1,2,3,4\n",
        ["surplus cells text", "[red]", "3,4", "! ragged.csv, line 3: 2 rows have more cells", "(row 1, …)"],
        [1, 2, 3],
    ),
    "quote.csv": (
        b'a,b\n1,2\n"x,2\n3,4\n',
        ['"x', "! quote.csv, line 3: a quote is never closed", "(row 1, …)"],
        [1, 2],
    ),
    "cut.jsonl.gz": (
        gzip.compress(lines(*({"n": n * 7919 % 1000} for n in range(2000))))[:900],
        ["[train ", "919", "! cut.jsonl.gz, line ", "the file breaks off"],
        [],
    ),
    "cut.csv.gz": (gzip.compress(b"n\n" + b"1\n" * 9999)[:-9], ["[train ", "the file breaks off"], []),
    "broken.jsonl": (
        lines({"t": "a"}) + b"[/red] {\n" + lines({"t": "b"}) + b'{"t": "\xff", "t": 1}\n',
        ["unreadable line text", "[/red] {", "! broken.jsonl, line 2: 1 line is no json", "i says what else"],
        [1, 3],
    ),
    "latin.txt": ("one\ncafé\n".encode("latin-1"), ["caf<0xE9>", "! latin.txt, line 2"], [1]),
}
REFUSED: dict[str, tuple[bytes, list[str]]] = {
    "prose.json": (b"hello [red] world\n", ["prose.json is not valid json", "line 1"]),
    "no.parquet": (b"PAR1 nothing", ["cannot read no.parquet as parquet"]),
    "empty.csv": (b"a,b\n", ["has no rows"]),
}


async def test_what_can_be_shown_is_shown_as_it_is(tmp_path: Path, own_place: Path) -> None:
    async with driven(tmp_path / "runs", "f2", size=(120, 40)) as pilot:
        for name, (content, shown) in SHOWN.items():
            (own_place / name).write_bytes(content)
            await _ask(pilot, name)
            await until_shown(pilot, name, "[train ", *shown)
            assert "\x1b" not in text(pilot)
            # The whole row, a search and a filter take it as well.
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, RowDialog))
            await pilot.press("escape", "slash")
            await type_in(pilot, "[red]", "enter")
            await until_shown(pilot, "hit 1 of 1" if "[red]" in content.decode() else "no row that is shown holds")
            await pilot.press("escape", "f")
            await type_in(pilot, "length = null", "enter")
            await until(pilot, lambda: "✗" in text(pilot))
            await pilot.press("escape")


async def test_damaged_files_are_shown_as_far_as_they_can_be_read(tmp_path: Path, own_place: Path) -> None:
    async with driven(tmp_path / "runs", "f2", size=(120, 40)) as pilot:
        for name, (content, shown, _) in DAMAGED.items():
            (own_place / name).write_bytes(content)
            await _ask(pilot, name)
            await until_shown(pilot, *shown)
        await pilot.press("i")
        await until_shown(pilot, "damaged", "latin.txt, line 2: 1 row", "unless data.damaged says keep or drop")
        await pilot.press("escape")
        (own_place / "good.csv").write_text("text\nhello\n")
        await _ask(pilot, "good.csv")
        await until_shown(pilot, "hello")
        assert "! " not in text(pilot)


@pytest.mark.parametrize("name", DAMAGED)
def test_a_check_names_them_and_a_run_stops_unless_it_is_told_otherwise(name: str, own_place: Path) -> None:
    content, _, damaged = DAMAGED[name]
    (own_place / name).write_bytes(content)
    for choice, severity in (("stop", "error"), ("keep", "warning"), ("drop", "info")):
        data = DataConfig(files={"train": name}, damaged=choice)  # type: ignore[arg-type]
        _, (finding,) = damaged_rows.look(RunConfig(model=ModelConfig(id="any"), data=data))
        assert (finding.code, finding.severity, finding.rows) == ("damaged", severity, damaged)
        assert f"{name}, line " in finding.message
    with pytest.raises(FinetuiError, match=name):
        sources.load(DataConfig(files={"train": name}))
    kept = sources.load(DataConfig(files={"train": name}, damaged="keep"))["train"]
    dropped = sources.load(DataConfig(files={"train": name}, damaged="drop"))["train"]
    assert len(kept) - len(dropped) == len(damaged)


async def test_what_cannot_be_read_is_refused_with_its_place_and_the_app_goes_on(
    tmp_path: Path, own_place: Path
) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        for name, (content, said) in REFUSED.items():
            (own_place / name).write_bytes(content)
            await _ask(pilot, name)
            await until(pilot, lambda: isinstance(pilot.app.screen, ErrorDialog))
            for part in said:
                assert part in " ".join(text(pilot).replace("│", " ").split())
            await pilot.press("escape")
        (own_place / "good.csv").write_text("text\nhello\n")
        await _ask(pilot, "good.csv")
        await until_shown(pilot, "hello")


async def test_a_folder_with_stray_files_shows_its_data(tmp_path: Path, own_place: Path) -> None:
    folder = own_place / "folder"
    folder.mkdir()
    (folder / "train.jsonl").write_bytes(lines({"t": "a"}))
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / "dataset_info.json").write_text('{"features": 1}')
    (folder / ".train.jsonl.swp").write_bytes(b"\x00")
    (folder / "notes.txt").write_text("notes")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, "folder")
        assert "[train 1]" in text(pilot)


async def _ask(pilot: Pilot[int], name: str) -> None:
    """Open this, whatever is open."""
    from textual.widgets import Input

    if not isinstance(pilot.app.focused, Input):
        await pilot.press("o")
    pilot.app.screen.query_one("#open-ref", Input).value = ""
    await type_in(pilot, name, "enter")


@pytest.mark.parametrize("name", ["wide.csv", "mixed.jsonl", "nested.jsonl", "megabyte.jsonl"])
def test_statistics_take_it_too(name: str, tmp_path: Path, own_place: Path) -> None:
    from core.data import statistics
    from core.data.browse import Browser
    from core.data.duplicates import duplicates

    (own_place / name).write_bytes(SHOWN[name][0])
    rows = Browser.open(name).rows("train")
    columns = statistics.text_columns(rows)
    measure = statistics.in_characters(rows)
    found: list[int] = []
    statistics.lengths(rows, measure, lambda so_far: found.append(int(so_far.max())))
    assert duplicates(rows, columns) == []
    assert (max(found, default=0) >= 1_000_000) == (name == "megabyte.jsonl")
