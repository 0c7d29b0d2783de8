"""What the station is told before it starts: drawings, fixtures, tolerances; all believed."""

from __future__ import annotations

from dataclasses import dataclass

from cellpick.geometry import Floats, frozen
from cellpick.structures.arm import ArmModel
from cellpick.structures.capture import Arrangement, ReferenceMark
from cellpick.structures.cell import CellModel
from cellpick.structures.gripper import GripperModel
from cellpick.structures.solids import Material, Solid


@dataclass(frozen=True, eq=False)
class Recipe:
    """A station's set-up for one product, in the arm's base frame. No truth is in it."""

    cell: CellModel
    """The cell to load."""
    arm: ArmModel
    """The arm."""
    gripper: GripperModel
    """The gripper on its flange."""
    rig: tuple[Solid, ...]
    """Camera bodies and their plate in the flange frame; empty for a fixed rig."""
    materials: dict[str, Material]
    """The table of materials."""
    fixtures: tuple[Solid, ...]
    """Table, tray and module as the drawings place them, in the base frame."""
    T_base_tray: Floats
    """(4, 4) nominal tray frame: origin on its floor, +z up; the tray itself lies somewhat off."""
    tray_size_m: Floats
    """(3,) inner length and width of the tray, and height of its walls."""
    tray_tolerance_m: float
    """How far the tray may lie from its nominal place."""
    T_base_module: Floats
    """(4, 4) believed module frame: origin on its floor, +z up."""
    module_size_m: Floats
    """(3,) length and width of the module, and height of its slot walls."""
    Ts_module_slot: Floats
    """(m, 4, 4) wanted pose of a seated cell in each slot, polarity included."""
    place_tolerance_m: float
    """Largest error of a placed cell's position in the slot's plane."""
    place_tolerance_rad: float
    """Largest error of a placed cell's angles that its symmetry leaves."""
    seat_tolerance_m: float
    """Largest height above the seat."""
    polarity_confidence: float
    """Least probability of a polarity that may be acted on."""
    max_sigma_m: float
    """Largest predicted position error that may be acted on; beyond it the station looks again."""
    vision_budget_s: float
    """Time that a look's computing may take in the plant; declared, not measured."""
    max_looks: int
    """Bound on looks at the tray."""
    max_attempts_per_cell: int
    """Bound on attempts at one cell."""
    marks: tuple[ReferenceMark, ...] = ()
    """Reference marks on the table, where a probe touched them."""
    arrangement: Arrangement = "upright"
    """How the cells lie in the tray."""
    tray_fill_m: float = 0.0
    """Height of the uppermost cells' tops above the tray's floor; 0: that of one upright cell."""

    def __post_init__(self) -> None:
        for name in ("T_base_tray", "T_base_module"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (4, 4)))
        for name in ("tray_size_m", "module_size_m"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (3,)))
        object.__setattr__(
            self, "Ts_module_slot", frozen("Ts_module_slot", self.Ts_module_slot, (None, 4, 4))
        )

    @property
    def Ts_base_slot(self) -> Floats:
        """(m, 4, 4) wanted poses of seated cells in the base frame."""
        result: Floats = self.T_base_module @ self.Ts_module_slot
        return result
