"""A function of the person's own that the config names: `file.py:name` or `module:name`.

It is run by what starts, checks or resumes a run, and by nothing else: listing, showing, comparing and using a run
never import it. A run folder may come from somebody else: code that lies in one is never run.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from core.errors import FinetuiError, first_line
from core.runs import layout

T = TypeVar("T")


def load(reference: str, key: str) -> Any:
    """The function that `reference` names.

    Args:
        reference: a file by its absolute path, as `core.config_file` makes it; a module is looked for in the working
            directory first.
        key: the config key that names it.

    Raises:
        FinetuiError: it cannot be had.
    """
    place, _, name = reference.rpartition(":")
    if not place or not name.isidentifier():
        raise FinetuiError(
            f"`{key}` names no function", reference, "write file.py:function, or module:function", key=key
        )
    try:
        module = _of_file(Path(place), key) if place.endswith(".py") else _of_name(place)
    except FinetuiError:
        raise
    except (Exception, SystemExit) as error:  # whatever the code does when it is imported
        title = f"{place} cannot be imported"
        raise FinetuiError(title, f"{type(error).__name__}: {first_line(error)}", f"see `{key}`", key=key) from error
    found = getattr(module, name, None)
    if not callable(found):
        hint = "its functions: " + ", ".join(item for item in vars(module) if callable(vars(module)[item]))[:200]
        raise FinetuiError(f"there is no function `{name}` in {place}", reference, hint, key=key)
    return found


def resolved(reference: str, base: Path) -> str:
    """The reference with an absolute path, where it is a file or `base` has a file for its module."""
    place, _, name = reference.rpartition(":")
    if not place:
        return reference
    path = Path(place).expanduser() if place.endswith(".py") else Path(*place.split(".")).with_suffix(".py")
    path = path if path.is_absolute() else base / path
    return f"{path.resolve()}:{name}" if place.endswith(".py") or path.is_file() else reference


def _of_file(path: Path, key: str) -> ModuleType:
    if not path.is_file():
        raise FinetuiError(f"there is no file {path.name}", str(path), f"check `{key}`", key=key)
    for folder in path.resolve().parents:
        if (folder / layout.EVENTS).is_file():
            hint = f"move the file to where your own code is, then name it in `{key}`"
            raise FinetuiError("code in a run folder is not run", str(path), hint, key=key)
    spec = importlib.util.spec_from_file_location(f"finetui_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FinetuiError(f"{path.name} is no Python file", str(path), f"check `{key}`", key=key)
    module, run = importlib.util.module_from_spec(spec), spec.loader.exec_module
    _import_beside(path.parent, lambda: run(module))
    return module


def _of_name(name: str) -> ModuleType:
    return _import_beside(Path.cwd(), lambda: importlib.import_module(name))


def _import_beside(folder: Path, load: Callable[[], T]) -> T:
    """Import with `folder` among the places where modules are looked for, the first of them."""
    sys.path.insert(0, str(folder))
    try:
        return load()
    finally:
        sys.path.remove(str(folder))
