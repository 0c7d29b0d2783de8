"""What a campaign is to run: its episodes in their order, and the document they came from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any, Literal

from cellpick.campaign.episode import Episode
from cellpick.campaign.scene_files import Files
from cellpick.errors import InputError
from cellpick.installation import revision
from cellpick.report import json_text

SCHEMA = "cellpick.campaign/1"
SHOWN = ("figures",)
"""Keys of a document that say what is shown, not what is run."""
Kind = Literal["suite", "sweep"]


@dataclass(frozen=True)
class Plan:
    """All episodes of a suite or sweep.

    Raises `InputError` where there are none, or one stands twice: a result would count twice.
    """

    kind: Kind
    """What it was made from."""
    name: str
    """Of the suite or sweep."""
    spec: dict[str, Any]
    """The suite's or sweep's document, all defaults resolved; plain JSON."""
    episodes: tuple[Episode, ...]
    """In the order of the results."""

    def __post_init__(self) -> None:
        if not self.episodes:
            raise InputError(f"{self.kind} {self.name!r} has no episodes")
        first: dict[str, Episode] = {}
        for episode in self.episodes:
            earlier = first.setdefault(episode.id, episode)
            if earlier is not episode:
                cases = f"cases {earlier.case!r} and {episode.case!r}"
                raise InputError(
                    f"{self.kind} {self.name!r} has one episode twice, in {cases}",
                    got=episode.command,
                )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over name, kind, document and the ids of all episodes, as hexadecimal.

        What is shown of the results afterwards makes no other plan.
        """
        ids = [episode.id for episode in self.episodes]
        spec = {key: value for key, value in self.spec.items() if key not in SHOWN}
        content = json.dumps(
            [self.kind, self.name, json.loads(json_text(spec)), ids], sort_keys=True
        )
        return hashlib.sha256(content.encode()).hexdigest()

    @cached_property
    def files(self) -> Files:
        """All that its episodes may read, as planned."""
        each = {id(episode.files): episode.files for episode in self.episodes}.values()
        files = {name: digest for part in each for name, digest in part.items()}
        return dict(sorted(files.items()))

    @property
    def document(self) -> dict[str, Any]:
        """`campaign.json`: what a folder of results is of."""
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "name": self.name,
            "version": version("cellpick"),
            "revision": revision(),
            "digest": self.digest,
            "files": self.files,
            "episodes": len(self.episodes),
            "spec": self.spec,
        }
