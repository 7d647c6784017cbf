"""Datasets from the Hub: what is said when one cannot be had. The failures are raised as the library raises them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets.exceptions import DatasetNotFoundError

from core.config import DataConfig
from core.data import hub, sources
from core.errors import FinetuiError


@pytest.fixture
def fake_hub(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Hub that answers every load with one exception, or with one dataset."""

    def answer(result: BaseException | datasets.DatasetDict) -> None:
        def fake_load_dataset(path: str, **_: Any) -> datasets.DatasetDict:
            if isinstance(result, BaseException):
                raise result
            return result

        monkeypatch.setattr(hub, "reachable", lambda _: True)
        monkeypatch.setattr(datasets, "load_dataset", fake_load_dataset)

    return answer


MISSING_SUBSET = "BuilderConfig 'mprc' not found. Available: ['ax', 'cola', 'mrpc']"
NO_SUBSET = "Config name is missing.\nPlease pick one among the available configs: ['ax', 'cola', 'mrpc']\nExample: ..."
FAILURES = [
    (
        DatasetNotFoundError("Dataset 'a/b' doesn't exist on the Hub or cannot be accessed."),
        "there is no dataset a/b",
        "path",
    ),
    (DatasetNotFoundError("Dataset 'a/b' is a gated dataset on the Hub."), "no access to a/b", "hf auth login"),
    (DatasetNotFoundError("Revision 'x' doesn't exist for dataset 'a/b' on the Hub."), "has no revision x", "branch"),
    (
        RuntimeError("Dataset scripts are no longer supported, but found b.py"),
        "a loading script",
        "refs/convert/parquet",
    ),
    (ValueError(MISSING_SUBSET), "has no subset mprc", "did you mean mrpc?"),
    (ConnectionError("Couldn't reach 'a/b' on the Hub (ReadTimeout)"), "cannot get a/b", "check the network"),
    (OSError("Not enough disk space. Needed: 9 GiB"), "cannot get a/b", "check the network"),
]


@pytest.mark.parametrize(("failure", "title", "hint"), FAILURES, ids=[title for _, title, _ in FAILURES])
def test_a_failure_says_what_to_do(failure: Exception, title: str, hint: str, fake_hub: Any) -> None:
    fake_hub(failure)
    with pytest.raises(FinetuiError) as caught:
        sources.load(DataConfig(id="a/b", subset="mprc", revision="x"))
    assert title in caught.value.title
    assert hint in caught.value.hint


def test_several_subsets_and_none_named(fake_hub: Any) -> None:
    fake_hub(ValueError(NO_SUBSET))
    with pytest.raises(FinetuiError) as caught:
        sources.load(DataConfig(id="glue"))
    assert caught.value.lines() == ["glue has several subsets", "ax, cola, mrpc", "name one with data.subset"]


def test_a_defect_of_the_library_keeps_its_traceback(fake_hub: Any) -> None:
    fake_hub(RuntimeError("something else"))
    with pytest.raises(RuntimeError, match="something else"):
        sources.load(DataConfig(id="glue"))


def test_limits_apply_to_what_the_hub_gives(fake_hub: Any) -> None:
    fake_hub(datasets.DatasetDict({"train": datasets.Dataset.from_list([{"a": 1}, {"a": 2}])}))
    assert sources.load(DataConfig(id="glue", limit={"train": 1}))["train"].to_list() == [{"a": 1}]


def test_an_empty_split_matters_only_where_it_is_used(fake_hub: Any) -> None:
    rows = datasets.Dataset.from_list([{"a": 1}])
    fake_hub(datasets.DatasetDict({"train": rows, "dev": rows.select([]), "test": rows.select([])}))
    with pytest.raises(FinetuiError, match="split dev has no rows"):
        sources.load(DataConfig(id="glue"))
    assert len(sources.load(DataConfig(id="glue", eval_split="train"))["dev"]) == 0


def test_without_a_network_an_unknown_id_is_refused_at_once(dataset_cache: Path, network_calls: list[Any]) -> None:
    with pytest.raises(FinetuiError) as caught:
        sources.load(DataConfig(id="some/thing"))
    assert "the Hub cannot be reached" in caught.value.title
    assert f"nothing at {Path('some/thing').absolute()}" in caught.value.hint
    assert len(network_calls) == 1


@pytest.mark.parametrize("ref", ["a b", "a/b/c", "https://example.org/data.csv?x"])
def test_what_cannot_be_an_id_is_not_asked_for(ref: str, network_calls: list[Any]) -> None:
    with pytest.raises(FinetuiError):
        sources.load(DataConfig(id=ref))
    assert network_calls == []


COMMIT = "a" * 40


@pytest.fixture
def cached(dataset_cache: Path, tmp_path: Path) -> str:
    """The id of a dataset that lies in the cache as if it had come from the Hub."""
    from datasets.packaged_modules.json.json import Json

    (tmp_path / "rows.jsonl").write_text(json.dumps({"text": "a"}) + "\n")
    builder = Json(data_files={"train": str(tmp_path / "rows.jsonl")}, dataset_name="thing")
    builder.download_and_prepare()
    shutil.move(builder.cache_dir, dataset_cache / "some___thing" / "default" / "0.0.0" / COMMIT)
    return "some/thing"


def test_without_a_network_the_cache_answers(cached: str, network_calls: list[Any]) -> None:
    assert sources.load(DataConfig(id=cached))["train"].to_list() == [{"text": "a"}]
    assert sources.load(DataConfig(id=cached, revision=COMMIT))["train"].to_list() == [{"text": "a"}]
    assert not datasets.config.HF_HUB_OFFLINE


@pytest.mark.parametrize("wrong", [{"revision": "b" * 40}, {"subset": "de"}])
def test_the_cache_answers_for_no_other_revision_or_subset(
    wrong: dict[str, str], cached: str, network_calls: list[Any]
) -> None:
    with pytest.raises(FinetuiError):
        sources.load(DataConfig(id=cached, **wrong))
