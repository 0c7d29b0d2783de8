"""A way round obstacles by sampling: RRT-Connect of OMPL, the same each time it is asked.

Kuffner and LaValle (2000), "RRT-Connect: an efficient approach to single-query path planning";
Sucan, Moll and Kavraki (2012), "The Open Motion Planning Library".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import ompl.base as ob
import ompl.geometric as og
import ompl.util as ou

from cellpick.geometry import Floats

_SEED = 20_177
_RANGE_RAD = 0.6
_ROOM_RAD = 1.6
_MAX_ROUNDS = 700

EdgeCheck = Callable[[Floats, Floats], bool]
"""Whether the straight joint-space way between two configurations (6,) is free."""


class _Edges(ob.MotionValidator):  # type: ignore[misc]
    """OMPL's view of an edge check."""

    def __init__(self, information: ob.SpaceInformation, free: EdgeCheck) -> None:
        super().__init__(information)
        self._free = free

    def checkMotion(self, a: ob.State, b: ob.State) -> bool:
        """Whether the way from a to b is free."""
        return self._free(np.array(a[0:6]), np.array(b[0:6]))


def sampled_corners(
    q_start: Floats, q_goal: Floats, lower: Floats, upper: Floats, free: EdgeCheck
) -> Floats:
    """Corners (m, 6) of a free polyline from start to goal; (0, 6) where none was found.

    The number of rounds is bounded, not the time, so that the answer is the same on any machine.
    """
    # OMPL's generator is global and logs an error when seeded again; each search seeds it anew
    # because a search's result must not depend on the searches before it
    level = ou.getLogLevel()
    ou.setLogLevel(ou.LogLevel.LOG_NONE)
    try:
        ou.RNG.setSeed(_SEED)
        return _search(q_start, q_goal, lower, upper, free)
    finally:
        ou.setLogLevel(level)


def shortcut(corners: Floats, free: EdgeCheck) -> Floats:
    """The polyline (m, 6) without the corners that a free straight way can skip."""
    kept, i = [corners[0]], 0
    while i < len(corners) - 1:
        j = len(corners) - 1
        while j > i + 1 and not free(corners[i], corners[j]):
            j -= 1
        kept.append(corners[j])
        i = j
    return np.array(kept)


def _search(
    q_start: Floats, q_goal: Floats, lower: Floats, upper: Floats, free: EdgeCheck
) -> Floats:
    space = ob.RealVectorStateSpace(6)
    bounds = ob.RealVectorBounds(6)
    # turns far from both ends are no use, and a smaller space is searched sooner
    low = np.maximum(lower, np.minimum(q_start, q_goal) - _ROOM_RAD)
    high = np.minimum(upper, np.maximum(q_start, q_goal) + _ROOM_RAD)
    for i in range(6):
        bounds.setLow(i, float(low[i]))
        bounds.setHigh(i, float(high[i]))
    space.setBounds(bounds)
    information = ob.SpaceInformation(space)
    edges = _Edges(information, free)
    information.setStateValidityChecker(lambda s: free(np.array(s[0:6]), np.array(s[0:6])))
    information.setMotionValidator(edges)
    problem = ob.ProblemDefinition(information)
    problem.setStartAndGoalStates(_state(space, q_start), _state(space, q_goal))
    planner = og.RRTConnect(information)
    planner.setRange(_RANGE_RAD)
    planner.setProblemDefinition(problem)
    planner.setup()
    rounds = iter(range(_MAX_ROUNDS))
    planner.solve(ob.PlannerTerminationCondition(lambda: next(rounds, None) is None))
    if not problem.hasExactSolution():
        return np.zeros((0, 6))
    return np.array([s[0:6] for s in problem.getSolutionPath().getStates()])


def _state(space: ob.RealVectorStateSpace, q: Floats) -> ob.State:
    state = space.allocState()
    for i in range(6):
        state[i] = float(q[i])
    return state
