"""Which bodies may meet: Bullet's collision groups.

The arm checks itself where its links are far apart in the chain: next links overlap by design.
"""

from __future__ import annotations

FIXTURE, CELL, NEAR, MIDDLE, FAR, TOOL = (1 << k for k in range(6))
"""Bits of the groups; NEAR: base to upper arm, MIDDLE: forearm, FAR: wrist, TOOL: on the flange."""

FIXTURE_MEETS = CELL | NEAR | MIDDLE | FAR | TOOL
CELL_MEETS = FIXTURE | CELL | NEAR | MIDDLE | FAR | TOOL
NEAR_MEETS = FIXTURE | CELL | FAR | TOOL
MIDDLE_MEETS = FIXTURE | CELL | TOOL
FAR_MEETS = FIXTURE | CELL | NEAR
TOOL_MEETS = FIXTURE | CELL | NEAR | MIDDLE
BASE_MEETS = CELL | FAR | TOOL
"""The base stands on a fixture."""

LINK_GROUPS = (
    (NEAR, BASE_MEETS),
    (NEAR, NEAR_MEETS),
    (NEAR, NEAR_MEETS),
    (MIDDLE, MIDDLE_MEETS),
    # the forearm's tube of a spherical-wrist arm reaches back to the elbow and forward to the wrist
    (MIDDLE, FIXTURE | CELL),
    (FAR, FAR_MEETS),
    (FAR, FAR_MEETS),
)
"""Group and mask of the base and of the six moved links."""
