"""The revision names code and data, and nothing else of the place in which they lie."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from cellpick import installation
from cellpick.errors import UnavailableError
from cellpick.installation import DATA, SOURCES, data_folder, revision, revision_on_disk

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "src/cellpick/installation.py": "x = 1\n",
    "src/cellpick/scene/load.py": "x = 2\ny = 3\n",
    "src/cellpick/report/templates/page.html.j2": "<p>\n",
    "src/cellpick/report/templates/page.css": "p {}\n",
    "models/materials.yaml": "{}\n",
    "models/arms/arm.urdf": "<robot/>\n",
    "scenes/tray.yaml": "{}\n",
}


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Makes a checkout or a wheel of a few files, and gives its revision."""

    def make(files, name="checkout", wheel=False):
        root = tmp_path / name
        for path, text in files.items():
            data = wheel and not path.startswith("src/")
            place = root / ("src/cellpick/data" if data else "") / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
        monkeypatch.setattr(installation, "_PACKAGE", root / "src" / "cellpick")
        return revision_on_disk()

    return make


def test_this_revision_is_the_version_and_a_digest():
    assert revision() == revision_on_disk()
    number, _, digest = revision().partition("+")
    assert number == version("cellpick")
    assert len(digest) == 12
    assert int(digest, 16) >= 0


@pytest.mark.parametrize("path", FILES)
def test_every_file_and_its_name_count(made, path):
    folder, _, name = path.rpartition("/")
    states = [FILES, FILES | {path: FILES[path] + " "}, FILES | {f"{folder}/b_{name}": ""}]
    if name != "installation.py":
        rest = {k: v for k, v in FILES.items() if k != path}
        states += [rest, rest | {f"{folder}/b_{name}": FILES[path]}]
    # folders that are empty of sources are there all the same
    found = {made(STRAY | state, f"state{k}") for k, state in enumerate(states)}
    assert len(found) == len(states)


def test_two_files_that_change_places_are_another_revision(made):
    a, b = "scenes/tray.yaml", "src/cellpick/scene/load.py"
    assert made(FILES) != made(FILES | {a: FILES[b], b: FILES[a]}, "swapped")


STRAY = {
    "src/cellpick/__pycache__/load.cpython-311.pyc": "x",
    "src/cellpick/.ipynb_checkpoints/load.py": "x",
    "src/cellpick/.#load.py": "x",
    "src/cellpick/load.py.orig": "x",
    "src/cellpick/py.typed": "",
    "models/README.md": "x",
    "scenes/make_readme.py": "x",
    "benchmarks/suites/smoke.yaml": "x",
    "tests/test_x.py": "x",
    "pyproject.toml": "x",
}


def test_place_layout_order_line_ends_and_strays_do_not_matter(made):
    whole = made(FILES)
    assert made(dict(reversed(FILES.items())), "other_place") == whole
    assert made(FILES, "wheel", wheel=True) == whole
    assert made({k: v.replace("\n", "\r\n") for k, v in FILES.items()}, "windows") == whole
    assert made(FILES | STRAY, "used") == whole
    assert made(FILES | STRAY, "used_wheel", wheel=True) == whole


def test_links_are_followed_as_imports_follow_them(made, tmp_path, monkeypatch):
    whole = made(FILES)
    (tmp_path / "link").symlink_to(tmp_path / "checkout")
    monkeypatch.setattr(installation, "_PACKAGE", tmp_path / "link" / "src" / "cellpick")
    assert revision_on_disk() == whole
    scene = tmp_path / "checkout" / "src" / "cellpick" / "scene"
    scene.rename(tmp_path / "elsewhere")
    scene.symlink_to(tmp_path / "elsewhere")
    assert revision_on_disk() == whole
    (tmp_path / "elsewhere" / "load.py").write_text("x = 3\n")
    assert revision_on_disk() != whole


def test_without_source_the_message_says_so(made, tmp_path, monkeypatch):
    made(FILES)
    archive = tmp_path / "cellpick.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(tmp_path / "checkout/src/cellpick/installation.py", "cellpick/installation.py")
    for place in (archive / "cellpick", tmp_path / "checkout" / "models"):
        monkeypatch.setattr(installation, "_PACKAGE", place)
        with pytest.raises(UnavailableError, match=f"no source of cellpick at {place}.* folders"):
            revision_on_disk()


def test_what_cannot_be_read_is_named(made, tmp_path):
    made(FILES)
    gone = tmp_path / "checkout" / "src" / "cellpick" / "gone.py"
    gone.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UnavailableError, match=rf"cannot read {gone}: No such file"):
        revision_on_disk()
    gone.unlink()
    shutil.rmtree(tmp_path / "checkout" / "models")
    with pytest.raises(UnavailableError, match=r"cannot read .*models: No such file"):
        revision_on_disk()


def test_no_file_that_ships_is_of_a_kind_that_is_forgotten():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "src/cellpick", "models", "scenes"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a checkout of git")
    known = (*SOURCES, *DATA, "README.md", "py.typed")
    assert [name for name in listed.stdout.split("\0") if name and not name.endswith(known)] == []


def test_the_data_are_those_of_the_scenes():
    assert (data_folder("models") / "materials.yaml").is_file()
    assert (data_folder("scenes") / "prismatic_tray.yaml").is_file()
