"""What the unit tests share."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def dataset_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Arrow cache of its own, for tests that load data."""
    import datasets

    cache = tmp_path / "dataset-cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.setattr(datasets.config, "DOWNLOADED_DATASETS_PATH", cache / "downloads")
    return cache


@pytest.fixture
def network_calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """No network; whoever tried to use it stands in the list."""
    calls: list[Any] = []

    def refuse(*args: Any, **_: Any) -> None:
        calls.append(args)
        raise OSError("there is no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return calls


@pytest.fixture(scope="session")
def minimind(shared: Path) -> Any:
    """A tokenizer with a chat template of its own, without marks. Tests copy it before they change it."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(shared / "models/minimind2-small")
