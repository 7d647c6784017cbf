"""RunConfig from YAML and --set: YAML 1.2 scalars, paths, errors that name file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core import config_file, yaml12
from core.config import ModelConfig
from core.errors import FinetuiError

CONFIG = """\
name: first
model: {id: bert-tiny}
data:
  files: {train: rows/train.jsonl}
training:
  learning_rate: 5e-5
  lr_scheduler_type: no
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(CONFIG)
    return path


def failure(path: Path, overrides: list[str] | None = None) -> FinetuiError:
    with pytest.raises(FinetuiError) as caught:
        config_file.load(path, overrides)
    return caught.value


def test_yaml_1_2_scalars(file: Path) -> None:
    training = config_file.load(file).config.training
    assert training.learning_rate == 5e-5
    assert training.lr_scheduler_type == "no"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5e-5", 5e-5),
        ("1E3", 1000.0),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("12", 12),
        ("1:30", "1:30"),
        ("0o17", 15),
        ("[a, 2]", ["a", 2]),
        ("null", None),
        ("{a: 1", "{a: 1"),
    ],
)
def test_scalars_of_set_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert yaml12.scalar(text) == value
    assert type(yaml12.scalar(text)) is type(value)


def test_set_overrides_and_adds(file: Path) -> None:
    config = config_file.load(
        file,
        ["training.learning_rate=1e-4", "training.lr_scheduler_type=no", "data.limit.train=10", "method.kind=lora"],
    ).config
    assert config.training.learning_rate == 1e-4
    assert config.training.lr_scheduler_type == "no"
    assert config.data.limit == {"train": 10}
    assert config.method.kind == "lora"
    assert config.name == "first"


def test_relative_paths_count_from_the_file_and_hub_ids_stay(file: Path, tmp_path: Path) -> None:
    config = config_file.load(file).config
    assert config.data.files == {"train": str(tmp_path / "rows/train.jsonl")}
    assert config.model.id == "bert-tiny"
    (tmp_path / "bert-tiny").mkdir()
    assert config_file.load(file).config.model.id == str(tmp_path / "bert-tiny")


def test_paths_of_set_count_from_the_working_directory(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    config = config_file.load(file, ["data.files.train=mine.csv"]).config
    assert config.data.files == {"train": str(elsewhere / "mine.csv")}


@pytest.mark.parametrize(
    ("old", "new", "line", "title", "hint"),
    [
        ("training:", "trainning:", 5, "unknown key `trainning`", "`training`"),
        (
            "name: first",
            "learnig_rate: 1",
            1,
            "unknown key `learnig_rate`",
            "`learning_rate` belongs under `training:`",
        ),
        ("{id: bert-tiny}", "{idd: x}", 2, "unknown key `model.idd`", "did you mean `id`?"),
        ("learning_rate: 5e-5", "learning_rate: fast", 6, "`training.learning_rate` cannot be 'fast'", "valid number"),
        ("name: first", "task: causal", 1, "`task` cannot be 'causal'", "causal-lm"),
        ("{id: bert-tiny}", "{}", 2, "`model` is not right", "either `id` or `from_config`"),
    ],
)
def test_errors_name_file_and_line_and_what_to_do(
    file: Path, old: str, new: str, line: int, title: str, hint: str
) -> None:
    file.write_text(CONFIG.replace(old, new))
    error = failure(file)
    assert error.title == title
    assert error.detail == f"{file}:{line}"
    assert hint in error.hint


def test_an_error_of_set_names_the_setting(file: Path) -> None:
    error = failure(file, ["training.seed=often"])
    assert error.detail == "--set training.seed=often"
    assert error.key == "training.seed"
    assert failure(file, ["training.seed"]).title == "not a setting: training.seed"


@pytest.mark.parametrize(
    ("setting", "key", "hint"),
    [
        ("class_weights={ham:1,spam:3}", "class_weights", "a colon needs a blank after it: {ham: 1, ...}"),
        ("class_weights=balancd", "class_weights", "balanced, one weight per class in order, or class -> weight"),
        ("class_weights=[1, much]", "class_weights", "balanced, one weight per class in order, or class -> weight"),
        ("data.labels=[a, {b: 1}]", "data.labels", "label names or their count"),
        ("data.files={train: 3}", "data.files.train", "split -> file or files"),
    ],
)
def test_a_field_of_several_forms_names_them(file: Path, setting: str, key: str, hint: str) -> None:
    """Not the form that the validator tried first."""
    error = failure(file, [setting])
    assert error.key == key
    assert error.title.startswith(f"`{key}` ")
    assert hint in error.hint


def test_null_clears_a_section(file: Path) -> None:
    file.write_text(CONFIG + "early_stopping: {patience: 2}\n")
    assert config_file.load(file).config.early_stopping is not None
    assert config_file.load(file, ["early_stopping=null"]).config.early_stopping is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (b"a: [1", "not readable as YAML"),
        (b"a: 1\na: 2\n", "not readable as YAML"),
        (b"\ta: 1", "not readable as YAML"),
        (b"- 1\n", "not a mapping"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a: \x07", "not readable as YAML"),
    ],
)
def test_unreadable_yaml(file: Path, text: bytes, title: str) -> None:
    file.write_bytes(text)
    error = failure(file)
    assert title in error.title
    assert str(file) in error.detail
    assert error.hint


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert failure(tmp_path / "none.yaml").title == "there is no file none.yaml"
    assert "folder" in failure(tmp_path).title


