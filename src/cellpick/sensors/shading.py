"""How surfaces reflect: Lambert plus a GGX microfacet lobe.

Cook and Torrance (1982), "A reflectance model for computer graphics"; Walter et al. (2007),
"Microfacet models for refraction through rough surfaces" (GGX); Schlick (1994) for Fresnel;
Heitz (2014) for the height-correlated Smith term. alpha = roughness^2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.structures import Material

Array = NDArray[np.float32]
DIELECTRIC_F0 = 0.04
"""Specular reflectance of a dielectric at normal incidence (index of refraction 1.5)."""


@dataclass(frozen=True, eq=False)
class Palette:
    """The table of materials as arrays, one row a material."""

    diffuse: Array
    """(k, 3) Lambert albedo."""
    f0: Array
    """(k, 3) specular reflectance at normal incidence."""
    alpha: Array
    """(k,) GGX width."""
    widths: Array
    """(k, 2) GGX widths along and across the brush."""

    @classmethod
    def of(cls, materials: Sequence[Material]) -> Palette:
        """The palette of `materials`, in their order."""
        albedo = np.array([m.albedo for m in materials], dtype=np.float32).reshape(-1, 3)
        metallic = np.array([m.metallic for m in materials], dtype=np.float32)[:, None]
        roughness = np.array([m.roughness for m in materials], dtype=np.float32)
        f0 = DIELECTRIC_F0 * (1 - metallic) + albedo * metallic
        alpha = np.maximum(roughness**2, 1e-3)
        # OpenPBR 1.1, "Microfacet model": the mean of both squares stays that of the roughness
        along = 1 - np.array([m.anisotropy for m in materials], dtype=np.float32)
        across = np.sqrt(2 / (1 + along**2))
        widths = alpha[:, None] * np.stack([along * across, across], axis=1)
        return cls(albedo * (1 - metallic), f0.astype(np.float32), alpha, widths)


def lobe(n_h: Array, n_v: Array, n_l: Array, alpha: Array) -> Array:
    """pi D G / (4 n.l n.v) (n,): the GGX lobe in units of a white matt surface's reflection.

    Arguments are cosines (n,) between normal, half vector, view and light, the last two positive.
    """
    a2 = alpha * alpha
    d = n_h * n_h * (a2 - 1) + 1
    g = n_l * np.sqrt(n_v * n_v * (1 - a2) + a2) + n_v * np.sqrt(n_l * n_l * (1 - a2) + a2)
    result: Array = a2 / (d * d) * (0.5 / np.maximum(g, 1e-6))
    return result


def brushed(alpha: Array, widths: Array, along: Array) -> tuple[Array, Array]:
    """Width (n,) of a brushed surface's lobe towards half vectors, and the factor on its height.

    `alpha` (n,) is its mean width, `widths` (n, 2) those along and across the brush and `along`
    (n,) the square of the cosine between brush and half vector in the surface (Burley 2012,
    "Physically-based shading at Disney", appendix B.2). A lobe that is wider for other reasons
    becomes rounder.
    """
    extra = np.maximum(alpha**2 - (widths**2).mean(axis=1), 0)
    square = widths**2 + extra[:, None]
    towards = 1 / (along / square[:, 0] + (1 - along) / square[:, 1])
    return np.sqrt(towards), towards / np.sqrt(square[:, 0] * square[:, 1])


def fresnel(f0: Array, cosine: Array) -> Array:
    """Schlick's Fresnel reflectance (n, 3) of `f0` (n, 3) at `cosine` (n,)."""
    x = 1 - cosine
    x2 = x * x
    result: Array = f0 + (1 - f0) * (x2 * x2 * x)[:, None]
    return result


def unit(vectors: Array) -> Array:
    """Vectors (n, 3) scaled to length 1; a zero vector stays zero."""
    length = np.maximum(np.sqrt(dot(vectors, vectors)), np.float32(1e-12))
    result: Array = vectors / length[:, None]
    return result


def dot(a: Array, b: Array) -> Array:
    """Row-wise scalar product (n,) of (n, 3) arrays."""
    result: Array = a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2]
    return result
