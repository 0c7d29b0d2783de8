"""Why things failed, from the whole down to the cause, counted over episodes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cellpick.report.cell_fates import MOST_CELLS, fates, made_good
from cellpick.report.record_fields import count, mapping, part, rows, words
from cellpick.report.row_plot import cut

MOST_BRANCHES = 12
"""Shown under one node; the others are counted together."""
LONGEST = 240
"""Letters of a reason."""
_MOST_KEPT = 400
_NUMBER = re.compile(r"(?<![A-Za-z_])\d+(\.\d+)?(e-?\d+)?")
_REST = "other reasons"
_ENDED = {
    "raised": "raised an error",
    "timeout": "took longer than allowed",
    "died": "the process died",
}


@dataclass
class Node:
    """So many of something, divided by why."""

    name: str
    """Why."""
    unit: str = ""
    """What is counted."""
    total: int = 0
    """Of how many; at a root alone."""
    count: int = 0
    """How many."""
    episodes: int = 0
    """In how many episodes."""
    command: str = ""
    """What replays the first of them."""
    calm: bool = False
    """No failure of the campaign, but worth knowing; at a root alone."""
    branches: dict[str, Node] = field(default_factory=dict)
    """The next question's answers."""
    _last: str = ""

    def add(self, path: Sequence[str], record: Mapping[str, Any]) -> None:
        """Count one of an episode, with its reasons from the coarsest on."""
        self.count += 1
        if self._last != words(record, "id") or not self.episodes:
            self.episodes += 1
            self._last = words(record, "id")
        self.command = self.command or words(record, "command")
        if path:
            like = _NUMBER.sub("#", path[0])
            if like not in self.branches and len(self.branches) >= _MOST_KEPT:
                like = _REST
            branch = self.branches.setdefault(like, Node(path[0] if like != _REST else _REST))
            if branch.name != path[0]:
                branch.name = like
            branch.add(path[1:], record)

    def chain(self) -> list[Node]:
        """This node and what follows from it alone, down to where reasons part."""
        nodes: list[Node] = [self]
        while [branch.count for branch in nodes[-1].branches.values()] == [self.count]:
            nodes += nodes[-1].branches.values()
        return nodes

    def shown(self) -> list[Node]:
        """The branches, most frequent first, the rarest as one."""
        ordered = sorted(self.branches.values(), key=lambda node: (-node.count, node.name))
        if len(ordered) <= MOST_BRANCHES:
            return ordered
        kept, others = ordered[: MOST_BRANCHES - 1], ordered[MOST_BRANCHES - 1 :]
        rest = Node(f"{len(others)} other reasons")
        rest.count = sum(node.count for node in others)
        rest.episodes = max(node.episodes for node in others)
        return [*kept, rest]


class FailureTree:
    """The roots; each has its own unit."""

    def __init__(self) -> None:
        self._ended = Node("Episodes without a result", "episodes")
        self._cells = Node("Cells not placed", "cells")
        self._missed = Node("Cells not found, or found and not trusted", "cells")
        self._touched = Node("Unwanted contacts", "attempts, once a pair of bodies")
        self._good = Node("Failed attempts, made good by a later one", "attempts", calm=True)

    def add(self, record: Mapping[str, Any]) -> None:
        """Count an episode."""
        self._ended.total += 1
        status = words(record, "status")
        if status != "done":
            self._ended.add(_ending(status, record), record)
        elif words(record, "kind") == "look":
            self._look(record)
        else:
            self._run(record)

    def roots(self) -> list[Node]:
        """What failed at all, the gravest first."""
        nodes = (self._ended, self._cells, self._missed, self._touched, self._good)
        return [node for node in nodes if node.count]

    def _run(self, record: Mapping[str, Any]) -> None:
        self._cells.total += count(record, "summary", "cells_total")
        for node in (self._touched, self._good):
            node.total += count(record, "summary", "attempts")
        for fate in fates(record):
            self._cells.add(fate, record)
        for attempt in rows(record, "attempts"):
            for path in sorted(_touches(attempt)):
                self._touched.add(path, record)
        for fate in made_good(record):
            self._good.add(fate, record)

    def _look(self, record: Mapping[str, Any]) -> None:
        look = mapping(record, "first_look")
        self._missed.total += count(look, "cells")
        for _ in range(min(count(look, "cells") - count(look, "found"), MOST_CELLS)):
            self._missed.add(("no estimate lies on it",), record)
        for status in mapping(look, "statuses"):
            number = 0 if status == "ok" else min(count(look, "statuses", status), MOST_CELLS)
            for _ in range(number):
                self._missed.add(("found, but not trusted", status), record)


def _touches(attempt: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """What touched what in an attempt, once each, and what it came to."""
    outcome = "and the cell was placed" if words(attempt, "status") == "placed" else "not placed"
    pairs = [part(contact, "bodies") for contact in rows(attempt, "contacts")]
    found = [sorted(str(b).split(".")[0] for b in p) for p in pairs if isinstance(p, list | tuple)]
    shorts = part(attempt, "shorts")
    found += [["a conductor", "two terminals"]] * bool(shorts)
    return {(" with ".join(pair), outcome) for pair in found}


def _ending(status: str, record: Mapping[str, Any]) -> tuple[str, ...]:
    """How it ended, and the last line of its traceback or its reason."""
    lines = words(record, "traceback").strip().splitlines()
    reason = lines[-1].strip() if lines else words(record, "reason")
    path = (_ENDED.get(status, status or "no status"), cut(reason, LONGEST))
    return tuple(step for step in path if step)
