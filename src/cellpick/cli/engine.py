"""What carries a campaign out: options that `bench` and `sweep` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cellpick.errors import InputError

if TYPE_CHECKING:
    from cellpick.campaign import Engine

Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes at a time.  [default: one a core]")
]
Cluster = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as `tcp://host:8786`."),
]


def engine_of(workers: int | None, cluster: str | None) -> Engine:
    """This machine's processes, or a cluster's."""
    from cellpick.campaign import ClusterEngine, LocalEngine
    from cellpick.campaign.local import usable_cores

    if cluster is not None:
        if workers is not None:
            raise InputError(
                "a cluster has its own workers",
                source="--workers",
                got=workers,
                accepted="either --workers or --cluster",
            )
        return ClusterEngine(cluster)
    return LocalEngine(workers or usable_cores())
