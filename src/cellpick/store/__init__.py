"""One look on disk: `write_look` stores a `CaptureSet`, `read_look` gives it back bit for bit.

A store is complete in itself (it carries the task) and holds nothing that the station did not see.
"""

from cellpick.store.calibration_file import read_calibration, write_calibration
from cellpick.store.reading import read_look
from cellpick.store.writing import refuse_foreign, write_look

__all__ = [
    "read_calibration",
    "read_look",
    "refuse_foreign",
    "write_calibration",
    "write_look",
]
