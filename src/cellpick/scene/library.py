"""Finds scene and model files by name or path: the shipped ones, or the user's own."""

from __future__ import annotations

from pathlib import Path

from cellpick.errors import InputError
from cellpick.installation import data_folder as data_folder
from cellpick.scene.accepted import did_you_mean


def shipped(folder: Path, suffix: str = ".yaml") -> list[str]:
    """Names of the shipped files in a folder."""
    return sorted(path.stem for path in folder.glob(f"*{suffix}"))


def find_scene(name_or_path: str | Path) -> Path:
    """The file of a scene given by path or by a shipped name; raises `InputError` with the list."""
    return find_file("scene", str(name_or_path), data_folder("scenes"), Path.cwd(), None, None)


def find_model(
    kind: str, name_or_path: str, base: Path, source: str | None = None, key: str | None = None
) -> Path:
    """The file of a model of `kind` (`cells`, `arms`, ...) given by name or by path.

    A relative path starts at `base`. Raises `InputError` naming `source` and `key` with the list.
    """
    what = f"{kind.removesuffix('s')} model"
    return find_file(what, name_or_path, data_folder("models") / kind, base, source, key)


def find_materials(path: str | None, base: Path, source: str | None = None) -> Path:
    """The table of materials: the shipped one, or the one at `path` from `base`."""
    if path is None:
        return data_folder("models") / "materials.yaml"
    return find_file("table of materials", path, data_folder("models"), base, source, "materials")


def find_file(
    what: str, text: str, folder: Path, base: Path, source: str | None, key: str | None
) -> Path:
    """The file that a path from `base` names, or a name in `folder`, a `what` in words.

    Raises `InputError` naming `source`, `key` and the names in `folder`.
    """
    is_path = "/" in text or "\\" in text or Path(text).suffix in (".yaml", ".yml", ".urdf")
    path = (base / text) if is_path else folder / f"{text}.yaml"
    if _is_file(path):
        return path.resolve()
    names = shipped(folder)
    hint = "" if is_path else did_you_mean(text, names)
    raise InputError(
        f"no such {what}{hint}",
        source=source,
        key=key,
        got=text,
        accepted=f"a path to a file (relative ones start at {base.resolve()}), or one of "
        + ", ".join(names),
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # a name that is too long for the file system
        return False
