"""The Monitor on run folders: what it shows is what stands there, what it is told reaches the inbox."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.events import Advice, HardwareRead
from tests.pilot.driving import text, until, until_shown
from tests.pilot.recorded import BEGAN, GIB, RecordedRun, completed, trained
from tui.app import FinetuiApp
from tui.screens.monitor import MonitorScreen
from tui.widgets.card_grid import CardGrid
from tui.widgets.metric_card import MetricCard

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def watching(run: RecordedRun, size: tuple[int, int] = (80, 24)) -> Any:
    return FinetuiApp(runs=run.path.parent, open_run=run.path).run_test(size=size)


def told(run: RecordedRun) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.path / "inbox.jsonl").read_text().splitlines()]


def drawn(pilot: Pilot[int]) -> list[list[tuple[str, str]]]:
    """The screen: each line as pieces of text and their style."""
    lines = pilot.app.screen._compositor.render_strips()
    return [[(text, str(style)) for text, style, _ in line.simplify()] for line in lines]


async def test_follows_a_run_that_is_written_while_it_is_watched(runs: Path) -> None:
    run = RecordedRun(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "○ waiting", "mrpc-tiny")
        run.begin()
        await until_shown(pilot, "● running", "training 500 steps", "bert-tiny-uncased · lora")
        run.train(10)
        await until_shown(pilot, "2 %", "10/500 steps", "3.3 steps/s", "2 min 28 s left", "train loss", "learning rate")
        assert "eval loss" not in text(pilot)
        run.evaluate(loss=0.61, accuracy=0.65)
        await until_shown(pilot, "eval loss", "0.6100", "accuracy", "0.6500", "saved checkpoints/checkpoint-10")
        run.train(490)
        run.finish(loss=0.5, accuracy=0.75)
        await until_shown(pilot, "✓ completed", "accuracy 0.7500", "this run, 2 min 31 s")


async def test_metric_that_was_not_computed_is_absent(runs: Path) -> None:
    run = trained(runs)
    run.evaluate(loss=0.4)
    async with watching(run) as pilot:
        await until_shown(pilot, "0.4000")
        assert "precision" not in text(pilot)
        assert "0.7400" in text(pilot), "the accuracy before stays; none is made up for this evaluation"


async def test_nan_is_a_gap_with_a_count_and_the_spike_beside_it_stays(runs: Path) -> None:
    run = RecordedRun(runs, total=4000)
    run.begin()
    losses = [1.0] * 4000
    losses[1234], losses[2000], losses[3999] = 9.0, math.nan, math.inf
    run.train(4000, losses)
    async with watching(run) as pilot:
        await until_shown(pilot, "2 NaN")
        card = next(card for card in pilot.app.screen.query(MetricCard) if card.metric.name == "loss")
        top_row = card.render_line(1).text
        assert top_row.count("█") == 1, "one spike in 4,000 values fills its column"


async def test_machine_is_shown_with_its_gpu(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    gpu = {"utilization": 91, "memory_used": 11 * GIB, "memory_total": 24 * GIB, "power_w": 250, "temperature_c": 71}
    run.folder.emit(
        HardwareRead(
            t=BEGAN, cpu_percent=12, memory_used=6 * GIB, memory_total=16 * GIB, process_memory=GIB,
            disk_free=41 * GIB, devices=[gpu],
        )
    )  # fmt: skip
    async with watching(run, (120, 40)) as pilot:
        await until_shown(pilot, "cpu 12 %", "gpu 91 % 250 W 71 °C", "GPU memory", "11.0 GiB")


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("space", {"command": "pause"}),
        ("s", {"command": "save"}),
        ("e", {"command": "evaluate"}),
        ("left_square_bracket", {"command": "scale_learning_rate", "factor": 0.5}),
        ("right_square_bracket", {"command": "scale_learning_rate", "factor": 2.0}),
    ],
)
async def test_key_tells_the_run_and_is_pending_until_it_answers(runs: Path, key: str, command: dict[str, Any]) -> None:
    run = trained(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "40 %")
        await pilot.press(key)
        await until_shown(pilot, "… asked to")
        assert told(run) == [command]
        run.take(**command)
        await until(pilot, lambda: "asked to" not in text(pilot))
        assert "took command" in text(pilot)


async def test_rate_is_halved_twice_before_the_run_answers(runs: Path) -> None:
    run = trained(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "40 %")
        await pilot.press("left_square_bracket", "left_square_bracket")
        assert [command["factor"] for command in told(run)] == [0.5, 0.5]


async def test_before_the_first_step_a_run_can_only_be_stopped(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    async with watching(run) as pilot:
        await until_shown(pilot, "● running", "x stop")
        await pilot.press("space", "s", "e", "left_square_bracket")
        assert told(run) == []
        await pilot.press("x", "left", "enter")
        await until_shown(pilot, "asked to stop")


async def test_rate_can_be_scaled_before_it_is_known(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    run.progress()
    async with watching(run) as pilot:
        await until_shown(pilot, "● running", "Space pause")
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "asked to multiply the learning rate by 2")
        assert told(run) == [{"command": "scale_learning_rate", "factor": 2.0}]


async def test_stop_asks_first(runs: Path) -> None:
    run = trained(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "40 %")
        await pilot.press("x")
        await until_shown(pilot, "Stop this run?")
        await pilot.press("escape")
        assert told(run) == []
        await pilot.press("x", "left", "enter")
        await until_shown(pilot, "asked to stop")
        assert told(run) == [{"command": "stop"}]
        assert "x stop" not in text(pilot), "it has been asked: there is nothing more to tell it"


async def test_paused_run_says_so_and_its_key_resumes_it(runs: Path) -> None:
    run = trained(runs)
    run.progress(paused=True)
    async with watching(run) as pilot:
        await until_shown(pilot, "‖ paused", "Space resume")
        await pilot.press("space")
        assert told(run) == [{"command": "resume"}]


async def test_finished_run_takes_no_commands(runs: Path) -> None:
    run = completed(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "✓ completed")
        await pilot.press("space", "s", "e", "x", "left_square_bracket")
        await pilot.pause()
        assert told(run) == []
        assert isinstance(pilot.app.screen, MonitorScreen), "no dialog opened either"
        for label in ("pause", "save", "stop"):
            assert f" {label} " not in text(pilot).splitlines()[-1]


async def test_crashed_run_is_shown_as_such(runs: Path) -> None:
    run = trained(runs, alive=False)
    async with watching(run) as pilot:
        await until_shown(pilot, "✗ crashed", "the process that trained it is gone", "checkpoints/checkpoint-200")


async def test_failure_is_three_lines_and_its_words_are_no_markup(runs: Path) -> None:
    run = trained(runs, alive=False)
    run.fail("out of memory [b]here[/b]", "a batch of 64 x 512 tokens\x1b[2J", "lower per_device_train_batch_size")
    async with watching(run) as pilot:
        await until_shown(
            pilot, "✗ failed", "out of memory [b]here[/b]", "64 x 512 tokens␛[2J", "lower per_device_train"
        )


async def test_resumed_run_takes_back_what_came_after_its_checkpoint(runs: Path) -> None:
    from core.events import RunStarted

    run = trained(runs)
    run.step = 100
    run.folder.emit(
        RunStarted(
            t=run.now, run=str(run.path), name="mrpc-tiny", task="sequence-classification", model="bert-tiny-uncased",
            method="lora", engine="trainer", resumed_from=100,
        )
    )  # fmt: skip
    run.progress()
    async with watching(run) as pilot:
        await until_shown(pilot, "100/500 steps", "resumed from step 100")
        accuracy = next(card for card in pilot.app.screen.query(MetricCard) if card.metric.name == "eval_accuracy")
        assert "0.6800" in accuracy.render_line(0).text


async def test_output_of_libraries_can_be_read(runs: Path) -> None:
    run = trained(runs)
    run.folder.output.write_text("Loading  10%\rLoading 100%\nwarning: \x1b[31mred\x1b[0m, \x07 and [b]bold[/b]\n")
    async with watching(run) as pilot:
        await until_shown(pilot, "40 %")
        await pilot.press("o")
        await until_shown(pilot, "output.log", "Loading 100%", "warning: red, ␇ and [b]bold[/b]")
        assert "10%\r" not in text(pilot)
        with run.folder.output.open("a") as stream:
            stream.write("and one more line\n")
        await until_shown(pilot, "and one more line")
        await pilot.press("o")
        await until_shown(pilot, "saved checkpoints/checkpoint-200")


async def test_log_follows_its_end_until_somebody_scrolls(runs: Path) -> None:
    run = trained(runs)
    for number in range(8):
        run.notice(f"note {number}")
    async with watching(run) as pilot:
        await until_shown(pilot, "note 7")
        await pilot.resize_terminal(120, 40)
        await until_shown(pilot, "note 7")
        await pilot.resize_terminal(80, 24)
        await until_shown(pilot, "note 7")
        log = pilot.app.screen.query_one("#monitor-log")
        await until(pilot, lambda: log.max_scroll_y > 0)  # laid out anew: not all of it fits any more
        await pilot.press("home")
        await until(pilot, lambda: log.scroll_y == 0)
        await until_shown(pilot, "started mrpc-tiny")
        run.notice("one more")
        await until(pilot, lambda: pilot.app.screen.run.state.log[-1][2] == "one more")
        assert "one more" not in text(pilot)
        await pilot.press("end")
        await until_shown(pilot, "one more")
        run.notice("and the last")
        await until_shown(pilot, "and the last")


async def test_hidden_monitor_is_up_to_date_when_it_is_shown_again(runs: Path) -> None:
    run = trained(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "40 %")
        await pilot.press("f6")
        await until_shown(pilot, "mrpc-tiny")
        run.train(50)
        await pilot.press("f4")
        await until_shown(pilot, "50 %")


async def test_without_a_choice_it_shows_the_newest_run(runs: Path) -> None:
    trained(runs, "older", alive=False)
    trained(runs, "newer", alive=False)
    async with FinetuiApp(runs=runs).run_test(size=(80, 24)) as pilot:
        await pilot.press("f4")
        await until_shown(pilot, "✗ crashed  newer")


async def test_other_run_has_its_own_cards(runs: Path) -> None:
    first = trained(runs)
    second = RecordedRun(runs, "second")
    second.begin()
    second.train(3)
    async with watching(first) as pilot:
        await until_shown(pilot, "40 %", "accuracy")
        pilot.app.watch_run(second.path)
        await until_shown(pilot, "● running  second", "3/500 steps")
        assert "accuracy" not in text(pilot)
        assert len(pilot.app.screen.query_one(CardGrid).children) == 5


async def test_replayed_run_gives_the_picture_that_it_gave_live(runs: Path) -> None:
    run = RecordedRun(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "○ waiting")
        run.begin()
        for loss in (0.61, 0.56, 0.51, 0.58):
            run.train(125, [0.5, math.nan, 0.4] + [loss] * 122)
            run.evaluate(loss=loss, accuracy=1 - loss)
            await until_shown(pilot, f"step {run.step}:")
        run.finish(loss=0.58, accuracy=0.42)
        await until_shown(pilot, "✓ completed")
        await pilot.pause(0.5)  # what is laid out anew has come to rest
        live = drawn(pilot)
    async with watching(run) as pilot:
        await until_shown(pilot, "✓ completed")
        await until(pilot, lambda: drawn(pilot) == live)


@SIZES
def test_running(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    run = trained(runs)
    assert snap_compare(_app(run), terminal_size=size, run_before=_until("40 %"))


@SIZES
def test_completed(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    run = completed(runs)
    assert snap_compare(_app(run), terminal_size=size, run_before=_until("✓ completed"))


def test_advice(snap_compare: Any, runs: Path) -> None:
    run = trained(runs)
    run.train(5, [math.nan] * 5)
    run.folder.emit(
        Advice(
            t=run.now, step=205, kind="nan", message="the loss is NaN since step 201", hint="lower the learning rate"
        )
    )
    assert snap_compare(_app(run), terminal_size=(80, 24), run_before=_until("NaN since step 201"))


def test_failed(snap_compare: Any, runs: Path) -> None:
    run = trained(runs, alive=False)
    run.fail("out of memory on cuda:0", "a batch of 64 x 512 tokens needs 4 GiB more", "lower the batch size")
    assert snap_compare(_app(run), terminal_size=(80, 24), run_before=_until("✗ failed"))


def _app(run: RecordedRun) -> FinetuiApp:
    return FinetuiApp(runs=run.path.parent, open_run=run.path)


def _until(shown: str) -> Any:
    async def run(pilot: Pilot[None]) -> None:
        await until_shown(pilot, shown)

    return run
