"""How the command line reports a failure: three calm lines, and an exit code that says whose it was."""

from __future__ import annotations

import json
import shlex
import sys
import time
import traceback
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, TextIO

import typer

from core.errors import FinetuiError
from core.events import RunFailed, to_json
from tui.fold import folded
from tui.text import one_line

if TYPE_CHECKING:
    from core.config_file import LoadedConfig

DONE = 0
FAILED = 1
USAGE = 2
INTERRUPTED = 130


def report(error: FinetuiError, stream: TextIO | None = None) -> None:
    """What, where and what to do, one line each."""
    what, *rest = (one_line(line) for line in error.lines())
    stream = stream or sys.stderr
    print(folded("\n  ".join([f"error: {what}", *rest]), stream), file=stream, flush=True)


def as_json(error: FinetuiError, command: str) -> str:
    """The failure as the line of JSON that a program reads: of a run the event that it would end with."""
    if command in ("train", "demo"):
        failed = RunFailed(
            t=time.time(),
            title=error.title,
            detail=error.detail,
            hint=error.hint,
            exit_code=error.exit_code,
            key=error.key,
        )
        return to_json(failed)
    return json.dumps({"error": {"title": error.title, "detail": error.detail, "hint": error.hint}}, ensure_ascii=False)


def located(error: FinetuiError, loaded: LoadedConfig) -> FinetuiError:
    """The same failure, with the file and line of the config key that is at fault."""
    if not error.key:
        return error
    place = loaded.where(*error.key.split("."))
    rest = error.detail.removeprefix(error.key).lstrip(";:, ")
    return FinetuiError(error.title, f"{place}: {rest}" if rest else place, error.hint)


def unexpected(error: BaseException) -> FinetuiError:
    """A defect as three lines; the traceback goes to the log that the second line names."""
    from tui.shell.log import log_file

    text = "".join(traceback.format_exception(error))
    where = str(log_file())
    with log_file().open("a", encoding="utf-8") as log:
        log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(sys.argv)}\n{text}\n")
    return FinetuiError(
        f"a defect in finetui: {type(error).__name__}: {error}", f"the traceback is in {where}", "report it"
    )


def usage(error: typer.TyperException) -> FinetuiError:
    """What the argument parser objects to, in the form that every other error has."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "finetui"
    message, _, suggestion = error.format_message().strip().rstrip(".").partition(". ")
    hint = f"{command} --help lists what it takes"
    if message.lower().startswith("got unexpected extra argument") and (whole := taken_apart(sys.argv[1:])):
        hint = f"quote a value that has blanks: --set {shlex.quote(whole)}"
    return FinetuiError(message[0].lower() + message[1:], command, f"{suggestion} {hint}".strip())


def taken_apart(arguments: Sequence[str]) -> str:
    """The first setting that the shell took apart at its blanks, put together; empty where there is none."""
    words = [word for each in arguments for word in (("--set", each[6:]) if each.startswith("--set=") else (each,))]
    for at, word in enumerate(words[:-1]):
        value = words[at + 1]
        if word != "--set" or "=" not in value or _is_closed(value):
            continue
        for part in takewhile(lambda part: not part.startswith("--"), words[at + 2 :]):
            value += f" {part}"
            if _is_closed(value):
                return value
    return ""


def _is_closed(value: str) -> bool:
    return all(value.count(begin) <= value.count(end) for begin, end in ("{}", "[]"))
