"""A model in use: found by what a person calls it, loaded, and asked."""

from core.inference.loading import load
from core.inference.predictor import Predictor
from core.inference.reference import Source, resolve

__all__ = ["Predictor", "Source", "load", "resolve"]
