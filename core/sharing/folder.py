"""The folder of a trained model: its weights, its tokenizer, its card."""

from __future__ import annotations

import shutil
from pathlib import Path

from core import tasks
from core.errors import FinetuiError
from core.inference import loading, reference
from core.methods import kinds
from core.runs.reader import RunReader
from core.runs.state import RunState
from core.sharing.card import card

OF_TRAINING = (
    *("training_args.bin", "trainer_state.json", "optimizer.pt", "scheduler.pt", "scaler.pt", "rng_state*"),
    *("adalora.pt", "README.md"),
)
"""What nobody needs who only uses the model. The README.md is that of a library, and says nothing."""
OF_ADAPTER = ("adapter_*", "config.json")
"""What a merged model has in its own way."""


def write(run: Path, to: Path, merge: bool = False, trust_remote_code: bool = False) -> Path:
    """Write the model of a run's folder, or its newest checkpoint where the run has not ended, into a folder.

    Args:
        to: a folder that is not there, or empty.
        merge: put an adapter into the weights under it, so that nothing needs PEFT. They are of the type that the base
            is stored in.
        trust_remote_code: run Python code that comes with the model, to merge it.

    Returns:
        The folder.

    Raises:
        FinetuiError: there is no model yet, something is in the folder, it cannot be written, the base is not to be
            had, or the method cannot be merged.
    """
    to = to.expanduser()
    source = reference.resolve(str(run), trust_remote_code)
    assert source.config is not None  # a run has one
    _check_empty(to)
    adapter = (Path(source.model) / "adapter_config.json").is_file()
    if merge and source.config.method.kind in kinds.PROMPT_LEARNING:
        raise FinetuiError(
            f"{source.config.method.kind} cannot be merged",
            f"{run.name}: its virtual tokens stand before every text, and are no weights of the model",
            "leave --merge out: the adapter goes with its base",
        )
    state = RunState()
    for event in RunReader(run).read_all():
        state.apply(event)
    merged = loading.merged(source, trust_remote_code) if merge and adapter else None
    left_out = OF_TRAINING + (OF_ADAPTER if merged is not None else ())
    try:
        at_top = shutil.ignore_patterns(*left_out)  # below, a pooling layer has a config.json of its own
        shutil.copytree(
            source.model,
            to,
            ignore=lambda at, names: at_top(at, names) if at == source.model else (),
            dirs_exist_ok=True,
        )
        if merged is not None:
            merged.save_pretrained(str(to))
        text = card(source.config, state, tasks.task_class(source.task).auto_class, adapter and not merge)
        (to / "README.md").write_text(text, encoding="utf-8")
    except OSError as error:
        raise FinetuiError(
            f"cannot write {to.name}", f"{to}: {error.strerror or error}", "choose another place"
        ) from error
    return to


def _check_empty(to: Path) -> None:
    if to.is_file() or (to.is_dir() and any(to.iterdir())):
        raise FinetuiError(f"{to.name} is there already", str(to), "name a folder that is not there, or empty")
