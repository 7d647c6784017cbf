"""Talk to a model: what it predicts for typed texts, or streamed text where it writes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Key
from textual.widgets import ContentSwitcher

from core.errors import FinetuiError, NeedsTrust
from tui import keys, run_names, warm_up
from tui.own_thread import in_own_thread
from tui.screens.base import FinetuiScreen
from tui.screens.dialogs import ConfirmDialog
from tui.text import one_line
from tui.widgets.choose_model import ChooseModel
from tui.widgets.status_line import StatusLine
from tui.widgets.talk import Manner, Talk

if TYPE_CHECKING:
    from core.data.conversations import Message
    from core.inference import Predictor
    from core.runs.store import RunSummary
    from tui.answer_stream import AnswerStream
    from tui.app import FinetuiApp
    from tui.widgets.exchange import Exchange

DRAIN = 0.1
"""Seconds between two looks at an answer that is being written."""
GRACE = 1.0
"""Seconds for which Esc still means the answer that has just ended, not the way back."""


class ChatScreen(FinetuiScreen):
    """Two pages: one that asks for a model, one to talk to it."""

    MODE = "chat"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("chat")
    CSS_PATH = "chat.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._predictor: Predictor | None = None
        self._stream: AnswerStream | None = None
        self._before: list[Message] = []
        self._choosing = True
        self._typed: str | None = None
        """While a model is loaded: what was typed to it so far, with no line to stand in; an Enter is a line end."""
        self._ended = -GRACE
        self._answering = asyncio.Lock()

    def compose_body(self) -> ComposeResult:
        yield StatusLine("no model is loaded")
        with ContentSwitcher(initial="choose"):
            yield ChooseModel(id="choose")
            yield Talk(id="talk")

    @property
    def status(self) -> StatusLine:
        return self.query_one(StatusLine)

    @property
    def talk(self) -> Talk:
        return self.query_one(Talk)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "stop":
            return self._stream is not None
        if action == "back_to_talk":
            just_ended = time.monotonic() - self._ended < GRACE
            return self._predictor is not None and (self._choosing or just_ended)
        if action in ("choose", "clear"):
            return not self._choosing
        return super().check_action(action, parameters)

    # choosing a model

    def on_screen_resume(self) -> None:
        if self._choosing:
            self.list_runs()

    @work(exclusive=True, group="list")
    async def list_runs(self) -> None:
        choose = self.query_one(ChooseModel)
        choose.show_runs(await asyncio.to_thread(_with_model, self.finetui))
        if self._choosing:  # a model that was asked for elsewhere may have come meanwhile
            choose.focus_first()

    def action_choose(self) -> None:
        """Ask for another model; the one that is loaded stays until then."""
        self._choosing = True
        self.query_one(ContentSwitcher).current = "choose"
        self.list_runs()
        self.refresh_bindings()

    def action_back_to_talk(self) -> None:
        """Go on with the model that is loaded."""
        self._choosing = False
        self.query_one(ContentSwitcher).current = "talk"
        self.set_focus(self.talk.query_one("#talk-text"))  # at once: what is typed now is meant for it
        self.refresh_bindings()

    @on(ChooseModel.Chosen)
    def model_chosen(self, event: ChooseModel.Chosen) -> None:
        self.open_model(event.ref)

    @work(exclusive=True, group="load")
    async def open_model(self, ref: str, trust: bool = False) -> None:
        """Load a model; the one before it stays if that fails.

        Args:
            trust: the person said that its own Python code may run.
        """
        self.status.busy = f"loading {one_line(ref)}"
        choose = self.query_one(ChooseModel)
        choose.disabled = True  # what is typed now is meant for the model, not the name of another
        self._typed = ""
        try:
            predictor, examples, tail = await in_own_thread(_load, ref, trust, self.finetui)
        except NeedsTrust as error:
            self._ask_for_trust(ref, error)
            return
        except FinetuiError as error:
            self.finetui.show_error(error)
            return
        finally:
            self.status.busy = ""
            choose.disabled = False
            typed, self._typed = self._typed or "", None
        self._predictor = predictor
        model = " · ".join(part for part in (predictor.name, tail, predictor.task) if part)
        self.status.text = model
        self._before = []
        manner = Manner(predictor.fields, predictor.writes, examples, predictor.keeps_last, predictor.chat)
        self.talk.settle(manner, model)
        self.talk.type(typed.removesuffix("\n").replace("\n", " "))
        self.action_back_to_talk()
        if typed.endswith("\n"):
            self.talk.send()

    def on_key(self, event: Key) -> None:
        """Keep what is typed while the model is loaded and no line has the focus."""
        if self._typed is None or self.focused is not None:
            return
        if event.is_printable or event.key == "enter":
            self._typed += "\n" if event.key == "enter" else event.character or ""
            event.stop()
        elif event.key == "backspace":
            self._typed = self._typed[:-1]

    def _ask_for_trust(self, ref: str, error: NeedsTrust) -> None:
        def run(answer: str | None) -> None:
            if answer == "yes":
                self.open_model(ref, trust=True)

        line = f"It would run with all that you may do on this machine: read it first.\n{error.detail}"
        self.app.push_screen(ConfirmDialog(f"{error.title}. Run it?", line, "Run its code"), run)

    # talking

    @on(Talk.Said)
    def said(self, event: Talk.Said) -> None:
        if self._answering.locked():
            self.notify("the answer before is not finished: Esc stops it", severity="warning", timeout=3)
        elif self._predictor is not None:
            self.answer(self._predictor, event.texts)
        else:
            self.notify("no model is loaded yet", severity="warning", timeout=3)

    @work(group="answer")
    async def answer(self, predictor: Predictor, texts: list[str]) -> None:
        """Ask the model. One question at a time: a model is not for two threads."""
        async with self._answering:
            exchange = await self.talk.add(texts)
            try:
                if predictor.writes:
                    await self._write(exchange, predictor, texts[0])
                else:
                    exchange.show(await in_own_thread(predictor.predict, *texts))
            except FinetuiError as error:
                exchange.note("✗ " + ": ".join(error.lines()))

    async def _write(self, exchange: Exchange, predictor: Predictor, prompt: str) -> None:
        from tui.answer_stream import AnswerStream

        system = [{"role": "system", "content": self.talk.system}] if self.talk.system else []
        stream = self._stream = AnswerStream(predictor, prompt, self.talk.length, [*system, *self._before])
        self.refresh_bindings()
        done = asyncio.ensure_future(in_own_thread(stream.run))
        try:
            while not done.done():
                await asyncio.wait([done], timeout=DRAIN)
                exchange.write(stream.drain())
                exchange.note(stream.note() or "…")
            await done
            if predictor.chat and predictor is self._predictor:
                self._before += [
                    {"role": "user", "content": prompt},
                    {"role": "assistant", "content": exchange.answer.strip()},
                ]
            exchange.note(f"{stream.note() or 'nothing to say'}{' · stopped' if stream.stopped else ''}")
        finally:
            # Also when the app closes: the thread ends with the token that it is at.
            stream.stop()
            self._stream = None
            self._ended = time.monotonic()
            self.refresh_bindings()

    def action_stop(self) -> None:
        """End the answer with the token that it is at."""
        if self._stream is not None:
            self._stream.stop()

    async def action_clear(self) -> None:
        """Empty the history; the model forgets it too."""
        if not self._answering.locked():
            self._before = []
            await self.talk.clear()


def _load(ref: str, trust: bool, app: FinetuiApp) -> tuple[Predictor, tuple[str, ...], str]:
    """The model, what is worth typing, and what tells its run from others of the same name."""
    warm_up.wait()
    from core import inference
    from core.demo import DEMOS

    predictor = inference.load(ref, trust)
    demo = DEMOS.get(predictor.name)
    tail = run_names.tails(app.store.list()).get(Path(ref).expanduser().absolute(), "")
    return predictor, demo.inputs if demo is not None else (), tail


def _with_model(app: FinetuiApp) -> list[RunSummary]:
    from core.runs import layout

    return [
        run
        for run in app.store.list()
        if (run.path / layout.MODEL).is_dir() or any((run.path / layout.CHECKPOINTS).glob("checkpoint-*"))
    ]
