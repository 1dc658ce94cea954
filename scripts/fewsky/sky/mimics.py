"""Light of what is taken for a planetary nebula: galaxies, clouds, remnants, stars and flaws."""

import numpy as np

from fewsky.sky.nebulae import BANDS, Light, cloud


def draw_mimic(entry, rng: np.random.Generator) -> Light:
    """The light of a rejected object, by its true code."""
    return _DRAW[entry.true_status](entry, rng)


def _galaxy(entry, rng: np.random.Generator) -> Light:
    light = Light()
    # Old stars shine in all bands as much above the sky as in r, or more in b.
    old = {"r": 1.0, "b": rng.uniform(0.7, 1.2), "i": rng.uniform(0.4, 0.65)}
    form = rng.choice(["elliptical", "spiral", "edge-on"], p=[0.35, 0.45, 0.2])
    bulge = entry.contrast * {"elliptical": 2.0, "spiral": 1.2, "edge-on": 1.0}[form]
    reach = {"elliptical": 1.0, "spiral": 0.35, "edge-on": 0.45}[form]
    light.add(_sersic(2.6, 0.35 * reach), **{band: bulge * old[band] for band in BANDS})
    if form != "elliptical":
        young = {"r": 1.0, "b": rng.uniform(1.1, 1.6), "i": rng.uniform(0.3, 0.5)}
        disc = _arms(rng) if form == "spiral" else (lambda u, v: np.exp(-3 * np.hypot(u, 3 * v)))
        light.add(disc, **{band: entry.contrast * young[band] for band in BANDS})
    return light


def _sersic(index: float, effective: float):
    """A Sersic profile, 1 at a tenth of the effective radius and flat within."""
    b = 2 * index - 1 / 3

    def shape(u, v):
        r = np.maximum(np.hypot(u, v) / effective, 0.1)
        return np.exp(-b * (r ** (1 / index) - 0.1 ** (1 / index)))

    return shape


def _arms(rng: np.random.Generator):
    pitch, phase, count = rng.uniform(0.25, 0.5), rng.uniform(0, 2 * np.pi), rng.choice([2, 2, 3])
    sense, depth, texture = rng.choice([-1, 1]), rng.uniform(0.4, 0.9), cloud(rng)

    def shape(u, v):
        r, angle = np.maximum(np.hypot(u, v), 0.03), np.arctan2(v, u)
        arms = 1 + depth * np.cos(count * (sense * angle - np.log(r) / np.tan(pitch)) + phase)
        return np.exp(-2.6 * r) * arms * np.exp(0.2 * texture(u, v))

    return shape


def _hii(entry, rng: np.random.Generator) -> Light:
    light = _clouds(entry, rng, sharp=rng.uniform(1.5, 4.0), rough=rng.uniform(0.5, 1.1))
    radius = entry.diameter_arcsec / 2
    for _ in range(rng.integers(0, 5)):
        x, y = rng.normal(0, 0.4 * radius, 2)
        light.star(x, y, rng.uniform(15.5, 20), rng.normal(0.4, 0.4), rng.normal(0.2, 0.15))
    return light


def _diffuse(entry, rng: np.random.Generator) -> Light:
    return _clouds(entry, rng, sharp=1.0, rough=0.6, dim=0.35)


def _clouds(entry, rng, sharp: float, rough: float, dim: float = 0.7) -> Light:
    light, texture, shift = Light(), cloud(rng, slope=1.2, smallest=0.08), rng.normal(0, 0.15, 2)

    def shape(u, v):
        edge = 1 / (1 + np.hypot(u - shift[0], v - shift[1]) ** (2 * sharp) * 3)
        return edge * np.minimum(np.exp(rough * texture(u, v)), 3) / 1.4

    light.add(
        shape, r=entry.contrast * dim, b=entry.contrast * dim * rng.uniform(0.12, 0.45),
        i=entry.contrast * dim * rng.uniform(0.1, 0.3),
    )  # fmt: skip
    return light


