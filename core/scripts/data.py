"""Where the rows come from, as source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data import files, sources
from core.scripts.writing import call, fill, literal

if TYPE_CHECKING:
    from core.config import DataConfig
    from core.scripts.run import ScriptRun

LOADERS = {"json": "json", "csv": "csv", "tsv": "csv", "parquet": "parquet", "arrow": "arrow", "text": "text"}
"""Format -> what datasets calls it."""
HELD_OUT = """
    # Some rows are held out, to evaluate on.
    parts = data[$train].train_test_split(test_size=$share)
    data[$train], data[$held_out] = parts["train"], parts["test"]
"""
HELD_OUT_END = """
    # The last rows are held out, to evaluate on: packed texts stay next to one another.
    parts = data[$train].train_test_split(test_size=$share)
    data[$train], data[$held_out] = parts["train"], parts["test"]
"""


def source(run: ScriptRun) -> tuple[list[str], str]:
    """Imports, and code that makes `data`: a DatasetDict with the splits of the run."""
    data = run.config.data
    train = data.train_split
    wanted = [split for split in (train, data.eval_split) if split is not None]
    imports, code = _load(data, wanted, run)
    lines = [code]
    if any("." in name and name not in run.raw_columns for name in run.task.columns.values()):
        lines.append("data = data.flatten()  # a translation is one column with a part for each language")
    for split, rows in data.limit.items():
        if split in wanted and not (split == sources.HELD_OUT and run.held_out):
            name = literal(split)
            lines.append(f"data[{name}] = data[{name}].select(range(min({rows}, len(data[{name}]))))")
    if run.held_out:
        lines.append(
            fill(
                HELD_OUT_END if data.packing else HELD_OUT,
                train=literal(train),
                share=f"{data.eval_fraction!r}, {'shuffle=False' if data.packing else f'seed={sources.HOLD_OUT_SEED}'}",
                held_out=literal(sources.HELD_OUT),
            )
        )
    return imports, "\n".join(lines)


def _load(data: DataConfig, wanted: list[str], run: ScriptRun) -> tuple[list[str], str]:
    given = _files(data)
    if given is not None:
        present = {split: paths for split, paths in given.items() if split in wanted}
        return _load_files(present, run)
    path = Path(data.id or "").expanduser()
    if path.is_dir():  # written by save_to_disk
        return ["from datasets import load_from_disk"], f"data = load_from_disk({literal(str(path))})"
    where = [literal(data.id), *([literal(data.subset)] if data.subset else [])]
    options = {"revision": literal(data.revision)} if data.revision else {}
    return ["from datasets import load_dataset"], f"data = {call('load_dataset', options, where)}"


def _files(data: DataConfig) -> dict[str, list[Path]] | None:
    """Split -> files; None where the rows are not in files of our own."""
    if data.files is not None:
        return {
            split: [Path(name).expanduser() for name in ([named] if isinstance(named, str) else named)]
            for split, named in data.files.items()
        }
    path = Path(data.id or "").expanduser()
    if path.is_dir():
        folder = path / data.subset if data.subset else path
        return None if sources.is_saved(folder) else files.find(folder)
    return {"train": [path]} if path.exists() else None


def _load_files(given: dict[str, list[Path]], run: ScriptRun) -> tuple[list[str], str]:
    imports = ["from datasets import load_dataset"]
    kinds = {split: files.require_data_file(paths[0]) for split, paths in given.items()}
    named = {split: [str(path) for path in paths] for split, paths in given.items()}
    short = {split: paths[0] if len(paths) == 1 else paths for split, paths in named.items()}
    if len(set(kinds.values())) == 1:
        more, options = _options(next(iter(kinds.values())), run)
        code = call("load_dataset", {"data_files": literal(short, 4), **options}, [_loader(kinds)])
        return imports + more, f"data = {code}"
    lines = ["data = DatasetDict()"]
    for split, kind in kinds.items():
        more, options = _options(kind, run)
        imports += more
        arguments = {"data_files": literal(short[split]), "split": '"train"', **options}
        lines.append(f"data[{literal(split)}] = {call('load_dataset', arguments, [literal(LOADERS[kind])])}")
    return [*imports, "from datasets import DatasetDict"], "\n".join(lines)


def _loader(kinds: dict[str, Any]) -> str:
    return literal(LOADERS[next(iter(kinds.values()))])


def _options(kind: str, run: ScriptRun) -> tuple[list[str], dict[str, str]]:
    """More imports and arguments. Tables get their types said: the first rows may mislead."""
    if kind == "text":
        return [], {"encoding": '"utf-8-sig"'}
    if kind not in ("csv", "tsv"):
        return [], {}
    types = {name: feature.dtype for name, feature in run.train.features.items()}
    columns = ", ".join(f"{literal(name)}: Value({literal(dtype)})" for name, dtype in types.items())
    options = {"features": f"Features({{{columns}}})", "keep_default_na": "False"}
    if kind == "tsv":
        options["sep"] = '"\\t"'
    return ["from datasets import Features, Value"], options
