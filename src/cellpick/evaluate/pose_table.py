"""The pose errors of a matched look, in the measures that the field compares by."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellpick.errors import InputError
from cellpick.evaluate.matching import Matches
from cellpick.evaluate.model_points import diameter_m, model_points
from cellpick.evaluate.pose_distances import add, add_s, mspd, mssd, symmetry_rotations
from cellpick.geometry import Floats, checked, frozen, invert
from cellpick.scene.state import SceneState
from cellpick.structures import CellEstimates


@dataclass(frozen=True, eq=False)
class PoseErrors:
    """A table of the k pairs of a `Matches`, in its order; zero rows are legal."""

    estimate_row: NDArray[np.int64]
    """(k,) rows of the estimates."""
    cell_row: NDArray[np.int64]
    """(k,) rows of the true cells in the state."""
    mssd_m: Floats
    """(k,) maximum symmetry-aware surface distance."""
    mspd_px: Floats
    """(k,) maximum symmetry-aware projection distance; infinite behind the camera."""
    add_m: Floats
    """(k,) average distance of the same points, without symmetries."""
    add_s_m: Floats
    """(k,) average distance to the nearest point."""
    diameter_m: float
    """Diameter of the cell, by which BOP scales its thresholds."""

    def __post_init__(self) -> None:
        for name in ("estimate_row", "cell_row"):
            rows = frozen(name, getattr(self, name), (None,), dtype=np.int64)
            object.__setattr__(self, name, rows)
        for name in ("mssd_m", "mspd_px", "add_m", "add_s_m"):
            values = frozen(name, getattr(self, name), (len(self),), finite=False)
            object.__setattr__(self, name, values)

    def __len__(self) -> int:
        return int(self.estimate_row.shape[0])

    def columns(self) -> dict[str, list[float]]:
        """The table as lists by the names of its columns, such as a JSON file holds."""
        names = [field.name for field in fields(self) if field.name != "diameter_m"]
        return {name: getattr(self, name).tolist() for name in names}


def pose_errors(
    matches: Matches,
    estimates: CellEstimates,
    state: SceneState,
    T_base_camera: ArrayLike,
    K: ArrayLike,
) -> PoseErrors:
    """MSSD, MSPD, ADD and ADD-S of each matched pair, over `model_points` of the scene's cell.

    `T_base_camera` (4, 4) and `K` (3, 3), without distortion, are of the camera that MSPD looks
    through. Symmetries are the declared ones, so that a swapped polarity is an error of the pose.
    Raises `InputError` for another cell model, `ShapeError` for other shapes.
    """
    Ts_est, Ts_true = camera_poses(estimates, state, T_base_camera)
    est, true = Ts_est[matches.estimate_row], Ts_true[matches.cell_row]
    points, R = model_points(state.cell), symmetry_rotations(state.cell.symmetries)
    return PoseErrors(
        matches.estimate_row,
        matches.cell_row,
        mssd(est, true, points, R),
        mspd(est, true, points, R, K),
        add(est, true, points),
        add_s(est, true, points),
        diameter_m(state.cell),
    )


def camera_poses(
    estimates: CellEstimates, state: SceneState, T_base_camera: ArrayLike
) -> tuple[Floats, Floats]:
    """Estimated poses (m, 4, 4) and those of all cells (n, 4, 4), both in the camera's frame.

    Raises `InputError` for estimates of another cell model.
    """
    if estimates.cell != state.cell.name:
        raise InputError(
            "estimates must be of the scene's cell", got=estimates.cell, accepted=state.cell.name
        )
    T_camera_base = invert(checked("T_base_camera", T_base_camera, (4, 4)))
    Ts_true: Floats = T_camera_base @ invert(state.T_world_base) @ state.Ts_world_cell
    return T_camera_base @ estimates.Ts_base_cell, Ts_true
