"""One attempt: approach, grip, lift, check the hold, carry, place, release."""

from __future__ import annotations

from dataclasses import dataclass

from cellpick.station.recovery import Event
from cellpick.station.station import Station
from cellpick.structures import MotionPlan, PickOutcome


@dataclass(frozen=True)
class Attempt:
    """What the station noticed, beside what the judge saw."""

    event: Event | None
    """What went wrong as far as the station can know; None when all seemed well."""
    reason: str
    """In words; empty when all seemed well."""
    outcome: PickOutcome
    """The judge's verdict: for reports, never for decisions."""


def carry_out(station: Station, plan: MotionPlan, opening_m: float, slot: int) -> Attempt:
    """Run the six moves of a pick-and-place plan, checking the hold by the gripper's own signal."""
    station.world.begin_attempt()
    event, reason = _run(station, plan, opening_m)
    return Attempt(event, reason, station.judge(slot))


def _run(station: Station, plan: MotionPlan, opening_m: float) -> tuple[Event | None, str]:
    to_pocket, down, up, carry, into_slot, away = plan.moves
    station.set_opening(opening_m)
    if blocked := station.move((to_pocket, down)):
        return "arm_blocked", blocked
    if not station.grip():
        station.release()
        return _after("grip_failed", "no seal or nothing between the jaws", station.move((up,)))
    if blocked := station.move((up,)):
        return "arm_blocked", blocked
    if not station.holds():
        return "lost_near_pocket", "the part-present signal fell during the lift"
    if blocked := station.move((carry, into_slot)):
        return "arm_blocked", blocked
    if not station.holds():
        return "lost_in_transit", "the part-present signal fell on the way to the slot"
    station.release()
    if blocked := station.move((away,)):
        return "arm_blocked", blocked
    if station.holds():
        return "not_released", "the part-present signal stayed after release"
    return None, ""


def _after(event: Event, reason: str, blocked: str) -> tuple[Event, str]:
    return ("arm_blocked", blocked) if blocked else (event, reason)
