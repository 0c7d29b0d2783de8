"""A campaign: all episodes of a plan that are not on disk yet, and then all of their records."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from cellpick.campaign.engine import Engine
from cellpick.campaign.journal import Journal
from cellpick.campaign.plan import Plan
from cellpick.campaign.stored_records import StoredRecords
from cellpick.errors import StoppedError

Observe = Callable[[dict[str, Any]], bool | None]
"""Is told each new record once it is on disk; False ends the campaign early."""


def run_campaign(
    plan: Plan, folder: Path, engine: Engine, observe: Observe = lambda record: None
) -> StoredRecords:
    """Run what is missing of a plan into a folder; all records there, in the plan's order.

    They stay on the disk and are read when they are asked for: a million fit into no memory.
    The same call resumes a campaign that was stopped in any way, and gives what an undisturbed one
    gives. Raises `InputError` and `UnavailableError` as `Journal` and the engine do, and
    `StoppedError` on Ctrl-C.
    """
    with Journal(folder, plan) as journal:
        missing = [episode for episode in plan.episodes if episode.id not in journal.done()]
        try:
            if missing:
                with closing(engine.run(missing)) as results:
                    for result in results:
                        if journal.add(result) and observe(result.record) is False:
                            break
        except KeyboardInterrupt as error:
            ended = f"{len(journal.recount())} of {len(plan.episodes)} episodes are in {folder}"
            raise StoppedError(f"stopped: {ended}; the same command goes on from there") from error
        return journal.records()
