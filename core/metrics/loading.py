"""A metric by its name."""

from __future__ import annotations

import difflib
import uuid
from typing import TYPE_CHECKING

from core.errors import FinetuiError
from core.metrics.names import BUILT_IN, OF_ANSWERS, OF_RANKINGS, OF_TAGS, USER

if TYPE_CHECKING:
    import evaluate


def load(name: str) -> evaluate.Metric:
    """A metric that is ready to compute. A built-in one needs no network; `file.py:function` is one's own; any other
    name goes to `evaluate.load`.

    Raises:
        FinetuiError: the name is neither built in, nor a function, nor a script, nor to be had from the Hub; or a
            package is missing; or a function's file was never allowed to run.
    """
    if name in (*OF_TAGS, *OF_ANSWERS):
        from core.metrics.of_spans import METRICS

        return METRICS[name]()
    if name in OF_RANKINGS:
        from core.metrics.retrieval import Retrieval

        return Retrieval()
    if name in BUILT_IN:
        from core.metrics.built_in import BuiltIn

        return BuiltIn(name)
    if USER in name:
        from core.metrics.own import OwnMetric

        return OwnMetric(name)
    import evaluate

    try:
        return evaluate.load(name, keep_in_memory=True, experiment_id=uuid.uuid4().hex)
    except ImportError as error:
        needed = str(error).strip().splitlines()[0]
        raise FinetuiError(f"metric {name} needs another package", needed, "install it, then try again") from error
    except (OSError, ValueError, TypeError) as error:
        close = difflib.get_close_matches(name, BUILT_IN, 1)
        hint = f"did you mean {close[0]}?" if close else f"built in: {', '.join(BUILT_IN)}"
        reason = str(error).strip().splitlines()[:1]
        where = reason[0] if reason else "metrics"
        raise FinetuiError(f"there is no metric {name} at hand", where, hint) from error
