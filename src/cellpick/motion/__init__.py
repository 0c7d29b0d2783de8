"""Plans motions: recipe, joint angles, wanted poses and obstacles in, timed joint motions out.

A plan that cannot be made says why: unreachable, blocked by which two bodies, or which limit.
"""

from cellpick.motion.audit import check_limits
from cellpick.motion.planner import MotionPlanner

__all__ = ["MotionPlanner", "check_limits"]
