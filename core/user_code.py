"""Functions of one's own that a config names: `metrics.py:my_metric`, or `my_module:my_metric`. Who lets them run.

Code runs with all the rights of whoever runs it, and a run folder may come from anybody. So a file runs here only once
it has been allowed to: `train` and `check` allow what a config names that a person wrote; the form asks; a run's own
config.yaml, wherever it lies, allows nothing. What is allowed is the file as it is, by its SHA-256: changed code is new
code. Files that it imports are not looked at.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import platformdirs

from core.errors import FinetuiError, first_line
from core.runs import layout

if TYPE_CHECKING:
    from core.config import RunConfig

ALLOW = "FINETUI_TRUST_CODE"
"""Environment variable: 1 allows whatever is named, once and from then on."""


def is_code(name: str) -> bool:
    """Whether a name stands for a function: it has a colon."""
    return ":" in name


def resolved(name: str, base: Path) -> str:
    """The name with the file's place made absolute, where a file of that name lies in `base`."""
    place, colon, function = name.rpartition(":")
    if not colon or not place:
        return name
    path = Path(place).expanduser()
    written = path if _is_file(place) else Path(*place.split(".")).with_suffix(".py")
    if _is_file(place) or (base / written).is_file():
        return f"{(base / written).resolve()}:{function}"
    return name


def named(config: RunConfig) -> dict[str, str]:
    """The functions of one's own that a config names -> the key that names each."""
    names = dict.fromkeys(config.metrics or (), "metrics")
    if config.loss is not None:
        names[config.loss] = "loss"
    return {name: key for name, key in names.items() if is_code(name)}


def load(name: str, key: str) -> Callable[..., Any]:
    """The function itself; its file runs now.

    Args:
        key: the config key that names it.

    Raises:
        FinetuiError: there is no such file or function, it was never allowed to run, or it fails to import.
    """
    spec, path = _find(name, key)
    for folder in path.resolve().parents:
        if (folder / layout.EVENTS).is_file():
            hint = f"move the file to where your own code is, then name it in `{key}`"
            raise FinetuiError("code in a run folder is not run", str(path), hint, key=key)
    if not _is_allowed(path):
        raise FinetuiError(
            f"{path.name} is code that was never allowed to run here",
            f"{key}: {name}; {path}",
            f"read it; then name it in a config file of your own for `finetui train`, or set {ALLOW}=1",
            key=key,
        )
    module, function = _run(spec, path, key), name.rpartition(":")[2]
    found: Callable[..., Any] | None = getattr(module, function, None)
    if not callable(found):
        there = ", ".join(item for item, value in vars(module).items() if inspect.isfunction(value))
        hint = f"its functions: {there[:200] or 'none'}"
        raise FinetuiError(f"there is no function `{function}` in {path.name}", f"{key}: {name}", hint, key=key)
    return found


def place(name: str, key: str) -> Path:
    """The file that a function is in; none of it runs.

    Raises:
        FinetuiError: there is none.
    """
    return _find(name, key)[1].resolve()


def takes(function: Callable[..., Any], count: int, *keywords: str) -> bool:
    """Whether a function can be called with so many values, and with these by name; True where nobody can say."""
    try:
        inspect.signature(function).bind(*[None] * count, **dict.fromkeys(keywords))
    except TypeError:
        return False
    except ValueError:  # built in: it has no signature
        return True
    return True


def allow_named(config: RunConfig, file: Path) -> None:
    """A person had this config file run: what it names may run, unless a run wrote the file.

    Raises:
        FinetuiError: it names a file that is not there.
    """
    if config.provenance is None and not (file.resolve().parent / layout.EVENTS).exists():
        allow(named(config))


def unknown(names: Mapping[str, str]) -> list[Path]:
    """The files of these functions (as of `named`) that were never allowed to run.

    Raises:
        FinetuiError: there is no such file.
    """
    paths = [_find(name, key)[1] for name, key in names.items()]
    return [path for path in dict.fromkeys(paths) if not _is_allowed(path)]


def allow(names: Mapping[str, str]) -> None:
    """Let the files of these functions (as of `named`) run from now on, as they are."""
    for path in unknown(names):
        place = _allowed_file()
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("a", encoding="utf-8") as stream:
            stream.write(f"{_digest(path)}  {path.name}\n")


def _is_allowed(path: Path) -> bool:
    if os.environ.get(ALLOW) == "1":
        return True
    try:
        lines = _allowed_file().read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return False
    return _digest(path) in {line.partition(" ")[0] for line in lines}


def _allowed_file() -> Path:
    return platformdirs.user_state_path("finetui") / "allowed-code"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _is_file(place: str) -> bool:
    return place.endswith(".py") or "/" in place


def _find(name: str, key: str) -> tuple[ModuleSpec, Path]:
    """Where the module is, without running any of it: a file, or a module of one name in the working directory or
    installed."""
    if not is_code(name):
        raise FinetuiError(f"`{key}` names no function", name, "write file.py:function, or module:function", key=key)
    place = resolved(name, Path.cwd()).rpartition(":")[0]
    spec = None
    if _is_file(place):
        module = f"finetui_own_{Path(place).stem}"
        spec = importlib.util.spec_from_file_location(module, place) if Path(place).is_file() else None
    elif place and "." not in place:  # finding a submodule would run its package
        spec = importlib.util.find_spec(place)
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        raise FinetuiError(
            f"there is no code at {place or name}",
            f"{key}: {name}",
            "write `file.py:function`, with the file beside the config, or in the working directory",
            key=key,
        )
    return spec, Path(spec.origin)


def _run(spec: ModuleSpec, path: Path, key: str) -> ModuleType:
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(spec.name)
    sys.modules[spec.name] = module
    try:
        with _importing_from(path.parent):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever the code does when it is imported
        if before is not None:
            sys.modules[spec.name] = before
        else:
            del sys.modules[spec.name]
        raise FinetuiError(
            f"{path.name} cannot be imported",
            f"{type(error).__name__}: {first_line(error)}",
            f"mend {path}, or leave it out",
            key=key,
        ) from error
    return module


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """What lies beside the file can be imported by it."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
