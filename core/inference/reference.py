"""What a person calls a model by: a run folder, a checkpoint, a folder of weights or a Hub id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core import config_file, hub
from core.config import ModelConfig, RunConfig, TaskName
from core.errors import FinetuiError
from core.runs import layout
from core.runs.folder import RunFolder

HEADS: dict[str, TaskName] = {
    "ForSequenceClassification": "sequence-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForCausalLM": "causal-lm",
    "T5WithLMHeadModel": "seq2seq-lm",
    "LMHeadModel": "causal-lm",
    "ForConditionalGeneration": "seq2seq-lm",
    "MTModel": "seq2seq-lm",
    "ForMaskedLM": "masked-lm",
}
"""How the architecture's name ends -> the task that it was trained for."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a reference names: a folder or Hub id, the task, and the run's config where there is a run."""

    model: str
    task: TaskName
    name: str
    config: RunConfig | None = None


def resolve(ref: str, trust_remote_code: bool = False) -> Source:
    """What a reference names, without loading it.

    Raises:
        FinetuiError: there is no model, or it is of a task that cannot be used here.
    """
    folder = Path(ref).expanduser()
    if (folder / layout.CONFIG).is_file():
        config = config_file.load(folder / layout.CONFIG).config
        return Source(str(_weights_of_run(folder)), config.task, config.title, config)
    run = next((parent for parent in folder.parents if (parent / layout.CONFIG).is_file()), None)
    if run is not None and (run / layout.EVENTS).is_file():
        config = config_file.load(run / layout.CONFIG).config
        return Source(str(folder), config.task, f"{config.title} {folder.name}", config)
    hub.require_model(ref)
    return Source(ref, _task_of(ref, trust_remote_code), folder.name)


def _weights_of_run(folder: Path) -> Path:
    if any((folder / layout.MODEL / name).is_file() for name in ("config.json", "adapter_config.json")):
        return folder / layout.MODEL
    newest = RunFolder(folder).last_checkpoint()
    if newest is None:
        raise FinetuiError(f"{folder.name} has no model yet", str(folder), "wait for its end, or tell it to save")
    return newest


def _task_of(ref: str, trust_remote_code: bool) -> TaskName:
    """The task of a model folder or Hub id, from the name of its architecture."""
    from core import models
    from core.tasks.sentence_classes import modules_file

    config = models.load_config(ModelConfig(id=ref, trust_remote_code=trust_remote_code))
    if modules_file(ref) is not None:
        return "feature-extraction"
    architectures = config.architectures or []
    for name in architectures:
        for ending, task in HEADS.items():
            if name.endswith(ending):
                return task
    raise FinetuiError(
        f"{Path(ref).name} has no head that answers",
        f"its architecture is {', '.join(architectures) or config.model_type}",
        "fine-tune it first, or choose a model whose architecture ends in " + ", ".join(HEADS),
    )
