"""The station's devices behind one face: what it can do, at its cost in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellpick.errors import CellpickError
from cellpick.geometry import Floats
from cellpick.motion import MotionPlanner
from cellpick.scene import SceneModels, draw_scene
from cellpick.sensors import CameraRig
from cellpick.station.looking import Look, Perceive, focus_of
from cellpick.station.recipe import believe
from cellpick.station.streams import streams
from cellpick.station.timeline import Timeline
from cellpick.structures import JointTrajectory, MotionPlan, SearchTask
from cellpick.world import World


class StationError(CellpickError):
    """The station could not even look; names the motion that failed."""

    exit_code = 1


class Station:
    """Arm, eyes and gripper of one run, with what the station believes of itself."""

    def __init__(self, models: SceneModels, seed: int, perceive: Perceive) -> None:
        source = streams(seed)
        self.models = models
        self.timeline = Timeline()
        drawn = draw_scene(models, source.scene)
        self.world = World(drawn, source.world)
        with self.timeline.measured("physics"):
            state = self.world.settle()
        self.recipe = believe(models, state, source.belief)
        self.rig = CameraRig(state, source.sensors)
        self.planner = MotionPlanner(self.recipe)
        self.perceive = perceive

    def close(self) -> None:
        """End the physics client."""
        self.world.close()

    def look(self, task: SearchTask) -> Look:
        """Move the eyes over the task's region, expose all cameras and perceive."""
        if any(camera.mount == "flange" for camera in self.rig.calibrations):
            plan = self.plan_look(task)
        else:
            plan = self.planner.move_to(self.joints(), self.models.park_q, self.recipe.fixtures)
        if plan.status != "ok":
            raise StationError(f"cannot move to a look: {plan.reason}")
        self.move(plan.moves)
        T_base_flange = self.recipe.arm.flange_pose(self.joints())
        state = self.world.state()
        with self.timeline.measured("render"):
            captures = self.rig.look(state, T_base_flange, task)
        self.spend("capture", self.rig.capture_duration_s)
        self.spend("vision", self.recipe.vision_budget_s)
        with self.timeline.measured("perceive"):
            estimates = self.perceive(captures)
        return Look(captures, estimates, state)

    def plan_look(self, task: SearchTask) -> MotionPlan:
        """Plan the move to where the eyes see the task's region."""
        with self.timeline.measured("motion_planning"):
            return self.planner.look_from(
                self.joints(), focus_of(task), self.models.standoff_m, self.recipe.fixtures
            )

    def move(self, moves: Sequence[JointTrajectory]) -> str:
        """Follow trajectories; returns why the arm stopped early, or an empty string."""
        for trajectory in moves:
            start = self.world.time_s
            with self.timeline.measured("physics"):
                report = self.world.follow(trajectory)
            self.timeline.simulated("motion", self.world.time_s - start)
            if report.status != "ok":
                return f"{trajectory.name}: {report.reason}"
        return ""

    def spend(self, stage: str, seconds: float) -> None:
        """Let station time pass while the arm stands still."""
        with self.timeline.measured("physics"):
            self.world.wait(seconds)
        self.timeline.simulated(stage, seconds)

    def joints(self) -> Floats:
        """(6,) joint angles as the encoders report them."""
        return np.asarray(self.world.read_joints())
