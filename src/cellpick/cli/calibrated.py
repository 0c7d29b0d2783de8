"""The calibration that `--calibration` names, checked against the scene's rig."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cellpick.scene import SceneModels
    from cellpick.structures import RigCalibration


def given_calibration(path: Path, models: SceneModels) -> RigCalibration:
    """The file's calibration; raises `InputError` where it is broken or another rig's."""
    from cellpick.station import adopt
    from cellpick.store import read_calibration

    calibration = read_calibration(path)
    adopt(calibration, models, str(path))
    return calibration
