"""Which seeds a case runs: how many, a range, or a list."""

from __future__ import annotations

from typing import Any

from cellpick.errors import InputError

LARGEST_SEED = 2**63 - 1
MOST_SEEDS = 1_000_000
ACCEPTED = (
    'how many, counted from 0; ranges such as "0-9" or "0-4,7"; or a list of whole numbers, '
    f"{MOST_SEEDS} at most"
)


def seeds_of(value: Any, source: str, key: str) -> tuple[int, ...]:
    """The seeds that `value` names, each once, in order; raises `InputError`."""
    found = _listed(value)
    if not found or max(found) > LARGEST_SEED or len(found) > MOST_SEEDS:
        raise InputError("names no seeds", source=source, key=key, got=value, accepted=ACCEPTED)
    if len(set(found)) < len(found):
        raise InputError("names a seed twice", source=source, key=key, got=value, accepted=ACCEPTED)
    return found


def _listed(value: Any) -> tuple[int, ...]:
    """The seeds; none where `value` is no way to name them."""
    if isinstance(value, bool):
        return ()
    if isinstance(value, int):
        return tuple(range(min(value, MOST_SEEDS + 1)))
    if isinstance(value, str):
        return _ranges(value)
    if isinstance(value, list | tuple):
        whole = all(isinstance(v, int) and not isinstance(v, bool) and v >= 0 for v in value)
        return tuple(value) if whole else ()
    return ()


def _ranges(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in text.split(","):
        ends = [end.strip() for end in part.split("-")]
        whole = all(end.isascii() and end.isdigit() and len(end) <= 19 for end in ends)
        if not whole or len(ends) > 2 or int(ends[0]) > int(ends[-1]):
            return ()
        first, last = int(ends[0]), min(int(ends[-1]), int(ends[0]) + MOST_SEEDS)
        found += range(first, last + 1)
    return tuple(found)
