"""The findings of a calibration as plain figures, in millimetres and degrees: for people."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellpick.calibration.checks import board_scale
from cellpick.calibration.spread import jackknife_covariance
from cellpick.evaluate import Touch
from cellpick.geometry import Floats
from cellpick.station.calibrate import CalibrationRun

MM = 1e3
TOUCH_LIMIT_MM = 0.3
"""A calibration is good when every eye's touch error stays below, 95 times in 100."""
SCHEMA = "cellpick.calibration-report/1"


def calibration_document(run: CalibrationRun, version: str) -> dict[str, Any]:
    """All that the report says."""
    board = run.calibration.board
    scale, scale_sigma = board_scale(run.solution)
    document = {
        "schema": SCHEMA,
        "scene": run.calibration.scene,
        "seed": run.calibration.seed,
        "version": version,
        "poses": run.calibration.poses,
        "mount": run.calibration.cameras[0].mount,
        "ideal_cameras": [c.camera for c in run.calibration.cameras if c.ideal_depth],
        "board": {
            "columns": board.columns,
            "rows": board.rows,
            "square_mm": board.square_m * MM,
            "marker_mm": board.marker_m * MM,
            "measured_square_mm": board.square_m * MM * scale,
            "measured_square_sigma_mm": board.square_m * MM * scale_sigma,
        },
        "station_time_s": run.tour.duration_s,
        "corners_left_out": run.solution.outliers,
        "spread_ratio": run.solution.spread_ratio,
        "touch_limit_mm": TOUCH_LIMIT_MM,
        "touch": [_touched(touch) for touch in run.touch],
        "touch_before_p95_mm": _p95(run.touch_before),
        "touch_by_method_p95_mm": {m: _p95(t) for m, t in run.touch_by_method.items()},
        "cameras": [_camera(run, row) for row in range(len(run.calibration.cameras))],
        "residuals_px": _residuals(run),
        "checks": [
            {"name": check.name, "passed": check.passed, "words": check.words}
            for check in run.checks
        ],
    }
    document["good"] = is_good(document)
    return document


def is_good(document: dict[str, Any]) -> bool:
    """Whether every check passed and every eye's touch error is below the limit."""
    touched = all(touch["p95_mm"] <= TOUCH_LIMIT_MM for touch in document["touch"])
    return touched and all(check["passed"] for check in document["checks"])


def _touched(touch: Touch) -> dict[str, Any]:
    distances = touch.distances_m * MM
    return {
        "eye": touch.eye,
        "points": len(distances),
        "p50_mm": float(np.quantile(distances, 0.5)),
        "p95_mm": touch.p95_m * MM,
        "max_mm": float(distances.max()),
        "predicted_p95_mm": touch.bound_m * MM,
        "held": touch.held,
        "inside_share": touch.inside_share,
        "distances_mm": distances.tolist(),
    }


def _p95(touches: tuple[Touch, ...]) -> dict[str, float]:
    return {touch.eye: touch.p95_m * MM for touch in touches}


def _camera(run: CalibrationRun, row: int) -> dict[str, Any]:
    camera, start = run.calibration.cameras[row], run.solution.starts[row]
    before = run.tour.sightings.cameras[row]
    seen = run.tour.sightings.of_camera(row)
    own = slice(6 * row, 6 * row + 6)
    resampled = jackknife_covariance(run.solution.leave_one_out[:, own])
    return {
        "camera": camera.camera,
        "pictures": len(seen),
        "corners": sum(len(picture.corners) for picture in seen),
        "residual_px": run.calibration.residual_px[row],
        "pictures_alone_px": start.picture_rms_px / np.sqrt(2),
        "sigma": _sigmas(run.solution.covariance[own, own]),
        "spread": _sigmas(resampled),
        "stated_sigma_mm": camera.translation_sigma_m * MM,
        "stated_sigma_deg": float(np.degrees(camera.rotation_sigma_rad)),
        "focal_px": float(camera.K[0, 0]),
        "focal_change_permille": 1e3 * float(camera.K[0, 0] / before.K[0, 0] - 1),
        "centre_change_px": (camera.K[:2, 2] - before.K[:2, 2]).tolist(),
        "depth_scale": camera.depth_scale,
        "depth_scale_sigma": camera.depth_scale_sigma,
        "depth_scale_status": run.scales[row].status,
        "lens_contradicted": camera.camera in run.solution.contradicted,
    }


def _sigmas(covariance: Floats) -> dict[str, float]:
    """Root mean square over the axes, of place in mm and turn in degrees."""
    variance = np.diag(covariance)
    return {
        "mm": float(np.sqrt(variance[:3].mean())) * MM,
        "deg": float(np.degrees(np.sqrt(variance[3:].mean()))),
    }


def _residuals(run: CalibrationRun) -> list[list[float | None]]:
    """Root mean square in pixels: a row a pose, a column a camera, None where it saw no board."""
    problem = run.solution.problem
    errors = problem.errors_px(run.solution.x)
    table: list[list[float | None]] = [
        [None] * len(run.calibration.cameras) for _ in problem.sightings.Ts_base_flange
    ]
    for row, picture in enumerate(problem.sightings.pictures):
        own = errors[problem.picture == row]
        table[picture.pose][picture.camera] = float(np.sqrt(np.mean(own**2)))
    return table
