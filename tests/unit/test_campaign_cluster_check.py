"""What must hold of a cluster before the first episode; its workers are made up here."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace

import pytest

from cellpick.campaign import ClusterEngine
from cellpick.campaign.cluster_check import check_workers
from cellpick.errors import InputError, UnavailableError


class Cluster:
    """Two workers like this process, but for what the second one has of some packages."""

    scheduler = SimpleNamespace(address="tcp://there:8786")

    def __init__(self, **second):
        self.second = second

    def nthreads(self):
        return {"tcp://a:1": 1, "tcp://b:2": 1}

    def run(self, function, package, on_error):
        assert (function, on_error) == (version, "return")
        here = function(package)
        return {"tcp://a:1": here, "tcp://b:2": self.second.get(package, here)}


def test_workers_like_this_process_are_accepted():
    check_workers(Cluster())


@pytest.mark.parametrize("package", ["cellpick", "numpy", "pybullet"])
def test_a_worker_with_another_version_is_named(package):
    message = f"1 of 2 workers have another {package} than this command: tcp://b:2 has 0.0.1, here"
    with pytest.raises(UnavailableError, match=message):
        check_workers(Cluster(**{package: "0.0.1"}))


def test_a_worker_without_cellpick_is_named():
    with pytest.raises(UnavailableError, match="tcp://b:2 has none, here it is"):
        check_workers(Cluster(cellpick=PackageNotFoundError("cellpick")))


@pytest.mark.parametrize("address", ["there", "tcp://there", "http://there:8786", "there:8786", ""])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(InputError, match=re.escape(f"got {address!r}; accepted: tcp://HOST:PORT")):
        ClusterEngine(address)


def test_settings_that_cannot_be_kept_are_refused():
    with pytest.raises(InputError, match="limit in seconds is above zero"):
        ClusterEngine("tcp://there:8786", limit_s=-1)


def test_without_the_extra_the_message_names_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "cellpick.campaign.cluster_tasks", raising=False)
    monkeypatch.delitem(sys.modules, "cellpick.campaign.cluster_worker", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UnavailableError, match=r"pip install 'cellpick\[cluster\]'"):
        next(ClusterEngine("tcp://there:8786").run(()))
