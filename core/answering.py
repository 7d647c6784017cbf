"""A model is asked: what of a batch it takes, and what it writes. For the samples of a run, and to talk to it."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.methods import virtual_tokens

if TYPE_CHECKING:
    import torch
    from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase


def _bare(model: PreTrainedModel) -> PreTrainedModel:
    """The model itself, without the adapter around it."""
    return model.get_base_model() if hasattr(model, "peft_config") else model  # type: ignore[operator]


@contextlib.contextmanager
def plain_generation(model: PreTrainedModel, settings: GenerationConfig) -> Iterator[GenerationConfig]:
    """Without what the checkpoint says on generation: a temperature or a length of its own is only warned of here."""
    from transformers import GenerationConfig

    bare = _bare(model)
    own, bare.generation_config = bare.generation_config, GenerationConfig()
    try:
        yield settings
    finally:
        bare.generation_config = own


def inputs(model: PreTrainedModel, batch: Mapping[str, Any]) -> dict[str, Any]:
    """What of a collated batch the model takes, on its device; the Trainer leaves out the rest as well."""
    taken = inspect.signature(type(_bare(model)).forward).parameters
    return {name: value.to(model.device) for name, value in batch.items() if name in taken}


def positions(model: PreTrainedModel) -> int | None:
    """How many tokens prompt and answer can have together; None where the architecture sets no limit."""
    found: int | None = getattr(model.config, "max_position_embeddings", None)
    return None if found is None else found - virtual_tokens.count(model)


KEPT = (
    "decoder_start_token_id",
    "forced_bos_token_id",
    "bad_words_ids",
    "suppress_tokens",
    "begin_suppress_tokens",
)
"""What a checkpoint with a decoder of its own says on which tokens may stand where: without it, it says nonsense."""


def greedy(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, max_new_tokens: int, ends: Sequence[int] = ()
) -> GenerationConfig:
    """The most probable token each time, up to the end token or one of `ends`: no random numbers."""
    from transformers import GenerationConfig

    own = model.generation_config.eos_token_id or tokenizer.eos_token_id
    known = own if isinstance(own, list) else [own] if own is not None else []

    own_rules = {}
    if model.config.is_encoder_decoder:
        own_rules = {name: getattr(model.generation_config, name, None) for name in KEPT}
        if own_rules[KEPT[0]] is None:
            own_rules[KEPT[0]] = getattr(model.config, KEPT[0], None)
    return GenerationConfig(
        **own_rules,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        num_beams=1,
        eos_token_id=sorted({*known, *ends}) or None,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
    )


def continuations(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[list[int]],
    max_new_tokens: int,
    stop: Callable[[], bool],
    ends: Sequence[int] = (),
) -> list[str]:
    """What the model writes after each prompt, greedily, in one batch padded on the left.

    Where the positions do not hold prompt and answer, the prompt loses its beginning, but never more than leaves it
    half of the positions.

    Args:
        prompts: token ids, at least one each.
        stop: looked at after every token.
        ends: tokens that end an answer besides the model's own.
    """
    limit = positions(model)
    if limit is not None:
        room = limit - min(max_new_tokens, limit // 2)
        prompts = [ids[-room:] for ids in prompts]
        max_new_tokens = min(max_new_tokens, limit - max(map(len, prompts)))
    batch = tokenizer.pad({"input_ids": list(prompts)}, padding_side="left", return_tensors="pt")
    said = _generate(model, batch, greedy(model, tokenizer, max_new_tokens, ends), stop)
    new = said[:, batch["input_ids"].shape[1] :]
    return [str(text) for text in tokenizer.batch_decode(new, skip_special_tokens=True)]


def written(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sources: Sequence[list[int]],
    max_new_tokens: int,
    stop: Callable[[], bool],
) -> list[str]:
    """What the decoder of a model writes to each source, greedily, in one padded batch.

    Args:
        sources: token ids as the encoder gets them, the end included.
        stop: looked at after every token.
    """
    limit = positions(model)
    batch = tokenizer.pad({"input_ids": list(sources)}, return_tensors="pt")
    settings = greedy(model, tokenizer, max_new_tokens if limit is None else min(max_new_tokens, limit))
    said = _generate(model, batch, settings, stop)
    return [str(text) for text in tokenizer.batch_decode(said, skip_special_tokens=True)]


def _generate(model: PreTrainedModel, batch: Any, settings: GenerationConfig, stop: Callable[[], bool]) -> torch.Tensor:
    """Token ids [rows, length]; what was given stands before what was written where there is one sequence alone."""
    from transformers import StoppingCriteriaList

    def after_token(ids: torch.Tensor, *_: Any, **__: Any) -> bool:
        return stop()

    with plain_generation(model, settings) as plain:
        said: torch.Tensor = model.generate(  # type: ignore[operator]
            **batch.to(model.device),
            generation_config=plain,
            stopping_criteria=StoppingCriteriaList([after_token]),
        )
    return said
