"""The search for one attempt: which branch picks, which seat and branch place, which ways."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert
from cellpick.motion.branches import discomfort, least_travel_time, travel_time
from cellpick.motion.collision import Checker
from cellpick.motion.kinematics import InverseKinematics
from cellpick.motion.leaning import lift_lean
from cellpick.motion.lines import Line, line_discomfort
from cellpick.motion.paths import JointPath
from cellpick.motion.phases import Tooling
from cellpick.motion.refusal import RefusedError, asked_once, out_of_reach
from cellpick.motion.sides import Side, Strokes
from cellpick.motion.task import Legs, Task
from cellpick.motion.transfers import Transfers

_PICKS_RANKED = 24
_ALTERNATIVES = 24
_BRANCHES_TURNED = 48
_SEATS_RANKED = 400
_CLIMB_M = 0.03
_SAME_RAD = 1e-3
_EASY_SHARE = 0.6
_TILT_PENALTY_S = 5.0
_UPRIGHT = np.zeros(2)
_DETOUR_S = 0.6
"""What a way round costs more than the straight one, likely: assumed; 0.2 and 1.2 choose the same
ways in trays of flush cells."""
_ROUNDS = ((False, 6, 6), (True, 2, 2))
"""Whether to look for ways round obstacles, and how many picks and seats a pick to try."""


@dataclass(frozen=True, eq=False)
class _Seats:
    """Every branch at every place alternative, in (s,) rows."""

    q: Floats
    """(s, 6) at the seat."""
    alternative: NDArray[np.int64]
    """Row of the alternative."""
    penalty_s: Floats
    """Its discomfort."""


class Search:
    """Searches the ways of one task, the likely best first."""

    def __init__(
        self, task: Task, tooling: Tooling, ik: InverseKinematics, transfers: Transfers
    ) -> None:
        """Raises `RefusedError` where no branch reaches the pick or the place."""
        self._task, self._tooling, self._ik, self._transfers = task, tooling, ik, transfers
        self._arm = tooling.recipe.arm
        self._T_tcp_flange = invert(tooling.recipe.gripper.T_flange_tcp)
        lean = lift_lean(task, tooling.recipe.cell)
        self._pick_side = Side("pick", task.T_base_tcp_pick, task, tooling, lean)
        place = Side("place", task.Ts_base_tcp_place[0], task, tooling, _UPRIGHT)
        # a straight way through joint space climbs evenly, and would cut through what stands
        # beside the higher end
        self._level_m = max(self._pick_side.top(task.up), place.top(task.up)) - _CLIMB_M
        self._pick_side.rise_to(self._level_m, task.up)
        margin, held = task.margin_m, task.held
        self._to_pick = tooling.leaving(task.q_start, self._pick_side.with_cell, margin)
        self._to_place = tooling.checker(task.standing, margin, near_grasp=False, held=held)
        # what was checked once is kept for as long as this search lives
        self._pick_strokes = asked_once(self._check_pick)
        self._seat_strokes = asked_once(self._check_seat)
        self._first = asked_once(self._way_to_pick)
        self._place = functools.cache(self._place_side)
        self._picks = self._pick_lines()
        self._seats = self._all_seats()

    def legs(self) -> Legs:
        """The six paths. Raises `RefusedError` with what stood in the likely best way."""
        tops = np.array([line.q[-1] for line in self._picks])
        there = travel_time(self._arm, self._task.q_start, tops) + line_discomfort(
            self._arm, self._picks
        )
        why: list[RefusedError] = []
        for pick, seat, thorough in _likely_best(there, self._onward(tops)):
            try:
                return self._legs(pick, seat, thorough)
            except RefusedError as refusal:
                why.append(refusal)
        raise why[0]

    def _onward(self, tops: Floats) -> Floats:
        """Likely cost (p, s) in seconds from picks' tops (p, 6) to the seats."""
        seats = self._seats
        halfway = (tops[:, None] + seats.q) / 2
        share = self._task.held.share_at_rest(halfway.reshape(-1, 6)).reshape(halfway.shape[:2])
        tilting = _TILT_PENALTY_S * np.clip(share - _EASY_SHARE, 0, None)
        result: Floats = travel_time(self._arm, tops[:, None], seats.q) + seats.penalty_s + tilting
        return result

    def _legs(self, pick: int, seat: int, thorough: bool) -> Legs:
        strokes = self._pick_strokes(pick)
        first = self._first(pick, thorough)
        placing = self._seat_strokes(seat)
        ends = strokes.retreat.ends[1], placing.approach.ends[0]
        second = self._way(*ends, self._to_place, thorough, "to the place")
        paths = first, strokes.approach, strokes.retreat, second, placing.approach, placing.retreat
        return Legs(paths, (0.0, *strokes.lengths_m, 0.0, *placing.lengths_m))

    def _way_to_pick(self, pick: int, thorough: bool) -> JointPath:
        start, _ = self._pick_strokes(pick).approach.ends
        return self._way(self._task.q_start, start, self._to_pick, thorough, "to the pick")

    def _way(
        self, q: Floats, q_goal: Floats, checker: Checker, thorough: bool, where: str
    ) -> JointPath:
        find = self._transfers.around if thorough else self._transfers.direct
        way = find(q, q_goal, checker)
        if not way.clash.free:
            raise RefusedError(way.clash.status, f"transfer {where}: {way.clash.reason}")
        return way.path

    def _pick_lines(self) -> list[Line]:
        lines = self._pick_side.lines(self._ik)
        if not lines:
            T = self._task.T_base_tcp_pick @ self._T_tcp_flange
            raise out_of_reach(self._arm, T, "the pick and its approach")
        tops = np.array([line.q[-1] for line in lines])
        nearest = np.argsort(travel_time(self._arm, self._task.q_start, tops), kind="stable")
        return [lines[i] for i in nearest[:_PICKS_RANKED]]

    def _all_seats(self) -> _Seats:
        task = self._task
        fits = self._tooling.fits(task.Ts_base_tcp_place, task.standing, task.margin_m, task.held)
        # where nothing fits, the checks of the first alternatives say why
        rows = (np.flatnonzero(fits) if fits.any() else np.arange(len(fits)))[:_ALTERNATIVES]
        Ts = task.Ts_base_tcp_place[rows] @ self._T_tcp_flange
        q, row = self._ik.branches_of(Ts)
        tops = np.array([line.q[-1] for line in self._picks])
        near = np.argsort(least_travel_time(self._arm, tops[:, None], q).min(axis=0), kind="stable")
        turned = [self._ik.in_range(q[i][None, None])[:, 0] for i in near[:_BRANCHES_TURNED]]
        q = np.concatenate([np.zeros((0, 6)), *turned])
        if not len(q):
            raise out_of_reach(self._arm, Ts[0], "the place")
        alternative = np.repeat(rows[row[near[:_BRANCHES_TURNED]]], [len(one) for one in turned])
        nearest = travel_time(self._arm, tops[:, None], q).min(axis=0)
        kept = np.argsort(nearest, kind="stable")[:_SEATS_RANKED]
        return _Seats(q[kept], alternative[kept], discomfort(self._arm, q[kept]))

    def _check_pick(self, pick: int) -> Strokes:
        return self._free(self._pick_side.strokes(self._picks[pick], self._transfers))

    def _check_seat(self, seat: int) -> Strokes:
        alternative = int(self._seats.alternative[seat])
        side, lines = self._place(alternative)
        for line in lines:
            if np.abs(line.q[0] - self._seats.q[seat]).max() < _SAME_RAD:
                return self._free(side.strokes(line, self._transfers))
        T = self._task.Ts_base_tcp_place[alternative] @ self._T_tcp_flange
        raise out_of_reach(self._arm, T, "the whole approach to the place")

    def _place_side(self, alternative: int) -> tuple[Side, list[Line]]:
        T = self._task.Ts_base_tcp_place[alternative]
        side = Side("place", T, self._task, self._tooling, _UPRIGHT)
        side.rise_to(self._level_m, self._task.up)
        return side, side.lines(self._ik)

    def _free(self, strokes: Strokes) -> Strokes:
        if not strokes.clash.free:
            clash = strokes.clash
            raise RefusedError(clash.status, f"{strokes.during}: {clash.reason}")
        return strokes


def _likely_best(there: Floats, onward: Floats) -> list[tuple[int, int, bool]]:
    """What to try, likely the quickest first: a pick, a seat, and whether to look for ways round.

    `there` (p,) is the likely cost to each pick, `onward` (p, s) from it to each seat. A way round
    by the near branch comes before a straight one by a branch that is farther than the detour.
    """
    ranked = np.argsort(there + onward.min(axis=1), kind="stable")
    tries = []
    for thorough, picks, seats in _ROUNDS:
        for pick in ranked[:picks]:
            for seat in np.argsort(onward[pick], kind="stable")[:seats]:
                cost = there[pick] + onward[pick, seat] + (_DETOUR_S if thorough else 0.0)
                tries.append((cost, (int(pick), int(seat), thorough)))
    return [way for _, way in sorted(tries, key=lambda one: one[0])]
