"""What is put in the place of what the examples fetch: small real models and data of ../shared, a few rows of each.

A new example needs a line here for each Hub id that is new, or for its own name where its data is in files.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Rows = Iterator[dict[str, Any]]
TRAIN_ROWS, EVAL_ROWS = 12, 4
LENGTHS = {"causal-lm": 256, "chat": 128}
"""Task -> tokens of the longest row; others 64."""

MODELS = {
    "HuggingFaceTB/SmolLM2-135M": "stories260K",
    "HuggingFaceTB/SmolLM2-135M-Instruct": "stories260K",
    "PeterReid/graphemes_to_phonemes_en_us": "bart-g2p-en-us",
    "Xenova/llama2.c-stories15M": "stories260K",
    "google-t5/t5-small": "bart-g2p-en-us",
    "google/bert_uncased_L-2_H-128_A-2": "bert-tiny-uncased",
    "google/byt5-small": "bart-g2p-en-us",
    "prajjwal1/bert-tiny": "bert-tiny-uncased",
    "sentence-transformers/all-MiniLM-L6-v2": "bert-tiny-uncased",
}
"""Hub id -> folder under shared/models."""


def lines(file: Path) -> Rows:
    """Rows of jsonl."""
    with file.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def listed(file: Path) -> Rows:
    """Rows of a file that is one list."""
    yield from json.loads(file.read_text(encoding="utf-8"))


def texts(file: Path) -> Rows:
    """Lines that say something."""
    with file.open(encoding="utf-8") as stream:
        yield from ({"text": line.strip()} for line in stream if line.strip())


def tabbed(file: Path) -> Rows:
    """Rows of tsv; what is a number is one."""
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield {name: int(cell) if cell.isdecimal() else cell for name, cell in row.items()}


def scored(file: Path) -> Rows:
    """Pairs with a number instead of a class."""
    return ({**row, "label": row["label"] * 4.5} for row in lines(file))


def tagged(file: Path) -> Rows:
    """Texts with several labels each."""
    return ({"text": row["sentence1"], "labels": ["odd", "even"][: 1 + n % 2]} for n, row in enumerate(lines(file)))


def asked(file: Path) -> Rows:
    """Questions, and the texts that answer them."""
    return ({"query": row["question"], "answer": row["context"]} for row in lines(file))


DATA: dict[str, tuple[Callable[[Path], Rows], str]] = {
    "glue/mrpc": (lines, "mrpc/train.jsonl"),
    "nyu-mll/glue/mrpc": (lines, "mrpc/train.jsonl"),
    "nyu-mll/glue/stsb": (scored, "mrpc/train.jsonl"),
    "leondz/wnut_17": (lines, "wnut17/train.jsonl"),
    "rajpurkar/squad": (lines, "squad_v1_dev/squad_v1_dev.jsonl"),
    "openai/gsm8k/main": (lines, "gsm8k/train.jsonl"),
    "roneneldan/TinyStories": (texts, "tinyshakespeare/input.txt"),
    "Salesforce/wikitext/wikitext-2-raw-v1": (texts, "tinyshakespeare/input.txt"),
    "tatsu-lab/alpaca": (listed, "llama_factory_demo/alpaca_en_demo.json"),
    "trl-lib/ultrafeedback_binarized": (listed, "llama_factory_demo/dpo_en_demo.json"),
    "bentrevett/multi30k": (lines, "multi30k_en_de/train.jsonl"),
    "stanfordnlp/sst2": (tabbed, "sst2/train.tsv"),
    "g2p": (lines, "g2p_en/us_train.jsonl"),
    "sentence-transformers/natural-questions": (asked, "squad_v1_dev/squad_v1_dev.jsonl"),
    "google-research-datasets/go_emotions/simplified": (tagged, "mrpc/train.jsonl"),
}
"""Hub id with its subset, or the name of an example -> how rows are read, and the file under shared/data."""

OWN = {
    "adalora": ["method.tinit=0", "method.tfinal=0"],  # two steps have no room for more
    "masked-text": ["training.per_device_train_batch_size=2"],
}
"""Name of an example -> what else has to be other for two steps."""


def settings(example: Path, config: dict[str, Any], shared: Path, folder: Path) -> list[str]:
    """The overrides that make an example run here, for two steps.

    Args:
        config: the example as it stands in its file.
        folder: where rows are written.

    Raises:
        LookupError: nothing stands in for a model or the data.
    """
    return [
        *_model(config, shared),
        *_data(example, config, shared, folder),
        "training.max_steps=2",
        "training.per_device_train_batch_size=2",
        "training.per_device_eval_batch_size=4",
        "training.logging_steps=1",
        "training.use_cpu=true",
        "samples.rows=1",
        "samples.max_new_tokens=4",
        *OWN.get(example.stem, []),
    ]


def _model(config: dict[str, Any], shared: Path) -> Iterator[str]:
    model = config["model"]
    for key in ("id", "tokenizer"):
        if key in model:
            yield f"model.{key}={shared / 'models' / MODELS[model[key]]}"
    yield "model.dtype=float32"
    if config["task"] in ("chat", "preference"):
        yield "model.chat_template=plain"


def _data(example: Path, config: dict[str, Any], shared: Path, folder: Path) -> Iterator[str]:
    data = config["data"]
    files = [example.parent / name for name in data.get("files", {}).values()]
    if not files or not all(file.is_file() for file in files):
        name = f"{data['id']}/{data['subset']}" if "subset" in data else data.get("id", example.stem)
        read, file = DATA[name] if name in DATA else DATA[example.stem]
        splits = ["train"] if "eval_fraction" in data else ["train", data.get("eval_split", "validation")]
        rows = read(shared / "data" / file)
        for split in splits:
            part = list(itertools.islice(rows, EVAL_ROWS if split != "train" else TRAIN_ROWS))
            (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part), encoding="utf-8")
        named = {split: str(folder / f"{split}.jsonl") for split in splits}
        yield from ("data.id=null", "data.subset=null", f"data.files={json.dumps(named)}")
    length = LENGTHS.get(config["task"], 64)
    if data.get("max_length", length) > length:
        yield f"data.max_length={length}"
    if "stride" in data:
        yield "data.stride=16"
