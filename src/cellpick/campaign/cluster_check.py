"""What must hold of a cluster before the first episode."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from cellpick.errors import UnavailableError

DECISIVE = ("cellpick", "numpy", "scipy", "opencv-python-headless", "pybullet")
"""Packages whose version may change a result."""


def check_workers(client: Any) -> None:
    """Raise `UnavailableError` where there are no workers, or one that may give other results."""
    if not client.nthreads():
        raise UnavailableError(
            f"the Dask scheduler at {client.scheduler.address} has no workers; "
            "docs/cluster.md shows how to start them"
        )
    for package in DECISIVE:
        here = version(package)
        # a function of the standard library: a worker without cellpick can answer too
        answers = client.run(version, package, on_error="return")
        other = {a: answer for a, answer in answers.items() if answer != here}
        if other:
            worker, answer = min(other.items())
            found = "none" if isinstance(answer, PackageNotFoundError) else answer
            raise UnavailableError(
                f"{len(other)} of {len(answers)} workers have another {package} than this command: "
                f"{worker} has {found}, here it is {here}; install the same version on all"
            )
