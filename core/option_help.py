"""The help that a library gives an option, as plain words."""

from __future__ import annotations

import re

TAG = re.compile(r"</?(a|b|i|p|br|em|ul|ol|li|pre|code|strong)\b[^<>]*>", re.IGNORECASE)
"""Marks of HTML by name: `<dataset>` or `<s>` may be what is meant."""


def plain_help(text: object) -> str:
    """One line of it, without the HTML that is meant for a web page."""
    return " ".join(TAG.sub("", str(text)).split())
