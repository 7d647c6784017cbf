"""What is measured beside a plain script: an example each, on local data in the place of the Hub's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import yaml12
from core.demo import cities

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
EXAMPLES = ROOT / "examples"
TINY = {"steps": 2, "train": 64, "evaluation": 32}
"""What a trial of the bench itself is cut to."""

Files = Callable[[Path], tuple[Path, Path]]
"""Writes what it must into a folder; the file that is trained on, and the one that is evaluated on."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table.

    Attributes:
        example: the config, under examples/.
        data, model: for people.
        files: where the rows are.
        local_model: folder that stands in for the Hub id.
        script: the plain script beside this file.
        settings: what that script is told besides model, files and arguments.
        figures: the metrics that are compared, without `eval_`.
    """

    example: str
    data: str
    model: str
    files: Files
    local_model: Callable[[], str]
    script: str
    settings: Mapping[str, Any]
    figures: tuple[str, ...]

    @property
    def name(self) -> str:
        return Path(self.example).stem

    def config(self) -> dict[str, Any]:
        """The example as it stands in its file."""
        return yaml12.read(EXAMPLES / self.example).data


def shared_files(train: str, evaluation: str) -> Files:
    return lambda folder: (SHARED / "data" / train, SHARED / "data" / evaluation)


def squad_parts(folder: Path) -> tuple[Path, Path]:
    """2,000 questions of the first titles that have so many, and 300 of titles that come after them."""
    lines = (SHARED / "data/squad_v1_dev/squad_v1_dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    trained_titles = {row["title"] for row in rows[:2000]}
    held_out = [row for row in rows if row["title"] not in trained_titles][:300]
    for name, part in (("train", rows[:2000]), ("validation", held_out)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder / "train.jsonl", folder / "validation.jsonl"


def sums(folder: Path) -> tuple[Path, Path]:
    file = EXAMPLES / "reference/sums.jsonl"
    return file, file


def shared_model(name: str) -> Callable[[], str]:
    return lambda: str(SHARED / "models" / name)


CASES = {
    case.name: case
    for case in (
        Case(
            "reference/mrpc.yaml",
            "MRPC, 3,668 / 408 pairs",
            "all-MiniLM-L6-v2",
            shared_files("mrpc/train.jsonl", "mrpc/validation.jsonl"),
            cities.model,
            "plain_classification.py",
            {},
            ("accuracy", "f1"),
        ),
        Case(
            "reference/wnut17.yaml",
            "WNUT-17, 3,394 / 1,009 messages",
            "all-MiniLM-L6-v2",
            shared_files("wnut17/train.jsonl", "wnut17/validation.jsonl"),
            cities.model,
            "plain_ner.py",
            {},
            ("f1", "precision", "recall"),
        ),
        Case(
            "reference/squad.yaml",
            "SQuAD 1.1 dev, 2,000 questions / 300 of other titles",
            "all-MiniLM-L6-v2",
            squad_parts,
            cities.model,
            "plain_qa.py",
            {"stride": 128},
            ("exact_match", "f1"),
        ),
        Case(
            "reference/g2p.yaml",
            "English words and phonemes, 20,000 / 1,000",
            "BART, one layer a side, from scratch",
            shared_files("g2p_en/us_train.jsonl", "g2p_en/us_validation.jsonl"),
            shared_model("bart-g2p-en-us"),
            "plain_seq2seq.py",
            {"columns": ["word", "phonemes"]},
            ("exact_match",),
        ),
        Case(
            "reference/sums.yaml",
            "the 100 sums of one digit, learned by heart",
            "stories15M",
            sums,
            shared_model("stories15M"),
            "plain_causal_lm.py",
            {"columns": ["prompt", "completion"], "generate": True},
            ("exact_match",),
        ),
        Case(
            "reference/gsm8k.yaml",
            "GSM8K, 960 / 200 problems",
            "stories15M",
            shared_files("gsm8k/train.jsonl", "gsm8k/test.jsonl"),
            shared_model("stories15M"),
            "plain_causal_lm.py",
            {"columns": ["question", "answer"], "generate": False},
            ("loss", "perplexity"),
        ),
    )
}
