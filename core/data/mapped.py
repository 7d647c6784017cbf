"""Pages of mapped files handed back to the system: a look here and a look there would add up to the whole file."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Collection
from pathlib import Path

_MAPS = Path("/proc/self/maps")


def forget(files: Collection[str]) -> None:
    """Take the pages of these files out of this process's memory, where they are mapped to be read alone.

    Who looks at them again reads them anew, as a rule from the system's cache. Does nothing where the system does not
    say what is mapped.
    """
    wanted = {str(Path(file).resolve()) for file in files}
    try:
        lines = _MAPS.read_text(errors="replace").splitlines()
    except OSError:
        return
    libc = ctypes.CDLL(None)
    for line in lines:
        span, rights, *_, path = [*line.split(maxsplit=5), ""][:6]
        # Memory that may have been written to would be lost.
        if path in wanted and "w" not in rights:
            start, stop = (int(address, 16) for address in span.split("-"))
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(stop - start), mmap.MADV_DONTNEED)
