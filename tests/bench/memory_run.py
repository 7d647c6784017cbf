"""Trains on the longest batch of a config and prints, as JSON, the bytes resident before the model was loaded and the
most since. Linux only: reads /proc.

Argument: config file. Before the model the libraries are imported, the rows are tokenized, and a model of the same kind
with a few hundred weights takes steps: what torch, its kernels and the Trainer load on first use is not the training's.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datasets import Dataset
from transformers import AutoConfig, PrinterCallback, set_seed

from core import config_file, models
from core.methods.apply import apply
from core.training import allocator, arguments, prepare, trainer
from core.training.keep_freed import KeepFreedCallback
from core.training.preflight import batches, tokens
from core.training.prepare import Checked, Prepared

STEPS = 4
MINIATURE = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}


def resident(field: str) -> int:
    """VmRSS or VmHWM (its peak) of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise ValueError(field)


def train(checked: Checked, model: Any, rows: list[dict[str, Any]], output: str, keep: bool) -> None:
    changed = {"max_steps": STEPS, "eval_strategy": "no", "save_strategy": "no", "logging_steps": 1}
    training = checked.config.training.model_copy(update=changed)
    settings = arguments.build(
        checked.config.model_copy(update={"training": training}), Path(output), checked.precision
    )
    prepared = Prepared(checked.task, checked.tokenizer, [], model, Dataset.from_list(rows * STEPS), None)
    kept = [KeepFreedCallback()] if keep else []
    made = checked.task.trainer_class()(**trainer.keywords(prepared, settings), callbacks=kept)
    made.remove_callback(PrinterCallback)
    made.train()


def miniature(checked: Checked) -> Any:
    import transformers

    kind = checked.architecture.model_type
    architecture = AutoConfig.for_model(kind, **MINIATURE, **checked.task.model_options())
    architecture.pad_token_id = 0
    model = getattr(transformers, checked.task.auto_class).from_config(architecture)
    return apply(model, checked.config.method, checked.task.peft_task_type)


def main() -> None:
    allocator.use_one_arena()
    config = config_file.load(Path(sys.argv[1])).config
    checked = prepare.check(config)
    seen = tokens.look(checked, checked.train, lambda done, total: None)
    rows = batches.elements(
        checked, checked.train, seen, batches.longest(seen.lengths, config.training.per_device_train_batch_size)
    )
    short = [{name: value if isinstance(value, int) else [1] * 8 for name, value in row.items()} for row in rows]
    with TemporaryDirectory() as output:
        train(checked, miniature(checked), short, output, keep=False)
        before = resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew from here
        set_seed(config.training.seed)
        model, _ = models.load_model(config.model, checked.task, checked.tokenizer, checked.precision)
        for parameter in model.parameters():
            parameter.sum()  # weights are read from the file when they are used: a run uses every row of an embedding
        train(checked, apply(model, config.method, checked.task.peft_task_type), rows, output, keep=True)
        print(json.dumps({"before": before, "peak": resident("VmHWM")}))


main()
