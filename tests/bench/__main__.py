"""`python -m tests.bench`: measure, print a table, write bench/results.json. Ten minutes on two cores, machine idle."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench.browse import browse
from tests.bench.curves import curves
from tests.bench.diagnosis import diagnosis
from tests.bench.engines import engines
from tests.bench.first_paint import first_paint
from tests.bench.inspector import inspector
from tests.bench.keys import keys
from tests.bench.lateness import lateness
from tests.bench.measure import Measurement
from tests.bench.memory import memory
from tests.bench.speed import speed_and_memory
from tui.figures import number
from tui.shell.summary import print_table

RESULTS = Path("bench/results.json")


def main() -> None:
    """Run every bench, or those that the arguments name."""
    benches = {
        "diagnosis": diagnosis,
        "first_paint": first_paint,
        "lateness": lateness,
        "keys": keys,
        "inspector": inspector,
        "speed_and_memory": speed_and_memory,
        "curves": curves,
        "browse": browse,
        "memory": memory,
        "engines": engines,
    }
    found: list[Measurement] = []
    for name in sys.argv[1:] or benches:
        print(f"measuring {name.replace('_', ' ')}", file=sys.stderr, flush=True)
        found += benches[name]()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(item) for item in found], indent=2) + "\n")
    words = {True: "yes", False: "NO", None: ""}
    rows = [[item.name, number(item.value), item.unit, item.goal or "", words[item.met]] for item in found]
    print_table(sys.stdout, ["name", "value", "unit", "goal", "met"], rows, right=["value"])


main()
