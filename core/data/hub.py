"""Datasets from the Hugging Face Hub, with errors that say what to do."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.reader import quiet
from core.errors import FinetuiError, first_line
from core.hub import reachable

if TYPE_CHECKING:
    from datasets import DatasetDict

_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


def load(ref: str, subset: str | None, revision: str | None) -> DatasetDict:
    """All splits of a Hub dataset, from the cache where the Hub cannot be reached.

    Raises:
        FinetuiError: no such dataset, subset or revision; no access; no network and not cached; it needs its own code.
    """
    import datasets
    from datasets.exceptions import DatasetNotFoundError
    from huggingface_hub.errors import HFValidationError

    if not _ID.fullmatch(ref):
        raise FinetuiError(f"{ref} is neither a path nor a Hub id", "data.id", "check the path; a Hub id is owner/name")
    try:
        with quiet(), _offline_unless_reachable(ref, revision):
            return datasets.load_dataset(ref, name=subset, revision=revision)
    except DatasetNotFoundError as error:
        raise _not_found(ref, revision, error) from error
    except (HFValidationError, FileNotFoundError) as error:
        raise FinetuiError(f"there is no dataset {ref}", first_line(error), _is_it_a_path(ref)) from error
    except (ConnectionError, OSError) as error:
        raise FinetuiError(
            f"cannot get {ref} from the Hub", first_line(error), "check the network, then try again"
        ) from error
    except RuntimeError as error:
        if "scripts are no longer supported" not in str(error):
            raise
        raise FinetuiError(
            f"{ref} is a dataset with a loading script",
            "such scripts are no longer supported",
            "try revision: refs/convert/parquet, or convert it to parquet",
        ) from error
    except ValueError as error:
        raise _bad_subset(ref, subset, error) from error


@contextlib.contextmanager
def _offline_unless_reachable(ref: str, revision: str | None) -> Iterator[None]:
    """Answer within seconds what the library would try for half a minute: from the cache, or not at all."""
    from datasets import config
    from huggingface_hub import constants

    before = config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    if not config.HF_HUB_OFFLINE and reachable(constants.ENDPOINT):
        yield
        return
    # Its cache has <subset>/<version>/<commit>; without a network the library would take any commit.
    cached = Path(config.HF_DATASETS_CACHE) / ref.replace("/", "___")
    if next(cached.glob(f"*/*/{revision or '*'}"), None) is None:
        why = "HF_HUB_OFFLINE is set" if config.HF_HUB_OFFLINE else f"{constants.ENDPOINT} does not answer"
        raise FinetuiError(f"{ref} is not on this machine, and the Hub cannot be reached", why, _is_it_a_path(ref))
    config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before


def _not_found(ref: str, revision: str | None, error: Exception) -> FinetuiError:
    text = str(error)
    if "gated" in text or ("private" in text and "authenticated" in text):
        return FinetuiError(
            f"no access to {ref}", first_line(error), "accept its terms on the Hub, then: hf auth login"
        )
    if revision is not None and "revision" in text.lower():
        return FinetuiError(f"{ref} has no revision {revision}", first_line(error), "name a branch, tag or commit")
    return FinetuiError(f"there is no dataset {ref}", first_line(error), _is_it_a_path(ref))


def _bad_subset(ref: str, subset: str | None, error: ValueError) -> FinetuiError:
    text = str(error)
    listed = re.search(r"\[([^\]]*)\]", text)
    names = re.findall(r"'([^']*)'", listed[1]) if listed else []
    if "BuilderConfig" not in text and "Config name is missing" not in text:
        return FinetuiError(f"cannot load {ref}", first_line(error), "check its page on the Hub")
    shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    if subset is None:
        return FinetuiError(f"{ref} has several subsets", shown, "name one with data.subset")
    close = difflib.get_close_matches(subset, names, 1)
    hint = f"did you mean {close[0]}?" if close else f"its subsets: {shown}"
    return FinetuiError(f"{ref} has no subset {subset}", "data.subset", hint)


def _is_it_a_path(ref: str) -> str:
    return f"check the spelling; if it is a path, there is nothing at {Path(ref).absolute()}"
