"""The card of a model: what the Hub reads at its head, what people read below."""

from __future__ import annotations

import math

import yaml

from core import config_file, events
from core.runs.state import RunState
from core.sharing.card import card


def test_a_card_names_what_lies_on_the_hub_and_tells_the_figures() -> None:
    config = config_file.validate(
        {
            "name": "gsm",
            "task": "causal-lm",
            "model": {"id": "gpt2"},
            "data": {"id": "openai/gsm8k", "subset": "main", "eval_split": "test"},
            "method": {"kind": "lora", "r": 4},
        }
    )
    state = RunState()
    metrics = {"eval_loss": 2.5, "eval_perplexity": 12345.678, "eval_runtime": 3.0, "eval_odd": math.nan, "epoch": 1.0}
    state.apply(events.RunFinished(t=1.0, reason="completed", run="r", metrics=metrics, seconds=1.0))
    text = card(config, state, "AutoModelForCausalLM", adapter=True)
    head = yaml.safe_load(text.split("---")[1])
    assert (head["base_model"], head["datasets"], head["pipeline_tag"]) == ("gpt2", ["openai/gsm8k"], "text-generation")
    (result,) = head["model-index"][0]["results"]
    assert {metric["type"]: metric["value"] for metric in result["metrics"]} == {"loss": 2.5, "perplexity": 12345.678}
    assert result["dataset"]["split"] == "test"
    assert "gpt2, fine-tuned on openai/gsm8k (causal-lm, lora)." in text
    assert "| loss | 2.5000 |\n| perplexity | 12,345.7 |\n" in text
    assert 'AutoModelForCausalLM.from_pretrained("gpt2"' in text
    assert "| method.r | 4 |" in text
    assert "runtime" not in text
