"""`finetui predict`: what a run's model, or any model, says to a few texts."""

from __future__ import annotations

import json as json_lib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError, NeedsTrust
from core.runs.store import RunStore
from tui import terminal
from tui.figures import number
from tui.shell.command import as_argument
from tui.shell.errors import DONE
from tui.shell.log import log_file
from tui.shell.streams import Streams
from tui.shell.summary import print_table
from tui.text import one_line, visible

if TYPE_CHECKING:
    from core.inference import Predictor
    from core.predictions import LabelScore, Prediction

ANSWER = "  → "
"""What an answer begins with, where it is a text of its own; its further lines are as far to the right."""
TABLES = (".csv", ".tsv", ".json", ".jsonl", ".parquet", ".arrow")
"""Files whose lines are no texts: a header and labels would be predicted as if they were."""
LABELS = 3
"""Labels shown for each text, the most probable first."""


def predict(ref: str, texts: list[str], file: Path | None, runs: Path | None, json: bool, trust: bool) -> int:
    """Predict each text, of the arguments, the file, or stdin. Returns the exit code."""
    given = texts or _lines(file)
    if not given:
        raise FinetuiError("there is no text to predict", "finetui predict", "give TEXT, --file, or lines on stdin")
    streams = Streams.take()
    store = RunStore.default(runs)
    try:
        print_predictions(_model(ref, store), given, streams, json, trust)
    except FinetuiError as error:
        if isinstance(error, NeedsTrust) or not _is_unknown(ref, store):
            raise
        hint = f"no run has that name either: {store.suggestion(ref)}"
        raise FinetuiError(error.title, error.detail, "; ".join(filter(None, (error.hint, hint)))) from error
    return DONE


def print_predictions(
    ref: str | Path, texts: Sequence[str], streams: Streams, json: bool = False, trust: bool = False
) -> None:
    """What is predicted in a table, or each text with what the model writes after it or, below it, to it. A tab parts a
    text from its pair.

    Raises:
        FinetuiError: there is no such model, or it does not load.
    """
    with terminal.output_to(log_file()):
        from core import inference

        predictor = inference.load(ref, trust)
        asked = " and ".join(predictor.fields)
        if len(predictor.fields) > 1 and (alone := [text for text in texts if "\t" not in text]):
            hint = f"part the two with a tab, in a shell: {as_argument(predictor.fields)}"
            raise FinetuiError(f"the model is asked with two texts: {asked}", one_line(alone[0], 80), hint)
        if json:
            for text in texts:
                print(json_lib.dumps(_answer(predictor, text), ensure_ascii=False), file=streams.out, flush=True)
        elif predictor.writes:
            for text in texts:
                _print_stream(predictor, text, streams)
        else:
            rows = [[one_line(text), *_cells(predictor.predict(*_parts(predictor, text)))] for text in texts]
            width = max(len(row) for row in rows)
            print_table(streams.out, ["text", "prediction", *("then" for _ in range(width - 2))], rows, cut=["text"])
    streams.out.flush()


def _model(ref: str, store: RunStore) -> str | Path:
    """A run of the store where one fits, else the reference as it is: a folder or a Hub id."""
    return store.find(ref) if _is_run(ref, store) else ref


def _is_run(ref: str, store: RunStore) -> bool:
    """A folder that is no model, as one that a script of the run has written, does not stand before the run."""
    folder = Path(ref).expanduser()
    holds = folder.is_file() or any(
        (folder / name).is_file() for name in ("config.json", "config.yaml", "adapter_config.json")
    )
    return not holds and any(ref in run.name for run in store.folders())


def _is_unknown(ref: str, store: RunStore) -> bool:
    """Whether there is neither a run nor a folder nor a model of the Hub on this machine of that name."""
    from core import hub

    return not Path(ref).expanduser().exists() and not _is_run(ref, store) and hub.model_type(ref) is None


def _lines(file: Path | None) -> list[str]:
    if file is None and sys.stdin.isatty():
        return []
    if file is not None and file.suffix.lower() in TABLES:
        hint = "write the texts alone into a .txt file, one a line; a pair is parted by a tab"
        raise FinetuiError(f"{file.name} holds rows of columns", "finetui predict --file takes one text a line", hint)
    try:
        text = sys.stdin.read() if file is None else file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FinetuiError(f"there is no file {file}", "finetui predict --file", "check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FinetuiError(f"cannot read {file}", str(error), "give a UTF-8 text file, one text a line") from None
    return [line for line in text.splitlines() if line.strip()]


def _parts(predictor: Predictor, text: str) -> list[str]:
    return text.split("\t", 1) if predictor.most_texts > 1 else [text]


def _cells(prediction: Prediction) -> list[str]:
    """The likeliest classes or answers, or the entities (or tagged words) of a text, each with its probability; or the
    cosine of two texts."""
    if prediction.labels is not None:
        said = [one_line(prediction.note)] if prediction.note else []  # of several labels, those that it says
        return [*said, *map(_label, prediction.labels[:LABELS])]
    if prediction.similarity is not None:
        return [f"cosine {prediction.similarity:.3f}"]
    if prediction.answers is not None:
        best = prediction.answers[:LABELS]
        return [f"{one_line(span.text) or '(no answer)'} {span.probability:.1%}" for span in best]
    if prediction.entities is not None:
        found = [f"{one_line(span.text)} ({span.label} {span.probability:.1%})" for span in prediction.entities]
        return [", ".join(found) or "no entities"]
    return [" ".join(f"{one_line(span.text)}/{span.label}" for span in prediction.words or ())]


def _label(score: LabelScore) -> str:
    return number(score.probability) if score.label == "value" else f"{score.label} {score.probability:.1%}"


def _print_stream(predictor: Predictor, text: str, streams: Streams) -> None:
    """How the text goes on, right after it; or a text of its own, below it and further right."""
    below = "\n" if predictor.continues else "\n" + " " * len(ANSWER)
    begin = "" if predictor.continues else f"\n{ANSWER}"
    print(visible(text, keep="\n"), end=begin, file=streams.out, flush=True)
    for piece in predictor.stream(text):
        print(visible(piece, keep="\n").replace("\n", below), end="", file=streams.out, flush=True)
    print(file=streams.out, flush=True)


def _answer(predictor: Predictor, text: str) -> dict[str, Any]:
    if predictor.writes:
        return {"text": text, "completion": "".join(predictor.stream(text))}
    return {"text": text, **predictor.predict(*_parts(predictor, text)).to_dict()}
