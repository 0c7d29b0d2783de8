"""Decides how to pick: cell estimates and the recipe in, a ranked table of grasps out.

Also where a cell goes and the TCP poses that seat it there. Everything in the arm's base frame.
"""

from cellpick.grasping.neighbours import gaps_to, hemmed_in
from cellpick.grasping.plan import plan_grasps
from cellpick.grasping.slots import SlotChoice, next_slot, place_pose

__all__ = ["SlotChoice", "gaps_to", "hemmed_in", "next_slot", "place_pose", "plan_grasps"]
