"""Metrics: the built-in ones, which need no network, and `evaluate.load` for every other name."""

from core.metrics.compute import compute
from core.metrics.loading import load
from core.metrics.names import BUILT_IN, OF_ANSWERS, OF_RANKINGS, OF_TAGS

__all__ = ["BUILT_IN", "OF_ANSWERS", "OF_RANKINGS", "OF_TAGS", "compute", "load"]
