"""The form's model: made from RunConfig alone, and back to the same config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core import config_file, yaml12
from core.config import RunConfig
from core.errors import FinetuiError
from tui.forms import fields, layout, values
from tui.forms.draft import Draft

FULL = """
name: mrpc-tiny
task: sequence-classification
model: {id: bert, dtype: float32, trust_remote_code: false}
data:
  files: {train: [a.jsonl, "b, c.jsonl"], validation: v.jsonl}
  columns: {text: sentence1, text_pair: "", label: label}
  labels: ["no", "yes, sir", "3"]
  max_length: 128
  limit: {train: 1000}
method: {kind: lora, r: 8, lora_alpha: 16, target_modules: [query, value], bias: none}
training:
  num_train_epochs: 0.5
  learning_rate: 5e-5
  eval_strategy: "no"
  warmup_steps: 0.1
  optim: adamw_torch
  lr_scheduler_kwargs: {num_cycles: 2}
metrics: [accuracy]
early_stopping: {patience: 3}
engine: trainer
"""


def plain(text: str) -> dict[str, Any]:
    return yaml12.parse(text).data


def test_a_config_comes_out_of_the_form_as_it_went_in() -> None:
    data = plain(FULL)
    draft = Draft(data)
    assert draft.data() == data
    assert draft.problems() == []


def test_what_the_form_writes_is_what_the_file_reader_reads(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(FULL)
    before = config_file.load(file).config
    copy = tmp_path / "copy.yaml"
    copy.write_text(Draft(config_file.load(file).document.data).to_yaml())
    assert config_file.load(copy).config == before


def test_every_setting_of_a_run_has_its_line() -> None:
    """A field added to RunConfig is on the form without anything else being changed."""
    draft = Draft()
    draft.take_roles()
    on_form = {field.path for part in layout.parts(draft.fields) for field in (*part.first, *part.more)}
    missing = []
    for name, info in RunConfig.model_fields.items():
        if name not in ("provenance", "engine"):
            inner = next((path for path in on_form if path[0] == name), None)
            if inner is None:
                missing.append((name, info))
    assert not missing
    for section in ("model", "data", "method", "training"):
        declared = set(RunConfig.model_fields[section].annotation.model_fields)  # type: ignore[union-attr]
        assert declared - {path[1] for path in on_form if path[0] == section and len(path) > 1} == set()


def test_a_new_form_evaluates_every_epoch_in_batches_of_16() -> None:
    assert Draft().data() == {"training": {"eval_strategy": "epoch", "per_device_train_batch_size": 16}}


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (("training", "learning_rate"), "fast", "must be a valid number"),
        (("training", "num_train_epochs"), "0", "must be greater than 0"),
        (("data", "max_length"), "12.5", "must be a valid integer"),
        (("data", "eval_fraction"), "2", "must be less than 1"),
        (("data", "files"), "train.jsonl", "write `key: value`"),
        (("name",), "a b", "must match pattern"),
        (("model", "dtype"), "float8", "one of: auto, float32, bfloat16, float16"),
        (("training", "*"), "a: [", "not readable as YAML"),
        (("training", "*"), "100", "write `key: value`"),
    ],
)
def test_a_wrong_field_says_so_whatever_stands_in_the_others(path: tuple[str, ...], text: str, message: str) -> None:
    draft = Draft({})
    draft.texts[path] = text
    assert message in draft.check(path)
    draft.texts["training", "seed"] = "also wrong"
    assert message in draft.check(path)
    assert path in {problem.path for problem in draft.problems()}


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        (("training", "learning_rate"), "5e-5", 5e-5),
        (("training", "eval_strategy"), "no", "no"),
        (("training", "load_best_model_at_end"), "yes", True),
        (("name",), "007", "007"),
        (("data", "files"), "train: a.csv, test: [b.csv, c.csv]", {"train": "a.csv", "test": ["b.csv", "c.csv"]}),
        (("data", "limit"), "train: 100", {"train": 100}),
        (("data", "labels"), "3", 3),
        (("data", "labels"), "bad, good", ["bad", "good"]),
        (("metrics",), "accuracy", ["accuracy"]),
        (("method", "target_modules"), "all-linear", "all-linear"),
    ],
)
def test_texts_are_read_as_their_field_means(path: tuple[str, ...], text: str, value: object) -> None:
    draft = Draft({"method": {"kind": "lora"}})
    draft.texts[path] = text
    found: Any = draft.data()
    for key in path:
        found = found[key]
    assert found == value
    assert draft.check(path) == ""


def test_lora_options_do_not_count_without_lora() -> None:
    draft = Draft({"method": {"kind": "lora", "r": 4, "bias": "none"}})
    draft.texts["method", "kind"] = "full"
    assert draft.data() == {"method": {"kind": "full"}}
    draft.texts["method", "kind"] = "lora"
    assert draft.data()["method"] == {"kind": "lora", "r": 4, "bias": "none"}


def test_early_stopping_is_a_switch() -> None:
    draft = Draft({"early_stopping": {"patience": 7}})
    assert draft.data() == {"early_stopping": {"patience": 7}}
    draft.texts["early_stopping",] = "no"
    assert draft.data() == {}
    draft = Draft({"early_stopping": {}})
    assert draft.data() == {"early_stopping": {}}


def test_what_is_missing_is_said_at_the_first_field_of_its_section() -> None:
    problems = {problem.path: problem.message for problem in Draft().problems()}
    assert problems == {("model", "id"): "must be given", ("data", "id"): "must be given"}


def test_other_data_drops_what_held_for_the_data_before() -> None:
    draft = Draft(plain(FULL))
    draft.take_data({"id": "glue", "subset": "mrpc"})
    assert draft.data()["data"] == {"id": "glue", "subset": "mrpc", "max_length": 128}
    assert draft.data()["training"] == plain(FULL)["training"]


def test_roles_follow_the_task() -> None:
    draft = Draft({"task": "causal-lm"})
    draft.take_roles()
    assert {path[2] for path in draft.fields if path[:2] == ("data", "columns")} == {"text", "prompt", "completion"}


def test_a_chat_has_fields_and_defaults_of_its_own() -> None:
    draft = Draft({"task": "chat"})
    draft.take_roles()
    assert {path[2] for path in draft.fields if path[:2] == ("data", "columns")} >= {"messages", "prompt", "completion"}
    assert draft.fields["training", "learning_rate"].default == 2e-5
    assert ("model", "chat_template") in set(draft.order())
    assert ("data", "packing") not in set(draft.order())
    draft = Draft({"task": "causal-lm"})
    assert ("model", "chat_template") not in set(draft.order())
    assert ("data", "packing") in set(draft.order())


def test_an_error_of_the_start_finds_its_field() -> None:
    draft = Draft({"training": {"optimm": "x"}})
    draft.take_roles()
    assert draft.find(FinetuiError("unknown training argument `optimm`")) == ("training", "*")
    assert draft.find(FinetuiError("`training.learning_rate` is odd")) == ("training", "learning_rate")
    assert draft.find(FinetuiError("x", "", "name one as `data.columns.text`")) == ("data", "columns", "text")
    assert draft.find(FinetuiError("the disk is full")) is None


def test_local_paths_become_absolute_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    config = Draft({"model": {"id": "./model"}, "data": {"id": "some/hub-data"}}).config()
    assert config.model.id == str(tmp_path / "model")
    assert config.data.id == "some/hub-data"


def test_the_options_of_a_method_are_those_of_its_peft_config() -> None:
    draft = Draft({"method": {"kind": "lora", "r": 4, "use_dora": True, "target_modules": ["query"]}})
    data = draft.data()
    draft.take_roles()
    assert draft.data() == data
    assert draft.texts["method", "use_dora"] == "yes"
    field = draft.fields["method", "lora_alpha"]
    assert (field.default, field.help) == (8, "Lora alpha")
    draft.texts["method", "r"] = "many"
    assert "must be a valid integer" in draft.check(("method", "r"))
    draft.texts["method", "kind"] = "prompt-tuning"
    draft.take_roles()
    assert ("method", "r") not in draft.fields
    assert draft.data() == {"method": {"kind": "prompt-tuning"}}
    assert draft.fields["method", "prompt_tuning_init"].default == "RANDOM"
    draft.texts["method", "kind"] = "lora"
    draft.take_roles()
    assert draft.texts["method", "r"] == "many"


def test_an_option_that_the_method_has_not_stays_to_be_seen() -> None:
    draft = Draft({"method": {"kind": "lora", "lora_alhpa": 3}})
    draft.take_roles()
    assert draft.texts["method", "*"] == "lora_alhpa: 3"
    assert "did you mean `lora_alpha`?" in draft.check(("method", "*"))
    assert ("method", "*") in draft.order()


def test_a_method_that_does_not_fit_is_off_and_says_why(shared: Path) -> None:
    draft = Draft({"task": "sequence-classification", "model": {"id": str(shared / "models/bart-g2p-en-us")}})
    draft.take_roles()
    assert "BartForSequenceClassification" in draft.off["prompt-tuning"]
    assert "lora" not in draft.off
    draft.texts["method", "kind"] = "prompt-tuning"
    assert draft.check(("method", "kind")) == draft.off["prompt-tuning"]
    draft.texts["model", "id"] = ""
    draft.take_roles()
    assert draft.off == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("balanced", "balanced"),
        ("1, 4.5", [1.0, 4.5]),
        ("ham: 1, spam: 4.5", {"ham": 1.0, "spam": 4.5}),
    ],
)
def test_class_weights_are_a_word_a_list_or_a_mapping(text: str, value: Any) -> None:
    field = fields.declared()[("class_weights",)]
    config = {"model": {"id": "x"}, "data": {"id": "y"}, "class_weights": values.parse(field, text)}
    assert config_file.validate(config).class_weights == value
    assert values.parse(field, values.text_of(field, value)) == value
