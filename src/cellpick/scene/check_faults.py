"""Refuses faults of cameras that the rig does not have, and the same fault given twice."""

from __future__ import annotations

from cellpick.errors import InputError
from cellpick.scene.models import SceneModels


def check_faults(models: SceneModels) -> None:
    """Raises `InputError` for the first fault that cannot be."""
    spec, n = models.spec, len(models.cameras)
    seen: set[tuple[int, str]] = set()
    for i, fault in enumerate(spec.faults):
        if fault.camera >= n:
            raise InputError(
                "the rig has no such camera",
                source=spec.source,
                key=f"faults.{i}.camera",
                got=fault.camera,
                accepted=f"0 to {n - 1}",
            )
        if (fault.camera, fault.kind) in seen:
            raise InputError(
                "this camera has this fault already",
                source=spec.source,
                key=f"faults.{i}",
                got=f"camera {fault.camera}: {fault.kind}",
                accepted="each kind once a camera",
            )
        seen.add((fault.camera, fault.kind))
