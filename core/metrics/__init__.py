"""Metrics: the built-in ones, which need no network, and `evaluate.load` for every other name."""

from core.metrics.compute import compute
from core.metrics.loading import load
from core.metrics.names import BUILT_IN

__all__ = ["BUILT_IN", "compute", "load"]
