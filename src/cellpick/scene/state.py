"""One concrete scene at one moment: the whole truth, as sensors, world and judge read it."""

from __future__ import annotations

from dataclasses import dataclass

from cellpick.errors import ShapeError
from cellpick.geometry import Floats, frozen
from cellpick.scene.cameras import CameraSpec, Light
from cellpick.scene.decals import Decal
from cellpick.scene.faults import Fault
from cellpick.structures import ArmModel, CellModel, GripperModel, Material, Solid


@dataclass(frozen=True, eq=False)
class StrayObject:
    """Something among the cells that is none of them; its bodies are among the fixtures."""

    kind: str
    """What it is, such as `glove`."""
    T_world_box: Floats
    """(4, 4) pose of the centre of a box round it."""
    size_m: Floats
    """(3,) full extents of that box."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "T_world_box", frozen("T_world_box", self.T_world_box, (4, 4)))
        object.__setattr__(self, "size_m", frozen("size_m", self.size_m, (3,)))


@dataclass(frozen=True, eq=False)
class SceneState:
    """Everything that is true at `time_s`. World frame: z up, the table's top at z = 0."""

    cell: CellModel
    """The only cell model in the scene."""
    arm: ArmModel
    """The arm."""
    gripper: GripperModel
    """The gripper on its flange."""
    rig: tuple[Solid, ...]
    """Camera bodies and their plate in the flange frame; empty for a fixed rig."""
    cameras: tuple[CameraSpec, ...]
    """The true cameras."""
    lights: tuple[Light, ...]
    """The lamps."""
    ambient: float
    """Radiance of a white matt surface under the diffuse surroundings alone."""
    materials: dict[str, Material]
    """The table of materials."""
    T_world_base: Floats
    """(4, 4) the arm's base."""
    q: Floats
    """(6,) true joint angles in radians."""
    opening_m: float
    """Travel of each jaw; 0 for cups."""
    fixtures: tuple[Solid, ...]
    """Table, tray (floor, pads, walls, dividers) and module in the world frame; none moves."""
    T_world_tray: Floats
    """(4, 4) tray frame: origin on its floor, +z up."""
    T_world_module: Floats
    """(4, 4) module frame: origin on its floor, +z up."""
    Ts_module_slot: Floats
    """(m, 4, 4) pose of a perfectly seated cell in each slot, polarity included."""
    Ts_world_cell: Floats
    """(n, 4, 4) cells, wherever they are: tray, gripper, module or floor."""
    serials: tuple[str, ...]
    """(n,) serial numbers, as the cells' codes carry them."""
    time_s: float
    """Station time."""
    decals: tuple[Decal, ...] = ()
    """Prints on table and boards."""
    faults: tuple[Fault, ...] = ()
    """What is wrong with the cameras."""
    foreign: tuple[StrayObject, ...] = ()
    """What lies among the cells and is none of them."""

    def __post_init__(self) -> None:
        for name in ("T_world_base", "T_world_tray", "T_world_module"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (4, 4)))
        for name in ("Ts_world_cell", "Ts_module_slot"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (None, 4, 4)))
        object.__setattr__(self, "q", frozen("q", self.q, (6,)))
        if len(self.serials) != self.Ts_world_cell.shape[0]:
            raise ShapeError("serials must have one entry a cell", got=len(self.serials))

    @property
    def T_world_flange(self) -> Floats:
        """(4, 4) true flange pose."""
        result: Floats = self.T_world_base @ self.arm.flange_pose(self.q)
        return result
