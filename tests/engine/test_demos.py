"""The demos' data, tokenizer and configs. That they train as promised is shown by `finetui demo` itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from core import demo
from core.demo import cities, sums
from core.errors import FinetuiError
from core.models import load_tokenizer
from core.training import preflight


def test_cities_are_of_five_continents() -> None:
    found = cities.cities()
    assert 400 < len(found) < 450
    assert set(Counter(continent for _, continent in found)) == set(cities.CONTINENTS)
    assert ("Nairobi", "Africa") in found
    assert ("Buenos Aires", "America") in found
    assert len({city for city, _ in found}) == len(found)
    assert "Toulouse" not in {city for city, _ in found}


def test_the_held_out_cities_are_not_trained_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cities, "model", lambda: "some/model")
    cities.prepare(tmp_path)
    train = set((tmp_path / "train.jsonl").read_text().splitlines())
    held_out = set((tmp_path / "validation.jsonl").read_text().splitlines())
    assert len(held_out) == cities.HELD_OUT
    assert not train & held_out


def test_sums_are_split_and_written_character_by_character(tmp_path: Path) -> None:
    config = sums.prepare(tmp_path)
    train = set((tmp_path / "train.jsonl").read_text().splitlines())
    held_out = set((tmp_path / "validation.jsonl").read_text().splitlines())
    assert len(train) + len(held_out) == (sums.LARGEST + 1) ** 2
    assert not train & held_out
    assert '{"prompt": "1 + 1 =", "completion": " 2"}' in train
    tokenizer = load_tokenizer(config.model)
    ids = tokenizer("17 + 25 = 42")["input_ids"]
    assert len(ids) == len("17 + 25 = 42")
    assert tokenizer.decode(ids) == "17 + 25 = 42"
    assert not preflight.check(config, trial=False).failed


def test_data_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    sums.prepare(tmp_path)
    before = (tmp_path / "train.jsonl").stat().st_mtime_ns
    sums.prepare(tmp_path)
    assert (tmp_path / "train.jsonl").stat().st_mtime_ns == before


def test_an_unknown_demo_names_the_others() -> None:
    with pytest.raises(FinetuiError) as caught:
        demo.prepare("town")
    assert "cities" in caught.value.hint
