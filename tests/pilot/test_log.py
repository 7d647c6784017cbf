"""The panes below the cards: the log with its search and its levels, output.log, the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.pilot import Pilot

from core.events import HardwareRead, StepLogged, TimeSpent
from tests.pilot.driving import text, type_in, until, until_shown
from tests.pilot.recorded import GIB, RecordedRun, trained
from tests.pilot.test_monitor import SIZES, _app, watching
from tui.screens.monitor import MonitorScreen
from tui.widgets.run_log import RunLog

GPU = {
    "name": "Fake GPU",
    "utilization": 91,
    "memory_used": 11 * GIB,
    "memory_total": 24 * GIB,
    "power_w": 250,
    "temperature_c": 71,
}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def noted(runs: Path) -> RecordedRun:
    """A run with much in its log."""
    run = trained(runs)
    for number in range(60):
        run.notice(f"note {number}", "error" if number == 50 else "warning" if number % 20 == 7 else "info")
    return run


def measured(runs: Path, devices: int = 0) -> RecordedRun:
    run = trained(runs)
    run.folder.emit(
        TimeSpent(
            seconds={"other": 0.2, "training": 81, "data": 3, "evaluation": 11, "checkpoints": 4, "paused": 0}, **run.at
        )
    )
    run.folder.emit(StepLogged(metrics={"samples_per_second": 53.0, "tokens_per_second": 4120.0}, **run.at))
    run.folder.emit(
        HardwareRead(
            cpu_percent=97, memory_used=6 * GIB, memory_total=16 * GIB, process_memory=GIB, disk_free=41 * GIB,
            process_memory_peak=GIB + 300 * 2**20, devices=[GPU] * devices, gpu_memory_peaks=[9 * GIB] * devices,
            **run.at,
        )
    )  # fmt: skip
    return run


def log_lines(pilot: Pilot[Any]) -> list[str]:
    return [line.strip(" │▌") for line in text(pilot).splitlines() if "note " in line]


async def test_search_goes_from_match_to_match(runs: Path) -> None:
    run = noted(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "note 59")
        await pilot.press("slash")
        await type_in(pilot, "note 1", "enter")
        await until_shown(pilot, "match 11 of 11", "▶ ", "· ")
        assert "note 19" in next(line for line in text(pilot).splitlines() if "▶" in line)
        await pilot.press("n")
        await until_shown(pilot, "match 1 of 11")
        assert any(line.endswith("note 1") for line in log_lines(pilot))
        await pilot.press("N", "N")
        await until_shown(pilot, "match 10 of 11")
        run.notice("note 1 came late")
        await until_shown(pilot, "match 10 of 12")
        await pilot.press("escape")
        await until(pilot, lambda: "match" not in text(pilot))
        assert "▶" not in text(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, MonitorScreen))


async def test_letters_of_a_search_are_no_keys(runs: Path) -> None:
    run = noted(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "note 59")
        await pilot.press("slash")
        await type_in(pilot, "no such sex")
        await until_shown(pilot, "no match")
        assert (run.path / "inbox.jsonl").read_text() == ""
        await pilot.press("escape")
        await until(pilot, lambda: "no match" not in text(pilot))


async def test_a_line_that_goes_on_says_so_and_right_shows_it(runs: Path) -> None:
    run = trained(runs)
    run.notice("note of " + " ".join(f"word{number}" for number in range(30)) + " the end")
    async with watching(run) as pilot:
        await until_shown(pilot, "note of")
        (line,) = log_lines(pilot)
        assert line.endswith("…")
        await pilot.press(*["right"] * 9)
        await until_shown(pilot, "the end")
        assert "…" not in next(line for line in text(pilot).splitlines() if "the end" in line)
        await pilot.press(*["left"] * 9)
        await until_shown(pilot, line)


async def test_levels_take_turns(runs: Path) -> None:
    run = noted(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "note 59")
        await pilot.press("w")
        await until_shown(pilot, "log · warnings and errors", "note 47", "✗ note 50")
        assert "note 59" not in text(pilot)
        await pilot.press("w")
        await until(pilot, lambda: [line[-9:] for line in log_lines(pilot)] == ["✗ note 50"])
        await pilot.press("w")
        await until_shown(pilot, "note 59")


async def test_what_libraries_printed_is_searched_and_sifted(runs: Path) -> None:
    run = trained(runs)
    printed = [f"line {number}" for number in range(20_000)]
    printed[7_000] = "x.py:3: UserWarning: beware"
    printed[19_000] = "RuntimeError: it broke"
    run.folder.output.write_text("\n".join(printed[-9_000:]) + "\n")
    async with watching(run) as pilot:
        await until_shown(pilot, "40 %")
        await pilot.press("o")
        await until_shown(pilot, "line 19999")
        await pilot.press("w", "w")
        await until_shown(pilot, "RuntimeError: it broke")
        await pilot.press("w", "slash")
        await type_in(pilot, "it BROKE", "enter")
        await until_shown(pilot, "match 1 of 1", "▶ RuntimeError: it broke", "line 19001")
        await pilot.press("o")
        await until_shown(pilot, "saved checkpoints/checkpoint-200")
        assert all(not log.searched for log in pilot.app.screen.query(RunLog))


async def test_machine_takes_the_place_of_the_log(runs: Path) -> None:
    run = measured(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "40 %")
        await pilot.press("m")
        await until_shown(
            pilot, "forward/backward 82 %", "data 3 %", "eval 11 %", "saving 4 %", "4,120 tokens/s", "rest <1 %"
        )
        await until_shown(pilot, "peak 1.3 GiB", "cpu 97 %", "disk 41.0 GiB left")
        assert "paused" not in text(pilot), "what took no time is absent"
        run.folder.emit(StepLogged(metrics={"tokens_per_second": 5000.0}, **run.at))
        await until_shown(pilot, "5,000 tokens/s")
        await pilot.press("m")
        await until_shown(pilot, "saved checkpoints/checkpoint-200")


async def test_machine_that_was_not_read_yet_says_so(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    async with watching(run) as pilot:
        await until_shown(pilot, "● running")
        await pilot.press("m")
        await until_shown(pilot, "has not been read yet")


@SIZES
def test_searched(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    async def search(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "note 59")
        await pilot.press("slash")
        await type_in(pilot, "e 1", "enter")
        await until_shown(pilot, "match")

    assert snap_compare(_app(noted(runs)), terminal_size=size, run_before=search)


@SIZES
def test_machine(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "40 %")
        await pilot.press("m")
        await until_shown(pilot, "tokens/s", "gpu 1")

    assert snap_compare(_app(measured(runs, devices=2)), terminal_size=size, run_before=look)


async def test_a_key_that_turns_to_output_log_lays_out_once_and_repaints_no_whole_screen(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(runs)
    (run.path / "output.log").write_text("".join(f"line {number}\n" for number in range(40)))
    async with watching(run) as pilot:
        for pane in ("log", "output.log", "log"):  # what each of them holds is there once it was in sight
            await until_shown(pilot, f"─ {pane} ")
            if pane == "output.log":
                await until_shown(pilot, "line 39")
            await pilot.press("o")
        await until_shown(pilot, "line 39")
        await pilot.press("o")
        await until_shown(pilot, "─ log ")
        await pilot.pause(0.2)
        layouts: list[bool] = []
        whole: list[bool] = []
        monkeypatch.setattr(Compositor, "reflow", _noting(Compositor.reflow, layouts))
        monkeypatch.setattr(Compositor, "render_full_update", _noting(Compositor.render_full_update, whole))
        await pilot.press("o")
        await until_shown(pilot, "line 39")
        await pilot.pause(0.2)
        assert layouts == [True]
        assert not whole


def _noting(method: Any, calls: list[bool]) -> Any:
    def noted(*args: Any, **kwargs: Any) -> Any:
        calls.append(True)
        return method(*args, **kwargs)

    return noted


async def test_the_log_follows_again_once_a_search_is_left(runs: Path) -> None:
    run = noted(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "note 59")
        await pilot.press("w", "w", "w", "slash")
        await type_in(pilot, "note 1", "enter", "n")
        await until_shown(pilot, "match 1 of 11", "End follows")
        await pilot.press("escape")
        await until_shown(pilot, "note 59")
        assert "End follows" not in text(pilot)
        run.notice("note after the search")
        await until_shown(pilot, "note after the search")


async def test_a_log_that_was_scrolled_away_says_how_it_follows_again(runs: Path) -> None:
    run = noted(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "note 59")
        await pilot.press("down", "down")  # it stands at its end already
        run.notice("note that came")
        await until_shown(pilot, "note that came")
        await pilot.press("up", "up")
        await until_shown(pilot, "End follows")
        run.notice("note out of sight")
        await until(pilot, lambda: len(pilot.app.screen.query_one("#monitor-log", RunLog)._lines.rows) > 70)
        assert "note out of sight" not in text(pilot)
        await pilot.press("end")
        await until_shown(pilot, "note out of sight")
        assert "End follows" not in text(pilot)


async def test_end_brings_the_end_of_the_log_from_the_cards_too(runs: Path) -> None:
    run = noted(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "note 59")
        await pilot.press("home")
        await until_shown(pilot, "End follows")
        pilot.app.screen.query("MetricCard").first().focus()
        await pilot.press("end")
        await until_shown(pilot, "note 59")


async def test_a_pane_is_seen_on_a_screen_of_ten_lines(runs: Path) -> None:
    async with watching(measured(runs), size=(80, 10)) as pilot:
        await until_shown(pilot, "40 %")
        await pilot.press("m")
        await until_shown(pilot, "tokens/s")


async def test_the_machines_reading_of_a_run_that_is_over_says_so(runs: Path) -> None:
    run = measured(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "cpu 97 %", "[ ] lr")
        assert "at the end" not in text(pilot)
        run.finish(loss=0.5)
        await until_shown(pilot, "at the end: cpu 97 %")
