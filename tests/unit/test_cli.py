"""Commands that need no model: wrong usage, and runs read from their folders."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from core import events
from core.config import RunConfig
from core.runs.folder import RunFolder
from tests.command_line import environment, finetui

CONFIG = RunConfig.model_validate({"name": "toy", "model": {"id": "some/model"}, "data": {"id": "some/data"}})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run that ended, with a NaN among its figures."""
    folder = RunFolder.create(tmp_path / "runs", CONFIG)
    names = {"run": str(folder.path), "name": "toy", "task": "sequence-classification", "model": "model"}
    folder.emit(events.RunStarted(t=100.0, method="full", engine="trainer", **names))
    folder.emit(events.Progress(t=101.0, phase="training", done=10, total=10))
    folder.emit(events.StepLogged(t=102.0, step=10, metrics={"loss": math.nan}))
    metrics = {"eval_loss": math.nan, "eval_accuracy": 0.75}
    folder.emit(events.Evaluated(t=103.0, step=5, epoch=1.0, metrics={"eval_loss": 0.5, "eval_accuracy": 0.5}))
    folder.emit(events.Evaluated(t=103.0, step=10, epoch=2.0, metrics=metrics))
    folder.emit(events.BaselineScored(t=104.0, name="majority class", metrics={"eval_accuracy": 0.375}))
    folder.emit(events.RunFinished(t=105.0, reason="completed", run=str(folder.path), metrics=metrics, seconds=5.0))
    folder.close()
    return folder.path


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "the app needs a terminal"),
        (("trian",), "Did you mean 'train'?"),
        (("train",), "missing argument"),
        (("train", "--bogus", "x.yaml"), "--bogus"),
        (("train", "absent.yaml"), "there is no file absent.yaml"),
        (("check", "wrong.yaml"), "wrong.yaml:2"),
        (("train", "wrong.yaml", "--tui"), "the app needs a terminal"),
        (("demo", "nothing"), "cities, sums"),
        (("show",), "there are no runs yet"),
        (("tell", "some-run", "explode"), "a run cannot be told: explode"),
        (("predict", "some-run", "--file", "absent.txt"), "there is no file absent.txt"),
    ],
)
def test_wrong_usage_is_three_calm_lines_and_leaves_nothing_behind(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("model: {id: a}\ndatum: {id: b}\n")
    result = finetui(tmp_path, *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("error: ")
    assert all(line.startswith("  ") for line in lines[1:])
    assert says in result.stderr
    assert list(tmp_path.rglob("*.yaml")) == [file]
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        (("check", "absent.yaml"), "there is no file absent.yaml"),
        (("show", "nothing"), "there are no runs yet"),
        (("runs", "--bogus"), "no such option: --bogus"),
    ],
)
def test_refusal_as_json_is_json(tmp_path: Path, arguments: tuple[str, ...], title: str) -> None:
    result = finetui(tmp_path, *arguments, "--json")
    assert result.returncode == 2
    assert json.loads(result.stdout)["error"]["title"].startswith(title)
    assert result.stderr.startswith(f"error: {title}")


def test_refused_run_ends_its_json_as_a_failed_run_does(tmp_path: Path) -> None:
    result = finetui(tmp_path, "train", "absent.yaml", "--json")
    (line,) = result.stdout.splitlines()
    failed = events.from_json(line)
    assert isinstance(failed, events.RunFailed)
    assert (failed.title, failed.exit_code) == ("there is no file absent.yaml", result.returncode)


def test_runs_and_show_as_json_are_json_and_load_no_torch(tmp_path: Path, run: Path) -> None:
    code = (
        "import atexit, sys\n"
        "heavy = {'torch', 'transformers', 'datasets', 'sklearn'}\n"
        "atexit.register(lambda: print(sorted(heavy & set(sys.modules)), file=sys.stderr))\n"
        "from tui.__main__ import main; main()\n"
    )
    for command in ("runs", "show"):
        result = subprocess.run(
            [sys.executable, "-c", code, command, "--json"],
            env=environment(tmp_path),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        data = json.loads(result.stdout, parse_constant=pytest.fail)
        shown = data[0] if command == "runs" else data
        assert shown["id"] == run.name
        assert shown["status"] == "completed"
        assert shown["metrics"] == {"eval_loss": "NaN", "eval_accuracy": 0.75}
        assert result.stderr.strip() == "[]"


def test_show_prints_baselines_beside_the_runs_own_figures(tmp_path: Path, run: Path) -> None:
    result = finetui(tmp_path, "show", "toy")
    assert result.returncode == 0
    table = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines() if line.strip()}
    assert table["metric"] == ["this", "run", "majority", "class"]
    assert table["accuracy"] == ["0.7500", "0.3750"]


def test_a_run_that_is_over_cannot_be_told_anything(tmp_path: Path, run: Path) -> None:
    result = finetui(tmp_path, "tell", run.name, "pause")
    assert result.returncode == 2
    assert "it is completed" in result.stderr
    assert (run / "inbox.jsonl").read_text() == ""


def test_the_narrowest_table_still_shows_whole_run_names(tmp_path: Path, run: Path) -> None:
    env = {**environment(tmp_path), "COLUMNS": "60"}
    result = subprocess.run(
        [sys.executable, "-m", "tui", "runs"], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert run.name in result.stdout
    assert all(len(line) <= 60 for line in result.stdout.splitlines())


@pytest.mark.parametrize("arguments", ["show --json", "runs"])
def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path, run: Path, arguments: str) -> None:
    command = f"{sys.executable} -m tui {arguments} | true; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], env=environment(tmp_path), capture_output=True, text=True)
    assert result.stdout.strip() == "0"
    assert result.stderr == ""


@pytest.mark.parametrize("command", ["runs", "show"])
def test_an_encoding_without_the_names_letters_is_no_defect(tmp_path: Path, command: str) -> None:
    name = "naïve-模型"
    RunFolder.create(tmp_path / "runs", CONFIG.model_copy(update={"name": name})).close()
    env = {**environment(tmp_path), "PYTHONIOENCODING": "ascii"}
    result = subprocess.run([sys.executable, "-m", "tui", command], env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "na?ve-??" in result.stdout


def test_a_dumb_terminal_gets_no_screen(tmp_path: Path) -> None:
    env = {**environment(tmp_path), "TERM": "dumb"}
    app = pexpect.spawn(sys.executable, ["-m", "tui"], env=env, timeout=60)
    app.expect("the app needs a terminal")
    app.expect(pexpect.EOF)
    app.wait()
    assert app.exitstatus == 2


@pytest.mark.parametrize(
    ("before", "after"), [(("wrong.yaml", "--set"), ("--no-trial",)), (("--set",), ("wrong.yaml", "--set", "name=b"))]
)
def test_a_setting_that_the_shell_took_apart_is_shown_in_quotes(
    tmp_path: Path, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    result = finetui(tmp_path, "check", *before, "class_weights={Ham:", "1,", "spam:", "2}", *after)
    assert result.returncode == 2
    assert result.stderr.splitlines()[2] == "  quote a value that has blanks: --set 'class_weights={Ham: 1, spam: 2}'"


def test_other_words_too_many_are_no_setting_taken_apart(tmp_path: Path) -> None:
    result = finetui(tmp_path, "check", "wrong.yaml", "another.yaml", "--set", "data.labels=[a, b]")
    assert result.stderr.splitlines()[2] == "  finetui check --help lists what it takes"
