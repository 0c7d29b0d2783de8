"""Looks through faulty cameras, rendered and perceived, against the truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellpick.evaluate import match_estimates
from cellpick.perception import CameraMonitor, perceive
from cellpick.scene import draw_scene, load_scene, resolve_scene
from cellpick.sensors import CameraRig
from cellpick.station.looking import tray_task
from cellpick.station.recipe import believe

NEAR = ("rig.mount=fixed", "rig.offset_mm=[130,110]", "rig.standoff_mm=600", "marks.side_mm=30")
"""The flange rig's geometry without an arm to bring it there."""
SCENES = {
    "prismatic_tray": ("tray.rows=2", "tray.columns=1", "module.rows=2"),
    "cylindrical_tray": ("tray.rows=2", "tray.columns=2", "module.rows=2", "module.columns=2"),
}
FAULTY = (0, 1)
"""Rows of the faulty cameras: a 3D one and a 2D one."""
LOOKS = {"frozen": 2, "delayed": 2, "drifting": 8}
"""Looks of a sequence; one for all else."""
TOLERANCE_M, TOLERANCE_RAD = 1e-3, np.radians(1.0)


@dataclass(frozen=True)
class Sequence:
    """What became of one fault in one scene."""

    scene: str
    """The scene."""
    seed: int
    """Its seed."""
    kind: str
    """The fault; `healthy` for none."""
    verdicts: dict[str, list[str]]
    """By faulty camera, look by look."""
    reasons: dict[str, str]
    """By faulty camera, of the last look."""
    false_alarms: int
    """Verdicts other than ok of healthy cameras."""
    healthy_looks: int
    """Looks of healthy cameras, one a camera."""
    cells: int
    """Cells in the last look."""
    placed: int
    """Of them, those with status ok and a pose within 1 mm and 1 degree, polarity right."""
    misplaced: int
    """Of them, those with status ok and beyond it or turned."""
    sigma_mm: float
    """Largest predicted error of those."""

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return dataclasses.asdict(self)


def sequences(kinds: list[str], seeds: int) -> Iterator[Sequence]:
    """Each fault in each scene with each seed."""
    for scene in SCENES:
        for seed in range(seeds):
            for kind in kinds:
                yield sequence(scene, seed, kind)


def sequence(scene: str, seed: int, kind: str) -> Sequence:
    """One fault, in a 3D and in a 2D camera at once, over its looks."""
    count = LOOKS.get(kind, 1)
    from_look = 2 if kind in ("frozen", "delayed") else 1
    entries = [f"{{camera: {k}, kind: {kind}, from_look: {from_look}}}" for k in FAULTY]
    faults = [] if kind == "healthy" else [f"faults=[{', '.join(entries)}]"]
    models = resolve_scene(load_scene(scene, [*NEAR, *SCENES[scene], *faults]))
    scene_rng, rig_rng, belief_rng = np.random.default_rng(seed).spawn(3)
    state = draw_scene(models, scene_rng)
    task, rig = tray_task(believe(models, belief_rng)), CameraRig(state, rig_rng)
    names = [spec.name for spec in state.cameras]
    faulty = [] if kind == "healthy" else [names[k] for k in FAULTY]
    monitor, verdicts, alarms = CameraMonitor(), {name: [] for name in faulty}, 0
    for k in range(count):
        state = dataclasses.replace(state, time_s=10.0 * (k + 1))
        look = rig.look(state, state.arm.flange_pose(state.q), task)
        if k == count - 1:
            estimates = perceive(look, monitor)
            statuses = estimates.cameras
        else:
            statuses = monitor.examine(look).cameras
        for status in statuses:
            if status.camera in faulty:
                verdicts[status.camera].append(status.verdict)
            else:
                alarms += status.verdict != "ok"
    matches = match_estimates(estimates, state, task)
    ok = np.array([status == "ok" for status in matches.status], bool)
    right = (matches.position_error_m < TOLERANCE_M) & (matches.angle_error_rad < TOLERANCE_RAD)
    right &= np.array([polarity == "right" for polarity in matches.polarity], bool)
    return Sequence(
        scene,
        seed,
        kind,
        verdicts,
        {s.camera: s.reason for s in estimates.cameras if s.camera in faulty},
        alarms,
        (len(names) - len(faulty)) * count,
        len(state.serials),
        int((ok & right).sum()),
        int(sum(s == "ok" for s in estimates.status) - (ok & right).sum()),
        1e3 * float(estimates.sigma_m.max(initial=0.0)),
    )
