"""How much memory a process keeps for blocks that are taken and given back: the C library's heap, acted out.

A model of glibc's malloc, with the names of its manual (mallopt(3)): a large block is a mapping of its own and goes
back to the system at once; any other comes out of one heap, from the smallest gap that holds it, else from its end.
What is freed inside the heap stays with the process; only its end is given back, once it is long.
"""

from __future__ import annotations

from bisect import bisect_left, insort

import numpy as np

PAGE = 4096
MMAP_THRESHOLD, MMAP_THRESHOLD_MAX = 8 * 2**20, 32 * 2**20
"""From which size on a block is a mapping: at first, and at most. It follows the largest one that was freed, and the
import of the libraries frees one of 7.3 MiB: Python's table of interned strings as it grows."""
ALIGNMENT = 64
"""Of torch's blocks, in bytes."""
HEADER = 16
"""Bytes before each block, which are malloc's own; what remains of a gap is a gap if it has twice as many."""
SPARE = ALIGNMENT + 2 * HEADER
"""An aligned block comes out of a gap that is so much longer: one that a block of the same size left is too short."""


class Heap:
    """Blocks by their address.

    Attributes:
        resident: bytes that the process holds for them: mappings, and the pages of the heap that were ever written on
            and not given back.
        peak: the most there were.
    """

    def __init__(self) -> None:
        self.resident = 0
        self.peak = 0
        self._threshold = MMAP_THRESHOLD
        self._trims = True
        self._end = 0
        self._pages = np.zeros(0, bool)
        """Of the heap: whether the process holds it."""
        self._sizes: dict[int, int] = {}
        self._mapped = -1
        self._gaps: list[tuple[int, int]] = []
        """(size, address), sorted."""
        self._from: dict[int, int] = {}
        """Address of a gap -> its size."""
        self._to: dict[int, int] = {}
        """End of a gap -> its address."""

    def take(self, size: int, aligned: bool = True) -> int:
        """The address of a new block; one that is a mapping of its own has a negative one.

        Args:
            aligned: as torch takes the memory of a tensor; else as any program takes memory.
        """
        need = -(-(max(size, 1) + HEADER // 2) // HEADER) * HEADER
        if need + SPARE >= self._threshold:
            self._mapped -= 1
            self._sizes[self._mapped] = need = -(-(need + SPARE) // PAGE) * PAGE
            self._count(need)
            return self._mapped
        gap, address = self._find(need + SPARE if aligned else need)
        lead = -(address + HEADER) % ALIGNMENT if aligned else 0
        if 0 < lead < 2 * HEADER:
            lead += ALIGNMENT
        rest = gap - lead - need
        if rest < 2 * HEADER:
            need += rest
            rest = 0
        self._sizes[address + lead] = need
        self._write_on(address + lead, need)
        for start, length in ((address, lead), (address + lead + need, rest)):
            if length:
                self._add(start, length)
        return address + lead

    def give(self, address: int) -> None:
        """Free the block at an address."""
        size = self._sizes.pop(address)
        if address < 0:
            self.resident -= size
            if self._trims and self._threshold < size <= MMAP_THRESHOLD_MAX:
                self._threshold = size
            return
        address, size = self._joined(address, size)
        if self._trims and address + size == self._end and size > 2 * self._threshold:
            self._give_back(address, size)
            self._end = address
        else:
            self._add(address, size)

    def keep_freed(self) -> None:
        """From now on nothing is a mapping or given back, after all gaps were: `core.training.allocator.keep_freed`."""
        for size, address in self._gaps:
            self._give_back(address, size)
        self._trims = False
        self._threshold = 2**62

    def _find(self, size: int) -> tuple[int, int]:
        """A gap of that size at least, (size, address), which is one no more."""
        index = bisect_left(self._gaps, (size, -1))
        if index < len(self._gaps):
            gap, address = self._gaps[index]
            self._remove(address, gap)
            return gap, address
        address = self._end
        last = self._to.get(self._end)
        if last is not None:  # the end of the heap is free, and too short
            address = last
            self._remove(last, self._from[last])
        self._end = address + size
        return size, address

    def _joined(self, address: int, size: int) -> tuple[int, int]:
        """The gap that a freed block makes with those around it, which are none any more."""
        after = self._from.get(address + size)
        if after is not None:
            self._remove(address + size, after)
            size += after
        before = self._to.get(address)
        if before is not None:
            size += self._from[before]
            self._remove(before, self._from[before])
            address = before
        return address, size

    def _write_on(self, address: int, size: int) -> None:
        first, last = address // PAGE, -(-(address + size) // PAGE)
        if last > len(self._pages):
            self._pages = np.concatenate([self._pages, np.zeros(max(last, len(self._pages)), bool)])
        part = self._pages[first:last]
        self._count(PAGE * int(part.size - np.count_nonzero(part)))
        part[:] = True

    def _give_back(self, address: int, size: int) -> None:
        """Give back the pages that lie in a gap as a whole."""
        part = self._pages[-(-address // PAGE) : (address + size) // PAGE]
        self.resident -= PAGE * int(np.count_nonzero(part))
        part[:] = False

    def _count(self, size: int) -> None:
        self.resident += size
        self.peak = max(self.peak, self.resident)

    def _add(self, address: int, size: int) -> None:
        insort(self._gaps, (size, address))
        self._from[address] = size
        self._to[address + size] = address

    def _remove(self, address: int, size: int) -> None:
        del self._gaps[bisect_left(self._gaps, (size, address))]
        del self._from[address]
        del self._to[address + size]
