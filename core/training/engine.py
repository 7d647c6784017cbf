"""A whole run: check, tokenize, load, train, evaluate, save; said in events, steered by commands."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core import events
from core.errors import RunStopped
from core.events import RunFailed, RunFinished
from core.runs import history
from core.runs.folder import RunFolder, checkpoint_step
from core.runs.resume import resume_point
from core.training import allocator, determinism, failures
from core.training.reporter import Reporter

if TYPE_CHECKING:
    from datasets import Dataset

    from core.config import RunConfig
    from core.training.callbacks import RunCallback
    from core.training.prepare import Checked, Prepared
    from core.training.steerable import Steerable


LOOK_SECONDS = 0.2
"""Between two looks at the inbox while another thread still imports the libraries."""


def run(
    config: RunConfig, folder: RunFolder, resume: bool = False, libraries: Callable[[float], bool] | None = None
) -> RunFinished | RunFailed:
    """Train what `config` says, in this thread, and write everything down in `folder`.

    The model ends in `folder.model`. With the same seed and arguments the losses are those of a plain
    `transformers.Trainer` script: the seed is set directly before the weights are loaded, and nothing draws random
    numbers between that and the first step.

    Args:
        resume: go on from the last checkpoint of the folder that has an optimizer; the losses from there are those that
            the uninterrupted run has.
        libraries: waits so many seconds for another thread that imports them, and says whether it is done.

    Returns:
        The last event of the run. Nothing is raised: a failure is a RunFailed; one with `exit_code` 2 trained nothing.
    """
    outcome: RunFinished | RunFailed
    began = time.time()
    reporter = Reporter(folder)
    try:
        folder.take()
        outcome = _Run(config, reporter, began, resume_point(folder) if resume else None).execute(libraries)
    except RunStopped:
        outcome = _finished("stopped", folder, began)
    except Exception as error:  # whatever a library raises ends the run, not the program
        outcome = failures.describe(error, folder)
    reporter.drop_rest()
    failures.emit_last(folder, outcome)
    folder.close()
    history.shorten(folder.path)  # after the last word, for which somebody may wait
    return outcome


class _Run:
    """The phases of one run, in their order. The libraries are imported in the phases that say so."""

    def __init__(self, config: RunConfig, reporter: Reporter, began: float, checkpoint: Path | None) -> None:
        self._config = config
        self._folder = reporter.folder
        self._reporter = reporter
        self._began = began
        self._checkpoint = checkpoint

    def execute(self, libraries: Callable[[float], bool] | None) -> RunFinished:
        self._say_started()
        if libraries is not None and not libraries(0):
            self._reporter.phase("loading", "libraries")
            while not libraries(LOOK_SECONDS):
                self._reporter.stop_if_told()
        from core import hardware
        from core.training.watch import watching

        with (
            watching(self._folder, self._reporter, hardware.read),
            tempfile.TemporaryDirectory(dir=self._folder.path, prefix=".rows-") as rows,
        ):
            checked = self._check()
            self._score_baselines(checked)
            train, evaluation = self._tokenize(checked, Path(rows))
            from core.training.preflight import before_training

            before_training.refuse(checked, train)
            with determinism.for_this_run():
                prepared = self._load(checked, train, evaluation)
                before_training.try_longest(checked, prepared, self._reporter.stop_if_told)
                return self._train(checked, prepared)

    def _say_started(self) -> None:
        config = self._config
        self._folder.emit(
            events.RunStarted(
                t=time.time(),
                run=str(self._folder.path),
                name=config.title,
                task=config.task,
                model=config.model.label,
                method=config.method.kind,
                engine=config.engine,
                resumed_from=checkpoint_step(self._checkpoint) if self._checkpoint else None,
            )
        )

    def _check(self) -> Checked:
        self._reporter.phase("checking")
        from core.data import sources
        from core.training import prepare, provenance

        checked = prepare.check(self._config)
        self._folder.write_config(provenance.record(checked))
        for note in checked.notes:
            self._reporter.notice(note)
        for note in sources.damage_notes(checked.config.data):
            self._reporter.notice(note, "warning")
        self._reporter.notice(f"precision: {checked.precision} on {checked.precision.device}")
        self._reporter.stop_if_told()
        return checked

    def _score_baselines(self, checked: Checked) -> None:
        if not checked.config.baselines or checked.evaluation is None:
            return
        from core import baselines

        for name, scores in baselines.score(checked.task, checked.train, checked.evaluation, checked.metric_names):
            self._folder.emit(events.BaselineScored(t=time.time(), name=name, metrics=scores))
            self._reporter.stop_if_told()

    def _tokenize(self, checked: Checked, cache: Path) -> tuple[Dataset, Dataset | None]:
        from core.training import prepare

        def encode(rows: Dataset, split: str | None) -> Dataset:
            def progress(done: int) -> None:
                self._reporter.stop_if_told()
                self._reporter.progress("tokenizing", done, len(rows), unit="row")

            self._reporter.phase("tokenizing", f"{split}, {len(rows):,} rows")
            encoded = prepare.encode(checked, rows, cache, progress)
            for note in checked.task.encoding_notes(encoded, checked.config.data.max_length):
                self._reporter.notice(f"{split}: {note}")
            return encoded

        data = checked.config.data
        train = encode(checked.train, data.train_split)
        return train, encode(checked.evaluation, data.eval_split) if checked.evaluation is not None else None

    def _load(self, checked: Checked, train: Dataset, evaluation: Dataset | None) -> Prepared:
        self._reporter.phase("loading", self._config.model.label + self._where_weights_are())
        from transformers import enable_full_determinism, set_seed

        from core import models
        from core.methods.apply import apply
        from core.methods.sizes import size
        from core.training import schedule
        from core.training.between_weights import between_weights
        from core.training.prepare import Prepared

        config, task = checked.config, checked.task
        seed = config.training.seed
        enable_full_determinism(seed) if config.training.arguments().get("full_determinism") else set_seed(seed)
        with between_weights(self._loaded):
            model, notes = models.load_model(config.model, task, checked.tokenizer, checked.precision)
        steps = schedule.planned_steps(config.training, len(train))
        model = apply(model, config.method, task.peft_task_type, steps)
        if self._checkpoint is not None:  # all weights that are trained come from there, those of the head as well
            notes = []
        for note in notes:
            self._reporter.notice(note.text, "warning" if note.unusual else "info")
        self._reporter.notice(str(size(model)))
        self._reporter.stop_if_told()
        return Prepared(task, checked.tokenizer, checked.metric_names, model, train, evaluation, checked.loss)

    def _where_weights_are(self) -> str:
        if self._checkpoint is None:
            return ""
        return f", with the weights of step {checkpoint_step(self._checkpoint)} ({self._checkpoint.name})"

    def _loaded(self, done: int, total: int) -> None:
        self._reporter.stop_if_told()
        self._reporter.progress("loading", done, total, unit="weight")

    def _train(self, checked: Checked, prepared: Prepared) -> RunFinished:
        from core.training import arguments, best, trainer
        from core.training.callbacks import RunCallback
        from core.training.sampling import Sampler

        config, folder = checked.config, self._folder
        settings = arguments.build(config, folder.checkpoints, checked.precision)
        sampler = Sampler(checked, self._reporter)
        if self._checkpoint is not None:
            sampler.take_up(folder.commands_before())
        # Unless the config brings a loss of its own; where a task's loss is another one, the diagnosis finds out.
        known = prepared.loss is None and bool(
            {"labels", "hot", "ids", "losses"} & {*(prepared.task.metric_kinds or ())}
        )
        choices = prepared.task.choices(prepared.model.config) if known else None
        judge = best.Judge(self._reporter, prepared.metric_names)
        callback = RunCallback(
            self._reporter, config.stop_on_nan, sampler, cross_entropy=known or None, choices=choices, judge=judge
        )
        if self._checkpoint is not None:
            callback.carry_on(self._advice_before())
        training = trainer.build(config, prepared, settings, callback)
        try:
            training.train(resume_from_checkpoint=str(self._checkpoint) if self._checkpoint else None)
        finally:
            allocator.give_back()
        metrics = self._final_metrics(training, callback)
        self._reporter.phase("saving", "model", training.state.global_step)
        with training.times.during("checkpoints"):
            training.save_model(str(folder.model))
            # An adapter's folder lacks the head's labels and the architecture: with them it can be loaded on its own.
            if prepared.task.config_beside_adapter:
                prepared.model.config.save_pretrained(str(folder.model))
        callback.say_time(training.state)
        state = training.state
        reason: events.Reason = "completed"
        if state.global_step < state.max_steps:
            reason = "stopped" if self._reporter.stopped or callback.nan_step is not None else "early_stopped"
        if reason != "stopped":
            judge.conclude(settings.metric_for_best_model, state)
        return _finished(reason, folder, self._began, metrics, state.global_step, state.epoch)

    def _advice_before(self) -> list[events.Advice]:
        """What stands of what the lives before this one said of the curves."""
        before = history.History(self._folder.path)
        before.replay()
        return [*before.state.advice.values()]

    def _final_metrics(self, training: Steerable, callback: RunCallback) -> dict[str, float]:
        """The evaluation of the model that is saved: the last one where that was of the same weights, else a new one.

        A stopped run does not wait for a new one.
        """
        from core.training.steering import EvaluationStopped

        state = training.state
        if training.eval_dataset is None:
            return {}
        best_is_loaded = training.args.load_best_model_at_end and state.best_model_checkpoint is not None
        callback.saved_step = state.best_global_step if best_is_loaded else state.global_step
        if callback.evaluated is None or callback.evaluated[0] != callback.saved_step:
            if self._reporter.stopped:
                return {}
            try:
                training.evaluate()
            except EvaluationStopped:
                return {}
        assert callback.evaluated is not None
        return callback.evaluated[1]


def _finished(
    reason: events.Reason,
    folder: RunFolder,
    began: float,
    metrics: dict[str, float] | None = None,
    step: int | None = None,
    epoch: float | None = None,
) -> RunFinished:
    now = time.time()
    return RunFinished(
        t=now, step=step, epoch=epoch, reason=reason, run=str(folder.path), metrics=metrics or {}, seconds=now - began
    )
