"""Which bodies may meet: Bullet's collision groups.

The arm checks itself where its links are far apart in the chain: next links overlap by design.
Masks are symmetric, since Bullet lets two bodies meet when either of them wants it.
"""

from __future__ import annotations

FIXTURE, CELL, BASE, NEAR, MIDDLE, FAR, TOOL = (1 << k for k in range(7))
"""Bits of the groups; NEAR: shoulder and upper arm, MIDDLE: forearm, FAR: wrist, TOOL: on the
flange. The base stands on a fixture and does not meet it."""

FIXTURE_MEETS = CELL | NEAR | MIDDLE | FAR | TOOL
CELL_MEETS = FIXTURE | CELL | BASE | NEAR | MIDDLE | FAR | TOOL
BASE_MEETS = CELL | FAR | TOOL
NEAR_MEETS = FIXTURE | CELL | FAR | TOOL
MIDDLE_MEETS = FIXTURE | CELL | TOOL
FAR_MEETS = FIXTURE | CELL | BASE | NEAR
TOOL_MEETS = FIXTURE | CELL | BASE | NEAR | MIDDLE

LINK_GROUPS = (
    (BASE, BASE_MEETS),
    (NEAR, NEAR_MEETS),
    (NEAR, NEAR_MEETS),
    (MIDDLE, MIDDLE_MEETS),
    (MIDDLE, MIDDLE_MEETS),
    (FAR, FAR_MEETS),
    (FAR, FAR_MEETS),
)
"""Group and mask of the base and of the six moved links."""
