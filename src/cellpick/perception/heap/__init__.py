"""Cylindrical cells that lie anyhow: a look in; poses, statuses and foreign objects out."""

from cellpick.perception.heap.locate import locate_heap

__all__ = ["locate_heap"]
