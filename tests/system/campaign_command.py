"""A command that runs a campaign of stand-ins: `python campaign_command.py FOLDER FILE_LIMIT`.

It ends as `cellpick` does. No file may grow beyond FILE_LIMIT bytes; 0 is no limit.
"""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path

from campaign_work import work
from cellpick.campaign import Episode, LocalEngine, Plan, run_campaign
from cellpick.errors import CellpickError


def plan_of(folder: Path) -> Plan:
    inputs = {"folder": str(folder), "sleep_s": 0.1}
    return Plan(
        "sweep", "x", {}, tuple(Episode("scene", seed, inputs=inputs) for seed in range(30))
    )


def main(folder: Path, limit: int) -> int:
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        run_campaign(plan_of(folder), folder / "results", LocalEngine(2, work=work))
    except CellpickError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
