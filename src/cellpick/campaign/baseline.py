"""What an earlier campaign found, kept in one file, to compare later ones with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cellpick.campaign.results_folder import read_document, read_records, revision_of
from cellpick.campaign.sample import Sample, samples_of
from cellpick.errors import InputError, UnavailableError
from cellpick.scene.documents import Strict, validated

SCHEMA = "cellpick.baseline/1"


@dataclass(frozen=True)
class Baseline:
    """The episodes of a suite in numbers."""

    suite: str
    """The suite's name."""
    version: str
    """Of the cellpick that ran it."""
    revision: str
    """Of its code and data."""
    samples: tuple[Sample, ...]
    """One an episode."""

    def document(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "schema": SCHEMA,
            "suite": self.suite,
            "version": self.version,
            "revision": self.revision,
            "episodes": [asdict(sample) for sample in self.samples],
        }


class _File(Strict):
    """The file but for its schema."""

    suite: str
    version: str
    revision: str = ""
    episodes: tuple[Sample, ...]


def read_baseline(path: Path) -> Baseline:
    """A baseline file, or a result folder as one.

    Raises `InputError` for what is neither, of another schema version, or without any episode.
    """
    found = _of_folder(path) if path.is_dir() else _of_file(path)
    if not found.samples:
        raise InputError(
            "has no episodes to compare with",
            source=str(path),
            accepted="what a suite or sweep left that ran at least one episode",
        )
    return found


def _of_folder(path: Path) -> Baseline:
    document = read_document(path)
    samples = tuple(samples_of(read_records(path)))
    return Baseline(document["name"], document["version"], revision_of(document), samples)


def _of_file(path: Path) -> Baseline:
    accepted = f"a file of `--save-baseline` (schema {SCHEMA}), or a result folder"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        if not path.exists():
            raise InputError("no such baseline", got=str(path), accepted=accepted) from error
        raise UnavailableError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no JSON: {error}", source=str(path), accepted=accepted) from error
    schema = document.get("schema") if isinstance(document, Mapping) else None
    if schema != SCHEMA:
        got = schema or "none"
        raise InputError("another schema", source=str(path), got=got, accepted=accepted)
    content = {key: value for key, value in document.items() if key != "schema"}
    found = validated(_File, content, str(path))
    times = Counter(sample.id for sample in found.episodes)
    for number, sample in enumerate(found.episodes):
        if times[sample.id] > 1:
            rule, key = "an episode stands twice", f"episodes.{number}.id"
            raise InputError(rule, source=str(path), key=key, got=sample.id)
    return Baseline(found.suite, found.version, revision_of(content), found.episodes)


def refuse_another_suite(baseline: Baseline, suite: str, cases: Sequence[str], path: Path) -> None:
    """Raises `InputError` where nothing of the baseline can be compared with the suite."""
    if baseline.suite != suite:
        raise InputError(
            "the baseline is of another suite", source=str(path), got=baseline.suite, accepted=suite
        )
    known = {sample.case for sample in baseline.samples}
    if not known & set(cases):
        raise InputError(
            "the baseline has none of the suite's cases",
            source=str(path),
            got=", ".join(sorted(known)),
            accepted=", ".join(cases),
        )
