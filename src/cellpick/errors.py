"""The package's own errors: each knows the exit code of a command that it ends.

0 all well, 1 a result misses its threshold, 2 the input is wrong, 3 it could not run,
130 it was interrupted.
"""

from __future__ import annotations


class CellpickError(Exception):
    """Root of every error that cellpick raises on purpose."""

    exit_code = 3


class InputError(CellpickError):
    """Something that the user wrote is wrong.

    The message names the file, the key, what came and what is accepted.
    """

    exit_code = 2

    def __init__(
        self,
        rule: str,
        *,
        source: str | None = None,
        key: str | None = None,
        got: object = None,
        accepted: str | None = None,
    ) -> None:
        self.rule = rule
        self.source = source
        self.key = key
        self.got = got
        self.accepted = accepted
        place = ": ".join(part for part in (source, key) if part)
        message = f"{place}: {rule}" if place else rule
        if got is not None:
            message += f"; got {got!r}"
        if accepted is not None:
            message += f"; accepted: {accepted}"
        super().__init__(message)


class ShapeError(InputError, ValueError):
    """An array argument has the wrong shape or type; names the argument and both shapes."""


class LimitError(CellpickError):
    """A motion would break a limit of the arm; names the joint and the time."""

    exit_code = 1


class UnavailableError(CellpickError):
    """The machine lacks something: a dependency, a library, disk space, a writable folder."""

    exit_code = 3


class StoppedError(CellpickError):
    """The user interrupted work that the same command goes on with; says how far it came."""

    exit_code = 130
