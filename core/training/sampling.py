"""What the model under training answers to a fixed set of inputs: at step 0, after every evaluation, on demand."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import torch

from core import commands, events
from core.errors import FinetuiError, first_line
from core.tasks.questions import Answer, Question
from core.training.undisturbed import undisturbed

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel

    from core.training.prepare import Checked
    from core.training.reporter import Reporter

LONGEST = 500
"""Characters of a text that an event carries: the events of a long run stay small."""
CUT = " […]"


class Sampler:
    """Asks, in the thread that trains. Whatever goes wrong here ends the samples, never the run.

    Attributes:
        questions: the rows of the evaluation split, the config's own texts, and what was typed since.
    """

    def __init__(self, checked: Checked, reporter: Reporter) -> None:
        self.questions: list[Question] = []
        self._checked = checked
        self._reporter = reporter
        self._batch = checked.config.training.per_device_eval_batch_size
        self._off = False
        with self._forgiving():
            self._take_rows(checked.evaluation, checked.config.samples.rows)
            for text in checked.config.samples.texts:
                self._add(*([text] if isinstance(text, str) else text))

    def take_up(self, told: Iterable[commands.Command]) -> None:
        """Take up what was typed before the run was resumed."""
        for command in told:
            if isinstance(command, commands.Sample) and command.text.strip():
                self.ask_again(command)

    def ask_again(self, command: commands.Sample) -> None:
        """Take up what a person typed; a text that stands there already is not asked twice."""
        if self._off:
            self._reporter.notice("samples are off since they failed", "warning")
        elif command.text.strip():
            try:
                self._add(str(command.text), str(command.text_pair) or None)
            except FinetuiError as error:
                self._reporter.notice(f"{error.title}: {error.hint}", "warning")
        elif not self.questions:
            self._reporter.notice("there is nothing to ask: no evaluation split, and no text", "warning")

    def ask(self, model: PreTrainedModel, stop: Callable[[], bool], step: int, epoch: float | None) -> None:
        """Ask everything and say what was answered; nothing is said once `stop` holds.

        Modes of the modules and random states are afterwards what they were: the losses are those of a run without
        samples.
        """
        if self._off or not self.questions:
            return
        self._reporter.phase("sampling", f"{len(self.questions)} inputs", step)
        answers: list[Answer] = []
        with self._forgiving(), undisturbed(model), torch.no_grad():
            for start in range(0, len(self.questions), self._batch):
                if stop():
                    break
                answers += self._checked.task.answers(
                    model,
                    self._checked.tokenizer,
                    self.questions[start : start + self._batch],
                    self._checked.config.samples.max_new_tokens,
                    stop,
                )
        if self._off or stop():
            return
        said = [
            _sample(question, answer, self._checked.task.is_right(question, answer))
            for question, answer in zip(self.questions, answers, strict=True)
        ]
        self._reporter.folder.emit(events.Sampled(t=time.time(), step=step, epoch=epoch, samples=said))

    def _take_rows(self, rows: Dataset | None, wanted: int) -> None:
        """Rows spread evenly over the split: the same ones in every run on the same data."""
        if rows is None or not wanted or not len(rows):
            return
        count = min(wanted, len(rows))
        chosen = rows.select([index * len(rows) // count for index in range(count)])[:]
        self.questions += self._checked.task.questions(
            chosen, self._checked.tokenizer, self._checked.config.data.max_length
        )

    def _add(self, text: str, pair: str | None = None) -> None:
        question = self._checked.task.typed_question(
            text, pair, self._checked.tokenizer, self._checked.config.data.max_length
        )
        if all((known.text, known.pair) != (question.text, question.pair) for known in self.questions):
            self.questions.append(question)

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # whatever a model or tokenizer raises
            self._off = True
            self._reporter.notice(f"samples failed and are off from now on: {first_line(error)}", "warning")


def _sample(question: Question, answer: Answer, correct: bool | None) -> dict[str, Any]:
    """What the event says of one input; what does not apply is absent."""
    said = {
        "input": cut(question.text),
        "pair": None if question.pair is None else cut(question.pair),
        "answer": cut(answer.text),
        "probability": None if answer.probability is None else round(answer.probability, 4),
        "expected": None if question.expected is None else cut(question.expected),
        "correct": correct,
    }
    return {name: value for name, value in said.items() if value is not None}


def cut(text: str) -> str:
    """At most LONGEST characters, with a mark where there were more."""
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT
