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


def lines_of_text(folder: Path) -> tuple[Path, Path]:
    """2,000 lines of Shakespeare, and the 200 after them."""
    lines = (SHARED / "data/tinyshakespeare/input.txt").read_text(encoding="utf-8").splitlines()
    said = [line for line in lines if line.strip()]
    for name, part in (("train", said[:2000]), ("validation", said[2000:2200])):
        (folder / f"{name}.txt").write_text("\n".join(part), encoding="utf-8")
    return folder / "train.txt", folder / "validation.txt"


def parts_of_list(name: str, held_out: int) -> Files:
    """A file that is one list, and its last rows apart."""

    def files(folder: Path) -> tuple[Path, Path]:
        rows = json.loads((SHARED / "data" / name).read_text(encoding="utf-8"))
        for split, part in (("train", rows[:-held_out]), ("validation", rows[-held_out:])):
            (folder / f"{split}.json").write_text(json.dumps(part), encoding="utf-8")
        return folder / "train.json", folder / "validation.json"

    return files


def shared_model(name: str) -> Callable[[], str]:
    return lambda: str(SHARED / "models" / name)


METHODS = (
    "freeze", "lora", "dora", "rslora", "pissa", "ia3", "adalora", "prefix-tuning", "oft", "ln-tuning",
)  # fmt: skip
"""Those whose examples train a small BERT on MRPC."""

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
            "SQuAD 1.1 dev, 2,000 questions / 300 of other titles",
            "all-MiniLM-L6-v2",
            squad_parts,
            cities.model,
            ("exact_match", "f1"),
            "plain_qa.py",
            {"stride": 128},
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
            "GSM8K, 960 / 200 problems",
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
            lines_of_text,
            shared_model("stories15M"),
            ("loss", "perplexity"),
        ),
        Case(
            "chat.yaml",
            "alpaca, 899 / 100 instructions",
            "minimind2-small",
            parts_of_list("llama_factory_demo/alpaca_en_demo.json", 100),
            shared_model("minimind2-small"),
            ("loss", "perplexity"),
        ),
        Case(
            "preference.yaml",
            "pairs of answers, 250 / 50",
            "minimind2-small",
            parts_of_list("llama_factory_demo/dpo_en_demo.json", 50),
            shared_model("minimind2-small"),
            ("loss", "rewards/accuracies"),
        ),
        *(
            Case(
                f"methods/{method}.yaml",
                "MRPC, 3,668 / 408 pairs",
                "bert-tiny",
                shared_files("mrpc/train.jsonl", "mrpc/validation.jsonl"),
                shared_model("bert-tiny-uncased"),
                ("accuracy", "f1"),
            )
            for method in METHODS
        ),
        Case(
            "methods/prompt-tuning.yaml",
            "GSM8K, 7,473 / 1,319 problems",
            "stories260K",
            shared_files("gsm8k/train.jsonl", "gsm8k/test.jsonl"),
            shared_model("stories260K"),
            ("loss",),
        ),
    )
}
