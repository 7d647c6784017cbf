"""A model's answer as it is generated in a thread: collected there, drained by the screen."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.data.conversations import Message
    from core.inference import Predictor


class AnswerStream:
    """`run` blocks in a thread of its own until the answer ends, or until the token after `stop`.

    Attributes:
        stopped: whether the person ended it.
    """

    def __init__(self, predictor: Predictor, prompt: str, length: int, before: Sequence[Message] = ()) -> None:
        self.stopped = False
        self._predictor = predictor
        self._prompt = prompt
        self._before = before
        self._length = length
        self._pieces: deque[str] = deque()
        self._stop = threading.Event()
        self._tokens = 0
        self._seconds = 0.0

    def run(self) -> None:
        """Generate.

        Raises:
            FinetuiError: the model refuses the prompt.
        """
        started = time.monotonic()
        for piece in self._predictor.stream(self._prompt, self._length, self._stop, self._before):
            self._pieces.append(piece)
            self._tokens, self._seconds = self._predictor.generated, time.monotonic() - started
        self._tokens, self._seconds = self._predictor.generated, time.monotonic() - started

    def stop(self) -> None:
        self.stopped = True
        self._stop.set()

    def drain(self) -> str:
        """What came since the last call."""
        pieces = []
        while self._pieces:
            pieces.append(self._pieces.popleft())
        return "".join(pieces)

    def note(self) -> str:
        """How far and how fast it is, for people; empty before the first token."""
        if not self._tokens or not self._seconds:
            return ""
        return f"{self._tokens} token{'s' if self._tokens > 1 else ''} · {self._tokens / self._seconds:.1f} tokens/s"
