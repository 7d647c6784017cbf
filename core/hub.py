"""Model references: a folder on this machine, or a repository on the Hub that can be reached or is cached."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from core.config_file import is_local
from core.errors import FinetuiError

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt", "*.model")
PROBE_SECONDS = 5.0


def require_model(ref: str, revision: str | None = None) -> None:
    """Make sure that `ref` can be loaded, within seconds and without a download.

    Raises:
        FinetuiError: no such folder, no config.json in it, or a Hub id that is neither cached nor reachable.
    """
    if not is_local(ref):
        require_hub(ref, "config.json", revision)
        return
    folder = Path(ref).expanduser()
    if not folder.is_dir():
        raise FinetuiError(
            f"there is no model folder {folder.name}", str(folder), "check `model.id`: a folder or a Hub id"
        )
    if not (folder / "config.json").is_file() and not (folder / "adapter_config.json").is_file():
        raise FinetuiError(
            f"{folder.name} is not a model folder",
            f"{folder} has no config.json",
            "name the folder that holds the weights",
        )


def require_tokenizer(ref: str, revision: str | None = None) -> None:
    """Make sure that `ref` has a tokenizer.

    The library makes an empty one of five tokens where a BERT folder has none: no text would survive that.

    Raises:
        FinetuiError: it has none, or cannot be reached.
    """
    if not is_local(ref):
        require_hub(ref, "tokenizer_config.json", revision)
        return
    folder = Path(ref).expanduser()
    if not any(next(folder.glob(name), None) for name in TOKENIZER_FILES):
        raise FinetuiError(
            f"{folder.name} has no tokenizer",
            f"{folder} has none of {', '.join(TOKENIZER_FILES[:4])}",
            "copy the tokenizer's files into it, or name another with `model.tokenizer`",
        )


def require_hub(repo: str, file: str, revision: str | None = None) -> None:
    """Make sure that a Hub repository is cached or that the Hub answers.

    The library itself would try for half a minute.

    Raises:
        FinetuiError: neither is the case.
    """
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.constants import ENDPOINT, HF_HUB_OFFLINE
    from huggingface_hub.errors import HFValidationError

    try:
        cached = isinstance(try_to_load_from_cache(repo, file, revision=revision), str)
    except HFValidationError:
        raise FinetuiError(f"{repo} is neither a folder nor a Hub id", repo, "check the path") from None
    if cached:
        return
    if not HF_HUB_OFFLINE and reachable(ENDPOINT):
        return
    why = "HF_HUB_OFFLINE is set" if HF_HUB_OFFLINE else f"{urlsplit(ENDPOINT).hostname} does not answer"
    raise FinetuiError(
        f"{repo} is not on this machine, and the Hub cannot be reached",
        why,
        "check the name, or give the path of a folder",
    )


def reachable(endpoint: str) -> bool:
    """Whether a host takes a connection within PROBE_SECONDS."""
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return True  # only the library knows how to go through the proxy
    url = urlsplit(endpoint)
    try:
        with socket.create_connection((url.hostname, url.port or 443), timeout=PROBE_SECONDS):
            return True
    except OSError:
        return False


def model_type(ref: str, revision: str | None = None) -> str | None:
    """The architecture of a model, from its config.json on this machine; None where that is not here."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = str(Path(ref).expanduser() / "config.json") if is_local(ref) else None
        found = found or try_to_load_from_cache(ref, "config.json", revision=revision)
        if not isinstance(found, str):
            return None
        said = json.loads(Path(found).read_text(encoding="utf-8")).get("model_type")
    except (HFValidationError, OSError, ValueError, AttributeError):
        return None
    return said if isinstance(said, str) else None
