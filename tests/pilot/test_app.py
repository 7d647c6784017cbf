"""The app around the screens: moving between them, the run that trains in this process, errors, the way out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from core.config import RunConfig
from core.errors import FinetuiError
from core.events import RunFailed, RunFinished
from core.runs.folder import RunFolder
from core.runs.store import RunStore
from tests.pilot.driving import text, until, until_shown
from tests.pilot.recorded import RecordedRun, trained
from tests.terminal.fake_engine import FakeEngine
from tui import keys, terminal
from tui.app import FinetuiApp
from tui.screens.dialogs import ConfirmDialog, DefectDialog, ErrorDialog, QuitDialog
from tui.screens.monitor import MonitorScreen
from tui.screens.runs import RunsScreen
from tui.widgets.field_row import FieldRow


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return RecordedRun(tmp_path / "elsewhere").config


@pytest.fixture
def make(runs: Path, config: RunConfig) -> Iterator[Callable[..., FinetuiApp]]:
    """The app on a run that it trains itself; the run is stopped when the test ends."""
    made = []

    def make_one(train: Any) -> FinetuiApp:
        made.append(FinetuiApp(runs=runs, start=config, train=train))
        return made[-1]

    yield make_one
    for app in made:
        if app.live is not None:
            app.live.stop()
            app.live.join(60)


def running(app: FinetuiApp) -> Any:
    return app.run_test(size=(80, 24), notifications=True)


async def test_function_keys_show_the_screens_and_escape_goes_back(runs: Path) -> None:
    async with FinetuiApp(runs=runs).run_test() as pilot:
        for number, mode in enumerate(keys.MODES, 2):
            await pilot.press(f"f{number}")
            await until(pilot, lambda mode=mode: pilot.app.current_mode == mode)
            assert type(pilot.app.screen).__name__ == f"{mode.title()}Screen"
        await pilot.press("f4", "escape")
        await until(pilot, lambda: pilot.app.current_mode == "runs")


async def test_screen_keeps_its_state_while_another_is_shown(runs: Path) -> None:
    async with FinetuiApp(runs=runs).run_test() as pilot:
        home = pilot.app.screen
        await pilot.press("f4", "f6")
        assert pilot.app.screen is home


async def test_function_keys_do_nothing_behind_a_dialog(runs: Path) -> None:
    async with FinetuiApp(runs=runs).run_test() as pilot:
        pilot.app.show_error(FinetuiError("no such file", "x.csv", "give another"))
        await pilot.pause()
        await pilot.press("f4", "f1", "question_mark")
        assert isinstance(pilot.app.screen, ErrorDialog)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, RunsScreen)


async def test_error_of_a_worker_becomes_a_dialog_and_its_words_are_no_markup(runs: Path) -> None:
    def fail() -> None:
        raise FinetuiError("no such column: [red]text[/]", "train.csv\x1b[2J", "choose one of: label, sentence")

    async with FinetuiApp(runs=runs).run_test() as pilot:
        pilot.app.run_worker(fail, thread=True)
        await until_shown(pilot, "✗ no such column: [red]text[/]", "train.csv␛[2J", "choose one of: label, sentence")


async def test_error_of_an_action_becomes_a_dialog(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: RunsScreen) -> None:
        raise FinetuiError("cannot read", "here", "try there")

    monkeypatch.setattr(RunsScreen, "action_reload", fail)
    async with FinetuiApp(runs=runs).run_test() as pilot:
        await until_shown(pilot, "No runs yet")
        await pilot.press("r")
        await until_shown(pilot, "✗ cannot read", "try there")


def _divide(*_: object) -> None:
    raise ZeroDivisionError


async def test_defect_in_an_action_leaves_the_app_usable(
    runs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def drive() -> None:
        async with FinetuiApp(runs=runs).run_test() as pilot:
            await until_shown(pilot, "No runs yet")
            await pilot.press("r")
            await until_shown(pilot, "something went wrong inside finetui", "finetui.log")
            await pilot.press("enter", "f4")
            await until(pilot, lambda: pilot.app.current_mode == "monitor")

    monkeypatch.setattr(RunsScreen, "action_reload", _divide)
    monkeypatch.setattr(terminal, "_log", tmp_path / "finetui.log")
    with pytest.raises(ZeroDivisionError):  # so that no test passes over a defect; a terminal sees the dialog only
        await drive()
    assert "in _divide" in (tmp_path / "finetui.log").read_text()


async def test_screen_that_died_of_a_defect_is_made_anew(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def drive() -> None:
        async with FinetuiApp(runs=runs).run_test() as pilot:
            await pilot.press("f4")
            await until_shown(pilot, "40 %")
            before = pilot.app.screen
            with monkeypatch.context() as patched:
                patched.setattr(MonitorScreen, "_poll", _divide)
                before.set_timer(0.01, before._poll)
                await until(pilot, lambda: isinstance(pilot.app.screen, DefectDialog))
            await pilot.press("enter", "f4")
            await until_shown(pilot, "40 %")
            assert pilot.app.screen is not before

    trained(runs)
    with pytest.raises(ZeroDivisionError):
        await drive()


async def test_run_trains_in_this_process_and_stands_in_the_top_line(make: Callable[..., FinetuiApp]) -> None:
    app = make(FakeEngine(steps=40))
    async with running(app) as pilot:
        await until_shown(pilot, "● running", "mrpc-tiny")
        await pilot.press("f6")
        await until(pilot, lambda: "%" in text(pilot).splitlines()[0])
        await until(pilot, lambda: app.live is None)
        await until_shown(pilot, "completed")
        await until(pilot, lambda: "%" not in text(pilot).splitlines()[0])
    assert isinstance(app.own_run.thread.outcome, RunFinished)


async def test_one_run_at_a_time(make: Callable[..., FinetuiApp], config: RunConfig, runs: Path) -> None:
    app = make(FakeEngine(steps=100_000))
    async with running(app) as pilot:
        await until_shown(pilot, "● running")
        app.start_run(config)
        await until_shown(pilot, "a run trains already", "stop it first")
        assert len(list(runs.iterdir())) == 1


async def test_keys_steer_the_run_in_this_process(make: Callable[..., FinetuiApp]) -> None:
    app = make(FakeEngine(steps=100_000, seconds=0.01))
    async with running(app) as pilot:
        await until_shown(pilot, "steps/s")
        await pilot.press("space")
        await until_shown(pilot, "‖ paused")
        await pilot.press("space")
        await until_shown(pilot, "● running")
        await pilot.press("x", "left", "enter")
        await until_shown(pilot, "■ stopped")


async def test_refused_run_leaves_nothing_behind_and_leads_to_the_form(
    make: Callable[..., FinetuiApp], runs: Path
) -> None:
    def refuse(config: RunConfig, folder: RunFolder) -> RunFailed:
        folder.take()
        failed = RunFailed(
            t=time.time(), title="no column label", detail="train.jsonl", hint="set data.columns", exit_code=2
        )
        folder.emit(failed)
        return failed

    app = make(refuse)
    async with running(app) as pilot:
        await until_shown(pilot, "✗ no column label", "train.jsonl", "set data.columns", "Back to the form")
        assert RunStore(runs).folders() == []
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "configure")
        await until_shown(pilot, "mrpc-tiny")


async def test_refused_run_is_marked_at_the_field_that_it_failed_for(make: Callable[..., FinetuiApp]) -> None:
    def refuse(config: RunConfig, folder: RunFolder) -> RunFailed:
        folder.take()
        failed = RunFailed(
            t=time.time(), title="a frozen base needs a checkpoint", exit_code=2, key="training.learning_rate"
        )
        folder.emit(failed)
        return failed

    app = make(refuse)
    async with running(app) as pilot:
        await until_shown(pilot, "Back to the form")
        await pilot.press("enter")
        await until(pilot, lambda: marked(app, "a frozen base"))
        assert marked(app, "a frozen base") == [("training", "learning_rate")]


def marked(app: FinetuiApp, message: str) -> list[tuple[str, ...]]:
    """The fields of the form that say so."""
    rows = app.screen.query(FieldRow)
    return [row.path for row in rows if message in str(row.query_one(".field-error", Static).content)]


async def test_engine_that_cannot_be_imported_is_a_failed_run(make: Callable[..., FinetuiApp]) -> None:
    def cannot(config: RunConfig, folder: RunFolder) -> RunFinished:
        raise ImportError("libcudart.so.12: cannot open shared object file")

    async with running(make(cannot)) as pilot:
        await until_shown(pilot, "✗ the run could not begin: ImportError", "libcudart.so.12", "finetui doctor")


async def test_quit_without_a_run_asks_nothing(runs: Path) -> None:
    async with FinetuiApp(runs=runs).run_test() as pilot:
        await pilot.press("ctrl+q")
        await until(pilot, lambda: pilot.app._exit)
    assert pilot.app.return_code == 0


async def test_quit_with_a_run_can_be_taken_back(make: Callable[..., FinetuiApp]) -> None:
    app = make(FakeEngine(steps=100_000))
    async with running(app) as pilot:
        await until_shown(pilot, "● running")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await until_shown(pilot, "still trains", "Stop and save", "Leave it running", "Stay")
        await pilot.press("ctrl+q", "enter")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen))
        assert app.live is not None
        assert not app._exit


async def test_quit_can_leave_the_run_to_itself(make: Callable[..., FinetuiApp]) -> None:
    app = make(FakeEngine(steps=100_000))
    async with running(app) as pilot:
        await until_shown(pilot, "● running")
        await pilot.press("ctrl+q", "left", "enter")
        await until(pilot, lambda: app._exit)
    assert app.live is not None, "the screen is gone, the run is not"


async def test_quit_can_stop_the_run_and_leaves_when_it_has_saved(make: Callable[..., FinetuiApp]) -> None:
    app = make(FakeEngine(steps=100_000))
    async with running(app) as pilot:
        await until_shown(pilot, "● running")
        await pilot.press("ctrl+q", "left", "left", "enter")
        await until(pilot, lambda: app._exit)
    assert app.live is None
    assert app.own_run.thread.outcome.reason == "stopped"


async def test_question_goes_away_with_the_run_that_it_was_about(make: Callable[..., FinetuiApp]) -> None:
    app = make(FakeEngine(steps=100_000))
    async with running(app) as pilot:
        await until_shown(pilot, "● running")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        app.live.stop()
        await until(pilot, lambda: app.live is None and isinstance(app.screen, MonitorScreen))
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert not app._exit


async def test_palette_offers_what_is_valid_now(runs: Path) -> None:
    trained(runs)
    async with FinetuiApp(runs=runs).run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "mrpc-tiny")
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Datasets: open data")
        await pilot.press(*"checkpoint")
        await until_shown(pilot, "No matches found")
        await pilot.press("escape", "ctrl+p", *"open the run")
        await until_shown(pilot, "open the run in the Monitor")
        await pilot.press("escape", "escape", "f4")
        await until_shown(pilot, "40 %")
        await pilot.press("ctrl+p", *"checkpoint")
        await until_shown(pilot, "write a checkpoint now")
        await pilot.press("enter")
        await until_shown(pilot, "asked to save")


async def test_confirmation_names_its_keys_and_marks_the_answer_that_enter_gives(runs: Path) -> None:
    async with FinetuiApp(runs=runs).run_test() as pilot:
        pilot.app.push_screen(ConfirmDialog("Delete it?", "all of it", "Delete"))
        await until_shown(pilot, "▸ Cancel", "← → choose", "Enter confirm", "Esc cancel")
        assert "▸ Delete" not in text(pilot)
        await pilot.press("left")
        await until_shown(pilot, "▸ Delete")
        assert "▸ Cancel" not in text(pilot)
        pilot.app.push_screen(QuitDialog("20261121-0902-mrpc-tiny-isqc"))
        await until_shown(pilot, "▸ Stay", "Enter confirm", "Esc stay")


async def test_confirmation_has_its_focus_on_the_harmless_answer(runs: Path) -> None:
    answers: list[str | None] = []
    async with FinetuiApp(runs=runs).run_test() as pilot:
        pilot.app.push_screen(ConfirmDialog("Delete it?", "all of it", "Delete"), answers.append)
        await pilot.pause()
        await pilot.press("enter")
        pilot.app.push_screen(ConfirmDialog("Delete it?", "all of it", "Delete"), answers.append)
        await pilot.pause()
        await pilot.press("h", "enter")
        await pilot.pause()
    assert answers == ["no", "yes"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_error_dialog(snap_compare: Any, size: tuple[int, int]) -> None:
    async def show(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "No runs yet")
        pilot.app.show_error(
            FinetuiError("no such column: sentense", "train.jsonl has: sentence, label", "set data.columns.text")
        )
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=Path("/nowhere/runs")), terminal_size=size, run_before=show)


def test_quit_dialog(snap_compare: Any) -> None:
    async def show(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "No runs yet")
        pilot.app.push_screen(QuitDialog("20261121-0902-mrpc-tiny-isqc"))
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=Path("/nowhere/runs")), terminal_size=(80, 24), run_before=show)
