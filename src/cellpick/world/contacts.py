"""After each step: who touched whom, how hard, and whether it was meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cellpick.geometry import Floats, invert, transform
from cellpick.scene.state import SceneState
from cellpick.world.attempt import ContactLog
from cellpick.world.client import GRAVITY_M_S2, from_bullet
from cellpick.world.robot import Robot
from cellpick.world.terminals import material_at, touched_polarities

TOUCH_N = 0.5
"""Less than this between bodies that must not touch is numerical."""
HELD_N = 100.0
"""A cell may press on what it stands on or beside by this and its weight; assumed."""
CUP_PRESS_MARGIN = 2.0
"""Cups may press on a cell this many times harder than their spring: it also stops their mass."""

Pair = tuple[int, int, int, int]
"""Body and link on either side."""


@dataclass
class StepContacts:
    """One step's findings."""

    force_n: float = 0.0
    """Hardest unwanted contact that the arm feels."""
    bodies: tuple[str, str] = ("", "")
    """Who made it."""
    jaws: dict[int, set[int]] = field(default_factory=dict)
    """Row of a cell -> jaws that press on it."""
    shorts: set[str] = field(default_factory=set)
    """Conductors across two terminals."""


class ContactWatch:
    """Looks at the contacts of the robot and of one loose or held cell."""

    def __init__(
        self, client: Any, state: SceneState, robot: Robot, fixtures: list[int], cells: list[int]
    ) -> None:
        self._client, self._state, self._robot = client, state, robot
        self._fixtures = dict(zip(fixtures, state.fixtures, strict=True))
        self._rows = {body: row for row, body in enumerate(cells)}
        self._cells = cells
        self._held_n = HELD_N + state.cell.mass_kg * GRAVITY_M_S2
        cups, jaws = state.gripper.cups, state.gripper.jaws
        self._press_n = jaws.force_n if jaws is not None else 0.0
        if cups is not None:
            self._press_n = CUP_PRESS_MARGIN * cups.spring_n

    def inspect(
        self, handled: int | None, held: bool, logs: Iterable[ContactLog], time_s: float
    ) -> StepContacts:
        """Read the last step's contacts; `handled` is the row of the held, set down or lost cell.

        What a cell that is no longer `held` hits is noted, but the arm does not feel it.
        """
        found = StepContacts()
        points = self._points(self._robot.body)
        if handled is not None:
            points += [p for p in self._points(self._cells[handled]) if p[2] != self._robot.body]
        forces: dict[Pair, float] = {}
        for p in points:
            pair = (p[1], p[3], p[2], p[4])
            forces[pair] = forces.get(pair, 0.0) + p[9]
        for pair, force in forces.items():
            self._note_jaw(pair, found)
            if force > self._allowed(pair, handled):
                names = self._name(pair[0], pair[1]), self._name(pair[2], pair[3])
                for log in logs:
                    log.note(names, force, time_s)
                felt = held or pair[0] == self._robot.body
                if felt and force > found.force_n:
                    found.force_n, found.bodies = force, names
        self._find_shorts(points, found)
        return found

    def _points(self, body: int) -> list[Any]:
        """Contact points of a body that carry a force, the body itself on side A."""
        pressing = [p for p in self._client.getContactPoints(bodyA=body) if p[9] > 0.0]
        return [p if p[1] == body else _swapped(p) for p in pressing]

    def _note_jaw(self, pair: Pair, found: StepContacts) -> None:
        mounted = self._robot.solids.get(pair[1]) if pair[0] == self._robot.body else None
        if mounted is not None and mounted.kind == "jaw" and pair[2] in self._rows:
            assert mounted.carrier is not None
            found.jaws.setdefault(self._rows[pair[2]], set()).add(mounted.carrier)

    def _allowed(self, pair: Pair, handled: int | None) -> float:
        """The force up to which a contact is meant."""
        body, link, other, _ = pair
        if body != self._robot.body:
            return self._held_n
        mounted = self._robot.solids.get(link)
        if mounted is None or other not in self._rows:
            return TOUCH_N
        if mounted.kind == "cup":
            return self._press_n
        if mounted.kind == "jaw" and (self._rows[other] == handled or self._between_jaws(other)):
            return np.inf
        return TOUCH_N

    def _between_jaws(self, cell_body: int) -> bool:
        position, _ = self._client.getBasePositionAndOrientation(cell_body)
        p_tcp = transform(invert(self._robot.tcp_frame()), np.array([position]))[0]
        return bool(np.hypot(*p_tcp[:2]) < self._state.cell.size_m[:2].min() / 2)

    def _name(self, body: int, link: int) -> str:
        if body == self._robot.body:
            return self._robot.names[link]
        if body in self._rows:
            return f"cell.{self._state.serials[self._rows[body]]}"
        return self._fixtures[body].name

    def _find_shorts(self, points: list[Any], found: StepContacts) -> None:
        touched: dict[tuple[str, int], list[Any]] = {}
        for p in points:
            for side, other in ((1, 2), (2, 1)):
                if p[other] in self._rows and self._conducts(p, side):
                    key = self._name(p[side], p[side + 2]), self._rows[p[other]]
                    touched.setdefault(key, []).append(p[5] if other == 1 else p[6])
        for (name, row), positions in touched.items():
            p_cell = self._in_cell(row, np.array(positions))
            if len(touched_polarities(self._state.cell, p_cell)) > 1:
                found.shorts.add(f"{name} across the terminals of {self._state.serials[row]}")

    def _conducts(self, point: Any, side: int) -> bool:
        body, link = point[side], point[side + 2]
        if body == self._robot.body:
            mounted = self._robot.solids.get(link)
            # an arm's castings are bare metal below their paint
            return mounted is None or self._conductive(mounted.solid.material)
        if body in self._rows:
            p_cell = self._in_cell(self._rows[body], np.array([point[4 + side]]))[0]
            return self._conductive(material_at(self._state.cell, p_cell))
        return self._conductive(self._fixtures[body].material)

    def _conductive(self, material: str) -> bool:
        known = self._state.materials.get(material)
        return known is not None and known.conductive

    def _in_cell(self, row: int, p_world: Floats) -> Floats:
        pose = self._client.getBasePositionAndOrientation(self._cells[row])
        return transform(invert(from_bullet(self._client, *pose)), p_world)


def _swapped(p: Any) -> Any:
    """The same contact point seen from the other body."""
    return (p[0], p[2], p[1], p[4], p[3], p[6], p[5], *p[7:])
