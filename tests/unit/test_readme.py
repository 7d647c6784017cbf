"""The README says what is so."""

from __future__ import annotations

import re
import subprocess
import sys

from core import config_file, yaml12
from scripts.readme import README, with_keys

TEXT = README.read_text(encoding="utf-8")


def test_its_keys_are_those_of_the_app() -> None:
    assert with_keys(TEXT) == TEXT, "run: make readme"


def test_its_config_is_a_valid_one() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    config = config_file.validate(yaml12.parse(block).data)
    assert config.training.learning_rate == 5e-5
    assert config.method.options() == {"r": 8, "lora_alpha": 16}


def test_its_commands_are_those_that_there_are() -> None:
    done = subprocess.run([sys.executable, "-m", "tui", "--help"], capture_output=True, text=True, check=True)
    there_are = set(re.findall(r"^  ([a-z]+)  ", done.stdout.partition("Commands:")[2], re.MULTILINE))
    assert set(re.findall(r"^finetui ([a-z]+)", TEXT, re.MULTILINE)) == there_are


def test_every_file_that_it_points_to_exists() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert targets
    for target in targets:
        assert (README.parent / target).is_file(), target
