"""The true cells and foreign objects as `truth.json` holds them."""

from __future__ import annotations

from typing import Any

from cellpick.geometry import invert
from cellpick.scene.state import SceneState

SCHEMA = "cellpick.cells/1"


def truth_document(state: SceneState) -> dict[str, Any]:
    """The dictionary of `truth.json`: pose in the arm's base frame, polarity and serial number.

    A true pose's own +x (a box) or +z (a cylinder) is the positive side, so `polarity` says which.
    """
    Ts_base_cell = invert(state.T_world_base) @ state.Ts_world_cell
    return {
        "schema": SCHEMA,
        "cells": [
            {
                "cell": state.cell.name,
                "T_base_cell": T.tolist(),
                "polarity": state.cell.positive,
                "serial": serial,
            }
            for T, serial in zip(Ts_base_cell, state.serials, strict=True)
        ],
        "foreign": [
            {
                "kind": stray.kind,
                "T_base_box": (invert(state.T_world_base) @ stray.T_world_box).tolist(),
                "size_mm": (1e3 * stray.size_m).tolist(),
            }
            for stray in state.foreign
        ],
    }
