"""The rows of our own loop, in batches and in the Trainer's order."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, RandomSampler, Sampler, SequentialSampler
from transformers.trainer_pt_utils import LengthGroupedSampler
from transformers.trainer_utils import seed_worker, unwrap_peft_model

from core.training import epochs

if TYPE_CHECKING:
    from datasets import Dataset

    from core.training.loop import Loop


def training(loop: Loop) -> DataLoader[Any]:
    """Batches of the train split, in a new order in each epoch unless `train_sampling_strategy` is sequential."""
    args, rows = loop.args, _columns(loop, loop.train_dataset)
    sampler: Sampler[int]
    match args.train_sampling_strategy:
        case "group_by_length":
            per_step = args.train_batch_size * args.gradient_accumulation_steps
            sampler = _by_length(loop, rows, per_step)
        case "sequential":
            sampler = SequentialSampler(rows)
        case _:
            sampler = RandomSampler(rows)
    seeded = partial(seed_worker, num_workers=args.dataloader_num_workers, rank=args.process_index)
    collator = epochs.of_training(loop.collator)
    return _loader(loop, rows, args.train_batch_size, sampler, collator, worker_init_fn=seeded)


def evaluation(loop: Loop) -> DataLoader[Any]:
    """Batches of the evaluation split, in its order."""
    args, rows = loop.args, _columns(loop, loop.eval_dataset)
    sampler: Sampler[int] = SequentialSampler(rows)
    in_order = loop.scoring is not None and loop.scoring.in_order
    if args.train_sampling_strategy == "group_by_length" and not in_order:
        generator = torch.Generator().manual_seed(args.seed if args.data_seed is None else args.data_seed)
        sampler = _by_length(loop, rows, args.eval_batch_size, generator)
    return _loader(loop, rows, args.eval_batch_size, sampler, loop.collator)


def set_epoch(batches: Any, epoch: int) -> None:
    """Tell collator and sampler of a prepared loader the epoch; accelerate does not reach a wrapped sampler."""
    epochs.tell(batches, epoch)
    batches.set_epoch(epoch)
    inner: Any = getattr(getattr(batches, "batch_sampler", None), "batch_sampler", None)
    if hasattr(inner, "set_epoch"):
        inner.set_epoch(epoch)


def _loader(loop: Loop, rows: Any, size: int, sampler: Sampler[int], collator: Any, **more: Any) -> DataLoader[Any]:
    args = loop.args
    return DataLoader(
        rows,
        size,
        sampler=sampler,
        collate_fn=collator,
        num_workers=args.dataloader_num_workers,
        pin_memory=args.dataloader_pin_memory,
        drop_last=args.dataloader_drop_last,
        **more,
    )


def _by_length(loop: Loop, rows: Any, size: int, generator: torch.Generator | None = None) -> Sampler[int]:
    name = loop.tokenizer.model_input_names[0]
    return LengthGroupedSampler(size, rows, model_input_name=name, generator=generator)


def _columns(loop: Loop, rows: Dataset | None) -> Any:
    """What of the rows the model's `forward` takes."""
    assert rows is not None
    if not loop.args.remove_unused_columns:
        return rows
    taken = inspect.signature(unwrap_peft_model(loop.model).forward).parameters
    return rows.remove_columns([name for name in rows.column_names if name not in taken])
