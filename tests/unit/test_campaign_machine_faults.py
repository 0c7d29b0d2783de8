"""What keeps a machine from running episodes ends a campaign; a scene's fault is a record."""

from __future__ import annotations

import errno
import os

import pytest

from cellpick.campaign import Episode, episode, run_episode
from cellpick.errors import InputError, UnavailableError

TINY = Episode("prismatic_tray", 0, ("tray.rows=1", "tray.columns=1"))


def raising(error):
    def run(*_):
        raise error

    return run


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/x"),
        OSError(errno.EROFS, os.strerror(errno.EROFS), "/tmp/x"),
        PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/tmp/x"),
        OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
        UnavailableError("cannot write /tmp/x: No space left on device"),
        ImportError("libusb-1.0.so.0: cannot open shared object file"),
    ],
)
def test_a_fault_of_the_machine_leaves_the_episode_to_be_run(monkeypatch, error):
    monkeypatch.setattr(episode, "run_scene", raising(error))
    with pytest.raises(UnavailableError) as caught:
        run_episode(TINY)
    message = str(caught.value)
    assert str(error) in message
    assert message.endswith("once that is mended the same command goes on from here")


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "cell.obj"),
        TimeoutError("no path found"),
        MemoryError("Unable to allocate 30 GiB"),
        InputError("no such cell model"),
        ValueError("x"),
    ],
)
def test_what_a_scene_does_wrong_is_a_record(monkeypatch, error):
    monkeypatch.setattr(episode, "run_scene", raising(error))
    record = run_episode(TINY).record
    assert record["status"] == "raised"
    assert record["reason"] == f"{type(error).__name__}: {error}"
    assert "run_scene" in record["traceback"]


def test_a_temporary_folder_that_cannot_be_made_is_the_machines_fault(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(UnavailableError, match="no temporary folder: No such file or directory"):
        run_episode(TINY)


def test_what_breaks_before_its_scene_is_read_is_of_the_kind_that_was_planned():
    record = run_episode(Episode("no_such_scene", 0, kind="look")).record
    assert (record["status"], record["kind"]) == ("raised", "look")
    assert record["command"].startswith("cellpick capture no_such_scene --seed 0 ")
