"""How an image sensor, its lens and its read-out truly are. Truth, never visible."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImagerSpec:
    """The image sensor and lens of one camera."""

    exposure_s: float
    """Exposure time."""
    f_number: float
    """Aperture: with the focus distance it sets the depth of field."""
    full_well_e: float
    """Electrons at saturation: sets the shot noise."""
    read_noise_e: float
    """Standard deviation of read noise in electrons."""
    blur_px: float
    """Standard deviation of the lens and pixel blur in focus."""
    white_level: float
    """Scene radiance that saturates a pixel at this exposure; a white matt surface under the
    default light has radiance near 1."""
    pixel_pitch_m: float = 3.45e-6
    """Side of a pixel on the sensor, after binning."""
    focus_m: float = 0.0
    """Distance in focus; 0 for a lens that is sharp everywhere."""
    vignetting: float = 0.0
    """Share of the light that a corner of the image lacks against its centre."""
    gain: float = 1.0
    """Amplification before the converter: saturates at full well / gain."""
    brackets: tuple[float, ...] = (1.0,)
    """Exposures of one picture as multiples of `exposure_s`; more than one is HDR bracketing."""


@dataclass(frozen=True)
class CaptureTiming:
    """When a camera exposes and delivers after its trigger."""

    projects: bool
    """Whether it shines patterns on the scene while it exposes: others must not look then."""
    exposure_s: float
    """From the first exposure's start to the last one's end, all patterns and brackets; the arm
    stands still, or a 2D camera blurs."""
    transfer_s: float
    """From the end of the exposure until the data are there; nothing has to stand still."""
    skew_s: float = 0.0
    """Standard deviation of the delay between the trigger and the exposure's start."""

    @property
    def total_s(self) -> float:
        """From trigger to data."""
        return self.exposure_s + self.transfer_s
