"""What the log of a run and a shell say of an event."""

from __future__ import annotations

import pytest

from core import commands, events
from core.runs.event_words import line


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (commands.Sample(), "took command sample"),
        (commands.Sample("a cat"), "took command sample a cat"),
        (commands.Sample("a cat", "a dog"), "took command sample a cat | a dog"),
    ],
)
def test_a_taken_sample_names_both_texts(sample: commands.Sample, said: str) -> None:
    assert line(events.CommandTaken(t=1.0, command=commands.to_dict(sample)), 1.0) == ("info", said)
