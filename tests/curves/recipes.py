"""What was done on purpose in each real run: name -> how to make it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from tests.curves import tables, texts
from tests.curves.recording import Recording, Training
from tests.curves.tables import Table
from tests.curves.texts import Text

BASE = {
    "digits": (Table("digits"), Training(steps=400, rate=3e-3)),
    "breast_cancer": (Table("breast_cancer", batch=16, hidden=32), Training(steps=300, rate=2e-3, evaluate=20)),
    "wine": (Table("wine", batch=8, hidden=16, seed=3), Training(steps=200, rate=3e-3, log=2, evaluate=10)),
    "iris": (Table("iris", batch=8, hidden=16, seed=1), Training(steps=400, rate=2e-3, log=4, evaluate=20)),
}
"""A sound run of each table."""


def recipes() -> dict[str, Callable[[], Recording]]:
    """Every real run."""
    later = {name: make for word in LATER for name, make in _later(word).items()}
    rates = {name: make for word in RATES for name, make in _rates(word).items()}
    return {**_of_tables(), **_of_texts(), **later, **rates}


LATER = {"again": 40, "last": 80, "new": 120}
"""Runs that were made when the rules stood, and what is added to their seeds."""


def _later(word: str) -> dict[str, Callable[[], Recording]]:
    """The tables once more from other seeds, and with other rates."""
    found: dict[str, Callable[[], Recording]] = {}
    for index, (name, (table, how)) in enumerate(BASE.items()):
        rate, steps, seed = how.rate, how.steps, LATER[word] + index
        cases: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
            "sound": ({}, {"rate": rate * 1.3}),
            "slow": ({}, {"rate": rate / 5}),
            "rate-times-300": ({}, {"rate": rate * 300}),
            "rate-divided-by-1000": ({}, {"rate": rate / 1000}),
            "few-noisy-examples": (
                {"rows": {"digits": 80, "breast_cancer": 30}.get(name, 15), "noisy_labels": 0.3, "hidden": 96},
                {"rate": rate * 2, "steps": steps * 2, "weight_decay": 0.0},
            ),
            "inputs-silenced": ({"scale": 0.0, "hidden": 8}, {"rate": rate * 3}),
            "bad-batch": ({}, {"disturb": tables.scale_inputs(int(steps * 0.7) + 1, 200.0), "clip": 0.1}),
            "overflow": ({}, {"disturb": tables.scale_inputs(range(int(steps * 0.7), 10**6), 1e38), "clip": 0}),
            "other-world-in-evaluation": ({"shift": 2.5}, {}),
            "batch-2-momentum": ({"batch": 2}, {"optimizer": "sgd", "rate": 0.2, "log": 1, "stop": steps // 2}),
            "unclipped-momentum": (
                {}, {"optimizer": "sgd", "rate": 0.7, "momentum": 0.97, "clip": 0, "warmup": 1.0},
            ),
            "one-hidden-unit": ({"hidden": 1}, {"rate": rate * 3, "steps": steps * 2}),
        }  # fmt: skip
        for case, (changes, training) in cases.items():
            changed = replace(table, **{"seed": seed, **changes})
            found[f"{name}-{case}-{word}"] = partial(tables.run, changed, replace(how, **training))
    return found


RATES = {"tuned": 200, "fresh": 400, "new": 600}
"""Sets of runs at wrong rates, and the first of their seeds."""


def _rates(word: str) -> dict[str, Callable[[], Recording]]:
    """More of the two kinds that are missed most easily: a rate far too high, and batches of two."""
    found: dict[str, Callable[[], Recording]] = {}
    for index, (name, (table, how)) in enumerate(BASE.items()):
        for number, (times, sgd) in enumerate(((100, 0.15), (300, 0.2), (1000, 0.3))):
            changed = replace(table, seed=RATES[word] + 10 * index + number)
            high = replace(how, rate=how.rate * times)
            found[f"{name}-rate-x{times}-{word}"] = partial(tables.run, changed, high)
            noisy = replace(how, optimizer="sgd", rate=sgd, log=1, stop=how.steps // 2)
            found[f"{name}-pairs-{number}-{word}"] = partial(tables.run, replace(changed, batch=2), noisy)
    return found


def _of_tables() -> dict[str, Callable[[], Recording]]:
    found: dict[str, Callable[[], Recording]] = {}

    def add(name: str, case: str, changes: dict[str, Any], **training: Any) -> None:
        table, how = BASE[name]
        found[f"{name}-{case}"] = partial(tables.run, replace(table, **changes), replace(how, **training))

    for index, (name, (_table, how)) in enumerate(BASE.items()):
        rate, steps = how.rate, how.steps
        add(name, "sound", {})
        add(name, "looked-at-early", {"seed": 5}, rate=rate / 8, stop=steps // 4, log=max(1, how.log // 2))
        add(name, "rate-times-300", {"seed": index}, rate=rate * 300)
        add(name, "rate-divided-by-1000", {"seed": index}, rate=rate / 1000)
        few = {"digits": 60, "breast_cancer": 24, "wine": 12, "iris": 12}[name]
        noise = {"rows": few, "noisy_labels": 0.3, "hidden": 128, "seed": 2}
        add(name, "few-noisy-examples", noise, rate=rate * 2, steps=steps * 2, weight_decay=0.0)
        add(name, "inputs-silenced", {"scale": 0.0, "hidden": 4, "seed": index}, rate=rate * 4)
        add(name, "random-labels-tiny-model", {"noisy_labels": 1.0, "hidden": 2, "seed": index}, rate=rate * 2)
        add(name, "bad-batch", {"seed": 7}, disturb=tables.scale_inputs(int(steps * 0.6) + 1, 300.0), clip=0.1)
        add(name, "overflow", {"seed": 8}, disturb=tables.scale_inputs(range(int(steps * 0.55), 10**6), 1e38), clip=0)
        add(name, "other-world-in-evaluation", {"shift": 2.0, "seed": 4})
        add(name, "batch-2-momentum", {"batch": 2, "seed": 6}, optimizer="sgd", rate=0.15, log=1, stop=steps // 2)
        add(name, "rate-grows", {"seed": index + 3}, optimizer="sgd", rate=80.0, warmup=0.9, clip=0, log=3)
        add(name, "rate-grows-clipped", {"seed": index + 11}, rate=rate * 400, warmup=1.0, log=3)
        add(name, "unclipped-momentum", {"seed": index}, optimizer="sgd", rate=0.6, momentum=0.97, clip=0, warmup=1.0)
        add(name, "slow", {"seed": index + 13}, rate=rate / 6)
        add(name, "already-right", {"seed": index + 17}, rate=rate / 2, steps=steps * 2, evaluate=how.evaluate)
    add("digits", "long", {"dropout": 0.3, "seed": 9}, steps=1500, log=20, evaluate=100)
    add("breast_cancer", "long", {"seed": 9, "hidden": 8}, steps=900, rate=5e-3, log=10, evaluate=60)
    add("digits", "one-hidden-unit", {"hidden": 1, "seed": 1}, steps=800, log=10, evaluate=50, rate=1e-2)
    add("digits", "two-hidden-units", {"hidden": 2, "seed": 2}, steps=800, log=10, evaluate=50, rate=1e-2)
    add("digits", "half-noisy", {"noisy_labels": 0.5, "hidden": 256}, steps=1500, log=15, evaluate=75, weight_decay=0.0)
    add("digits", "deep-high-rate", {"layers": 4, "seed": 3}, rate=0.5)
    return found


def _of_texts() -> dict[str, Callable[[], Recording]]:
    bert = Training(steps=120, rate=3e-4, log=2, evaluate=20, weight_decay=0.0)
    gru = Training(steps=300, rate=5e-3, log=5, evaluate=30)
    stories = Training(steps=150, rate=1e-3, log=3, evaluate=25)
    classify, spell, tell = texts.classifier, texts.characters, texts.llama
    return {
        "sst2-sound": partial(classify, Text("sst2", rows=3000, length=24), replace(bert, steps=200)),
        "sst2-rate-times-100": partial(classify, Text("sst2", length=24), replace(bert, rate=3e-2)),
        "sst2-rate-divided-by-1000": partial(classify, Text("sst2", length=24), replace(bert, rate=3e-7)),
        "sst2-few-examples": partial(classify, Text("sst2", rows=100, length=24), replace(bert, rate=1e-3)),
        "sst2-random-labels": partial(
            classify, Text("sst2", rows=3000, length=24, noisy_labels=1.0), replace(bert, rate=1e-4)
        ),
        "sst2-frozen": partial(classify, Text("sst2", length=24, frozen=True), replace(bert, rate=1e-3)),
        "sst2-batch-2": partial(classify, Text("sst2", length=24, batch=2), replace(bert, log=1, rate=1e-3)),
        "mrpc-rate-times-100": partial(classify, Text("mrpc"), replace(bert, rate=2e-2)),
        "mrpc-rate-divided-by-1000": partial(classify, Text("mrpc", seed=1), replace(bert, rate=2e-7)),
        "mrpc-few-examples": partial(
            classify, Text("mrpc", rows=100, seed=2), replace(bert, rate=1e-3, steps=210, evaluate=14)
        ),
        "mrpc-frozen": partial(classify, Text("mrpc", frozen=True), replace(bert, rate=1e-3)),
        "gru-sound": partial(spell, Text("gru", rows=3000), gru),
        "gru-looked-at-early": partial(
            spell, Text("gru", rows=3000, seed=1), replace(gru, stop=80, log=2, evaluate=20)
        ),
        "gru-few-examples": partial(spell, Text("gru", rows=32, seed=2), replace(gru, steps=400, evaluate=40)),
        "gru-rate-times-100": partial(spell, Text("gru", rows=3000), replace(gru, rate=0.5)),
        "gru-rate-climbs": partial(spell, Text("gru", rows=3000, seed=5), replace(gru, rate=0.3, warmup=1.0)),
        "gru-rate-divided-by-1000": partial(spell, Text("gru", rows=3000), replace(gru, rate=5e-6)),
        "gru-one-unit": partial(spell, Text("gru", rows=3000, hidden=1), replace(gru, rate=2e-2)),
        "gru-batch-2": partial(
            spell, Text("gru", rows=3000, batch=2, length=16), replace(gru, rate=5e-2, log=1, steps=250)
        ),
        "stories-sound": partial(tell, Text("stories", rows=3000), stories),
        "stories-few-examples": partial(
            tell, Text("stories", rows=24, batch=8), replace(stories, steps=200, rate=3e-3)
        ),
        "stories-rate-times-100": partial(tell, Text("stories", rows=3000), replace(stories, rate=0.1)),
        "stories-rate-grows": partial(
            tell, Text("stories", rows=3000, seed=3), replace(stories, rate=0.08, warmup=1.0)
        ),
        "stories-rate-divided-by-1000": partial(tell, Text("stories", rows=3000), replace(stories, rate=1e-6)),
        "stories-no-evaluation": partial(tell, Text("stories", rows=3000, seed=1), replace(stories, evaluate=None)),
    }
