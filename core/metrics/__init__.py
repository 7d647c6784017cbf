"""Metrics: the built-in ones, which need no network, one's own, and `evaluate.load` for every other name."""

from core.metrics.collect import Collected, Pairs
from core.metrics.compute import compute
from core.metrics.fitting import check
from core.metrics.loading import load
from core.metrics.names import BUILT_IN, OF_ANSWERS, OF_TAGS, fitting

__all__ = ["BUILT_IN", "OF_ANSWERS", "OF_TAGS", "Collected", "Pairs", "check", "compute", "fitting", "load"]
