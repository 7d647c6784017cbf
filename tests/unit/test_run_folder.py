"""Run folders: what is written, what a reader makes of damage, what the store says of each run."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import socket
import threading
from pathlib import Path

import pytest

from core import commands, config_file, events
from core.config import RunConfig
from core.errors import FinetuiError
from core.runs import folder as folders
from core.runs import layout, owner, resume
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.runs.state import RunState
from core.runs.store import RunStore, summarize
from tui.follow import RunFollower


@pytest.fixture
def config() -> RunConfig:
    return config_file.validate({"name": "one", "model": {"id": "m"}, "data": {"id": "d"}})


@pytest.fixture
def run(tmp_path: Path, config: RunConfig) -> RunFolder:
    return RunFolder.create(tmp_path / "runs", config)


def started(t: float = 1.0, resumed_from: int | None = None) -> events.RunStarted:
    return events.RunStarted(
        t=t,
        run="r",
        name="one",
        task="causal-lm",
        model="m",
        method="full",
        engine="trainer",
        resumed_from=resumed_from,
    )


def step(number: int, loss: float, t: float = 2.0) -> events.StepLogged:
    return events.StepLogged(t=t, step=number, epoch=number / 10, metrics={"loss": loss})


def test_a_new_folder_holds_its_config(run: RunFolder, config: RunConfig) -> None:
    assert config_file.load(run.path / layout.CONFIG).config == config
    assert RunReader(run.path).read_all() == []


def saved(run: RunFolder, step: int, *names: str) -> Path:
    """A checkpoint that holds these files, empty, beside its state."""
    checkpoint = run.checkpoints / f"checkpoint-{step}"
    checkpoint.mkdir()
    for name in ("trainer_state.json", *names):
        (checkpoint / name).touch()
    return checkpoint


def test_a_run_goes_on_from_the_last_checkpoint_that_has_an_optimizer(run: RunFolder) -> None:
    with pytest.raises(FinetuiError, match="there is no checkpoint to resume from"):
        resume.open_run(run.path)
    adapter = saved(run, 1, "adapter_config.json")
    with pytest.raises(FinetuiError, match="checkpoint-1 has no optimizer") as refused:
        resume.open_run(run.path)
    assert refused.value.key == "training.save_only_model"
    assert refused.value.hint == "start the run again without it: finetui train"
    model = saved(run, 9)
    with pytest.raises(FinetuiError) as refused:
        resume.open_run(run.path)
    assert refused.value.hint == f"start a new run from its weights: model.id: {model}"
    (adapter / "optimizer.pt").touch()
    assert resume.resume_point(resume.open_run(run.path)[0]) == adapter
    assert run.last_checkpoint() == model


def test_no_space_leaves_nothing_behind(tmp_path: Path, config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    class FakeUsage:
        free = folders.SPARE_BYTES - 1

    monkeypatch.setattr(shutil, "disk_usage", lambda path: FakeUsage)
    with pytest.raises(FinetuiError, match="no disk space"):
        RunFolder.create(tmp_path / "some" / "runs", config)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path: Path, config: RunConfig) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FinetuiError, match="cannot write"):
        RunFolder.create(tmp_path / "file" / "runs", config)


def test_discard_leaves_nothing_behind(run: RunFolder, tmp_path: Path) -> None:
    run.emit(started())
    run.discard()
    assert list(tmp_path.iterdir()) == []


def test_reading_while_it_is_written(run: RunFolder) -> None:
    reader = RunReader(run.path)
    run.emit(step(1, 0.5))
    assert reader.read() == [step(1, 0.5)]
    assert reader.read() == []
    line = events.to_json(step(2, 0.4)) + "\n"
    with (run.path / layout.EVENTS).open("a") as stream:
        stream.write(line[:10])
        stream.flush()
        assert reader.read() == []
        stream.write(line[10:])
    assert reader.read() == [step(2, 0.4)]
    assert reader.skipped == []


def test_reading_in_small_blocks_gives_the_same(run: RunFolder) -> None:
    written = [step(number, number / 7) for number in range(200)]
    for event in written:
        run.emit(event)
    reader, found = RunReader(run.path), []
    while not reader.at_end:
        found += reader.read(limit=37)
    assert found == written


def test_damage_is_skipped_and_said(run: RunFolder) -> None:
    run.emit(step(1, 0.5))
    run.close()
    with (run.path / layout.EVENTS).open("ab") as stream:
        stream.write(b'{"type": "brain_scanned", "t": 1}\n\xff\xfe\n\n{"type": "evaluated"}\n{"type": "step_lo')
    run.emit(step(2, 0.4))  # a new process goes on after the crash: on a line of its own
    reader = RunReader(run.path)
    assert reader.read_all() == [step(1, 0.5), step(2, 0.4)]
    assert len(reader.skipped) == 4
    assert "line 2 " in reader.skipped[0]


def test_a_truncated_file_is_read_again_from_its_start(run: RunFolder) -> None:
    for number in range(3):
        run.emit(step(number, 1.0))
    run.close()
    reader = RunReader(run.path)
    reader.read_all()
    (run.path / layout.EVENTS).write_text(events.to_json(step(9, 0.1)) + "\n")
    assert reader.read_all() == [step(9, 0.1)]
    assert len(reader.skipped) == 1


def test_threads_write_whole_lines(run: RunFolder) -> None:
    def write(thread: int) -> None:
        for number in range(200):
            run.emit(step(number, thread))

    threads = [threading.Thread(target=write, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reader = RunReader(run.path)
    assert len(reader.read_all()) == 800
    assert reader.skipped == []


def test_commands_arrive_once_and_in_order(run: RunFolder) -> None:
    run.emit(started())
    folders.tell(run.path, commands.Stop())
    run.take()  # what was said to an earlier owner is not for this one
    assert run.read_commands() == []
    folders.tell(run.path, commands.Pause())
    folders.tell(run.path, commands.SetLearningRate(1e-5))
    assert run.read_commands() == [commands.Pause(), commands.SetLearningRate(1e-5)]
    assert run.read_commands() == []
    with (run.path / layout.INBOX).open("a") as stream:
        stream.write('nonsense\n{"command": "sa')
        stream.flush()
        assert run.read_commands() == []
        stream.write('ve"}\n')
    assert run.read_commands() == [commands.Save()]


def test_an_owner_that_died_is_stale(run: RunFolder) -> None:
    run.take()
    mine = owner.read(run.path)
    assert mine is not None
    assert mine.alive
    assert mine.pid == os.getpid()
    (run.path / layout.OWNER).write_text(f'{{"pid": {mine.pid}, "host": "{mine.host}", "started": 1.0}}')
    later = owner.read(run.path)
    assert later is not None
    assert not later.alive
    (run.path / layout.OWNER).write_text("half")
    assert owner.read(run.path) is None


def test_state_adds_up_and_replays_the_same() -> None:
    said = [
        started(),
        events.PhaseChanged(t=1.5, phase="training"),
        events.Progress(t=2.0, phase="training", done=2, total=4, paused=True),
        step(1, 0.9),
        step(2, float("nan")),
        events.Evaluated(t=3.0, step=2, metrics={"eval_loss": 0.8}),
        events.CheckpointSaved(t=3.0, step=2, path="checkpoints/checkpoint-2"),
    ]
    state, again = RunState(), RunState()
    for event in said:
        state.apply(event)
    assert state.status == "paused"
    assert list(state.series["loss"].steps) == [1, 2]
    assert state.latest("eval_loss") == 0.8
    assert state.latest("eval_f1") is None
    for event in said:
        again.apply(events.from_json(events.to_json(event)) or event)
    assert again.log == state.log
    assert again.series["loss"].values[0] == 0.9
    state.apply(events.RunFinished(t=9.0, reason="completed", run="r", metrics={}))
    assert state.status == "completed"


def test_a_resumed_run_forgets_what_came_after_its_checkpoint() -> None:
    state = RunState()
    for event in [started(), step(1, 0.9), step(2, 0.8), step(3, 0.7), started(t=5.0, resumed_from=2), step(3, 0.6)]:
        state.apply(event)
    assert list(state.series["loss"].steps) == [1, 2, 3]
    assert list(state.series["loss"].values) == [0.9, 0.8, 0.6]


def test_store_lists_newest_first_and_knows_a_crash(tmp_path: Path, config: RunConfig) -> None:
    store = RunStore(tmp_path / "runs")
    assert store.list() == []
    first, second = RunFolder.create(store.root, config), RunFolder.create(store.root, config)
    for run, moment in ((first, 1), (second, 2)):
        run.take()
        run.emit(started())
        run.emit(events.Progress(t=2.0, phase="training", done=3, total=9))
        run.close()
        os.utime(run.path / layout.EVENTS, (moment, moment))
    assert [summary.path for summary in store.list()] == [second.path, first.path]
    assert store.list()[0].status == "running"
    assert (store.list()[0].step, store.list()[0].total_steps) == (3, 9)
    (second.path / layout.OWNER).write_text('{"pid": 1, "host": "HOST", "started": 1.0}'.replace("HOST", os.uname()[1]))
    assert summarize(second.path).status == "crashed"
    second.emit(events.RunFinished(t=3.0, reason="stopped", run="r", metrics={"eval_f1": 0.5}))
    assert summarize(second.path).status == "stopped"
    assert summarize(second.path).metrics == {"eval_f1": 0.5}


def test_store_reads_only_the_ends_of_a_long_run(run: RunFolder) -> None:
    run.emit(started())
    run.emit(events.Evaluated(t=1.0, step=1, metrics={"eval_loss": 3.0}))
    for number in range(3000):
        run.emit(step(number, 0.1))
    run.emit(events.Progress(t=2.0, phase="training", done=3000, total=4000))
    summary = summarize(run.path)
    assert (summary.name, summary.step, summary.status) == ("one", 3000, "running")
    for number in range(3000, 6000):  # more than is read of the end
        run.emit(step(number, 0.1))
    assert summarize(run.path).status == "running"


def test_find_by_part_of_the_name(tmp_path: Path, config: RunConfig) -> None:
    store = RunStore(tmp_path / "runs")
    with pytest.raises(FinetuiError, match="no runs yet"):
        store.find(None)
    one = RunFolder.create(store.root, config).path
    assert store.find(None) == one
    assert store.find(one.name[-4:]) == one
    assert store.find(str(one)) == one
    two = RunFolder.create(store.root, config).path
    with pytest.raises(FinetuiError, match="2 runs fit"):
        store.find("one")
    with pytest.raises(FinetuiError, match="no run"):
        store.find("nothing")
    assert store.find(two.name) == two


def test_a_live_run_is_not_deleted(tmp_path: Path, run: RunFolder) -> None:
    store = RunStore(run.path.parent)
    run.take()
    run.emit(started())
    with pytest.raises(FinetuiError, match="still trains"):
        store.delete(run.path)
    run.emit(events.RunFinished(t=3.0, reason="completed", run="r", metrics={}))
    with pytest.raises(FinetuiError, match="not a run of this store"):
        RunStore(tmp_path).delete(run.path)
    store.delete(run.path)
    assert store.list() == []


def test_a_run_that_has_said_nothing_yet_lives_as_long_as_its_process(run: RunFolder) -> None:
    run.take()
    with pytest.raises(FinetuiError, match="still trains"):
        RunStore(run.path.parent).delete(run.path)
    gone = owner.Owner(os.getpid(), socket.gethostname(), started=1.0)
    (run.path / layout.OWNER).write_text(json.dumps(dataclasses.asdict(gone)))
    follower = RunFollower(run.path)
    follower.look_for_owner()
    assert follower.status == summarize(run.path).status == "crashed"


def test_a_new_run_can_be_told_to_stop_before_its_engine_is_there(run: RunFolder) -> None:
    folders.tell(run.path, commands.Stop())
    engine = RunFolder(run.path)
    engine.take()
    assert engine.read_commands() == [commands.Stop()]


def test_a_folder_stays_in_its_store_whatever_the_model_is_called(tmp_path: Path) -> None:
    architecture = {"model_type": "../../" + "x" * 300}
    model = {"from_config": architecture, "tokenizer": "t"}
    run = RunFolder.create(tmp_path / "runs", config_file.validate({"model": model, "data": {"id": "d"}}))
    assert run.path.parent == tmp_path / "runs"


def test_a_run_that_goes_away_while_the_store_is_read_is_not_listed(run: RunFolder, config: RunConfig) -> None:
    class FakeStore(RunStore):
        def folders(self) -> list[Path]:
            found = super().folders()
            gone.discard()
            return found

    gone = RunFolder.create(run.path.parent, config)
    assert [summary.path for summary in FakeStore(run.path.parent).list()] == [run.path]


def test_a_removed_inbox_holds_no_command_and_a_new_one_does(run: RunFolder) -> None:
    folders.tell(run.path, commands.Save())
    assert run.read_commands() == [commands.Save()]
    (run.path / layout.INBOX).unlink()
    assert run.read_commands() == run.commands_before() == []
    folders.tell(run.path, commands.Pause())
    assert run.read_commands() == [commands.Pause()]
    assert run.commands_before() == [commands.Pause()]
