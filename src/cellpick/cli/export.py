"""`cellpick export`: looks and results in the formats of other tools."""

from __future__ import annotations

import time
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from cellpick.cli.options import Folder, Overrides, Scene, Seed
from cellpick.cli.terminal import counted, progress_line, show_ideal
from cellpick.errors import InputError

SPLITS = ("train", "val", "test")
LARGEST_SEED = 999_999
"""BOP's scene folders have six digits."""

export = typer.Typer(
    name="export", no_args_is_help=True, help="Write looks and results for other tools."
)


@export.command()
def bop(
    scene: Scene,
    out: Folder,
    seed: Seed = None,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="A-B", help="Several looks: a range such as `0-4`, or `0-4,7`."),
    ] = None,
    split: Annotated[str, typer.Option(help="`train`, `val` or `test`.")] = "test",
    overrides: Overrides = None,
) -> None:
    """Store looks and their truth as a BOP data set: pictures, depth, masks, poses, COCO.

    Each seed's first look is a scene of its own. The lenses do not distort, as BOP knows none.

    Example: `cellpick export bop prismatic_tray --seeds 0-4 --out data/cells`
    """
    from cellpick.export import BopDataset, pinhole
    from cellpick.scene import load_scene, resolve_scene
    from cellpick.station import look_once
    from cellpick.store import write_look

    with progress_line(silent=False) as progress:
        progress("reading the scene")
        models = pinhole(resolve_scene(load_scene(scene, overrides or ())))
        numbers = _chosen(seed, seeds, models.spec.seed)
        if split not in SPLITS:
            raise InputError("no such split", key="--split", got=split, accepted=", ".join(SPLITS))
        with BopDataset(out, split, models, version("cellpick")) as dataset:
            for done, number in enumerate(numbers):
                progress(f"look {done + 1} of {len(numbers)}, seed {number}")
                look = look_once(models, number)
                write_look(look.captures, dataset.add(number, look.captures, look.state))
    scenes, cameras = counted(len(numbers), "scene"), counted(len(models.cameras), "camera")
    typer.echo(f"{scenes} with {cameras} in {out}")
    show_ideal([camera.name for camera in models.cameras if camera.ideal_depth])


@export.command()
def bop_results(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="What `cellpick export bop` wrote.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the file.  [default: DATASET/results]"),
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(metavar="camN", help="Whose frame.  [default: that of the test targets]"),
    ] = None,
) -> None:
    """Run perception on a data set's looks; write its poses as BOP's CSV.

    Example: `cellpick export bop-results data/cells`
    """
    from cellpick.export import read_index, results_name, results_text
    from cellpick.report import ready_file, write_whole

    index = read_index(dataset)
    suffix = camera or index.target_camera
    if suffix not in index.cameras:
        accepted = ", ".join(index.cameras)
        raise InputError("no such camera", key="--camera", got=suffix, accepted=accepted)
    path = ready_file((out or dataset / "results") / results_name(index.name, index.split))
    lines = []
    with progress_line(silent=False) as progress:
        for done, seed in enumerate(index.seeds):
            progress(f"finding cells, look {done + 1} of {len(index.seeds)}")
            lines += _perceived(index.captures(dataset, seed), seed, index.cameras[suffix])
    write_whole(path, results_text(lines).encode())
    found, looks = counted(len(lines), "estimate"), counted(len(index.seeds), "look")
    typer.echo(f"{found} of {looks} in {path}")


def _perceived(captures: Path, seed: int, camera: str) -> list[str]:
    """Lines of one stored look; none where the camera gave no picture."""
    from cellpick.export import result_lines
    from cellpick.perception import perceive
    from cellpick.store import read_look

    look = read_look(captures)
    start = time.perf_counter()
    estimates = perceive(look)
    took_s = time.perf_counter() - start
    return [
        line
        for capture in look.captures
        if capture.calibration.camera == camera
        for line in result_lines(seed, estimates, capture.T_base_camera, took_s)
    ]


def _chosen(seed: int | None, seeds: str | None, default: int) -> list[int]:
    """The seeds that the options name, each once, in order; raises `InputError`."""
    if seed is not None and seeds is not None:
        raise InputError("names seeds twice", key="--seeds", accepted="either --seed or --seeds")
    numbers = [default if seed is None else seed] if seeds is None else _parsed(seeds)
    if max(numbers) > LARGEST_SEED:
        rule, key = "too large for the id of a BOP scene", "--seed" if seeds is None else "--seeds"
        raise InputError(rule, key=key, got=max(numbers), accepted=f"0 to {LARGEST_SEED}")
    return numbers


def _parsed(seeds: str) -> list[int]:
    found: dict[int, None] = {}
    for part in seeds.split(","):
        ends = [end.strip() for end in part.split("-")]
        whole = all(end.isascii() and end.isdigit() and len(end) <= 18 for end in ends)
        if not whole or len(ends) > 2 or int(ends[0]) > int(ends[-1]):
            accepted = "numbers and rising ranges such as 0-4,7"
            raise InputError("no range of seeds", key="--seeds", got=seeds, accepted=accepted)
        if int(ends[-1]) > LARGEST_SEED:
            return [int(ends[-1])]
        found |= dict.fromkeys(range(int(ends[0]), int(ends[-1]) + 1))
    return list(found)
