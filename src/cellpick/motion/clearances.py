"""How near which bodies may come to each other, in free motion and near a grasp."""

from __future__ import annotations

from cellpick.motion.bodies import Group
from cellpick.motion.collision import Margins

_ARM = (Group.ARM, Group.RIG)
_CARRIED = (Group.RIG, Group.TOOL, Group.HELD)
_STANDING = (Group.FIXTURE, Group.CELL, Group.TARGET)


def transfer_margins(margin_m: float, tray_tolerance_m: float) -> Margins:
    """Everything keeps its distance, more so from the tray, whose place is known less well.

    The arm's own bodies only must not touch.
    """
    margins = {(a, b): margin_m for a in (*_ARM, *_CARRIED) for b in _STANDING}
    margins |= {(a, Group.TRAY): margin_m + tray_tolerance_m for a in (*_ARM, *_CARRIED)}
    return margins | _own_margins(margin_m)


def line_margins(margin_m: float, tray_tolerance_m: float) -> Margins:
    """On the straight way to a grasp or a seat the gripper and the held cell come close on purpose.

    They must not touch others. The gripper may touch the cell that it grips or has released; the
    held cell comes out of the tray, so that the tray is not where a drawing may put it, in its way.
    """
    margins = {(a, b): margin_m for a in _ARM for b in _STANDING}
    margins |= {(a, Group.TRAY): margin_m + tray_tolerance_m for a in _ARM}
    margins |= {(a, b): 0.0 for a in (Group.TOOL, Group.HELD) for b in _STANDING}
    margins[Group.TOOL, Group.TRAY] = 0.0
    del margins[Group.TOOL, Group.TARGET]
    return margins | _own_margins(margin_m)


def _own_margins(margin_m: float) -> Margins:
    own = {(a, b): margin_m for a in _CARRIED for b in (Group.BASE, Group.ARM)}
    return own | {(Group.ARM, Group.ARM): 0.0, (Group.BASE, Group.ARM): 0.0}
