"""A campaign's folder: what it is of, and all of its records for those who only read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cellpick.campaign.journal_file import Place, read_lines
from cellpick.campaign.plan import SCHEMA, Plan
from cellpick.errors import InputError, UnavailableError
from cellpick.report import json_text, write_whole

CAMPAIGN = "campaign.json"
RECORDS = "episodes"
PICTURES = "pictures"


def claim(folder: Path, plan: Plan) -> None:
    """Make the folder that of the plan, or see that it is.

    Raises `InputError` where it holds something else, or the campaign of another plan, of another
    version or revision of cellpick, of files that have changed since, or of another schema.
    """
    if not (folder / CAMPAIGN).exists():
        strangers = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
        if strangers:
            raise InputError(
                "the folder is not empty and holds no campaign",
                source=str(folder),
                got=strangers[0],
                accepted="an empty folder, a new one, or one of the same campaign",
            )
        _write(folder, plan)
        return
    found = read_document(folder)
    for key, what in (("version", "cellpick"), ("kind", "kind"), ("name", "name")):
        if found[key] != plan.document[key]:
            raise InputError(
                f"the folder holds a campaign of another {what}",
                source=str(folder),
                got=found[key],
                accepted=f"{plan.document[key]}, or another folder",
            )
    _refuse_other_sources(folder, found, plan.document)
    if found["digest"] != plan.digest:
        raise InputError(
            f"the folder holds results of another {plan.kind} {plan.name!r}: its content has "
            "changed since",
            source=str(folder),
            accepted=f"the {plan.kind} of {folder / CAMPAIGN}, from the same working folder where "
            "its scene is given by a path; or another folder (--out)",
        )
    if found != plan.document:
        _write(folder, plan)


def _write(folder: Path, plan: Plan) -> None:
    # a path may hold half a surrogate pair
    text = json_text(plan.document, indent=2).encode(errors="backslashreplace")
    write_whole(folder / CAMPAIGN, text + b"\n")


def _refuse_other_sources(
    folder: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]
) -> None:
    then = found.get("files", {})
    changed = [name for name, digest in wanted["files"].items() if then.get(name, digest) != digest]
    since = f"; changed since: {', '.join(changed)}" if changed else ""
    if revision_of(found) != wanted["revision"]:
        raise InputError(
            f"the folder holds results of another revision of cellpick{since}",
            source=str(folder),
            got=revision_of(found),
            accepted=f"{wanted['revision']}, or another folder (--out)",
        )
    if changed:
        raise InputError(
            f"the folder holds results of other files{since}",
            source=str(folder),
            accepted="these files as they were, or another folder (--out)",
        )


def revision_of(document: Mapping[str, Any]) -> str:
    """The revision that made a document; of one from before revisions were kept the version."""
    return str(document.get("revision") or document["version"])


def read_document(folder: Path) -> dict[str, Any]:
    """`campaign.json`; raises `InputError` where there is none, or of another schema, and
    `UnavailableError` where it cannot be read."""
    path = folder / CAMPAIGN
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        rule, accepted = f"no results of a campaign: {error.strerror}", "the folder of one"
        raise InputError(rule, source=str(path), accepted=accepted) from error
    except OSError as error:
        raise UnavailableError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError("not JSON", source=str(path)) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise InputError(
            "not the results of a campaign", source=str(path), got=schema, accepted=SCHEMA
        )
    missing = [
        k for k in ("kind", "name", "version", "digest", "episodes", "spec") if k not in document
    ]
    if missing:
        raise InputError("a key is missing", source=str(path), key=missing[0])
    return dict(document)


def read_records(folder: Path) -> Iterator[dict[str, Any]]:
    """The first record of every episode in the folder, in the order in which they ended.

    A campaign may be writing meanwhile. Raises `InputError` for a line that is no record.
    """
    return (record for record, _ in placed_records(folder))


def placed_records(folder: Path) -> Iterator[tuple[dict[str, Any], Place]]:
    """As `read_records`, each with the place where it lies."""
    seen = set()
    for path in sorted((folder / RECORDS).glob("*.jsonl")):
        for offset, record in read_lines(path):
            if record["id"] not in seen:
                seen.add(record["id"])
                yield record, Place(path, offset)
