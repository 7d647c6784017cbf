"""Functions of one's own that a config names, as source: the script takes them out of their files."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from core import user_code
from core.config import RunConfig
from core.errors import FinetuiError
from core.scripts.writing import fill, literal

LOAD = """
    def function_of(file, name):
        \"\"\"A function of a file of your own.\"\"\"
        sys.path.append(str(Path(file).parent))  # what lies beside the file can be imported by it
        spec = importlib.util.spec_from_file_location(f"own_{Path(file).stem}", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return getattr(module, name)


    # These files are not part of this script: it needs them where they are.
    $functions
"""
FIGURES = """
    def figures(metric, name, guesses, labels):
        \"\"\"What a metric of your own says of plain Python values: a number, or several by name.\"\"\"
        plain = [[row.tolist() if hasattr(row, "tolist") else row for row in rows] for rows in (guesses, labels)]
        found = metric(*plain)
        return {key: float(value) for key, value in (found if isinstance(found, dict) else {name: found}).items()}
"""


def function(name: str) -> str:
    """The function's own name."""
    return name.rpartition(":")[2]


def variable(name: str) -> str:
    """What the script calls it."""
    place, _, called = name.rpartition(":")
    return f"own_{re.sub(r'[^0-9A-Za-z_]', '_', Path(place).stem)}_{called}"


def source(config: RunConfig) -> tuple[list[str], str]:
    """Imports, and code that has the functions of a config; both empty where it names none.

    Raises:
        FinetuiError: there is no such file, or two functions have one name.
    """
    names = list(dict.fromkeys(user_code.named(config)))
    if not names:
        return [], ""
    variables = [variable(name) for name in names]
    if len(set(variables)) < len(variables):
        hint = "give the functions other names"
        raise FinetuiError("two files of yours have one name, and so have their functions", ", ".join(names), hint)
    lines = [
        f"{variable(name)} = function_of({literal(str(file_of(name)))}, {literal(function(name))})" for name in names
    ]
    code = fill(LOAD, functions="\n".join(lines))
    if any(user_code.is_code(name) for name in config.metrics or ()):
        code = f"{fill(FIGURES)}\n\n\n{code}"
    return ["import importlib.util", "import sys", "from pathlib import Path"], code


def file_of(name: str) -> Path:
    """The file of a function; it is not run.

    Raises:
        FinetuiError: there is none.
    """
    return user_code.place(name, "loss")


def uses(name: str, parameter: str) -> bool:
    """Whether a function looks at a parameter. Its code is read, not run.

    Raises:
        FinetuiError: it is no plain function, so this cannot be told.
    """
    tree = ast.parse(file_of(name).read_text(encoding="utf-8"))
    found = next(
        (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function(name)), None
    )
    if found is None or found.decorator_list or found.args.kwarg is not None:
        raise FinetuiError(
            f"it cannot be told whether {function(name)} heeds `{parameter}`",
            f"loss: {name}, with training.gradient_accumulation_steps above 1",
            "write it as a plain function that names all its parameters",
        )
    return any(
        isinstance(node, ast.Name) and node.id == parameter and isinstance(node.ctx, ast.Load)
        for statement in found.body
        for node in ast.walk(statement)
    )
