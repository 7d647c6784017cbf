"""What the Trainer hands to metrics."""

from __future__ import annotations

from typing import Any

import numpy as np


def array(values: Any) -> np.ndarray[Any, Any]:
    """An array of it: batch by batch it is a tensor of some device, at the end of an evaluation an array already."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float() if values.is_floating_point() else values
    return np.asarray(values)
