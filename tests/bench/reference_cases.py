"""What is measured beside a plain script: an example each, on local data in the place of the Hub's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
        figures: the metrics that are compared, without `eval_`.
        script: the plain script beside this file; without one it is what `finetui export --script` writes.
        settings: what a script of our own is told besides model, files and arguments.
    """

    example: str
    data: str
    model: str
    files: Files
    local_model: Callable[[], str]
    figures: tuple[str, ...]
    script: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return Path(self.example).stem

    def config(self) -> dict[str, Any]:
        """The example as it stands in its file."""
        return yaml12.read(EXAMPLES / self.example).data


def shared_files(train: str, evaluation: str) -> Files:
    return lambda folder: (SHARED / "data" / train, SHARED / "data" / evaluation)


def squad_parts(train: int, held_out: int) -> Files:
    """The first questions of the file, and the first of the titles that come after theirs."""

    def files(folder: Path) -> tuple[Path, Path]:
        rows = _lines("squad_v1_dev/squad_v1_dev.jsonl")
        return _written(folder, rows[:train], _of_other_titles(rows, train)[:held_out])

    return files


def squad_passages(train: int, held_out: int) -> Files:
    """Questions of SQuAD with the passages that answer them, the held-out ones of other titles."""

    def files(folder: Path) -> tuple[Path, Path]:
        rows = _lines("squad_v1_dev/squad_v1_dev.jsonl")
        parts = rows[:train], _of_other_titles(rows, train)[:held_out]
        return _written(
            folder, *([{"query": row["question"], "answer": row["context"]} for row in part] for part in parts)
        )

    return files


def sums(folder: Path) -> tuple[Path, Path]:
    file = EXAMPLES / "reference/sums.jsonl"
    return file, file


def lines_of_text(train: int, held_out: int) -> Files:
    """Lines of Shakespeare, and those after them."""

    def files(folder: Path) -> tuple[Path, Path]:
        lines = (SHARED / "data/tinyshakespeare/input.txt").read_text(encoding="utf-8").splitlines()
        said = [line for line in lines if line.strip()]
        for name, part in (("train", said[:train]), ("validation", said[train : train + held_out])):
            (folder / f"{name}.txt").write_text("\n".join(part), encoding="utf-8")
        return folder / "train.txt", folder / "validation.txt"

    return files


def parts_of_list(name: str, train: int, held_out: int) -> Files:
    """The first rows of a file that is one list, and its last ones apart."""

    def files(folder: Path) -> tuple[Path, Path]:
        rows = json.loads((SHARED / "data" / name).read_text(encoding="utf-8"))
        return _written(folder, rows[:train], rows[-held_out:])

    return files


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SHARED / "data" / name).read_text(encoding="utf-8").splitlines()]


def _of_other_titles(rows: list[dict[str, Any]], train: int) -> list[dict[str, Any]]:
    trained = {row["title"] for row in rows[:train]}
    return [row for row in rows[train:] if row["title"] not in trained]


def _written(folder: Path, train: list[dict[str, Any]], held_out: list[dict[str, Any]]) -> tuple[Path, Path]:
    for name, part in (("train", train), ("validation", held_out)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder / "train.jsonl", folder / "validation.jsonl"


def shared_model(name: str) -> Callable[[], str]:
    return lambda: str(SHARED / "models" / name)


METHODS = (
    "freeze", "lora", "dora", "rslora", "pissa", "ia3", "adalora", "prefix-tuning", "oft", "ln-tuning",
)  # fmt: skip
"""Those whose examples train a small BERT on the phrases of SST-2."""

CASES = {
    case.name: case
    for case in (
        Case(
            "reference/mrpc.yaml",
            "MRPC, 3,668 / 408 pairs",
            "all-MiniLM-L6-v2",
            shared_files("mrpc/train.jsonl", "mrpc/validation.jsonl"),
            cities.model,
            ("accuracy", "f1"),
            "plain_classification.py",
            {},
        ),
        Case(
            "reference/wnut17.yaml",
            "WNUT-17, 3,394 / 1,009 messages",
            "all-MiniLM-L6-v2",
            shared_files("wnut17/train.jsonl", "wnut17/validation.jsonl"),
            cities.model,
            ("f1", "precision", "recall"),
            "plain_ner.py",
            {},
        ),
        Case(
            "reference/squad.yaml",
            "SQuAD 1.1 dev, 6,000 questions / 600 of other titles",
            "bert-tiny",
            squad_parts(6000, 600),
            shared_model("bert-tiny-uncased"),
            ("exact_match", "f1"),
            "plain_qa.py",
            {"stride": 64},
        ),
        Case(
            "reference/g2p.yaml",
            "English words and phonemes, 20,000 / 1,000",
            "BART, one layer a side, from scratch",
            shared_files("g2p_en/us_train.jsonl", "g2p_en/us_validation.jsonl"),
            shared_model("bart-g2p-en-us"),
            ("exact_match",),
            "plain_seq2seq.py",
            {"columns": ["word", "phonemes"]},
        ),
        Case(
            "reference/sums.yaml",
            "the 100 sums of one digit, learned by heart",
            "stories15M",
            sums,
            shared_model("stories15M"),
            ("exact_match",),
            "plain_causal_lm.py",
            {"columns": ["prompt", "completion"], "generate": True},
        ),
        Case(
            "reference/gsm8k.yaml",
            "GSM8K, 480 / 96 problems",
            "stories15M",
            shared_files("gsm8k/train.jsonl", "gsm8k/test.jsonl"),
            shared_model("stories15M"),
            ("loss", "perplexity"),
            "plain_causal_lm.py",
            {"columns": ["question", "answer"], "generate": False},
        ),
        Case(
            "packed-text.yaml",
            "Shakespeare, 2,000 / 200 lines",
            "stories15M",
            lines_of_text(2000, 200),
            shared_model("stories15M"),
            ("loss", "perplexity"),
        ),
        Case(
            "masked-text.yaml",
            "Shakespeare, 12,000 / 1,000 lines",
            "bert-tiny",
            lines_of_text(12000, 1000),
            shared_model("bert-tiny-uncased"),
            ("accuracy", "perplexity"),
        ),
        Case(
            "embeddings.yaml",
            "SQuAD 1.1 dev, 5,000 questions and their passages / 500 of other titles",
            "bert-tiny",
            squad_passages(5000, 500),
            shared_model("bert-tiny-uncased"),
            ("loss", "accuracy_at_1", "mrr_at_10"),
        ),
        Case(
            "chat.yaml",
            "alpaca, 300 / 50 instructions",
            "minimind2-small",
            parts_of_list("llama_factory_demo/alpaca_en_demo.json", 300, 50),
            shared_model("minimind2-small"),
            ("loss", "perplexity"),
        ),
        Case(
            "preference.yaml",
            "pairs of answers, 80 / 40",
            "minimind2-small",
            parts_of_list("llama_factory_demo/dpo_en_demo.json", 80, 40),
            shared_model("minimind2-small"),
            ("loss", "rewards/accuracies"),
        ),
        *(
            Case(
                f"methods/{method}.yaml",
                "SST-2, 4,000 / 872 phrases",
                "bert-tiny",
                shared_files("sst2/train.tsv", "sst2/test.tsv"),
                shared_model("bert-tiny-uncased"),
                ("accuracy", "f1"),
            )
            for method in METHODS
        ),
        Case(
            "methods/qlora.yaml",
            "GSM8K, 480 / 96 problems",
            "stories15M in 4 bits",
            shared_files("gsm8k/train.jsonl", "gsm8k/test.jsonl"),
            shared_model("stories15M"),
            ("loss", "perplexity"),
        ),
        Case(
            "methods/prompt-tuning.yaml",
            "GSM8K, 2,000 / 400 problems",
            "stories260K",
            shared_files("gsm8k/train.jsonl", "gsm8k/test.jsonl"),
            shared_model("stories260K"),
            ("loss",),
        ),
    )
}
