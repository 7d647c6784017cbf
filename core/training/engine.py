"""A whole run: check, load, tokenize, train, evaluate, save; said in events, steered by commands."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from core import events
from core.errors import RunStopped
from core.events import RunFailed, RunFinished
from core.runs.folder import RunFolder
from core.training import failures
from core.training.reporter import Reporter

if TYPE_CHECKING:
    from datasets import Dataset

    from core.config import RunConfig
    from core.training.callbacks import RunCallback
    from core.training.prepare import Checked, Prepared
    from core.training.trainer import RunTrainer


def run(config: RunConfig, folder: RunFolder) -> RunFinished | RunFailed:
    """Train what `config` says, in this thread, and write everything down in `folder`.

    The model ends in `folder.model`. With the same seed and arguments the losses are those of a plain
    `transformers.Trainer` script: the seed is set directly before the weights are loaded, and nothing draws random
    numbers between that and the first step.

    Returns:
        The last event of the run. Nothing is raised: a failure is a RunFailed; one with `exit_code` 2 trained nothing.
    """
    began = time.time()
    outcome: RunFinished | RunFailed
    try:
        folder.take()
        reporter = Reporter(folder)
        outcome = _run(config, folder, reporter, began)
    except RunStopped:
        outcome = _finished("stopped", folder, {}, began)
    except Exception as error:  # whatever a library raises ends the run, not the program
        outcome = failures.describe(error, folder)
    failures.emit_last(folder, outcome)
    folder.close()
    return outcome


def _run(config: RunConfig, folder: RunFolder, reporter: Reporter, began: float) -> RunFinished:
    from core import hardware
    from core.training.watch import watching

    folder.emit(_started(config, folder))
    reporter.phase("checking")
    from core.training import prepare, provenance  # the libraries are imported here, in the phase that says so

    with (
        watching(folder, reporter, hardware.read),
        tempfile.TemporaryDirectory(dir=folder.path, prefix=".rows-") as rows,
    ):
        checked = prepare.check(config)
        config = provenance.record(checked)
        folder.write_config(config)
        for note in checked.notes:
            reporter.notice(note)
        reporter.notice(f"precision: {checked.precision} on {checked.precision.device}")
        reporter.stop_if_told()
        _score_baselines(checked, folder)
        train, evaluation = _tokenize(checked, Path(rows), reporter)
        prepared = _load(checked, train, evaluation, reporter)
        return _train(config, checked, prepared, folder, reporter, began)


def _score_baselines(checked: Checked, folder: RunFolder) -> None:
    if not checked.config.baselines or checked.evaluation is None:
        return
    from core import baselines

    for name, scores in baselines.score(checked.task, checked.train, checked.evaluation, checked.metric_names):
        folder.emit(events.BaselineScored(t=time.time(), name=name, metrics=scores))


def _tokenize(checked: Checked, cache: Path, reporter: Reporter) -> tuple[Dataset, Dataset | None]:
    from core.training import prepare

    def encode(rows: Dataset, split: str | None) -> Dataset:
        reporter.phase("tokenizing", f"{split}, {len(rows):,} rows")

        def progress(done: int) -> None:
            reporter.stop_if_told()
            reporter.progress("tokenizing", done, len(rows), unit="row")

        return prepare.encode(checked, rows, cache, progress)

    data = checked.config.data
    train = encode(checked.train, data.train_split)
    return train, encode(checked.evaluation, data.eval_split) if checked.evaluation is not None else None


def _load(checked: Checked, train: Dataset, evaluation: Dataset | None, reporter: Reporter) -> Prepared:
    from transformers import enable_full_determinism, set_seed

    from core import models
    from core.training.prepare import Prepared

    config, task = checked.config, checked.task
    reporter.phase("loading", config.model.label)
    seed = config.training.seed
    enable_full_determinism(seed) if config.training.arguments().get("full_determinism") else set_seed(seed)
    model, notes = models.load_model(config.model, task, checked.tokenizer, checked.precision)
    model = models.apply_method(model, config.method, task)
    for note in notes:
        reporter.notice(note)
    reporter.notice(str(models.size(model)))
    reporter.stop_if_told()
    return Prepared(task, checked.tokenizer, checked.metric_names, model, train, evaluation)


def _train(
    config: RunConfig, checked: Checked, prepared: Prepared, folder: RunFolder, reporter: Reporter, began: float
) -> RunFinished:
    from core.training import arguments, trainer
    from core.training.callbacks import RunCallback

    settings = arguments.build(config, folder.checkpoints, checked.precision, prepared.task.loss_in_metrics)
    callback = RunCallback(reporter, config.stop_on_nan)
    training = trainer.build(config, prepared, settings, callback)
    training.train()
    metrics = _final_metrics(training, callback, reporter)
    reporter.phase("saving", "model", training.state.global_step)
    training.save_model(str(folder.model))
    # An adapter's folder lacks the head's labels and the architecture: with them it can be loaded on its own.
    prepared.model.config.save_pretrained(str(folder.model))
    state = training.state
    reason: events.Reason = "completed"
    if reporter.stopped or (callback.nan_step is not None and state.global_step < state.max_steps):
        reason = "stopped"
    elif state.global_step < state.max_steps:
        reason = "early_stopped"
    return _finished(reason, folder, metrics, began, state.global_step, state.epoch)


def _final_metrics(training: RunTrainer, callback: RunCallback, reporter: Reporter) -> dict[str, float]:
    """The evaluation of the model that is saved: the last one where that was of the same weights, else a new one."""
    state, settings = training.state, training.args
    if training.eval_dataset is None:
        return {}
    best_is_loaded = settings.load_best_model_at_end and state.best_model_checkpoint is not None
    saved_step = state.best_global_step if best_is_loaded else state.global_step
    if callback.evaluated is not None and callback.evaluated[0] == saved_step:
        return callback.evaluated[1]
    if reporter.stopped:
        return callback.evaluated[1] if callback.evaluated is not None and not best_is_loaded else {}
    training.evaluate()
    return callback.evaluated[1] if callback.evaluated is not None else {}


def _started(config: RunConfig, folder: RunFolder) -> events.RunStarted:
    return events.RunStarted(
        t=time.time(),
        run=str(folder.path),
        name=config.title,
        task=config.task,
        model=config.model.label,
        method=config.method.kind,
        engine=config.engine,
    )


def _finished(
    reason: events.Reason,
    folder: RunFolder,
    metrics: dict[str, float],
    began: float,
    step: int | None = None,
    epoch: float | None = None,
) -> RunFinished:
    now = time.time()
    return RunFinished(
        t=now, step=step, epoch=epoch, reason=reason, run=str(folder.path), metrics=metrics, seconds=now - began
    )
