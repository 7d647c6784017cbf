"""`full_determinism` holds for one run: transformers turns it on for the whole process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def for_this_run() -> Iterator[None]:
    """Put torch's switches back as they were, so that the next run of the process is no slower for it."""
    import torch

    algorithms = torch.are_deterministic_algorithms_enabled()
    cudnn = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    try:
        yield
    finally:
        if torch.are_deterministic_algorithms_enabled() != algorithms:
            torch.use_deterministic_algorithms(algorithms)
            torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn
