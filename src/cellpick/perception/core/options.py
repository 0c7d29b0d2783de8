"""What the pose core can be told; the defaults hold for every cell model and camera."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RefineOptions:
    """Bounds and noise assumptions of `refine_poses`."""

    edges: bool = True
    """Whether the pictures' edges count in the estimate; without, the depth alone decides, and no
    polarity is claimed."""
    reach_m: float = 2e-3
    """How far an initial position may be off, per axis: bounds the search."""
    reach_rad: float = 0.03
    """How far an initial rotation may be off, per axis."""
    edge_spacing_m: float = 1.5e-3
    """Distance of the model's edge points along an outline."""
    edges_per_face: int = 150
    """A face with more edge points is thinned out to about this many: beyond, what the drawing and
    the calibration err by leaves nothing to gain."""
    edge_correlation_px: float = 3.0
    """Edge readings nearer than this to each other count as one."""
    edge_model_sigma_m: float = 5e-5
    """Standard deviation of a drawn edge's place on a real cell (assumed)."""
    contrast_min: float = 3.0
    """Least step, in grey levels a pixel, that counts as an edge."""
    points_per_cell: int = 2000
    """A cell with more 3D points is thinned out to about this many."""
    surface_model_sigma_m: float = 5e-5
    """Standard deviation of a real case's flatness (assumed)."""
    standing_sigma_m: float = 1e-4
    """Standard deviation of a cell's height over the surface that it stands on (assumed: that
    surface's place and the case's height)."""
    standing_sigma_rad: float = 3e-3
    """Standard deviation, per axis, of the lean of most cells (assumed: pads that are flat to 0.3
    degrees); those that stand otherwise are held less firmly."""
    step_tolerance_m: float = 5e-5
    """A last step shorter than this, rotations at the case's corner included, has converged."""
