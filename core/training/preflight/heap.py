"""How much memory a process keeps for blocks that are taken and given back: the C library's heap, acted out.

A model of glibc's malloc, with the names of its manual (mallopt(3)): a large block is a mapping of its own and goes
back to the system at once; any other comes out of one heap, from the smallest gap that holds it, else from its end.
What is freed inside the heap stays with the process; only its end is given back, once it is long.
"""

from __future__ import annotations

from bisect import bisect_left, insort

MMAP_THRESHOLD = 32 * 2**20
"""Where the threshold ends up on 64 bits: it follows the largest block that was freed, up to this."""
TRIM_THRESHOLD = 2 * MMAP_THRESHOLD
ALIGNMENT = 64
"""Of torch's blocks, in bytes."""
SPARE = ALIGNMENT + 32
"""An aligned block comes out of a gap that is so much longer: one that a block of the same size left is too short."""


class Heap:
    """Blocks by their address.

    Attributes:
        resident: bytes that the process holds for them, gaps included.
        peak: the most there were.
    """

    def __init__(self) -> None:
        self.resident = 0
        self.peak = 0
        self._end = 0
        self._sizes: dict[int, int] = {}
        self._gaps: list[tuple[int, int]] = []
        """(size, address), sorted."""
        self._from: dict[int, int] = {}
        """Address of a gap -> its size."""
        self._to: dict[int, int] = {}
        """End of a gap -> its address."""

    def take(self, size: int) -> int:
        """The address of a new block; one that is a mapping of its own has a negative one."""
        size = -(-max(size, 1) // ALIGNMENT) * ALIGNMENT + ALIGNMENT
        if size >= MMAP_THRESHOLD:
            address = -1 - len(self._sizes)
            while address in self._sizes:
                address -= 1
            self._grow(size)
        else:
            address = self._fit(size)
        self._sizes[address] = size
        return address

    def give(self, address: int) -> None:
        """Free the block at an address."""
        size = self._sizes.pop(address)
        if address < 0:
            self.resident -= size
            return
        after = self._from.get(address + size)
        if after is not None:
            self._remove(address + size, after)
            size += after
        before = self._to.get(address)
        if before is not None:
            size += self._from[before]
            self._remove(before, self._from[before])
            address = before
        if address + size == self._end and size > TRIM_THRESHOLD:
            self._end = address
            self.resident -= size
        else:
            self._add(address, size)

    def _fit(self, size: int) -> int:
        index = bisect_left(self._gaps, (size + SPARE, -1))
        if index < len(self._gaps):
            gap, address = self._gaps[index]
            self._remove(address, gap)
            if gap > size:
                self._add(address + size, gap - size)
            return address
        address = self._end
        last = self._to.get(self._end)
        if last is not None:  # the end of the heap is free, and too short
            address = last
            self._remove(last, self._from[last])
        self._grow(address + size - self._end)
        self._end = address + size
        return address

    def _grow(self, size: int) -> None:
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
