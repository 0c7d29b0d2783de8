"""COCO annotations of one camera's pictures, as BOP's `calc_gt_coco.py` lays them out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

IGNORED_BELOW = 0.1
"""Visible share under which an instance is marked to be ignored, as BOP does."""


def run_lengths(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """COCO's uncompressed run-length code of a mask (h, w): columns first, zeros first."""
    flat = mask.ravel(order="F")
    starts = np.concatenate([[0], np.flatnonzero(np.diff(flat)) + 1, [flat.size]])
    counts = np.diff(starts).tolist()
    if flat.size and flat[0]:
        counts.insert(0, 0)
    return {"counts": counts, "size": list(mask.shape)}


def box_of(mask: NDArray[np.bool_]) -> list[int]:
    """COCO's x, y, width, height of the pixels of a mask (h, w) that has some."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return [x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1]


def image_entry(im_id: int, file_name: str, shape: tuple[int, int]) -> dict[str, Any]:
    """The entry of one picture; `shape` is (h, w)."""
    return {
        "id": im_id,
        "file_name": file_name,
        "width": shape[1],
        "height": shape[0],
        "date_captured": "",
        "license": 1,
        "coco_url": "",
        "flickr_url": "",
    }


def annotation(
    number: int,
    im_id: int,
    obj_id: int,
    whole: NDArray[np.bool_],
    visible: NDArray[np.bool_],
    visible_share: float,
) -> dict[str, Any]:
    """One instance: the segmentation of its visible part, the box of the whole in the image."""
    return {
        "id": number,
        "image_id": im_id,
        "category_id": obj_id,
        "iscrowd": 0,
        "area": int(visible.sum()),
        "bbox": box_of(whole),
        "segmentation": run_lengths(visible),
        "width": visible.shape[1],
        "height": visible.shape[0],
        "ignore": visible_share < IGNORED_BELOW,
    }


def document(
    dataset: str, split: str, obj_id: int, images: list[Any], annotations: list[Any]
) -> dict[str, Any]:
    """The whole file of one camera in one scene."""
    return {
        "info": {
            "description": f"{dataset}_{split}",
            "url": "",
            "version": "0.1.0",
            "contributor": "cellpick",
        },
        "licenses": [],
        "categories": [{"id": obj_id, "name": str(obj_id), "supercategory": dataset}],
        "images": images,
        "annotations": annotations,
    }
