"""The parts of the pre-flight that need no model."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from transformers import TrainingArguments

from core.training.preflight import batches, room, steps
from core.training.preflight.bad_labels import original
from core.training.preflight.heap import MMAP_THRESHOLD, Heap

KIB = 2**10


def test_row_numbers_count_the_rows_that_were_left_out() -> None:
    left_out = [0, 3, 4, 9]
    kept = [row for row in range(12) if row not in left_out]
    assert original(range(len(kept)), left_out) == kept
    assert original([2, 5], []) == [2, 5]


def test_the_longest_batch_and_a_typical_one() -> None:
    lengths = np.array([3, 9, 1, 7, 9, 2, 5, 4], np.int32)
    assert batches.longest(lengths, 3) == [1, 4, 3]
    assert sorted(batches.longest(lengths, 20)) == list(range(8))
    chosen = batches.typical(np.arange(1000, dtype=np.int32), 10)
    assert len(set(chosen)) == 10
    assert 850 < max(chosen) < 950  # the largest of ten out of a thousand is 909 on average


@pytest.mark.parametrize(
    ("options", "total", "evaluations"),
    [
        ({"num_train_epochs": 3}, 39, 1),
        ({"num_train_epochs": 2.5, "eval_strategy": "epoch"}, 33, 3),
        ({"max_steps": 10, "eval_strategy": "steps", "eval_steps": 4}, 10, 3),
        ({"num_train_epochs": 1, "gradient_accumulation_steps": 4, "eval_strategy": "steps", "eval_steps": 0.5}, 4, 2),
    ],
)
def test_steps_and_evaluations(options: dict[str, object], total: int, evaluations: int) -> None:
    arguments = TrainingArguments("out", per_device_train_batch_size=8, report_to="none", **options)
    found = steps.count(arguments, 100, 20)
    assert (found.total, found.evaluations, found.eval_batches) == (total, evaluations, 3)
    assert steps.count(arguments, 100, 0).evaluations == 0


def test_the_heap_keeps_what_lies_before_something_that_lives() -> None:
    heap = Heap()
    first, second = heap.take(100 * KIB), heap.take(100 * KIB)
    held = heap.resident
    heap.give(first)
    assert heap.resident == held
    third = heap.take(50 * KIB)  # fits the gap
    assert heap.resident == held
    fourth = heap.take(100 * KIB)  # does not fit what is left of it
    assert heap.resident > held
    for block in (second, third, fourth):
        heap.give(block)
    again = heap.take(150 * KIB)
    assert heap.resident == heap.peak  # all gaps have become one, which is long enough
    heap.give(again)


def test_the_heap_gives_back_large_blocks_and_a_long_end() -> None:
    heap = Heap()
    block = heap.take(MMAP_THRESHOLD)
    assert heap.resident >= MMAP_THRESHOLD
    heap.give(block)
    assert heap.resident == 0
    blocks = [heap.take(MMAP_THRESHOLD // 2) for _ in range(6)]
    held = heap.resident
    for block in reversed(blocks):
        heap.give(block)
    assert heap.resident < 2 * MMAP_THRESHOLD < held


def test_a_small_block_parts_two_gaps_for_good() -> None:
    heap = Heap()
    first = heap.take(100 * KIB)
    records = [heap.take(40, aligned=False) for _ in range(2)]  # before it and after it
    second = heap.take(100 * KIB)
    heap.take(KIB)  # so that the end of the heap is somewhere else
    heap.give(first)
    heap.give(second)
    held = heap.resident
    between = heap.take(150 * KIB)
    assert heap.resident >= held + 100 * KIB, "two gaps that touch would hold it"
    heap.give(between)
    for record in records:
        heap.give(record)
    peak = heap.peak
    heap.take(190 * KIB)
    assert heap.peak == peak


def test_what_is_kept_is_written_on_again() -> None:
    heap = Heap()
    block, last = heap.take(MMAP_THRESHOLD // 2), heap.take(KIB)
    heap.give(block)
    held = heap.resident
    heap.keep_freed()
    assert heap.resident < held - MMAP_THRESHOLD // 4, "gaps are given back once"
    heap.give(heap.take(4 * MMAP_THRESHOLD))
    assert heap.resident >= 4 * MMAP_THRESHOLD, "and then no more"
    heap.give(last)


def test_blocks_of_the_heap_never_overlap() -> None:
    heap, chance = Heap(), random.Random(0)
    live: dict[int, int] = {}
    for _ in range(3000):
        if live and chance.random() < 0.5:
            address = chance.choice(list(live))
            del live[address]
            heap.give(address)
        else:
            size = chance.randrange(1, 4_000_000)
            live[heap.take(size)] = size
        assert heap.resident >= sum(live.values())
    blocks = sorted((address, size) for address, size in live.items() if address >= 0)
    assert all(address + size <= after for (address, size), (after, _) in itertools.pairwise(blocks))


@pytest.mark.parametrize(
    ("needed", "severities"),
    [(None, []), (3, []), (6, ["warning"]), (20, ["error"])],
    ids=["unknown", "fits", "tight", "never"],
)
def test_memory_that_does_not_suffice(needed: int | None, severities: list[str]) -> None:
    found = room.Room("cpu", 5, 10, 1).look(needed)
    assert [finding.severity for finding in found] == severities
