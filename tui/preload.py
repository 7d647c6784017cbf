"""Loads the largest shared libraries ahead of the imports that need them, while other threads run on."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

LIBRARIES = {"torch": "lib/libtorch_cpu.so", "pyarrow": "libarrow.so.*"}
"""Package -> pattern of the file in it. None of them knows of Python, so none needs the interpreter's lock."""


def preload() -> None:
    """Map and link them, a third of a second for torch's. An import does the same but holds the lock all the while.

    What is not there or does not load is left to the import, which says why. Linux only: elsewhere the files have
    other names.
    """
    if sys.platform != "linux":
        return
    # Called as a foreign function: that gives the lock up, which ctypes.CDLL(path) and an import do not.
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
    dlopen.restype = ctypes.c_void_p
    for package, pattern in LIBRARIES.items():
        found = importlib.util.find_spec(package)
        for folder in found.submodule_search_locations or () if found is not None else ():
            for file in Path(folder).glob(pattern):
                dlopen(os.fsencode(file), os.RTLD_LAZY)
