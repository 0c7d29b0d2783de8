"""Records that stay on the disk: a sequence whose items are read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, overload

from cellpick.campaign.journal_file import Place, read_at, read_record

Record = dict[str, Any]


class StoredRecords(Sequence[Record]):
    """Records by where they lie; in memory is only that, however often they are gone through."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> StoredRecords: ...

    def __getitem__(self, index: int | slice) -> Record | StoredRecords:
        if isinstance(index, slice):
            return StoredRecords(self._places[index])
        return read_at(self._places[index])

    def __iter__(self) -> Iterator[Record]:
        files: dict[Path, BinaryIO] = {}
        with ExitStack() as opened:
            for place in self._places:
                if place.path not in files:
                    files[place.path] = opened.enter_context(place.path.open("rb"))
                yield read_record(files[place.path], place)
