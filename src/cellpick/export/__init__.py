"""Export: looks and their truth in, data sets and results in other tools' formats out.

Truth side: a data set holds what a station never sees. BOP (Benchmark for 6D Object Pose
Estimation) is the only format so far; docs/export.md describes what is written.
"""

from cellpick.export.dataset import BopDataset, refuse_foreign
from cellpick.export.index import BopIndex, read_index
from cellpick.export.pinhole import pinhole
from cellpick.export.results import result_lines, results_name, results_text

__all__ = [
    "BopDataset",
    "BopIndex",
    "pinhole",
    "read_index",
    "refuse_foreign",
    "result_lines",
    "results_name",
    "results_text",
]
