"""What may be imported before the heavy libraries, read off `sys.modules` of a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    *("torch", "transformers", "datasets", "evaluate", "accelerate", "peft", "sklearn", "scipy", "pandas", "pyarrow"),
    *("trl", "sentence_transformers"),
}
SCREEN = {"tui", "textual", "rich", "typer"}

LIGHT_CORE = (
    "core.errors",
    "core.events",
    "core.commands",
    "core.config",
    "core.config_file",
    "core.yaml12",
    "core.runs.folder",
    "core.runs.reader",
    "core.runs.state",
    "core.runs.store",
    "core.training.advisor",
    "core.training.diagnosis",
    "core.training.diagnosis.verdict",
    "core.runs.history",
    "core.runs.compare",
)


def imported_by(code: str) -> set[str]:
    """The top-level modules that `code` leaves in sys.modules, in an interpreter of its own."""
    report = "import sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    result = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return set(json.loads(result.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", LIGHT_CORE)
def test_the_run_folder_needs_no_heavy_library_and_no_screen(module: str) -> None:
    assert not imported_by(f"import {module}") & (HEAVY | SCREEN)


def test_the_engine_never_imports_the_screen() -> None:
    code = (
        "import core.training.engine, core.training.prepare, core.inference, core.demo, core.data.browse, core.tokens"
    )
    assert not imported_by(code) & {"tui", "textual"}


def test_the_app_paints_before_anything_slow_is_imported() -> None:
    assert not imported_by("import tui.__main__, tui.app, tui.screens.runs") & (HEAVY | {"typer", "pydantic", "numpy"})


@pytest.mark.parametrize(
    "module", ["tui.cli", "tui.shell.runs", "tui.shell.show", "tui.shell.tell", "tui.shell.attach", "tui.shell.compare"]
)
def test_commands_about_runs_need_no_torch(module: str) -> None:
    assert not imported_by(f"import {module}") & HEAVY
