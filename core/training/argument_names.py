"""Names of training arguments: those that are not for a person to set, and those that other versions had."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from core.errors import FinetuiError

FOLDERS = {"output_dir", "resume_from_checkpoint", "run_name", "do_train", "do_eval", "do_predict", "local_rank"}
"""Fields that the engine sets from the run folder."""

RENAMED = {
    "evaluation_strategy": "eval_strategy",
    "warmup_ratio": "warmup_steps (a number below 1 is a share of all steps)",
    "group_by_length": "train_sampling_strategy: group_by_length",
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
    "no_cuda": "use_cpu",
    "half_precision_backend": "bf16 or fp16",
    "fp16_backend": "fp16",
    "fp16_opt_level": "fp16",
    "adafactor": "optim: adafactor",
    "include_inputs_for_metrics": "include_for_metrics: [inputs]",
    "include_tokens_per_second": "include_num_input_tokens_seen",
    "torchdynamo": "torch_compile_backend",
    "split_batches": "accelerator_config: {split_batches: true}",
    "dispatch_batches": "accelerator_config: {dispatch_batches: true}",
    "use_ipex": "bf16",
    "use_mps_device": "nothing: the device is found",
    "max_seq_length": "data.max_length",
    "max_prompt_length": "data.max_length",
    "max_completion_length": "data.max_length",
    "label_pad_token_id": "nothing: labels are padded with -100",
    "batch_size": "per_device_train_batch_size",
    "epochs": "num_train_epochs",
    "lr": "learning_rate",
    "scheduler": "lr_scheduler_type",
    "optimizer": "optim",
}
"""Names that other versions and other tools use -> today's."""

GONE = {
    "overwrite_output_dir": "every run has a folder of its own",
    "logging_dir": "what is logged stands in the run's folder",
    "save_safetensors": "checkpoints are safetensors",
    "jit_mode_eval": "use torch_compile",
    "past_index": "it was taken out of transformers",
    "ray_scope": "it was taken out of transformers",
    "mp_parameters": "it was taken out of transformers",
    "tpu_num_cores": "it was taken out of transformers",
    "fsdp_transformer_layer_cls_to_wrap": "a run trains on one device",
}
"""Names of older versions that have no successor -> why."""

ELSEWHERE = {
    "push_to_hub": "a run sends nothing anywhere: upload its model/ folder when it is done",
    "label_names": "the task knows its labels",
    "eval_do_concat_batches": "metrics are computed over all rows together",
    "fsdp": "a run trains on one device",
    "deepspeed": "a run trains on one device",
    "parallelism_config": "a run trains on one device",
}
"""Fields of every arguments class that do nothing here, or would break a run -> what holds instead."""

ALIASES = {
    "gradient_checkpointing": "activation_checkpointing",
    "gradient_checkpointing_kwargs": "activation_checkpointing_kwargs",
}
"""Old names that transformers still takes, with a warning at each use -> the new ones, where it has them."""


def require(name: str, known: list[str], elsewhere: dict[str, str], of: str) -> None:
    """Make sure that a key of `training:` is for the person to set.

    Args:
        known: the fields of the arguments class, whose name is `of`.
        elsewhere: fields that are not taken -> what to do instead.

    Raises:
        FinetuiError: it is not.
    """
    key = f"training.{name}"
    if name in FOLDERS:
        raise FinetuiError(f"`{name}` is set by finetui", key, "leave it out", key=key)
    if name in elsewhere:
        raise FinetuiError(f"`{name}` is not taken here", key, elsewhere[name], key=key)
    if name not in known:
        raise FinetuiError(f"unknown training argument `{name}`", key, _hint(name, known, of), key=key)


def _hint(name: str, known: Iterable[str], of: str) -> str:
    if name in RENAMED:
        return f"it is called {RENAMED[name]}"
    if name in GONE:
        return f"leave it out: {GONE[name]}"
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean `{close[0]}`?" if close else f"the fields are those of {of}"
