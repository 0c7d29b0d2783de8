"""A command computes the same on any number of cores."""

from __future__ import annotations

import subprocess
import sys

PROBE = """
import os, sys
from cellpick.cli import main
sys.argv = ["cellpick", "--version"]
assert "numpy" not in sys.modules
try:
    main()
finally:
    print(os.environ["OPENBLAS_NUM_THREADS"])
"""


def test_a_command_keeps_blas_to_one_thread_before_numpy_loads(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True)
    assert done.stdout.splitlines()[1:] == ["1"], done.stderr
