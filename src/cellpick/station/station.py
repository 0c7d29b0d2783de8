"""The station's devices behind one face: what it can do, at its cost in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType

import numpy as np

from cellpick.errors import CellpickError
from cellpick.geometry import Floats
from cellpick.motion import MotionPlanner
from cellpick.perception import CameraMonitor, drawing_of, perceive
from cellpick.scene import SceneModels, SceneState, draw_scene, lay_foreign
from cellpick.sensors import CameraRig, MovingShot
from cellpick.station.looking import Look, Perceive, focus_of
from cellpick.station.on_the_way import MOST_BLUR_PX, expected_blur_px
from cellpick.station.oracle import oracle_for
from cellpick.station.recipe import believe
from cellpick.station.streams import streams
from cellpick.station.timeline import SimulatedStage, Timeline
from cellpick.structures import (
    Capture,
    JointTrajectory,
    MotionPlan,
    PickOutcome,
    RigCalibration,
    SearchTask,
)
from cellpick.world import Tolerances, World, pour


class StationError(CellpickError):
    """The station could not even look; names the motion that failed."""

    exit_code = 1


class Station:
    """Arm, eyes and gripper of one run, with what the station believes of itself."""

    def __init__(
        self,
        models: SceneModels,
        seed: int,
        *,
        oracle: bool = False,
        calibration: RigCalibration | None = None,
    ) -> None:
        """`calibration` is what the station believes of its cameras, in place of what is drawn.

        The cameras are then those that were calibrated: what differs from one camera to the next
        of its type is drawn with the calibration's seed. All noise is this run's own.
        """
        source = streams(seed)
        self.models = models
        self.timeline = Timeline()
        self.oracle = oracle
        self.calibration = calibration
        self.recipe = believe(models, source.belief)
        self.planner = MotionPlanner(self.recipe)
        self._tolerances = Tolerances(
            self.recipe.place_tolerance_m,
            self.recipe.place_tolerance_rad,
            self.recipe.seat_tolerance_m,
        )
        with ExitStack() as opened:
            world = World(_set_up(models, source.scene), source.world)
            self.world = opened.enter_context(world)
            with self.timeline.measured("physics"):
                heap = models.spec.tray.arrangement == "heap"
                state = self.world.settle_heap() if heap else self.world.settle()
            self._start_s = state.time_s
            if calibration is None:
                self.rig = CameraRig(state, source.sensors)
            else:
                devices = streams(calibration.seed).sensors
                self.rig = CameraRig(state, source.sensors, calibration.cameras, devices)
            opened.pop_all()  # all is built: the station closes its world itself
        recipe, monitor = self.recipe, CameraMonitor()
        drawing = drawing_of(recipe.cell, recipe.materials, recipe.arrangement)
        self.perceive: Perceive = (
            oracle_for(self.world.state)
            if oracle
            else lambda look: perceive(look, monitor, drawing)
        )

    def __enter__(self) -> Station:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.world.close()

    def look(self, task: SearchTask, cells: Floats) -> Look:
        """Move the eyes over the task's region, expose all cameras and perceive.

        The arm stands until the last exposure ends; data and computing then take their time.

        `cells` (n, 4, 4) are believed to stand around. Raises `StationError` if it cannot.
        """
        with self.timeline.measured("motion_planning"):
            plan = self._plan_look(task, cells)
        if plan.status != "ok":
            raise StationError(f"cannot move to a look: {plan.status}: {plan.reason}")
        taken = self._travel(plan.moves, task)
        T_base_flange = self.recipe.arm.flange_pose(self.joints())
        state = self.world.state()
        with self.timeline.measured("render"):
            captures = self.rig.look(state, T_base_flange, task, taken)
        times = self.rig.schedule if taken is None else self.rig.schedule_after_moving
        self._stand("capture", times.still_s)
        # nothing needs the arm to stand from here, but it knows nowhere to go
        self._stand("transfer", times.ready_s - times.still_s)
        self._stand("vision", self.recipe.vision_budget_s)
        with self.timeline.measured("perceive"):
            estimates = self.perceive(captures)
        return Look(captures, estimates, state)

    @property
    def eyes_move(self) -> bool:
        """Whether any camera rides on the wrist."""
        return any(camera.mount == "flange" for camera in self.rig.calibrations)

    def _plan_look(self, task: SearchTask, cells: Floats) -> MotionPlan:
        """Eyes on the wrist go over the region; under fixed eyes the arm goes out of the way."""
        fixtures = self.recipe.fixtures
        if not self.eyes_move:
            return self.planner.move_to(self.joints(), self.models.park_rad, fixtures, cells)
        standoff = self.models.spec.rig.standoff_m
        return self.planner.look_from(self.joints(), focus_of(task), standoff, fixtures, cells)

    def _leads_s(self, last: JointTrajectory, task: SearchTask) -> dict[int, float]:
        """By row, how long before the end of a motion to a look 2D cameras expose; none where
        they wait: as the scene says, or where the motion is too short or too fast for them."""
        if self.models.spec.rig.capture_2d != "moving":
            return {}
        least_s = self.models.spec.rig.capture_lead_ms * 1e-3
        leads = {row: max(t, least_s) for row, t in self.rig.leads_s.items()}
        if not leads or last.duration_s < max(leads.values()):
            return {}
        blurs_px = [
            expected_blur_px(
                self.recipe.arm,
                self.rig.calibrations[row],
                last,
                last.duration_s - lead_s,
                self.rig.schedule.timings[row].exposure_s,
                focus_of(task),
            )
            for row, lead_s in leads.items()
        ]
        return leads if max(blurs_px) <= MOST_BLUR_PX else {}

    def _travel(
        self, moves: Sequence[JointTrajectory], task: SearchTask
    ) -> tuple[Capture, ...] | None:
        """Go to a look; what the 2D cameras saw on the way, None where they wait for its end."""
        leads = self._leads_s(moves[-1], task) if moves else {}
        if not leads:
            if blocked := self.move(moves):
                raise StationError(f"stopped on the way to a look: {blocked}")
            return None
        *before, last = moves
        blocked = self.move(before)
        if not blocked:
            with self._passing("motion"):
                times = [last.duration_s - lead_s for lead_s in leads.values()]
                report = self.world.follow(last, times)
            blocked = f"{last.name}: {report.reason}" if report.status != "ok" else ""
        if blocked:
            raise StationError(f"stopped on the way to a look: {blocked}")
        shots = [
            MovingShot(row, s.state, s.dq, self.recipe.arm.flange_pose(s.q_reported))
            for row, s in zip(leads, report.snapshots, strict=True)
        ]
        with self.timeline.measured("render"):
            return self.rig.shoot_moving(shots)

    def move(self, moves: Sequence[JointTrajectory]) -> str:
        """Follow trajectories; returns why the arm stopped early, or an empty string."""
        for trajectory in moves:
            with self._passing("motion"):
                report = self.world.follow(trajectory)
            if report.status != "ok":
                return f"{trajectory.name}: {report.reason}"
        return ""

    def set_opening(self, opening_m: float) -> None:
        """Open the jaws before the approach; cups have nothing to open."""
        if self.recipe.gripper.jaws is not None:
            with self._passing("gripper"):
                self.world.set_opening(opening_m)

    def grip(self) -> bool:
        """Close on a cell; whether the part-present signal came."""
        with self._passing("gripper"):
            return self.world.grip().holds

    def release(self) -> None:
        """Let go."""
        with self._passing("gripper"):
            self.world.release()

    def holds(self) -> bool:
        """The part-present signal now."""
        return self.world.read_gripper().holds

    def judge(self, slot: int) -> PickOutcome:
        """The judge's verdict on the attempt that just ended: for reports only."""
        return self.world.judge(slot, self._tolerances)

    def judge_again(self, outcomes: Sequence[PickOutcome]) -> list[PickOutcome]:
        """The verdicts at the end of the run: what was placed must still stand."""
        return [self.world.judge_again(outcome, self._tolerances) for outcome in outcomes]

    @property
    def running_s(self) -> float:
        """Station time since the cells stood still and the station started."""
        return self.world.time_s - self._start_s

    def joints(self) -> Floats:
        """(6,) joint angles as the encoders report them."""
        return self.world.read_joints()

    def _stand(self, stage: SimulatedStage, seconds: float) -> None:
        with self._passing(stage):
            self.world.wait(seconds)

    @contextmanager
    def _passing(self, stage: SimulatedStage) -> Iterator[None]:
        """Books the station time that passes to a stage, and the computing time to physics."""
        start = self.world.time_s
        with self.timeline.measured("physics"):
            yield
        self.timeline.simulated(stage, self.world.time_s - start)


def _set_up(models: SceneModels, rng: np.random.Generator) -> SceneState:
    """The scene as the station finds it: a heap has fallen, and bears what is foreign."""
    state = draw_scene(models, rng)
    if models.spec.tray.arrangement != "heap":
        return state
    return lay_foreign(models, pour(state))
