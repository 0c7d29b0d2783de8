"""The journal of a campaign: what is in it is on disk, and only what is in it counts."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from types import TracebackType

from cellpick.campaign.episode import EpisodeResult
from cellpick.campaign.folder_lock import FolderLock
from cellpick.campaign.journal_file import Place, cut_torn_line, read_lines
from cellpick.campaign.plan import Plan
from cellpick.campaign.results_folder import PICTURES, RECORDS, claim
from cellpick.campaign.stored_records import StoredRecords
from cellpick.errors import InputError
from cellpick.installation import revision
from cellpick.report import append_line, json_text, make_folder, write_whole


class Journal:
    """A campaign's folder, open for writing; a context manager.

    Opens a new folder, or that of the same plan. Raises `InputError` for the folder of another
    plan, version or schema, for one that holds something else and for one at which another command
    is at work; `UnavailableError`, naming the path, for one that cannot be written.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self._revision = revision()
        self._ids = [episode.id for episode in plan.episodes]
        self._places: dict[str, Place] = {}
        make_folder(folder)
        self._lock = FolderLock(folder)
        try:
            claim(folder, plan)
            self._pictures = make_folder(folder / PICTURES)
            self._file = make_folder(folder / RECORDS) / "records.jsonl"
            cut_torn_line(self._file)
            self._find_records()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others at the folder."""
        self._lock.close()

    def done(self) -> Set[str]:
        """Ids of the episodes whose records are on disk."""
        return self._places.keys()

    def recount(self) -> Set[str]:
        """As `done`, read anew: whoever is interrupted may have written what it has not noted."""
        cut_torn_line(self._file)
        self._find_records()
        return self.done()

    def add(self, result: EpisodeResult) -> bool:
        """Put a result on disk, its picture first; False where its episode was there already.

        Raises `UnavailableError`, naming the path, where it does not fit, and `InputError` where
        another revision of cellpick or other files made it; then nothing counts of it, and no part
        of its line stays.
        """
        name = result.record["id"]
        if name in self._places:
            return False
        self._refuse_other_sources(result)
        if result.picture:
            write_whole(self._pictures / f"{name}.jpg", result.picture)
        offset = self._file.stat().st_size if self._file.exists() else 0
        append_line(self._file, json_text(result.record))
        self._places[name] = Place(self._file, offset)
        return True

    def records(self) -> StoredRecords:
        """All records in the plan's order, which stay on the disk until they are asked for."""
        return StoredRecords([self._places[name] for name in self._ids if name in self._places])

    def _refuse_other_sources(self, result: EpisodeResult) -> None:
        rest = f"{len(self._places)} of {len(self._ids)} episodes are on disk, and the same command"
        if result.changed:
            raise InputError(
                "an episode found other files than the campaign was planned with: "
                + ", ".join(result.changed),
                source=str(self._folder),
                accepted=f"these files as they were. {rest} goes on with them",
            )
        if result.record["revision"] != self._revision:
            raise InputError(
                "an episode was run by another revision of cellpick than the campaign's",
                source=str(self._folder),
                got=result.record["revision"],
                accepted=f"{self._revision}. {rest} goes on with it",
            )

    def _find_records(self) -> None:
        known = set(self._ids)
        for path in sorted(self._file.parent.glob("*.jsonl")):
            for offset, record in read_lines(path):
                if record["id"] not in known:
                    raise InputError(
                        "a record of an episode that is not in the plan",
                        source=str(path),
                        got=record["id"],
                    )
                if record.get("revision") != self._revision:
                    raise InputError(
                        "a record of another revision of cellpick",
                        source=str(path),
                        got=record.get("revision"),
                        accepted=self._revision,
                    )
                self._places.setdefault(record["id"], Place(path, offset))