def _remnant(entry, rng: np.random.Generator) -> Light:
    light, texture = Light(), cloud(rng, slope=1.2, smallest=0.15)
    arcs = [
        (rng.uniform(0.35, 1.0), rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.9),
         rng.uniform(0.03, 0.08), rng.normal(0, 0.25, 2))
        for _ in range(rng.integers(3, 7))
    ]  # fmt: skip

    def shape(u, v):
        wobble, total = 0.06 * texture(u, v), 0.0
        for radius, start, width, thin, (du, dv) in arcs:
            r, angle = np.hypot(u - du, v - dv), np.arctan2(v - dv, u - du)
            away = (angle - start + np.pi) % (2 * np.pi) - np.pi
            # The outer side of a shock is sharp, the inner side fades.
            side = (r - radius - wobble) / thin
            wall = np.exp(-np.where(side > 0, 4 * side**2, np.abs(side)))
            total = total + wall * np.exp(-((away / width) ** 2))
        return total

    light.add(shape, r=entry.contrast, b=entry.contrast * rng.uniform(0.15, 0.5),
              i=entry.contrast * rng.uniform(0.03, 0.15))  # fmt: skip
    return light


def _reflection(entry, rng: np.random.Generator) -> Light:
    light, texture = Light(), cloud(rng, slope=1.2)
    rough, fall = rng.uniform(0.2, 0.6), rng.uniform(1.5, 3.0)
    light.add(
        lambda u, v: np.exp(-fall * np.hypot(u, v) + rough * texture(u, v)),
        b=entry.contrast * 1.5, r=entry.contrast * rng.uniform(0.5, 1.0), i=entry.contrast * 0.25,
    )  # fmt: skip
    light.star(*rng.normal(0, 0.5, 2), entry.mag_r - 0.5, rng.uniform(0.0, 0.8), 0.2)
    return light


def _symbiotic(entry, rng: np.random.Generator) -> Light:
    # A red giant that lights up its wind: H-alpha on a very red star.
    light = Light()
    light.star(0.0, 0.0, entry.mag_r, rng.uniform(1.6, 3.0), rng.uniform(0.6, 1.6))
    return light


def _emission_star(entry, rng: np.random.Generator) -> Light:
    light = Light()
    light.star(0.0, 0.0, entry.mag_r, rng.uniform(1.2, 2.4), rng.uniform(-0.5, 0.4))
    return light


def _star(entry, rng: np.random.Generator) -> Light:
    light = Light()
    light.star(0.0, 0.0, entry.mag_r, rng.normal(1.0, 0.5), rng.normal(0.4, 0.25))
    if rng.random() < 0.4:
        x, y = rng.normal(0, 2.5, 2)
        light.star(x, y, entry.mag_r + rng.uniform(0, 1.5), rng.normal(1.0, 0.5), 0.4)
    return light


def _flaw(entry, rng: np.random.Generator) -> Light:
    """A scratch, a satellite's trail or a blot of the emulsion: on one plate only."""
    light, form = Light(), rng.choice(["scratch", "trail", "blot"], p=[0.3, 0.25, 0.45])
    band = rng.choice(BANDS, p=[0.2, 0.6, 0.2])
    texture, radius = cloud(rng), entry.diameter_arcsec / 2
    if form == "blot":
        steep = rng.uniform(1.0, 4.0)
        shape = lambda u, v: np.exp(-((u**2 + v**2) ** steep) + 0.15 * texture(u, v))  # noqa: E731
    else:
        half = 1.6 if form == "scratch" else 1e3
        bend = 0.1 if form == "scratch" else 0.0
        thin = max(1.2 / radius, 0.03)
        shape = lambda u, v: (  # noqa: E731
            np.exp(-(((v * entry.axis_ratio - bend * u**2) / thin) ** 2)) * (np.abs(u) < half)
        )
    light.add(shape, **{band: entry.contrast * 1.2})
    return light


_DRAW = {
    "G": _galaxy,
    "G?": _galaxy,
    "HII": _hii,
    "iISM": _diffuse,
    "SNR": _remnant,
    "RNe": _reflection,
    "Sy*": _symbiotic,
    "Em*": _emission_star,
    "star": _star,
    "q": _flaw,
}
