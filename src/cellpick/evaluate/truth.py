"""The true cells as `truth.json` holds them."""

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
    polarity = "+x" if state.cell.shape == "box" else "+z"
    return {
        "schema": SCHEMA,
        "cells": [
            {
                "cell": state.cell.name,
                "T_base_cell": T.tolist(),
                "polarity": polarity,
                "serial": serial,
            }
            for T, serial in zip(Ts_base_cell, state.serials, strict=True)
        ],
    }
