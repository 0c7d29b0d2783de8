"""PyBullet's world: a SceneState and a generator in; motions, grips, the truth and verdicts out.

What a real station could know: `read_joints`, `read_gripper`, `time_s` and the reports of `follow`.
"""

from cellpick.world.following import FollowReport
from cellpick.world.judge import Tolerances
from cellpick.world.pour import pour
from cellpick.world.simulation import World

__all__ = ["FollowReport", "Tolerances", "World", "pour"]
