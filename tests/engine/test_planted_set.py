"""Real rows with known faults, all in one set: shell and screen report exactly these, by count and row number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core import config_file
from core.config import RunConfig
from core.training import preflight
from tests.command_line import finetui
from tests.pilot.driving import driven, text, until_shown
from tui.screens.start_dialog import StartDialog

LIMIT = 32
CUT = list(range(3, 100, 5))
UNTRAINED = [0, 46, 97]
OUT_OF_RANGE = 61
LEAKED = [1, 6, 7, 15, 29]
EXPECTED = {
    ("label_out_of_range", "train"): ("error", [OUT_OF_RANGE]),
    ("truncated", "train"): ("warning", CUT),
    ("no_trained_token", "train"): ("warning", UNTRAINED),
    ("overlap", "validation"): ("warning", LEAKED),
}


@pytest.fixture(scope="module")
def planted(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    """101 and 30 rows of WNUT-17: one of the former has a tag that there is not; of the other 100, 20 are longer than
    the limit and 3 are words without a token. 5 of the latter stand in the former."""
    folder = tmp_path_factory.mktemp("planted")
    names, short = set(), []
    for row in _rows(shared / "data" / "wnut17" / "train.jsonl"):
        names |= set(row["ner_tags"])
        if 5 <= len(row["tokens"]) <= 12 and not any("http" in word or len(word) > 12 for word in row["tokens"]):
            short.append(row)
    common = [row for row in short if {"O", "B-person"}.issuperset(row["ner_tags"])]  # no tag that stands once
    distinct = iter({" ".join(row["tokens"]): row for row in common}.values())
    train = [next(distinct) for _ in range(101)]
    held = [next(distinct) for _ in range(30)]
    for number in CUT:  # its own words and more
        train[number] = {key: train[number][key] * 8 for key in ("tokens", "ner_tags")}
    for number, words in zip(UNTRAINED, (1, 2, 3), strict=True):  # a tokenizer drops what cannot be seen
        train[number] = {"tokens": ["\u200b\u200d"] * words, "ner_tags": ["O"] * words}
    tags = train[OUT_OF_RANGE]["ner_tags"]
    train[OUT_OF_RANGE] = {**train[OUT_OF_RANGE], "ner_tags": ["B-planet", *tags[1:]]}
    for number in LEAKED:
        held[number] = train[number + 30]
    plain: dict[str, Any] = {
        "name": "planted",
        "task": "token-classification",
        "model": {"id": str(shared / "models" / "bert-tiny-uncased")},
        "data": {
            "files": {
                "train": _write(folder / "train.jsonl", train),
                "validation": _write(folder / "validation.jsonl", held),
            },
            "labels": sorted(names),
            "max_length": LIMIT,
        },
    }
    (folder / "run.yaml").write_text(config_file.to_yaml(config_file.validate(plain)))
    return config_file.validate(plain)


def test_the_check_reports_exactly_these(planted: RunConfig) -> None:
    found = [finding for finding in preflight.check(planted, trial=False).findings if finding.severity != "info"]
    assert {(item.code, item.split): (item.severity, item.rows) for item in found} == EXPECTED


def test_the_shell_reports_exactly_these(planted: RunConfig) -> None:
    assert planted.data.files is not None
    folder = Path(str(planted.data.files["train"])).parent
    done = finetui(folder, "check", "run.yaml", "--no-trial", "--json")
    assert done.returncode == 1, done.stderr
    findings = [finding for finding in json.loads(done.stdout)["findings"] if finding["severity"] != "info"]
    assert {(found["code"], found["split"]): (found["severity"], found["rows"]) for found in findings} == EXPECTED
    assert all(found["count"] == len(found["rows"]) for found in findings)
    (cut,) = [found for found in findings if found["code"] == "truncated"]
    assert "20 of 100 rows (20.0%)" in cut["message"]


async def test_the_screen_shows_exactly_these(planted: RunConfig, tmp_path: Path) -> None:
    async with driven(tmp_path / "runs") as pilot:
        pilot.app.push_screen(StartDialog(planted, trial=False))
        await until_shown(pilot, "1 error to mend first · 3 warnings", "✗ 1 row has a tag outside")
        seen = []
        for _ in range(12):
            seen.append(" ".join(text(pilot).replace("│", " ").split()))
            await pilot.press("down")
            await pilot.pause()
    for said in (
        "✗ 1 row has a tag outside the range: 'B-planet'",
        f"[train] row {OUT_OF_RANGE}",
        "! 20 of 100 rows (20.0%) are cut at 32 tokens",
        f"rows {', '.join(map(str, CUT))}",
        "! 3 rows have no token that the loss sees",
        f"rows {', '.join(map(str, UNTRAINED))}",
        "! 5 of 30 rows (16.7%) stand in the train split too",
        f"rows {', '.join(map(str, LEAKED))}",
    ):
        assert any(said in screen for screen in seen), seen


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _write(file: Path, rows: list[dict[str, Any]]) -> str:
    file.write_text("".join(json.dumps({key: row[key] for key in ("tokens", "ner_tags")}) + "\n" for row in rows))
    return str(file)
