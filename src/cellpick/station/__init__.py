"""The loading station's cycle: scene models and a seed in; a run's folder, or one look, out.

The only place where truth and belief meet.
"""

from cellpick.station.looking import Look
from cellpick.station.runner import RunResult, look_once, run_scene

__all__ = ["Look", "RunResult", "look_once", "run_scene"]
