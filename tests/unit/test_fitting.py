"""What the config of a model says of how it reads."""

from __future__ import annotations

import pytest
from transformers import BertConfig, GPT2Config, LlamaConfig, PreTrainedConfig, T5Config, XLNetConfig

from core.tasks.fitting import reads_left_to_right


@pytest.mark.parametrize(
    ("architecture", "left"),
    [
        (LlamaConfig(), True),
        (GPT2Config(), True),
        (LlamaConfig(is_causal=False), False),
        (BertConfig(), False),
        (BertConfig(is_decoder=True), True),
        (XLNetConfig(), False),
        (T5Config(), False),
    ],
)
def test_which_models_see_what_comes_after_a_token(architecture: PreTrainedConfig, left: bool) -> None:
    assert reads_left_to_right(architecture) is left