def test_a_byte_order_mark_is_no_key(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + CONFIG.encode())
    assert config_file.load(file).config.name == "first"


def test_written_config_reads_back_the_same(file: Path, tmp_path: Path) -> None:
    config = config_file.load(
        file, ["method.kind=lora", "method.use_rslora=true", "data.labels=[no, yes]", "training.optim=sgd"]
    ).config
    copy = tmp_path / "copy.yaml"
    copy.write_text(config_file.to_yaml(config))
    assert config_file.load(copy).config == config
    assert config.method.options() == {"use_rslora": True}


def test_defaults_of_training_are_the_librarys() -> None:
    from transformers import TrainingArguments

    from core.config import TrainingConfig

    ours = TrainingConfig().model_dump()
    library = {name: getattr(TrainingArguments, name, None) for name in ours}
    differing = {name for name in ours if ours[name] != library[name]}
    assert differing == {"logging_steps"}


@pytest.mark.parametrize(
    ("ref", "label"),
    [
        ("org/name", "name"),
        ("/models/tiny/", "tiny"),
        ("/site-packages/some_model/model", "some_model"),
        ("model", "model"),
    ],
)
def test_a_model_is_called_by_the_part_that_says_something(ref: str, label: str) -> None:
    assert ModelConfig(id=ref).label == label


@pytest.mark.parametrize(
    ("data", "title"),
    [
        ({"id": "nyu-mll/glue", "subset": "mrpc"}, "bert-tiny-mrpc"),
        ({"id": "stanfordnlp/imdb"}, "bert-tiny-imdb"),
        ({"files": {"train": "/data/mrpc/train.jsonl"}}, "bert-tiny-mrpc"),
        ({"files": {"train": ["reviews.csv", "more.csv"]}}, "bert-tiny-reviews"),
        ({"files": {"train": "train.csv"}}, "bert-tiny-train"),
    ],
)
def test_a_run_without_a_name_goes_by_model_and_data(data: dict[str, Any], title: str) -> None:
    assert config_file.validate({"model": {"id": "some/bert-tiny"}, "data": data}).title == title


@pytest.mark.parametrize("key", ["training.num_train_epochs", "data.files.train"])
def test_a_wrong_value_is_named_by_its_key_alone(file: Path, key: str) -> None:
    error = failure(file, [f"{key}=[1]"])
    assert error.title.startswith(f"`{key}` ")
    assert error.key == key


@pytest.mark.parametrize(
    ("line", "title", "hint"),
    [
        ("metrics: my_metric", "`metrics` cannot be 'my_metric'", "it takes a list: [my_metric] (names of metrics, "),
        ("metrics: accuracy, f1", "`metrics` cannot be 'accuracy, f1'", "it takes a list: [accuracy, f1] ("),
        ("metrics: own.py:f", "`metrics` cannot be 'own.py:f'", "it takes a list: [own.py:f] ("),
        ("metrics: {f1: 1}", "`metrics` cannot be {'f1': 1}", "it takes a list: [one, another] ("),
        ("samples: {texts: 'Well, no'}", "`samples.texts` cannot be 'Well, no'", 'it takes a list: ["Well, no"] ('),
    ],
)
def test_a_text_in_place_of_a_list_is_shown_as_the_list(line: str, title: str, hint: str, tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(f"model: {{id: m}}\ndata: {{id: d}}\n{line}\n")
    with pytest.raises(FinetuiError) as refused:
        config_file.load(file)
    assert refused.value.title == title
    assert refused.value.hint.startswith(hint)
    assert refused.value.detail.endswith("run.yaml:3")


@pytest.mark.parametrize("kind", ["full", "freeze"])
def test_a_method_without_such_an_option_says_so(kind: str) -> None:
    with pytest.raises(FinetuiError) as refused:
        config_file.validate(
            {"model": {"id": "m"}, "data": {"id": "d"}, "method": {"kind": kind, "layrs": 0}},
        )
    assert f"`layrs` is no option of {kind}" in "\n".join(refused.value.lines())


def test_letters_that_changed_places_are_put_back() -> None:
    with pytest.raises(FinetuiError) as refused:
        config_file.validate({"model": {"id": "m"}, "data": {"id": "d"}, "method": {"kind": "lroa"}})
    assert "did you mean lora?" in refused.value.hint
