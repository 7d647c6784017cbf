"""The process and its terminal: file descriptors, signals, the switch interval. Used before Textual is imported.

Libraries write to fds 1 and 2 whenever they like. So the screen gets a descriptor of its own, and 1 and 2 lead to the
app's log, or, while a run trains in this process, to the run's output.log.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

LOG_BYTES = 4 * 2**20
"""The app's log is begun anew when it is longer than this."""

SHORT_SECONDS = 5e-4
"""How long a thread keeps the interpreter while another one waits for it, beside training."""
_USUAL_SECONDS = sys.getswitchinterval()

_lock = threading.Lock()
_working = 0
_screen: io.TextIOWrapper | None = None
_log: Path | None = None


class _TerminalFile(io.FileIO):
    """A terminal to write to. Once it is gone it swallows what is written: Textual's output thread must not die of
    that, since the event loop would then wait for it for ever."""

    def write(self, data: object, /) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError:
            return len(memoryview(data))  # type: ignore[arg-type]


def take_over(log: Path) -> None:
    """Give the screen its own duplicate of the terminal and point fds 1 and 2 at `log`. Before Textual is imported.

    Textual draws on `sys.__stderr__` and takes its size from `sys.__stdout__`; both become the duplicate.
    """
    global _screen, _log
    _log = log
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)  # they would win over the terminal's own size, and stay as they are
    terminal = next((fd for fd in (1, 2, 0) if os.isatty(fd)), 1)
    raw = _TerminalFile(os.dup(terminal), "w")
    _screen = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="replace")
    sys.__stdout__ = sys.__stderr__ = _screen  # type: ignore[misc]
    _point(_open_log(log))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)


def give_back() -> None:
    """Let fds 1 and 2 lead to the terminal again."""
    if _screen is not None:
        _point(os.dup(_screen.fileno()))


def is_taken() -> bool:
    """Whether the screen has its own descriptor: not so in tests without a terminal."""
    return _screen is not None


def log_path() -> Path | None:
    """The app's log, if there is one."""
    return _log


def write_log(text: str) -> None:
    """Add to the app's log, also while fds 1 and 2 lead to a run's output.log. Without one: to stderr."""
    if _log is None:
        sys.stderr.write(text)
        return
    with contextlib.suppress(OSError), _log.open("a", encoding="utf-8") as stream:
        stream.write(text)


def say(line: str) -> None:
    """Write a line to the terminal itself, when no screen covers it; it is folded between words."""
    if _screen is not None:
        from tui.fold import folded

        _screen.write(f"{folded(line, _screen)}\n")
        _screen.flush()


def is_gone() -> bool:
    """Whether the terminal that the process was started on has vanished."""
    return _screen is not None and not os.isatty(_screen.fileno())


def drop() -> None:
    """Put /dev/null over every descriptor that leads to the terminal."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in {0, 1, 2, _screen.fileno() if _screen is not None else 0}:
        if stat.S_ISCHR(os.fstat(fd).st_mode):
            os.dup2(null, fd, inheritable=fd < 3)
    os.close(null)


@contextlib.contextmanager
def output_to(file: Path) -> Iterator[None]:
    """While it lasts, what libraries write to fds 1 and 2 goes to the end of `file`."""
    target = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)  # first: where it fails nothing has changed
    with _lock:
        before = [os.dup(fd) for fd in (1, 2)]
    _point(target)
    try:
        yield
    finally:
        with _lock:
            _flush()
            for fd, saved in zip((1, 2), before, strict=True):
                os.dup2(saved, fd)
                os.close(saved)


@contextlib.contextmanager
def short_switch_interval() -> Iterator[None]:
    """While it lasts, threads take turns often enough for the screen to stay quick beside one that works.

    Several threads may be in it; it is over with the last of them.
    """
    global _working
    with _lock:
        _working += 1
        sys.setswitchinterval(SHORT_SECONDS)
    try:
        yield
    finally:
        with _lock:
            _working -= 1
            if not _working:
                sys.setswitchinterval(_USUAL_SECONDS)


def on_signals(hang_up: Callable[[], None], terminate: Callable[[], None]) -> None:
    """Say what happens when the terminal goes away (SIGHUP) and when the process is told to end (SIGTERM, SIGINT).

    Both are called in the main thread. The first hang-up drops the terminal, later ones are ignored; a process that
    was started to ignore them (nohup) goes on ignoring.
    """
    process = os.getpid()

    def hung_up(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        if os.getpid() == process:  # a data loader's worker inherits this handler: it only goes on
            drop()
            hang_up()

    def told_to_end(number: int, frame: FrameType | None) -> None:
        if os.getpid() == process:
            terminate()
        else:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, hung_up)
    signal.signal(signal.SIGTERM, told_to_end)
    signal.signal(signal.SIGINT, told_to_end)


def _point(target: int) -> None:
    """Let fds 1 and 2 lead where `target` leads, and close it."""
    with _lock:
        _flush()
        os.dup2(target, 1)
        os.dup2(target, 2)
        os.close(target)


def _flush() -> None:
    """What was printed before belongs where it was printed to; the libraries under torch buffer on their own."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    if "torch" in sys.modules:
        import ctypes

        ctypes.CDLL(None).fflush(None)


def _open_log(log: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_BYTES:
            flags |= os.O_TRUNC
        return os.open(log, flags, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


def start_resource_tracker() -> None:
    """Start the helper process of multiprocessing now: started later, it would die with the terminal."""
    from multiprocessing import resource_tracker

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    resource_tracker.ensure_running()
    signal.signal(signal.SIGHUP, before)
