"""What each figure means, in whose words, and how it is measured here."""

from __future__ import annotations

from typing import NamedTuple

ZIVID = "Zivid, Specs terminology (support.zivid.com)"
MECHMIND = "Mech-Mind, Understand camera repeatability and accuracy (community.mech-mind.com)"
REALSENSE = "RealSense depth quality tool (librealsense, tools/depth-quality)"
VDI = "VDI/VDE 2634 part 2; ISO 10360-13"
NGUYEN = "Nguyen, Izadi, Lovell (2012), Modeling Kinect sensor noise, eq. 3 and section 2"
EMVA = "EMVA Standard 1288, release 3.1, section 6"
SLANTED = "ISO 12233, slanted edge"


class Definition(NamedTuple):
    """One figure's meaning."""

    title: str
    """Its name, as a table says it."""
    unit: str
    """Unit of its values; empty for a pure number."""
    meaning: str
    """What is measured, on what."""
    source: str
    """Who defines it so."""
    gate: bool = False
    """Whether a camera whose figure differs from the published one fails its report."""


DEFINITIONS = {
    "point_precision_mm": Definition(
        "point precision",
        "mm",
        "standard deviation of one point's depth over repeated captures of a white matt plate, "
        "pooled over the image's middle; for active stereo, as its maker "
        "measures it, the deviation (rms) from the best plane in one capture, over plates within a "
        "pixel of disparity",
        f"{ZIVID}; {MECHMIND}; {REALSENSE}",
        gate=True,
    ),
    "temporal_noise_mm": Definition(
        "temporal noise",
        "mm",
        "standard deviation of one point's depth over repeated captures",
        ZIVID,
    ),
    "plane_rms_mm": Definition(
        "plane fit rms",
        "mm",
        "deviation (rms) along z from the best plane in one capture of a white matt plate",
        REALSENSE,
    ),
    "subpixel_px": Definition(
        "disparity noise",
        "px",
        "plane fit rms times f b / z^2, mean over the working range: the standard deviation of a "
        "disparity, in pixels of the matcher",
        REALSENSE,
        gate=True,
    ),
    "nguyen_worst": Definition(
        "noise over Nguyen's curve, worst",
        "",
        "temporal noise on a white matt plate over Nguyen's axial noise at that distance and "
        "angle, 0.5 to 2 m and 0 to 60 deg; the ratio farthest from 1",
        NGUYEN,
        gate=True,
    ),
    "noise_exponent": Definition(
        "growth of noise with distance, exponent",
        "",
        "slope of log noise over log distance on the white plate; triangulation gives 2",
        "Khoshelham and Oude Elberink (2012), Accuracy and resolution of Kinect depth data, eq. 10",
    ),
    "noise_at_60deg": Definition(
        "noise at 60 deg over noise square on",
        "",
        "temporal noise on the white plate tilted by 60 deg over that at 0 deg",
        NGUYEN,
    ),
    "noise_correlation_px": Definition(
        "correlation length of the noise",
        "px",
        "lag along a row at which the autocorrelation of readings less their temporal mean falls "
        "to 1/e; white noise gives 0.63",
        "usual definition of a correlation length",
    ),
    "error_correlation_px": Definition(
        "correlation length of the error",
        "px",
        "the same for the deviation from the best plane in one capture",
        "usual definition of a correlation length",
    ),
    "point_spacing_mm": Definition(
        "point spacing",
        "mm",
        "median distance between neighbouring points in the image's middle, full sensor",
        ZIVID,
    ),
    "planarity_mm": Definition(
        "planarity (warp)",
        "mm",
        "deviation (rms over points and devices) from the best plane of a plate that fills the "
        "image, noise averaged out",
        f"{ZIVID}: global planarity trueness",
    ),
    "flatness_mm": Definition(
        "flatness measurement error",
        "mm",
        "range of the signed distances to the best plane of that plate, median over devices",
        VDI,
    ),
    "scale_permille": Definition(
        "scale error",
        "permille",
        "standard deviation over devices of the relative length error of a ball plate",
        f"{VDI}: sphere spacing error; {ZIVID}: dimension trueness",
    ),
    "sphere_spacing_mm": Definition(
        "sphere spacing error",
        "mm",
        "largest error of a distance between balls, median over devices",
        VDI,
    ),
    "lateral_px": Definition(
        "lateral noise",
        "px",
        "standard deviation of where a depth step's edge appears, read-out pixels",
        NGUYEN,
    ),
    "flying_share": Definition(
        "flying pixels at a step",
        "",
        "share of the readings within 2 px of a 30 mm step that are neither plate",
        "as the makers show it; no standard",
    ),
    "missing_white": Definition(
        "missing points, white",
        "",
        "share of points without a reading on the white plate, mean of 0 to 40 deg (1 - fill rate)",
        REALSENSE,
    ),
    "missing_aluminium": Definition(
        "missing points, bare aluminium",
        "",
        "the same on a bare aluminium plate beside a lamp, as cell tops are",
        REALSENSE,
    ),
    "full_well_e": Definition(
        "saturation capacity",
        "e-",
        "inverse slope of temporal variance over mean signal on a grey scale",
        EMVA,
    ),
    "read_noise_e": Definition(
        "temporal dark noise",
        "e-",
        "square root of that line's value without light; rounding to 8 bits taken off",
        EMVA,
    ),
    "dynamic_range_db": Definition(
        "dynamic range", "dB", "20 log10 of saturation capacity over dark noise", EMVA
    ),
    "blur_px": Definition(
        "blur in focus", "px", "standard deviation of the line spread at a slanted edge", SLANTED
    ),
    "edge_rise_px": Definition(
        "edge rise, 10 to 90 %", "px", "width of the edge profile at a slanted edge", SLANTED
    ),
    "mtf50_cpp": Definition(
        "MTF50", "cycles/px", "spatial frequency at which contrast falls to half", SLANTED
    ),
    "object_pixel_mm": Definition(
        "pixel on the object", "mm", "size of a full-sensor pixel on a plane square on", SLANTED
    ),
    "pixel_pitch_um": Definition(
        "pixel pitch", "um", "stated only: no picture shows it", "the camera's file"
    ),
}
"""Every figure that a report may hold."""
