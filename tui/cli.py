"""The command line: declarations only. What a command does is in tui/shell, imported when it is asked for."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from core.errors import FinetuiError
from tui.launch import end
from tui.shell.errors import DONE, as_json, report, unexpected, usage

app = typer.Typer(name="finetui", add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

RUN_HELP = "its folder, its name, or a part of its name"

File = Annotated[Path, typer.Argument(metavar="RUN.yaml", help="the config file of the run", show_default=False)]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="lay a value over the file's: training.learning_rate=1e-4"),
]
Runs = Annotated[Path | None, typer.Option("--runs", metavar="DIR", help="else FINETUI_RUNS, else ./runs")]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, for programs")]
Run = Annotated[str, typer.Argument(metavar="RUN", help=RUN_HELP, show_default=False)]
Trust = Annotated[bool, typer.Option("--trust-remote-code", help="run Python code that comes with the model")]
MaybeRun = Annotated[str | None, typer.Argument(metavar="[RUN]", help=f"{RUN_HELP}; else the newest")]


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="print the version")] = False,
    runs: Runs = None,
) -> int:
    """Fine-tune Hugging Face transformers from the terminal. Without a command: open the app."""
    if version:
        return print_version()
    if runs is not None:
        os.environ["FINETUI_RUNS"] = str(runs)
    if context.invoked_subcommand is not None:
        return DONE
    from tui.shell.screen import open_screen

    return open_screen(runs)


@app.command()
def demo(
    name: Annotated[str, typer.Argument(help="cities: a classifier; sums: a small language model")] = "cities",
    runs: Runs = None,
    json: Json = False,
) -> int:
    """Train a built-in run, offline.

    In a terminal it opens on the Monitor; else it draws a progress bar and a final table.
    """
    from tui.shell.demo import demo

    return demo(name, runs, json)


@app.command()
def train(
    file: File,
    settings: Settings = None,
    tui: Annotated[bool, typer.Option("--tui", help="train and watch on the Monitor")] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="train in a process of its own; return once it trains")
    ] = False,
    json: Json = False,
    runs: Runs = None,
) -> int:
    """Train what a config file says.

    Draws a progress bar and a final table. Ctrl+C stops the run with a checkpoint; a second Ctrl+C leaves at once.
    """
    if tui and (detach or json):
        raise FinetuiError("--tui goes with neither --detach nor --json", "finetui train", "leave one of them out")
    if tui:
        from tui.shell.screen import train_on_screen

        return train_on_screen(file, settings or [], runs)
    if detach:
        from tui.shell.detach import train_detached

        return train_detached(file, settings or [], runs, json)
    from tui.shell.train import train

    return train(file, settings or [], runs, json)


@app.command()
def resume(
    run: Run,
    tui: Annotated[bool, typer.Option("--tui", help="watch it on the Monitor")] = False,
    json: Json = False,
    runs: Runs = None,
) -> int:
    """Go on with a run that was stopped, failed or crashed, from its last checkpoint.

    It goes on in its own folder, with the losses that it would have had.
    """
    if tui and json:
        raise FinetuiError("--tui does not go with --json", "finetui resume", "leave one of them out")
    if tui:
        from tui.shell.resume import resume_on_screen

        return resume_on_screen(run, runs)
    from tui.shell.resume import resume

    return resume(run, runs, json)


@app.command()
def check(
    file: File,
    settings: Settings = None,
    json: Json = False,
    trial: Annotated[
        bool, typer.Option("--trial/--no-trial", help="load the model and run its longest batch, for memory and time")
    ] = True,
) -> int:
    """Say what is wrong with a run, and what it will cost."""
    from tui.shell.check import check

    return check(file, settings or [], json, trial)


@app.command()
def inspect(
    file: File,
    settings: Settings = None,
    split: Annotated[str | None, typer.Option("--split", help="else the one that is trained on")] = None,
    row: Annotated[int | None, typer.Option("--row", metavar="N", help="a row, from 0; the first when absent")] = None,
    batch: Annotated[int | None, typer.Option("--batch", metavar="N", help="a batch of the run, from 0")] = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="T", help="a text of your own; a tab parts it from its pair")
    ] = None,
    json: Json = False,
) -> int:
    """Print what the model gets: tokens, ids, masks and labels of a row, or the tensors of a batch.

    Made by the code that trains, in the order that the run will have.
    """
    from tui.shell.inspect import inspect

    return inspect(file, settings or [], split, row, batch, text, json)


@app.command("runs")
def list_runs(runs: Runs = None, json: Json = False) -> int:
    """List the runs, newest first."""
    from tui.shell.runs import list_runs

    return list_runs(runs, json)


@app.command()
def show(run: MaybeRun = None, runs: Runs = None, json: Json = False) -> int:
    """Print what there is to know of a run."""
    from tui.shell.show import show

    return show(run, runs, json)


@app.command()
def compare(
    names: Annotated[list[str], typer.Argument(metavar="RUN RUN ...", help=RUN_HELP, show_default=False)],
    runs: Runs = None,
    json: Json = False,
) -> int:
    """Print the final metrics of runs side by side, and where their configs differ."""
    from tui.shell.compare import compare

    return compare(names, runs, json)


@app.command()
def attach(run: MaybeRun = None, runs: Runs = None) -> int:
    """Open the Monitor on a run.

    It may train in any process, or have ended. Without a terminal the run is followed in lines.
    """
    from tui.shell.attach import attach

    return attach(run, runs)


@app.command()
def tell(
    run: Run,
    command: Annotated[
        str,
        typer.Argument(
            help="pause, resume, save, evaluate, sample, sample=TEXT, stop, lr=1e-5 or lr=0.5x", show_default=False
        ),
    ],
    runs: Runs = None,
) -> int:
    """Steer a run that trains, from any shell."""
    from tui.shell.tell import tell

    return tell(run, command, runs)


@app.command()
def predict(
    model: Annotated[
        str, typer.Argument(metavar="RUN|MODEL", help="a run, a model folder or a Hub id", show_default=False)
    ],
    texts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TEXT ...]", help="a tab parts two texts: a pair, a question and its context"),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="one text a line; else stdin")] = None,
    trust: Trust = False,
    runs: Runs = None,
    json: Json = False,
) -> int:
    """Print what a model says to each text.

    A classifier gives label probabilities, a language model the text that it goes on with.
    """
    from tui.shell.predict import predict

    return predict(model, texts or [], file, runs, json, trust)


@app.command()
def export(
    run: Run,
    to: Annotated[Path, typer.Argument(metavar="DEST", help="a folder, or a file", show_default=False)],
    merge: Annotated[bool, typer.Option("--merge", help="put the adapter into the weights under it")] = False,
    script: Annotated[bool, typer.Option("--script", help="the run as a Python script that needs no finetui")] = False,
    style: Annotated[
        str | None,
        typer.Option("--style", metavar="STYLE", help="trainer, or loop: one of its own on accelerate; else the run's"),
    ] = None,
    trust: Trust = False,
    runs: Runs = None,
) -> int:
    """Write a run's model into a folder, with a card: it loads without finetui.

    With --script: the run as a plain, runnable Python script, which gives the run's losses and metrics.
    """
    from tui.shell.export import export

    return export(run, to, merge, script, style, trust, runs)


@app.command()
def doctor(runs: Runs = None, json: Json = False) -> int:
    """Print versions, devices, terminal, folders.

    And what is missing for what.
    """
    from tui.shell.doctor import doctor

    return doctor(runs, json)


@app.command("version")
def print_version() -> int:
    """Print the version."""
    from importlib.metadata import version

    print(version("finetui"))
    return DONE


def main() -> NoReturn:
    """Run the command that sys.argv names and end the process with its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # names and figures of a run are worth more than a ? in them
    try:
        code = int(app(prog_name="finetui", standalone_mode=False) or DONE)
        sys.stdout.flush()
    except FinetuiError as error:
        code = _refuse(error)
    except typer.TyperException as error:
        code = _refuse(usage(error))
    except (BrokenPipeError, SystemExit):
        # The reader left (`| head`) with what it wanted; typer makes a SystemExit of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = DONE
    except Exception as error:
        report(unexpected(error))
        code = 1
    end(code)


def _refuse(error: FinetuiError) -> int:
    if "--json" in sys.argv:
        print(as_json(error, sys.argv[1]), flush=True)
    report(error)
    return error.exit_code
