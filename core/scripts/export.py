"""A run as a script: `script(config)` is its text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from core import config_file
from core.config import RunConfig, TaskName
from core.errors import FinetuiError
from core.runs import layout
from core.scripts import (
    causal_lm,
    chat,
    data,
    feature_extraction,
    loop_style,
    masked_lm,
    model,
    own_code,
    preference,
    question_answering,
    seq2seq_lm,
    sequence_classification,
    token_classification,
    trainer_style,
    writing,
)
from core.scripts.run import ScriptRun, open_run
from core.scripts.task_script import TaskScript
from core.training import schedule

Style = Literal["trainer", "loop"]
STYLES: tuple[Style, ...] = get_args(Style)
TASKS: dict[TaskName, Callable[[ScriptRun], TaskScript]] = {
    "sequence-classification": sequence_classification.script,
    "token-classification": token_classification.script,
    "question-answering": question_answering.script,
    "causal-lm": causal_lm.script,
    "seq2seq-lm": seq2seq_lm.script,
    "masked-lm": masked_lm.script,
    "feature-extraction": feature_extraction.script,
    "chat": chat.script,
    "preference": preference.script,
}
PACKAGES = {"sklearn": "scikit-learn", "sentence_transformers": "sentence-transformers", "rouge_score": "rouge-score"}
"""Modules whose package has another name."""


def default_style(config: RunConfig) -> Style:
    """A run whose engine is the loop is written as one."""
    return "loop" if str(config.engine) == "loop" else "trainer"


def script(config: RunConfig, style: Style | None = None) -> str:
    """A run as a Python script that needs nothing of finetui and gives the run's losses and metrics.

    Args:
        config: as the run resolved it: its folder's config.yaml.

    Raises:
        FinetuiError: the run's data or tokenizer is not to be had, or the style cannot do what the run did.
    """
    style = style or default_style(config)
    run = open_run(config)
    task = TASKS[config.task](run)
    steps = schedule.planned_steps(config.training, len(run.train))
    seed_name, seed = model.seeded(run)
    imports = [*task.imports, f"from transformers import {seed_name}"]
    sections = []
    for comment, (needed, code) in (
        ("The data.", data.source(run)),
        ("The tokenizer.", model.tokenizer(run)),
        ("The rows as the model gets them.", ([], task.encode)),
        ("Functions of your own.", own_code.source(config)),
        ("The metrics.", ([], (loop_style if style == "loop" else trainer_style).scoring(task))),
        ("The model. New weights follow from the seed.", _seeded(seed, model.source(run, task, steps))),
        (
            "The training.",
            loop_style.training(run, task, seed) if style == "loop" else trainer_style.training(run, task),
        ),
    ):
        imports += needed
        if code:
            sections.append(f"# {comment}\n{code}")
    values = {**model.constants(run), "OUTPUT": config.title, "SEED": config.training.seed, **task.constants}
    constants = "\n".join(f"{name} = {writing.literal(value, len(name) + 3)}" for name, value in values.items())
    written = writing.imports(imports)
    text = "\n\n".join([_header(run, written), written, constants, *sections])
    return _spaced(text) + "\n"


def write(run: Path, to: Path, style: str | None = None) -> Path:
    """Write the script of a run's folder, to a file or into a folder; where it is now.

    Raises:
        FinetuiError: as of `script` and `save`; or there is no such style.
    """
    if style is not None and style not in STYLES:
        raise FinetuiError(f"there is no style {style}", "--style", f"it is one of {', '.join(STYLES)}")
    config = config_file.load(run / layout.CONFIG).config
    chosen = next((known for known in STYLES if known == style), None)
    return save(script(config, chosen), to, config.title)


def save(text: str, to: Path, name: str) -> Path:
    """Write a script, to a file or under a name of its own into a folder; where it is now.

    Raises:
        FinetuiError: it cannot be written.
    """
    file = to.expanduser()
    if file.suffix != ".py":
        file = file / f"{name}.py"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FinetuiError(f"cannot write {file.name}", f"{file}: {error.strerror}", "choose another place") from error
    return file


def _seeded(seed: str, made: tuple[list[str], str]) -> tuple[list[str], str]:
    imports, code = made
    return imports, f"{seed}\n{code}"


def _header(run: ScriptRun, imports: str) -> str:
    config = run.config
    what = f"Fine-tunes {config.model.label} on {config.data.label}: {config.task}, {config.method.kind}."
    modules = {
        line.split()[1].partition(".")[0] for line in imports.splitlines() if line.startswith(("from", "import"))
    }
    packages = {"torch", "transformers", *(modules - set(writing.STANDARD))}
    versions = config.provenance.versions if config.provenance else {}
    named = [PACKAGES.get(name, name) for name in sorted(packages)]
    needed = " ".join(f"{name}=={versions[name].partition('+')[0]}" if name in versions else name for name in named)
    return (
        f'"""{writing.plain(what)}\n\nWritten by finetui from a run. It needs: pip install {writing.plain(needed)}\n"""'
    )


def _spaced(text: str) -> str:
    """Two empty lines around functions and classes, one elsewhere: what parts of several places add up to."""
    lines: list[str] = []
    blank, in_function = 0, False
    source = [line.rstrip() for line in text.splitlines()]
    for number, line in enumerate(source):
        if not line:
            blank += 1
            continue
        starts = line.startswith(("def ", "class "))
        comments = (
            line.startswith("#")
            and source[number + 1 : number + 2]
            and source[number + 1].startswith(("def ", "class "))
        )
        outside = line[0] not in " )]}"
        if outside and lines and not (starts and lines[-1].startswith("#")):
            lines += [""] * (2 if starts or comments or in_function else min(blank, 1))
        elif not outside:
            lines += [""] * min(blank, 1)
        if outside:
            in_function = starts
        lines.append(line)
        blank = 0
    return "\n".join(lines)
