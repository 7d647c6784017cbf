"""The splits that a data config names, from files, folders, saved datasets or the Hub."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.config import DataConfig
from core.config_file import is_local
from core.data import files, hub, label_columns, mending, nested, reader
from core.data.damage import Damage, rows_of
from core.errors import FinetuiError

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

HELD_OUT = "validation"
"""Name of the split that `eval_fraction` makes."""
HOLD_OUT_SEED = 42


def load(data: DataConfig) -> DatasetDict:
    """All splits, with `limit` and `eval_fraction` applied, and labels in columns of their own gathered into one.

    Local data is memory-mapped from the Arrow cache of datasets; no call goes to a network for it, and no
    global random state is touched.

    Raises:
        FinetuiError: whatever is wrong with the data, the split to train on, or the one to evaluate on.
    """
    dataset = _hold_out(data, _limit(data, nested.opened(_drop(data, open_splits(data)), data.columns)))
    for split in splits(data, dataset):
        if split is not None and not len(dataset[split]):
            raise FinetuiError(f"split {split} has no rows", _origin(data), "choose another split, or other data")
    return label_columns.gather(data, dataset)


def splits(data: DataConfig, dataset: Collection[str]) -> tuple[str, str | None]:
    """The names of the split to train on and of the one to evaluate on.

    Without `eval_split` the latter is the first there is of validation, valid, val, dev, eval, evaluation; never test.

    Args:
        dataset: the names of the splits; a DatasetDict will do.

    Raises:
        FinetuiError: the config names a split that is not there.
    """
    _require_split(data.train_split, dataset, "data.train_split")
    if data.eval_split is not None:
        _require_split(data.eval_split, dataset, "data.eval_split")
        return data.train_split, data.eval_split
    return data.train_split, guess_evaluation(dataset)


def guess_evaluation(names: Collection[str]) -> str | None:
    """The split that is for evaluation by its name, if any."""
    return next((name for name in files.EVALUATION if name in names), None)


def open_splits(data: DataConfig) -> DatasetDict:
    """All splits as they are, before `limit` and `eval_fraction`.

    Raises:
        FinetuiError: the data is missing, unreadable or empty.
    """
    import datasets

    # datasets looks into transformers as soon as that stands in sys.modules, also while another thread is half way
    # through importing it. This waits until it is whole.
    import transformers  # noqa: F401

    paths = split_files(data)
    if paths is not None:
        keep = data.damaged != "stop"
        return datasets.DatasetDict({split: reader.read(found, keep) for split, found in paths.items()})
    assert data.id is not None
    path = Path(data.id).expanduser()
    if path.is_dir():
        return _open_saved(_folder(path, data))
    if is_local(data.id) or files.format_of(path) is not None:
        raise files.missing(path)
    return hub.load(data.id, data.subset, data.revision)


def damages(data: DataConfig) -> dict[str, list[Damage]]:
    """What is wrong with the files of splits that were opened all the same; only of such splits."""
    found: dict[str, list[Damage]] = {}
    for split, paths in (split_files(data) or {}).items():
        files = [file for file in map(mending.found, paths) if file is not None]
        if len(files) == len(paths) and any(file.damages for file in files):
            found[split] = mending.in_split(files)
    return found


def damage_notes(data: DataConfig) -> list[str]:
    """What is wrong with the files that a run trains and evaluates on all the same, a line each. Blocking."""
    done = "left out" if data.damaged == "drop" else "kept"
    return [
        f"{split}: {damage.place}: {damage.said}; {done}"
        for split, found in damages(data).items()
        if split in (data.train_split, data.eval_split)
        for damage in found
    ]


def split_files(data: DataConfig) -> dict[str, list[Path]] | None:
    """split -> files; None where the data is no files: a saved dataset, or on the Hub.

    Raises:
        FinetuiError: there are none.
    """
    if data.files is not None:
        paths = {split: _paths(named) for split, named in data.files.items()}
        if not paths or not all(paths.values()):
            hint = "name at least one file per split: data.files: {train: FILE}"
            raise FinetuiError("there are no files", "data.files", hint)
        return paths
    assert data.id is not None
    path = Path(data.id).expanduser()
    if path.is_dir():
        folder = _folder(path, data)
        return None if is_saved(folder) else files.find(folder)
    return {"train": [path]} if path.exists() else None


def is_saved(folder: Path) -> bool:
    """Whether a folder was written by `save_to_disk`."""
    return (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()


def _folder(folder: Path, data: DataConfig) -> Path:
    """The folder, or that of the subset in it."""
    if data.subset is None:
        return folder
    if not (folder / data.subset).is_dir():
        hint = "leave data.subset out, or name a folder in it"
        raise FinetuiError(f"{folder.name} has no subset {data.subset}", str(folder), hint)
    return folder / data.subset


def _open_saved(folder: Path) -> DatasetDict:
    import datasets

    try:
        with reader.quiet():
            saved = datasets.load_from_disk(str(folder))
    except (OSError, ValueError, LookupError, TypeError) as error:
        reason = f"{folder}: {error}".strip().splitlines()[0]
        raise FinetuiError(
            f"cannot open the saved dataset {folder.name}", reason, "save it again with save_to_disk"
        ) from error
    return saved if isinstance(saved, datasets.DatasetDict) else datasets.DatasetDict({"train": saved})


def _paths(named: str | list[str]) -> list[Path]:
    return [Path(name).expanduser() for name in ([named] if isinstance(named, str) else named)]


def _drop(data: DataConfig, dataset: DatasetDict) -> DatasetDict:
    for split, found in damages(data).items() if data.damaged == "drop" else ():
        kept = np.setdiff1d(np.arange(len(dataset[split])), rows_of(found))
        dataset[split] = dataset[split].select(kept, keep_in_memory=True)
    return dataset


def _limit(data: DataConfig, dataset: DatasetDict) -> DatasetDict:
    for split, rows in data.limit.items():
        _require_split(split, dataset, "data.limit")
        if rows < 1:
            raise FinetuiError(f"split {split} cannot be limited to {rows} rows", "data.limit", "give 1 or more")
        dataset[split] = dataset[split].select(range(min(rows, len(dataset[split]))))
    return dataset


def _hold_out(data: DataConfig, dataset: DatasetDict) -> DatasetDict:
    """Move `eval_fraction` of the train split to a split of its own, where there is none to evaluate on.

    Rows are drawn, so that both splits have rows of everywhere. Of texts that are packed it is the last ones: they
    follow one another, and rows drawn from them would take the context of all others away.

    A config that a run wrote back names that split already.
    """
    named = data.eval_split not in (None, HELD_OUT)
    if data.eval_fraction is None or named or guess_evaluation(dataset) is not None:
        return dataset
    train, _ = splits(data.model_copy(update={"eval_split": None}), dataset)
    rows: Dataset = dataset[train]
    held_out = math.ceil(data.eval_fraction * len(rows))
    if held_out >= len(rows):
        title = f"cannot hold out {data.eval_fraction:g} of {len(rows)} rows"
        raise FinetuiError(title, "data.eval_fraction", "use more data, or a smaller share")
    if data.packing:
        kept = len(rows) - held_out
        dataset[HELD_OUT] = rows.select(range(kept, len(rows)), keep_in_memory=True)
        dataset[train] = rows.select(range(kept), keep_in_memory=True)
        return dataset
    # The rows of `train_test_split(seed=42)`, which would write its indices beside the data.
    order = np.random.default_rng(HOLD_OUT_SEED).permutation(len(rows))
    dataset[HELD_OUT] = rows.select(order[:held_out], keep_in_memory=True)
    dataset[train] = rows.select(order[held_out:], keep_in_memory=True)
    return dataset


def _require_split(name: str, dataset: Collection[str], key: str) -> None:
    if name in dataset:
        return
    close = difflib.get_close_matches(name, list(dataset), 1)
    hint = f"did you mean {close[0]}?" if close else f"name one of them in {key}"
    raise FinetuiError(f"there is no split {name}", f"{key}; the splits are: {', '.join(dataset)}", hint)


def _origin(data: DataConfig) -> str:
    if data.id is not None:
        return data.id
    return ", ".join(str(path) for named in (data.files or {}).values() for path in _paths(named))
