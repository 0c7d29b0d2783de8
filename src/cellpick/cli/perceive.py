"""`cellpick perceive`: perception alone, on a stored look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellpick.cli.options import AsJson
from cellpick.cli.terminal import counted, progress_line, show_ideal


def perceive(
    captures: Annotated[
        Path, typer.Argument(metavar="DIR/captures", help="What `cellpick capture` stored.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the JSON there instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the cells in a stored look: one JSON object with `cells: [...]`.

    Example: `cellpick perceive look/captures --out look/estimates.json`
    """
    from cellpick.perception import perceive as find_cells
    from cellpick.report import estimates_document, json_text, ready_file, write_whole
    from cellpick.store import read_look

    with progress_line(silent=as_json) as progress:
        progress(f"reading {captures}")
        look = read_look(captures)
        if out is not None:
            ready_file(out)
        progress("finding cells")
        beliefs = [capture.calibration for capture in look.captures]
        ideal = [belief.camera for belief in beliefs if belief.ideal_depth]
        found = estimates_document(find_cells(look), ideal)
    text = json_text(found, indent=2)
    if out is not None:
        write_whole(out, f"{text}\n".encode())
    if out is None or as_json:
        typer.echo(text)
    else:
        good = sum(cell["status"] == "ok" for cell in found["cells"])
        cells = counted(len(found["cells"]), "cell")
        typer.echo(f"{cells} found, {good} of them ok; written to {out}")
        show_ideal(ideal)
