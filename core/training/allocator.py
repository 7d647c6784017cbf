"""What the C library does with memory that a training frees: keep it, for the next step asks for as much again.

As it comes, glibc gives a large block back to the kernel as soon as it is freed, and every page of it is a page fault
when the next step asks for it again: the gradient of MiniLM's embeddings alone is 47 MB a step, 11,000 pages.
"""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8
"""Of mallopt(3)."""
NEVER = -1
USUAL_TRIM_BYTES, USUAL_MAPPINGS = 128 * 1024, 65536
"""glibc's defaults."""


def use_one_arena() -> None:
    """Let all threads allocate from one heap, as a program without threads does. Before threads are started.

    A thread's own heap is bounded, and given back whatever is set.
    """
    libc = _glibc()
    if libc is not None:
        libc.mallopt(M_ARENA_MAX, 1)


def keep_freed() -> None:
    """Keep what is freed from now on. Does nothing where the C library is not glibc."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)  # what loading and tokenizing left
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, NEVER)


def give_back() -> None:
    """Give the kernel what is free, and from now on what is freed, as it was in the beginning."""
    libc = _glibc()
    if libc is not None:
        libc.mallopt(M_MMAP_MAX, USUAL_MAPPINGS)
        libc.mallopt(M_TRIM_THRESHOLD, USUAL_TRIM_BYTES)
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
