"""A million rows: how fast they are shown and searched, and what that costs in memory."""

from __future__ import annotations

import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from tests.bench.measure import Measurement

ROWS = int(os.environ.get("FINETUI_BENCH_ROWS", "1000000"))
TEXT = (
    "the of movie was great and terrible plot actor score river mountain coffee train station quick brown fox jumps "
    "over lazy dog while a small boat waits for the evening tide under heavy northern rain"
)
WORDS = TEXT.split()
EVERY = 50_000
"""Rows from one needle to the next."""
SEARCHES = (("Needle", "contains(text, 'Needle')"), ("quick brown needle", "text ilike '%quick brown needle%'"))
"""What is searched for, and the condition of DuckDB that means the same."""
TIMES = 5
PAIRS = 9
"""Searches, one by us and one by DuckDB in turn: what else the machine does slows both down."""
PAGES = 200


def browse() -> list[Measurement]:
    """Each format in a process of its own, with a cache of its own: memory is counted from a fresh start."""
    found: list[Measurement] = []
    with tempfile.TemporaryDirectory() as folder:
        make_rows(Path(folder), ROWS)
        for name in ("rows.parquet", "rows.jsonl"):
            environment = {**os.environ, "HF_HOME": str(Path(folder) / "hf")}
            command = [sys.executable, "-m", "tests.bench.browse", str(Path(folder) / name)]
            subprocess.run([*command, "open"], env=environment, check=True)  # fills the Arrow cache
            done = subprocess.run([*command, "look"], env=environment, check=True, stdout=subprocess.PIPE, text=True)
            found += [Measurement(**item) for item in json.loads(done.stdout.splitlines()[-1])]
    return found


def make_rows(folder: Path, count: int) -> None:
    """`rows.parquet` and `rows.jsonl` with the same texts and labels."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    choose = random.Random(0)
    lines = [" ".join(choose.choices(WORDS, k=choose.randint(4, 40))) for _ in range(10_000)]
    schema = pa.schema({"n": pa.int64(), "text": pa.string(), "label": pa.int64()})
    with pq.ParquetWriter(folder / "rows.parquet", schema) as writer, (folder / "rows.jsonl").open("w") as stream:
        for start in range(0, count, len(lines)):
            choose.shuffle(lines)
            numbers = range(start, min(count, start + len(lines)))
            texts = [
                f"{line} {n}{' quick brown Needle' * (n % EVERY == 7)}" for n, line in zip(numbers, lines, strict=False)
            ]
            rows = {"n": list(numbers), "text": texts, "label": [n % 3 for n in numbers]}
            writer.write_table(pa.table(rows, schema))
            stream.writelines(
                f'{{"n": {n}, "text": {json.dumps(text)}, "label": {n % 3}}}\n'
                for n, text in zip(numbers, texts, strict=True)
            )


def look(path: Path) -> list[Measurement]:
    """First page, pages anywhere, searches beside DuckDB's, a filter; and the memory that all of it takes."""
    from core.data.browse import Browser
    from core.data.filters import Filter
    from core.data.search import search
    from tui.widgets.row_table import PAGE

    name = f"{ROWS:,} rows of {path.suffix[1:]}"
    _warm_up(path)
    gc.collect()
    before = _resident()
    began = time.perf_counter()
    browser = Browser.open(str(path))
    browser.page("train", 0, PAGE)
    opened = time.perf_counter() - began
    choose = random.Random(1)
    places = [choose.randrange(0, max(1, ROWS - PAGE)) for _ in range(PAGES)]
    slowest = max(_seconds(lambda place=place: browser.page("train", place, PAGE)) for place in places)
    rows = browser.rows("train")
    found = [
        _at_most(f"{name}: first page, cached", opened, "s", 1.0),
        _at_most(f"{name}: slowest of {PAGES} pages", 1000 * slowest, "ms", 50.0),
        _at_most(f"{name}: memory of paging", (_resident() - before) / 2**20, "MiB", 100.0),
    ]
    for text, _ in SEARCHES:
        search(rows, text)
    filtering = _typical(lambda: Filter("label = 1 and length > 150", rows).rows(rows))
    found += [
        _at_most(f"{name}: memory of paging, searches and filters", (_resident() - before) / 2**20, "MiB", 100.0),
        Measurement(f"{name}: filter label = 1 and length > 150", filtering, "s"),
    ]
    for text, condition in SEARCHES:
        ask = partial(search, rows, text)
        query = _duckdb(path.with_suffix(".parquet"), condition, len(ask()))
        pairs = [(_seconds(ask), _seconds(query)) for _ in range(PAIRS)]
        ratio = median(theirs / ours for ours, theirs in pairs)
        found += [
            Measurement(f"{name}: search {text}", median(ours for ours, _ in pairs), "s"),
            Measurement(f"{name}: speed over DuckDB's, {text}", ratio, "", "at least 0.5", ratio >= 0.5),
        ]
    return found


def _warm_up(path: Path) -> None:
    """Import the libraries on a few rows: theirs is not the memory, nor the time, of a million."""
    from core.data.browse import Browser
    from core.data.filters import Filter
    from core.data.search import search

    few = path.with_name(f"few{path.suffix}")
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(pq.ParquetFile(path).read_row_group(0).slice(0, 1000), few)
    else:
        with path.open() as stream:
            few.write_text("".join(next(stream) for _ in range(1000)))
    browser = Browser.open(str(few))
    browser.page("train", 500, 100)
    rows = browser.rows("train")
    search(rows, "needle")
    Filter("label = 1 and length > 150", rows).rows(rows)


def _duckdb(path: Path, condition: str, expected: int) -> Callable[[], object]:
    """DuckDB's search for the numbers of the rows, with all its threads."""
    import duckdb

    query = f"select file_row_number from read_parquet('{path}', file_row_number = true) where {condition}"
    connection = duckdb.connect()
    assert len(connection.sql(query).fetchall()) == expected
    return lambda: connection.sql(query).fetchall()


def _typical(call: Callable[[], object]) -> float:
    return median(_seconds(call) for _ in range(TIMES))


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _resident() -> int:
    """Bytes of memory that the process takes, mapped files included."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def _at_most(name: str, value: float, unit: str, goal: float) -> Measurement:
    return Measurement(name, value, unit, f"at most {goal:g}", value <= goal)


if __name__ == "__main__":
    from dataclasses import asdict

    if sys.argv[2] == "open":
        from core.data.browse import Browser

        Browser.open(sys.argv[1])
    else:
        print(json.dumps([asdict(item) for item in look(Path(sys.argv[1]))]))
