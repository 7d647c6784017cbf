"""Methods without a training: what fits, what is trained, what is refused and why. Models are small and made here."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from peft import PeftType

from core import config_file
from core.config import MethodConfig, ModelConfig
from core.errors import FinetuiError
from core.methods import fitting, kinds, options, quantized, structure
from core.methods.apply import apply
from core.methods.settle import settle, with_defaults
from core.methods.sizes import size
from scripts import methods_table
from scripts.methods_table import ARCHITECTURES, TASKS

MAIN = kinds.ADAPTERS[:8]
TRIED = ("lora", "prompt-tuning", "prefix-tuning")
CLASSIFIER, CAUSAL = "AutoModelForSequenceClassification", "AutoModelForCausalLM"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "methods").glob("*.yaml"))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def method(kind: str, **given: Any) -> MethodConfig:
    return MethodConfig.model_validate({"kind": kind, **given})


def task(auto_class: str) -> Any:
    """The part of a task that a method looks at."""
    return SimpleNamespace(auto_class=auto_class, peft_task_type=TASKS[auto_class], model_options=dict)


def settled(model_type: str, auto_class: str, chosen: MethodConfig) -> Any:
    architecture = methods_table._config(model_type)
    return settle(ModelConfig(id="some/model"), chosen, task(auto_class), architecture, steps=10)


def trained(model: Any) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def test_every_name_is_one_of_peft_and_works_somewhere() -> None:
    assert {kinds.peft_type(kind) for kind in kinds.ADAPTERS} <= set(PeftType.__members__)
    assert set(kinds.WHAT) == {"full", "freeze", *kinds.ADAPTERS}
    cells = [(model_type, auto) for model_type, row in fitting.table().items() for auto in row]
    assert len(cells) >= 11
    for kind in kinds.ADAPTERS:
        assert not all(fitting.why_not(kind, *cell) for cell in cells), kind


def test_the_table_says_what_a_trial_says() -> None:
    """The cells of BERT for some methods, tried again."""
    again = methods_table.try_architecture("bert", TRIED)
    written = fitting.table()["bert"]
    assert set(again) == set(written)
    for auto_class, row in again.items():
        assert row == {kind: reason for kind, reason in written[auto_class].items() if kind in TRIED}, auto_class


def test_the_page_has_the_table_of_today() -> None:
    text = methods_table.DOCS.read_text(encoding="utf-8")
    assert methods_table.with_table(text) == text, "run: make methods"


@pytest.mark.parametrize(("model_type", "auto_class"), [("bert", CLASSIFIER), ("llama", CAUSAL)])
def test_the_size_is_known_without_weights(model_type: str, auto_class: str) -> None:
    for kind in ("full", "freeze", *MAIN, "boft", "vera"):
        found = settled(model_type, auto_class, method(kind))
        real = methods_table._model(model_type, auto_class)
        assert found.size == size(apply(real, found.method, TASKS[auto_class], 10)), kind
        assert (found.size.trainable < found.size.total) is (kind != "full")


@pytest.mark.parametrize(
    ("model_type", "auto_class", "last", "expected"),
    [
        ("bert", CLASSIFIER, 0, ("classifier",)),
        ("bert", CLASSIFIER, 1, ("bert.encoder.layer.1", "classifier")),
        ("llama", CLASSIFIER, 1, ("model.layers.1", "score")),
        ("bart", CLASSIFIER, 1, ("model.decoder.layers.1", "classification_head")),
        (
            "bart",
            CLASSIFIER,
            3,
            ("model.encoder.layers.1", "model.decoder.layers.0", "model.decoder.layers.1", "class"),
        ),
        ("llama", CAUSAL, 2, ("model.layers.0", "model.layers.1", "lm_head")),
        ("bart", "AutoModelForSeq2SeqLM", 1, ("model.decoder.layers.1",)),  # its head is tied to the embeddings
    ],
)
def test_freeze_trains_the_last_layers_and_the_head(
    model_type: str, auto_class: str, last: int, expected: tuple[str, ...]
) -> None:
    model = methods_table._model(model_type, auto_class)
    everything = {name for name, _ in model.named_parameters()}
    apply(model, method("freeze", layers=last), TASKS[auto_class])
    assert trained(model) == {name for name in everything if name.startswith(expected)}


def test_freeze_refuses_layers_that_are_not_there() -> None:
    with pytest.raises(FinetuiError, match="the model has 2 layers"):
        settled("bert", CLASSIFIER, method("freeze", layers=3))
    with pytest.raises(FinetuiError, match="no head to train alone"):
        settled("bert", "AutoModel", method("freeze", layers=0))


def test_a_head_that_peft_does_not_know_is_trained_too() -> None:
    model = apply(methods_table._model("bart", CLASSIFIER), method("lora"), "SEQ_CLS")
    heads = {name for name in trained(model) if "classification_head" in name}
    assert len(heads) == 4
    adapted = trained(model) - heads
    assert adapted
    assert all("lora_" in name for name in adapted)


@pytest.mark.parametrize("kind", ["lora", "prompt-tuning", "ia3"])
def test_a_language_model_keeps_its_head(kind: str) -> None:
    base = methods_table._model("llama", CAUSAL)
    model = apply(base, with_defaults(method(kind), base)[0], "CAUSAL_LM")
    own = {"lora": "lora_", "ia3": "ia3_", "prompt-tuning": "prompt_encoder"}[kind]
    assert trained(model)
    assert all(own in name for name in trained(model))


def test_what_is_trained_is_float32_on_a_base_of_fewer_bits() -> None:
    model = methods_table._model("bert", CLASSIFIER).to(torch.bfloat16)
    adapted = apply(model, method("lora"), "SEQ_CLS")
    kinds_of = {(parameter.requires_grad, parameter.dtype) for parameter in adapted.parameters()}
    assert kinds_of == {(True, torch.float32), (False, torch.bfloat16)}


@pytest.mark.parametrize(
    ("given", "title", "hint", "key"),
    [
        ({"kind": "lora", "lora_alhpa": 3}, "unknown option `lora_alhpa` of lora", "`lora_alpha`", "method.lora_alhpa"),
        ({"kind": "ia3", "r": 8}, "unknown option `r` of ia3", "its options:", "method.r"),
        ({"kind": "lora", "r": "many"}, "`method.r` cannot be 'many'", "valid integer", "method.r"),
        ({"kind": "lora", "bias": "some"}, "`method.bias` cannot be 'some'", "'lora_only'", "method.bias"),
        ({"kind": "lora", "task_type": "X"}, "`task_type` is set by finetui", "leave it out", "method.task_type"),
        ({"kind": "adalora", "r": 4}, "`r` has no effect on adalora", "`init_r`", "method.r"),
        ({"kind": "adalora", "init_r": 4}, "AdaLoRA has no rank to give up", "below init_r", "method.target_r"),
        ({"kind": "adalora", "tinit": 9}, "AdaLoRA has no step to move ranks in", "train longer", "method.tinit"),
        ({"kind": "oft", "r": 4}, "the options of oft do not fit together", "change one", "method"),
        ({"kind": "lora", "target_modules": ["q"]}, "lora finds nothing to adapt", "query, value", "method.target_m"),
        ({"kind": "ln-tuning", "target_modules": ["q"]}, "ln-tuning finds nothing", "LayerNorm", "method.target_m"),
    ],
)
def test_what_does_not_fit_is_said_before_there_are_weights(
    given: dict[str, Any], title: str, hint: str, key: str
) -> None:
    with pytest.raises(FinetuiError) as caught:
        settled("bert", CLASSIFIER, MethodConfig.model_validate(given))
    assert title in caught.value.title
    assert hint in caught.value.hint
    assert caught.value.key.startswith(key)
    assert caught.value.detail


def test_options_have_the_types_defaults_and_help_of_the_config_class() -> None:
    found = options.options_of("lora")
    assert (found["r"].default, found["r"].annotation) == (8, int)
    assert "DoRA" in found["use_dora"].help
    assert not options.OURS & found.keys()
    assert options.options_of("p-tuning")["num_virtual_tokens"].default == 20
    config = options.peft_config(method("lora", r=4, eva_config={"rho": 1.5}), "SEQ_CLS")
    assert (config.r, config.eva_config.rho, config.task_type) == (4, 1.5, "SEQ_CLS")


def test_an_architecture_that_peft_has_no_table_for() -> None:
    """LN tuning on BERT: PEFT wants `target_modules`; they are found in the model."""
    found = settled("bert", CLASSIFIER, method("ln-tuning"))
    assert found.method.options() == {"target_modules": ["LayerNorm"]}
    assert "normalizations" in found.notes[0]


def test_a_cell_that_does_not_work_is_refused_with_its_reason() -> None:
    reason = fitting.why_not("prompt-tuning", "bert", "AutoModelForTokenClassification")
    assert reason
    with pytest.raises(FinetuiError) as caught:
        settled("bert", "AutoModelForTokenClassification", method("prompt-tuning"))
    assert caught.value.detail == reason
    assert "lora" in caught.value.hint
    assert "prompt-tuning" not in caught.value.hint
    # Another encoder was not tried; nothing that was made it work.
    assert fitting.why_not("prompt-tuning", "roberta", "AutoModelForTokenClassification")
    assert not fitting.why_not("lora", "roberta", "AutoModelForTokenClassification")


@pytest.mark.parametrize(
    ("model", "kind", "device", "title"),
    [
        ({"id": "m", "quantization": "nf4"}, "lora", "mps", "no quantized base on mps"),
        ({"id": "m", "quantization": "int8"}, "full", "cuda", "cannot be trained"),
        ({"id": "m", "quantization": "int8"}, "freeze", "cuda", "cannot be trained"),
        ({"from_config": {}, "tokenizer": "t", "quantization": "nf4"}, "full", "cuda", "no weights to quantize"),
    ],
)
def test_a_quantized_base_is_refused_where_it_cannot_be(
    model: dict[str, Any], kind: str, device: str, title: str
) -> None:
    with pytest.raises(FinetuiError, match=title) as caught:
        quantized.check(ModelConfig.model_validate(model), method(kind), device)
    assert caught.value.hint
    assert caught.value.key == "model.quantization"


def test_a_method_without_layers_for_few_bits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [kind for kind in MAIN if quantized.fits(kind)] == [
        "lora", "adalora", "ia3", "prompt-tuning", "p-tuning", "prefix-tuning"
    ]  # fmt: skip
    monkeypatch.setattr(quantized, "find_spec", lambda name: name == "bitsandbytes" or None)
    with pytest.raises(FinetuiError, match="ln-tuning cannot work on a quantized base"):
        quantized.check(ModelConfig(id="m", quantization="nf4"), method("ln-tuning"), "cuda")
    monkeypatch.setattr(quantized, "find_spec", lambda name: None)
    with pytest.raises(FinetuiError, match="bitsandbytes is not installed"):
        quantized.check(ModelConfig(id="m", quantization="nf4"), method("lora"), "cuda")


def test_layers_and_heads_are_found_by_what_they_are() -> None:
    for model_type, count in (("bert", 2), ("llama", 2), ("bart", 4)):
        assert len(structure.layers(methods_table._model(model_type, CLASSIFIER))) == count
    assert structure.heads(methods_table._model("bert", "AutoModel")) == []
    assert structure.heads(methods_table._model("llama", CAUSAL)) == ["lm_head"]
    assert ARCHITECTURES.keys() == fitting.table().keys()


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_every_example_has_a_method_that_there_is(file: Path) -> None:
    config = config_file.load(file).config
    assert config.name == file.stem
    if kinds.is_adapter(config.method.kind):
        assert options.peft_config(config.method, None, steps=500) is not None
