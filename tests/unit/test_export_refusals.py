"""What an export refuses, and that it leaves a whole data set or nothing."""

from __future__ import annotations

import pytest
from export_stage import exported, small_look, small_models, small_scene

from cellpick.errors import InputError, UnavailableError
from cellpick.export import BopDataset, pinhole, read_index
from cellpick.scene import load_scene, resolve_scene


def test_what_a_look_cannot_have_is_refused(tmp_path):
    path = small_scene(tmp_path)
    for override, words in (
        (
            "rig.capture_2d=moving",
            ("rig.capture_2d: a data set is taken standing still", "standing"),
        ),
        ("faults=[{camera: 0, kind: bumped}]", ("faults.0.kind: a displaced", "got 'bumped'")),
        ("faults=[{camera: 1, kind: drifting}]", ("faults.0.kind: a displaced", "got 'drifting'")),
    ):
        models = resolve_scene(load_scene(str(path), (override,)))
        with pytest.raises(InputError) as caught:
            pinhole(models)
        assert all(word in str(caught.value) for word in words)


def test_a_fault_after_the_first_look_does_not_matter(tmp_path):
    later = ("faults=[{camera: 0, kind: bumped, from_look: 2}]",)
    assert pinhole(resolve_scene(load_scene(str(small_scene(tmp_path)), later))).spec.faults


def test_lenses_do_not_distort_and_all_else_stays(tmp_path):
    models = resolve_scene(load_scene(str(small_scene(tmp_path)), ()))
    made = pinhole(models)
    for before, after in zip(models.cameras, made.cameras, strict=True):
        assert before.distortion.any()
        assert not after.distortion.any()
        assert (before.K == after.K).all()
        assert (before.imager, before.depth, before.timing) == (
            after.imager,
            after.depth,
            after.timing,
        )


@pytest.fixture
def models(tmp_path):
    return small_models(tmp_path)


def test_a_failure_leaves_nothing_behind(models, tmp_path):
    look = small_look(models)
    before = sorted(tmp_path.iterdir())
    interrupted = pytest.raises(KeyboardInterrupt)
    with interrupted, BopDataset(tmp_path / "s", "test", models, "0") as made:
        made.add(0, look.captures, look.state)
        raise KeyboardInterrupt
    assert sorted(tmp_path.iterdir()) == before


def test_an_older_export_is_replaced_by_a_whole_new_one(models, tmp_path):
    look = small_look(models)
    root = exported(tmp_path / "s", models, look, look)
    assert exported(root, models, look) == root
    assert read_index(root).seeds == (0,)
    assert not (root / "test" / "000001").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def refusal(folder, models, split="test"):
    with pytest.raises(InputError) as caught:
        BopDataset(folder, split, models, "0")
    return str(caught.value)


def test_a_folder_with_something_else_is_refused(models, tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "thesis.tex").touch()
    message = refusal(tmp_path / "s", models)
    assert message.startswith(f"{tmp_path / 's'}: holds something else than an exported data set")
    (tmp_path / "file").touch()
    assert "holds something else" in refusal(tmp_path / "file", models)


def test_what_somebody_put_into_an_export_is_not_lost(models, tmp_path):
    root = exported(tmp_path / "s", models, small_look(models))
    (root / "results").mkdir()
    BopDataset(root, "test", models, "0")
    (root / "notes.txt").touch()
    message = refusal(root, models)
    assert "holds more than an exported data set, which would be lost; got 'notes.txt'" in message


def test_another_split_is_not_lost(models, tmp_path):
    root = exported(tmp_path / "s", models, small_look(models), split="train")
    assert "holds another split, which would be lost; got 'train'" in refusal(root, models)


def test_a_name_without_letters_is_refused(models, tmp_path):
    assert "no name for a data set" in refusal(tmp_path / "__-", models)
    root = exported(tmp_path / "My_set-2", models, small_look(models))
    assert read_index(root).name == "myset2"


def test_a_folder_that_cannot_be_made_is_named(models, tmp_path):
    (tmp_path / "file").touch()
    target = tmp_path / "file" / "s"
    with (
        pytest.raises(UnavailableError, match="cannot be written"),
        BopDataset(target, "test", models, "0"),
    ):
        pass


def test_a_full_disk_is_said_and_leaves_nothing(models, tmp_path, monkeypatch):
    look = small_look(models)
    before = sorted(tmp_path.iterdir())

    def full(self, *_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with (
        pytest.raises(UnavailableError) as caught,
        BopDataset(tmp_path / "s", "test", models, "0") as made,
    ):
        made.add(0, look.captures, look.state)
    assert str(caught.value) == f"{tmp_path / 's'}: cannot be written: No space left on device"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:40], "dataset_info.json: not valid JSON, or cut short"),
        (lambda text: "[]", "schema: unknown format; accepted: cellpick.bop/1"),
        (lambda text: text.replace("bop/1", "bop/9"), "unknown format; got 'cellpick.bop/9'"),
        (lambda text: text.replace('"cell"', '"sell"'), "cell: missing, unknown or of the wrong"),
        (lambda text: text.replace('"test"', "5"), "split: missing, unknown or of the wrong type"),
        (
            lambda text: text.replace("  0\n", "  -1\n"),
            "seeds: wrong value; accepted: whole numbers",
        ),
    ],
)
def test_a_damaged_index_is_refused(models, tmp_path, change, words):
    root = exported(tmp_path / "s", models, small_look(models))
    path = root / "dataset_info.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(InputError) as caught:
        read_index(root)
    assert words in str(caught.value)


def test_a_folder_without_an_index_is_no_data_set(tmp_path):
    with pytest.raises(InputError, match=r"not a data set: there is no dataset_info\.json"):
        read_index(tmp_path)
