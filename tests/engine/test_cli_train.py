"""`finetui train` and its kin on a real, very small language model: a process of its own, no terminal."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core import yaml12
from core.demo import sums
from tests.command_line import LIMIT, finetui, start


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A Llama of 16 hidden units that learns ten sums."""
    sums.tokenizer(tmp_path / "tokenizer")
    rows = [{"prompt": f"{number} + 1 =", "completion": f" {number + 1}"} for number in range(10)]
    for split in ("train", "validation"):
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    data = {
        "name": "tiny",
        "task": "causal-lm",
        "model": {"from_config": {"model_type": "llama", **size}, "tokenizer": "./tokenizer"},
        "data": {"files": {"train": "train.jsonl", "validation": "validation.jsonl"}},
        "training": {"max_steps": 4, "eval_strategy": "steps", "eval_steps": 2, "logging_steps": 1},
        "metrics": ["perplexity"],
    }
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml12.dump(data))
    return file


def test_json_prints_the_events_file_and_ends_with_metrics_and_folder(tmp_path: Path, config: Path) -> None:
    result = finetui(tmp_path, "train", "tiny.yaml", "--set", "training.learning_rate=1e-3", "--json")
    assert result.returncode == 0, result.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    assert result.stdout == (folder / "events.jsonl").read_text()
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    assert printed[-1]["type"] == "run_finished"
    assert printed[-1]["reason"] == "completed"
    assert printed[-1]["run"] == str(folder)
    assert printed[-1]["metrics"]["eval_perplexity"] > 1
    assert [event["step"] for event in printed if event["type"] == "step_logged" and "loss" in event["metrics"]] == [
        1,
        2,
        3,
        4,
    ]
    assert yaml12.read(folder / "config.yaml").data["training"]["learning_rate"] == 1e-3


def test_without_json_a_table_on_stdout_and_everything_else_on_stderr(tmp_path: Path, config: Path) -> None:
    result = finetui(tmp_path, "train", "tiny.yaml")
    assert result.returncode == 0, result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines() if line.strip()][::2] == ["metric", "loss"]
    assert "training [####################] 100 %" in result.stderr
    assert "completed after" in result.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    answer = finetui(tmp_path, "predict", folder.name, "1 + 1 =", "--json")
    assert json.loads(answer.stdout)["text"] == "1 + 1 ="


@pytest.mark.parametrize("how", [(), ("--detach",)])
def test_bad_data_is_three_lines_and_leaves_nothing_behind(tmp_path: Path, config: Path, how: tuple[str, ...]) -> None:
    result = finetui(tmp_path, "train", "tiny.yaml", "--set", "data.columns.prompt=question", *how)
    assert result.returncode == 2
    assert result.stdout == ""
    what, where, hint = result.stderr[result.stderr.index("error: ") :].splitlines()
    assert "question" in what
    assert "--set data.columns.prompt=question" in where
    assert hint.strip()
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_stops_the_run_with_a_checkpoint(
    tmp_path: Path, config: Path, number: signal.Signals, code: int
) -> None:
    process = start(tmp_path, "train", "tiny.yaml", "--set", "training.max_steps=1000000", "--json")
    try:
        next(event for event in events_of(process) if event["type"] == "step_logged")
        process.send_signal(number)
        rest = list(events_of(process))
        assert process.wait(LIMIT) == code
    finally:
        process.kill()
    assert rest[-1]["type"] == "run_finished"
    assert rest[-1]["reason"] == "stopped"
    saved = next(event for event in rest if event["type"] == "checkpoint_saved")
    assert (Path(rest[-1]["run"]) / saved["path"] / "model.safetensors").is_file()


def test_a_detached_run_is_told_to_stop_and_followed_to_its_end(tmp_path: Path, config: Path) -> None:
    begun = finetui(tmp_path, "train", "tiny.yaml", "--set", "training.max_steps=1000000", "--detach", "--json")
    assert begun.returncode == 0, begun.stderr
    folder = Path(json.loads(begun.stdout)["run"])
    assert json.loads(finetui(tmp_path, "runs", "--json").stdout)[0]["status"] == "running"
    assert finetui(tmp_path, "tell", "tiny", "stop").returncode == 0
    followed = finetui(tmp_path, "attach")
    assert followed.returncode == 0
    assert "stopped after" in followed.stderr
    assert str(folder) in followed.stderr


def events_of(process: Any) -> Iterator[dict[str, Any]]:
    """The events that a process prints, as they come."""
    deadline = time.monotonic() + LIMIT
    for line in process.stdout:
        assert time.monotonic() < deadline
        yield json.loads(line)


def test_a_stopped_run_goes_on_in_its_folder_and_is_then_complete(tmp_path: Path, config: Path) -> None:
    process = start(tmp_path, "train", "tiny.yaml", "--set", "training.max_steps=600", "--json")
    try:
        next(event for event in events_of(process) if event["type"] == "step_logged")
        process.send_signal(signal.SIGTERM)
        stopped = list(events_of(process))[-1]
        process.wait(LIMIT)
    finally:
        process.kill()
    assert (stopped["reason"], stopped["step"] < 600) == ("stopped", True)

    gone_on = finetui(tmp_path, "resume", "tiny", "--json")
    assert gone_on.returncode == 0, gone_on.stderr
    printed = [json.loads(line) for line in gone_on.stdout.splitlines()]
    assert (printed[0]["type"], printed[0]["resumed_from"]) == ("run_started", stopped["step"])
    assert (printed[-1]["reason"], printed[-1]["step"], printed[-1]["run"]) == ("completed", 600, stopped["run"])
    logged = [event["step"] for event in printed if event["type"] == "step_logged" and "loss" in event["metrics"]]
    assert logged == list(range(stopped["step"] + 1, 601))

    again = finetui(tmp_path, "resume", "tiny")
    assert again.returncode == 2
    assert "is complete" in again.stderr
    shown = json.loads(finetui(tmp_path, "show", "--json").stdout)
    assert shown["time_spent"]["training"] > 0
    assert sum(shown["time_shares"].values()) == pytest.approx(1, abs=0.01)
    assert "forward/backward" in finetui(tmp_path, "show").stdout


def test_a_run_that_trains_is_told_everything_and_not_resumed(tmp_path: Path, config: Path) -> None:
    begun = finetui(tmp_path, "train", "tiny.yaml", "--set", "training.max_steps=1000000", "--detach", "--json")
    folder = Path(json.loads(begun.stdout)["run"])
    try:
        refused = finetui(tmp_path, "resume", "tiny")
        assert refused.returncode == 2
        assert "still trains" in refused.stderr
        for command in ("save", "evaluate", "lr=1e-5", "pause", "resume"):
            assert finetui(tmp_path, "tell", "tiny", command).returncode == 0
    finally:
        finetui(tmp_path, "tell", "tiny", "stop")
        finetui(tmp_path, "attach")
    said = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    taken = [event["command"]["command"] for event in said if event["type"] == "command_taken"]
    assert taken == ["save", "evaluate", "set_learning_rate", "pause", "resume", "stop"]
    assert said[-1]["reason"] == "stopped"
