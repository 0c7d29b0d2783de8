"""The cycle: look, estimate, pick the best, place, verify, next; with bounded recoveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from cellpick.geometry import Floats
from cellpick.grasping import gaps_to
from cellpick.station.attempt import carry_out
from cellpick.station.belief import TrayBelief
from cellpick.station.cameras import blindness, camera_events
from cellpick.station.choice import Choice, Constraints, Signature, choose
from cellpick.station.looking import Look, module_task, tray_task
from cellpick.station.recovery import BLIND_WITHOUT_LOOK, Ladder, Problem
from cellpick.station.runlog import Recovery, RunLog, Step
from cellpick.station.station import Station, StationError
from cellpick.structures import SearchTask

Observer = Callable[[Step], None]
"""Called after every attempt, as it happens."""


class Cycle:
    """One run of a station over one tray."""

    def __init__(self, station: Station, observe: Observer) -> None:
        self.station = station
        self.observe = observe
        self.log = RunLog()
        self.ladder = Ladder()
        self.belief = TrayBelief.empty(station.recipe.cell.name)
        self.filled: dict[int, str] = {}
        self.skipped: set[str] = set()
        self.banned: set[Signature] = set()
        self.attempts: Counter[str] = Counter()
        self.taken_since_look = False

    def run(self) -> RunLog:
        """Until the tray is empty, the module is full or a recovery says stop."""
        self.look()
        while not self.log.stopped and len(self.filled) < len(self.station.recipe.Ts_module_slot):
            choice, problems = choose(self.station, self.belief, self.constraints())
            if choice is not None:
                self.attempt(choice)
            elif not problems and not self.look_when_empty():
                break
            else:
                self.recover(problems)
        # eyes that hang over the tray never see the module
        if self.filled and not self.log.stopped and self.station.eyes_move:
            self.log.module_look = self.see(module_task(self.station.recipe))
        return self.log

    def constraints(self) -> Constraints:
        """What must not be tried, now."""
        return Constraints(self.filled, self.skipped, self.banned)

    def believed_cells(self) -> Floats:
        """(n, 4, 4) all cells that the station knows of, in tray and module."""
        placed = self.station.recipe.Ts_base_slot[sorted(self.filled)].reshape(-1, 4, 4)
        return np.concatenate([self.belief.estimates.Ts_base_cell, placed])

    def see(self, task: SearchTask) -> Look | None:
        """One look; a station that cannot look stops, one that never could raises."""
        try:
            look = self.station.look(task, self.believed_cells())
        except StationError as error:
            if not self.log.looks:
                raise
            self.log.stopped = str(error)
            return None
        self.log.cameras += camera_events(self.log, look, self.station.running_s)
        return look

    def look(self) -> None:
        """Look at the tray and believe what was seen."""
        look = self.see(tray_task(self.station.recipe))
        if look is None:
            return
        self.log.looks.append(look)
        left = len(self.belief.keys)
        if reason := blindness(look.estimates, left):
            self.recover((Problem("cameras", "no_camera", reason),))
            return
        self.belief.renew(look.estimates)
        self.taken_since_look = False
        if not self.belief.known:
            self.recover((Problem("tray", "nothing_found", "no cell was seen in the tray"),))

    def look_when_empty(self) -> bool:
        """Look once more if cells were taken since the last look; says whether it did."""
        if not self.taken_since_look or len(self.log.looks) >= self.station.recipe.max_looks:
            return False
        self.look()
        return True

    def attempt(self, choice: Choice) -> None:
        """Carry out a choice and learn from it."""
        belief, station = self.belief, self.station
        key, code = belief.keys[choice.row], belief.estimates.code[choice.row]
        sigma = float(belief.estimates.sigma_m[choice.row])
        result = carry_out(station, choice.plan, choice.opening_m, choice.slot)
        duration = station.running_s - (self.log.steps[-1].time_s if self.log.steps else 0.0)
        step = Step(len(self.log.steps) + 1, station.running_s, duration, key, code, sigma, result)
        self.log.steps.append(step)
        self.observe(step)
        self.attempts[key] += 1
        if result.event is None:
            gaps = gaps_to(belief.estimates, station.recipe.cell, choice.row)
            belief.take(choice.row, gaps)
            self.filled[choice.slot] = key
            self.taken_since_look = True
            return
        self.banned.add(choice.signature)
        if self.attempts[key] >= station.recipe.max_attempts_per_cell:
            self.skipped.add(key)
        self.recover((Problem(key, result.event, result.reason),))

    def recover(self, problems: tuple[Problem, ...]) -> None:
        """Take the ladder's next action for each problem, as far as looks are left."""
        looks_left = len(self.log.looks) < self.station.recipe.max_looks
        look_again = False
        for problem in problems:
            action = self.ladder.next_action(problem)
            blind = problem.event in BLIND_WITHOUT_LOOK
            if not looks_left and (blind or action == "look_again"):
                action = "stop" if blind else "skip"
            self.log.recoveries.append(
                Recovery(self.station.running_s, problem.key, problem.event, action, problem.reason)
            )
            if action == "skip":
                self.skipped.add(problem.key)
            elif action == "stop":
                self.log.stopped = f"{problem.event}: {problem.reason}"
            look_again |= blind or action == "look_again"
        if look_again and not self.log.stopped:
            self.look()
