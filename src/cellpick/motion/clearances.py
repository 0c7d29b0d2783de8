"""How near which bodies may come to each other, in free motion and near a grasp."""

from __future__ import annotations

from cellpick.motion.bodies import Group
from cellpick.motion.collision import Margins

_ARM = (Group.ARM, Group.RIG)
_CARRIED = (Group.RIG, Group.TOOL, Group.HELD)
_STANDING = (Group.FIXTURE, Group.CELL, Group.TARGET)


def transfer_margins(margin_m: float) -> Margins:
    """Everything keeps its distance; the arm's own bodies only must not touch."""
    margins = {(a, b): margin_m for a in (*_ARM, *_CARRIED) for b in _STANDING}
    return margins | _own_margins(margin_m)


def line_margins(margin_m: float) -> Margins:
    """On the straight way to a grasp or a seat the gripper and the held cell come close on purpose.

    They must not touch others; the gripper may touch the cell that it grips or has released.
    """
    margins = {(a, b): margin_m for a in _ARM for b in _STANDING}
    margins |= {(a, b): 0.0 for a in (Group.TOOL, Group.HELD) for b in _STANDING}
    del margins[Group.TOOL, Group.TARGET]
    return margins | _own_margins(margin_m)


def _own_margins(margin_m: float) -> Margins:
    own = {(a, b): margin_m for a in _CARRIED for b in (Group.BASE, Group.ARM)}
    return own | {(Group.ARM, Group.ARM): 0.0, (Group.BASE, Group.ARM): 0.0}
