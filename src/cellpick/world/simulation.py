"""The world of one run: time passes in every call that does something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats
from cellpick.scene.state import SceneState
from cellpick.structures import Contact, GripperReading, JointTrajectory, PickOutcome
from cellpick.world.attempt import AttemptRecord, ContactLog
from cellpick.world.bodies import (
    HEAPED_M_S,
    HEAPED_RAD_S,
    add_cell,
    add_fixture,
    heap_up,
    let_roll_out,
)
from cellpick.world.client import STEP_S, connect, from_bullet
from cellpick.world.contacts import ContactWatch, StepContacts
from cellpick.world.following import (
    START_RAD,
    FollowReport,
    FollowStatus,
    Snapshot,
    sample,
    steps_at,
    too_slow,
    tracking_error,
)
from cellpick.world.gripping import gripper_of
from cellpick.world.judge import Tolerances, judge_again, judge_attempt
from cellpick.world.robot import Robot

PROTECTIVE_STOP_N = 150.0
"""Unwanted contact force that stops the arm: near the quasi-static limits of ISO/TS 15066."""
REST_TIME_S = 0.1
"""Cells must be at rest for so long."""
SETTLED_M_S = 0.002
"""Cells slower than this have settled."""
SETTLED_RAD_S = 0.02
"""As above, in rotation."""
FOLLOWING_RAD = 0.02
"""A joint that falls this far behind its set point stops the arm."""


class World:
    """Physics of one scene. What a real station could know is `read_joints`, `read_gripper`,
    `time_s`, the reports of `follow` and the readings of the gripper; all else is the truth.

    Use it as a context manager, or call `close`.
    """

    def __init__(self, state: SceneState, rng: np.random.Generator) -> None:
        self._scene, self._rng = state, rng
        self._client: Any = connect()
        try:
            self._build(state)
        except BaseException:
            self.close()
            raise

    def _build(self, state: SceneState) -> None:
        client = self._client
        self._robot = Robot(client, state)
        fixtures = [add_fixture(client, solid) for solid in state.fixtures]
        self._cells = [add_cell(client, state.cell, T) for T in state.Ts_world_cell]
        self._watch = ContactWatch(client, state, self._robot, fixtures, self._cells)
        self._gripper = gripper_of(client, self._robot, state, self._cells)
        self._q_wanted = np.array(state.q)
        self._steps = 0
        self._log, self._attempt = ContactLog(), AttemptRecord()

    def __enter__(self) -> World:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the physics client; calling it twice is harmless."""
        if self._client is not None:
            self._client.disconnect()
            self._client = None

    @property
    def time_s(self) -> float:
        """Station time."""
        return self._scene.time_s + self._steps * STEP_S

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Every pair that touched though it must not have, since the start."""
        return self._log.all()

    def read_joints(self) -> Floats:
        """(6,) joint angles as the encoders report them."""
        sigma = self._scene.arm.encoder_sigma_rad
        return self._robot.q + self._rng.normal(0.0, 1.0, 6) * sigma

    def read_gripper(self) -> GripperReading:
        """Pressures or jaw travel, and the part-present signal."""
        return self._gripper.read(self._rng)

    def state(self) -> SceneState:
        """The truth now."""
        return replace(
            self._scene,
            q=self._robot.q,
            opening_m=self._gripper.opening_m,
            Ts_world_cell=np.array([self._pose(b) for b in self._cells]).reshape(-1, 4, 4),
            time_s=self.time_s,
        )

    def settle(self, max_s: float = 2.0) -> SceneState:
        """Let time pass until every cell is at rest, or for `max_s`; returns the truth.

        Cells at rest stay exactly where they are until something that moves touches them.
        """
        return self._settle(max_s, (SETTLED_M_S, SETTLED_RAD_S))

    def _settle(self, max_s: float, slow: tuple[float, float]) -> SceneState:
        calm = 0.0
        end = self.time_s + max_s
        while calm < REST_TIME_S and self.time_s < end:
            self._step()
            speeds = np.array([self._speeds(row) for row in range(len(self._cells))])
            still = (speeds.reshape(-1, 2) < slow).all()
            calm = calm + STEP_S if still else 0.0
        if calm >= REST_TIME_S:
            self._freeze()
        return self.state()

    def settle_heap(self, max_s: float = 5.0) -> SceneState:
        """As `settle`, for cells that were poured: they lie on each other, and so never come to
        rest as fully in simulation. They keep their rolling resistance from then on."""
        for body in self._cells:
            heap_up(self._client, body)
        return self._settle(max_s, (HEAPED_M_S, HEAPED_RAD_S))

    def wait(self, seconds: float) -> None:
        """Let time pass while the arm stands; rounded up to whole steps."""
        for _ in range(int(np.ceil(seconds / STEP_S - 1e-9))):
            self._step()

    def follow(
        self, trajectory: JointTrajectory, snapshots_s: Sequence[float] = ()
    ) -> FollowReport:
        """Move the arm along a trajectory; contact or a joint that falls behind stops it.

        `snapshots_s` are times from the motion's start, in any order; each is met to half a step.
        """
        if not len(trajectory.times_s):
            return FollowReport("ok", "", 0.0, 0.0)
        off = np.abs(trajectory.q[0] - self._q_wanted)
        if off.max() > START_RAD:
            reason = f"joint {int(off.argmax())} stands {off.max():.4f} rad from the start"
            return FollowReport("refused", reason, float("nan"), float("nan"))
        points = sample(trajectory)
        reached = np.empty_like(points)
        wanted = steps_at(snapshots_s, len(points))
        taken: dict[int, Snapshot] = {}
        reason, k = "", 0
        for k, self._q_wanted in enumerate(points):
            reason = self._step()
            reached[k] = self._robot.q
            if k in wanted:
                taken[k] = Snapshot(self.state(), self._robot.dq, self.read_joints())
            lag = np.abs(reached[k] - self._q_wanted)
            if not reason and lag.max() > FOLLOWING_RAD:
                reason = too_slow(self._scene.arm, lag)
            if reason:
                self._q_wanted = reached[k]
                self._attempt.blocked = reason
                break
        error = tracking_error(self._scene.arm, reached[: k + 1], points[: k + 1])
        status: FollowStatus = "blocked" if reason else "ok"
        snapshots = tuple(taken[step] for step in wanted if step in taken)
        return FollowReport(status, reason, float(error.max()), float(error[-1]), snapshots)

    def grip(self) -> GripperReading:
        """Valve on, or jaws closed; time passes until it is done."""
        self._attempt.gripping()
        for _ in self._gripper.grip():
            self._step()
        return self.read_gripper()

    def release(self) -> GripperReading:
        """Valve off and blown off, or jaws opened as far as they were before; time passes."""
        self._attempt.released = True
        for _ in self._gripper.release():
            self._step()
        return self.read_gripper()

    def set_opening(self, opening_m: float) -> GripperReading:
        """Move the jaws to an opening; raises `InputError` beyond their travel. Cups: only 0."""
        for _ in self._gripper.set_opening(opening_m):
            self._step()
        return self.read_gripper()

    def begin_attempt(self) -> None:
        """Start a new record: contacts, shorts and loads count from here."""
        self._attempt = AttemptRecord()

    def judge(self, slot: int, tolerances: Tolerances) -> PickOutcome:
        """The verdict on what happened since `begin_attempt`, for the slot that was meant."""
        slots = len(self._scene.Ts_module_slot)
        if not 0 <= slot < slots:
            raise InputError("no such slot", key="slot", got=slot, accepted=f"0 to {slots - 1}")
        row = self._attempt.row
        speeds = self._speeds(row) if row is not None else (0.0, 0.0)
        return judge_attempt(self._attempt, self.state(), slot, tolerances, *speeds)

    def judge_again(self, outcome: PickOutcome, tolerances: Tolerances) -> PickOutcome:
        """An earlier verdict held against the truth now: does what was placed still stand?"""
        if outcome.status != "placed":
            return outcome
        speeds = self._speeds(self._scene.serials.index(outcome.serial))
        return judge_again(outcome, self.state(), tolerances, *speeds)

    def _step(self) -> str:
        """One physics step; returns why the arm must stop, or an empty string."""
        self._robot.drive(self._q_wanted)
        self._gripper.command()
        self._client.stepSimulation()
        self._steps += 1
        attempt = self._attempt
        held = attempt.holding is not None
        found = self._watch.inspect(attempt.row, held, (self._log, attempt.log), self.time_s)
        for short in sorted(found.shorts):
            if short not in self._attempt.shorts:
                self._attempt.shorts.append(short)
        self._note_hold(found)
        if found.force_n > PROTECTIVE_STOP_N:
            return f"{found.bodies[0]} hit {found.bodies[1]} with {found.force_n:.0f} N"
        return ""

    def _note_hold(self, found: StepContacts) -> None:
        hold = self._gripper.update(found.jaws)
        if self._attempt.released or self._attempt.lost:
            return
        if hold.lost:
            self._attempt.lost = hold.lost
            if self._attempt.row is not None:
                let_roll_out(self._client, self._cells[self._attempt.row])
        elif hold.row is not None:
            height = self._client.getBasePositionAndOrientation(self._cells[hold.row])[0][2]
            self._attempt.held(hold.row, height, hold.load_n)

    def _freeze(self) -> None:
        for row, body in enumerate(self._cells):
            if row != self._attempt.holding:
                self._client.changeDynamics(
                    body, -1, activationState=self._client.ACTIVATION_STATE_SLEEP
                )

    def _pose(self, body: int) -> Floats:
        return from_bullet(self._client, *self._client.getBasePositionAndOrientation(body))

    def _speeds(self, row: int) -> tuple[float, float]:
        linear, angular = self._client.getBaseVelocity(self._cells[row])
        return float(np.linalg.norm(linear)), float(np.linalg.norm(angular))
