"""What is freed while a training runs stays the process's own: counted in page faults, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

PAGES = 10_000
"""Of 4096 bytes: above glibc's threshold for blocks that are mapped on their own, and for a heap that is trimmed."""
ROUNDS = 10

PROGRAM = f"""
import resource, sys, threading
from core.training import allocator

allocator.use_one_arena()

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range({ROUNDS}):
        bytearray({PAGES} * 4096)[:] = b"x" * ({PAGES} * 4096)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def measure():
    usual = faults()
    allocator.keep_freed()
    faults()
    kept = faults()
    allocator.give_back()
    print(usual, kept, faults())

thread = threading.Thread(target=measure)
thread.start()
thread.join()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_a_block_that_is_asked_for_again_costs_no_page_fault() -> None:
    printed = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    usual, kept, restored = (int(count) for count in printed.split())
    assert usual > ROUNDS * PAGES
    assert kept < PAGES / 10
    assert restored > ROUNDS * PAGES
