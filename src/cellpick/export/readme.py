"""The page that goes with a data set: what is in it and by which conventions."""

from __future__ import annotations

from cellpick.export.index import CAPTURES, BopIndex


def readme_text(index: BopIndex) -> str:
    """Content of `dataset_info.md`."""
    cameras = "\n".join(f"| `_{suffix}` | `{name}` |" for suffix, name in index.cameras.items())
    return f"""# BOP data set: {index.name}

Written by cellpick {index.version} from the scene `{index.scene}`. Object 1 is the cell
`{index.cell}`. Split `{index.split}`: {_scenes(index)}; a scene's id is its seed, and
holds one look: one picture a camera, image id 0. The annotation with index i is the same cell in
all cameras.

| suffix | camera |
|---|---|
{cameras}

The test targets are those of `_{index.target_camera}`: cells of which at least 10 % are visible.

## Conventions

- Poses are model to camera, R row by row, t in millimetres; the camera is OpenCV's: x right,
  y down, z forward; pixel (0, 0) is the centre of the top-left pixel.
- Poses, `cam_K` and `cam_*_w2c` are the truth of the simulation, not what the station believes of
  its cameras. Estimates in a results file are given in the believed cameras, so that they err by
  the calibration too, as on a real station.
- The lenses do not distort: the pictures are rendered so, and nothing was resampled.
- Depth is 16 bit: times `depth_scale` it is millimetres along z; 0 is no reading. Sensor noise,
  drop-outs and the device's scale error are in it. A 2D camera has no depth folder and a
  `px_count_valid` of 0.
- `mask` and `mask_visib` are exact: which cell the ray through a pixel's centre meets. BOP's own
  scripts estimate visibility from depth within 15 mm. `px_count_all` and `bbox_obj` count the
  silhouette beyond the border too, up to one image size on each side. Boxes in `scene_gt_info` are
  x, y, last x - x, last y - y as in BOP's script; those in `scene_gt_coco` are COCO's x, y, width,
  height.
- The model's origin is the middle of the case, not of its bounding box: terminals stand above it.
- Symmetries are those that the cell's file declares. Which terminal is positive is never one.

`{CAPTURES}/` is no part of BOP: it holds each look as the station saw it, for `cellpick perceive`
and `cellpick export bop-results`.
"""


def _scenes(index: BopIndex) -> str:
    return "1 scene" if len(index.seeds) == 1 else f"{len(index.seeds)} scenes"
