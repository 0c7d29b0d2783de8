"""The commands under one roof, and what becomes of an error that ends one."""

from __future__ import annotations

import io
import os
import sys
import traceback
from typing import Annotated

import typer

from cellpick.cli.bench import bench
from cellpick.cli.calibrate import calibrate
from cellpick.cli.capture import capture
from cellpick.cli.check import check, schema
from cellpick.cli.compare import compare
from cellpick.cli.doctor import doctor
from cellpick.cli.export import export
from cellpick.cli.perceive import perceive
from cellpick.cli.report import report
from cellpick.cli.run import run
from cellpick.cli.sensor_report import sensor_report
from cellpick.cli.sweep import sweep
from cellpick.errors import CellpickError
from cellpick.installation import revision

COULD_NOT_RUN = 3

app = typer.Typer(
    name="cellpick",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(run, capture, perceive, calibrate, bench, compare, sweep, report),
    *(check, sensor_report, schema, doctor),
):
    app.command()(command)
app.add_typer(export)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cellpick {revision()}")
        raise typer.Exit


@app.callback()
def cellpick(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print version and revision."
        ),
    ] = False,
) -> None:
    """Simulate the cell-loading station of a battery-pack plant.

    Exit codes: 0 all well; 1 it ran and the result misses a threshold; 2 the input is wrong;
    3 it could not run.
    """


def main() -> None:
    """Run the command line; ends the process with its exit code, and an error with one message."""
    # OpenBLAS rounds differently with each number of threads: results must not depend on the cores
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    # a terminal that lacks a letter of a name gets its code in its place
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="cellpick")
    except CellpickError as error:
        _end(str(error), error.exit_code)
    except ImportError as error:
        _end(f"{error}; `cellpick doctor` names what is missing", COULD_NOT_RUN)
    except (OSError, MemoryError) as error:
        _end(str(error) or "out of memory", COULD_NOT_RUN)
    except Exception:
        traceback.print_exc()
        _end("this is a defect of cellpick; the lines above say where", COULD_NOT_RUN)
    except SystemExit as ended:
        # typer and rich would end with 1, which here means that a threshold is missed
        if isinstance(ended.__context__, BrokenPipeError):
            _end("what reads the output has ended", COULD_NOT_RUN)
        raise


def _end(message: str, exit_code: int) -> None:
    typer.echo(f"error: {message}", err=True)
    sys.exit(exit_code)
