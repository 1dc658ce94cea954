"""The influence profiles of one trained network: erased rings, gradients, weights set anew."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from fewsky.models import radial
from fewsky.models.erase import Sky, empty_sky
from fewsky.models.explain_maps import rank_correlation
from fewsky.models.explain_states import networks_anew
from fewsky.models.influence import Judge, after_erasing, decided, integrated_gradients

EVERY = "all"  # bands


class Shown(NamedTuple):
    """Objects that a network is asked about: images, catalogue rows, classes, sky, rings."""

    images: np.ndarray
    catalog: pd.DataFrame
    truth: np.ndarray
    sky: Sky
    edges: np.ndarray
    fwhm: np.ndarray  # (n,) pixels, of the reference band

    @property
    def places(self) -> list[np.ndarray]:
        """Where the rings are, `(n, y, x)` each."""
        return radial.regions(self.sky.radius, self.edges)


class Found(NamedTuple):
    """Values `(n, ring)` or `(n, 1)` of what a measure of a method gives in a state of a network.

    `layers` counts those set anew; `of_rings` says what the columns are: each ring, or all within
    its outer edge ("inside"), or the object as a whole ("").
    """

    state: str
    layers: int
    method: str
    measure: str
    band: str
    of_rings: str
    values: np.ndarray


Maps = dict[str, np.ndarray]


def profiles_of(
    judge: Judge, shown: Shown, settings: Mapping[str, Any], draw: int, first: bool
) -> tuple[list[Found], Maps]:
    """All that is measured of one network, and maps `(n, y, x)` of influence that sum to 1.

    Rings are erased with the same draws of empty sky in every state and draw. The network with all
    its layers set anew is measured alike; steps between, for the `first` draw, by gradients alone.
    """
    rng = np.random.default_rng([settings["seed"], 1])
    empties = [empty_sky(shown.sky, rng) for _ in range(settings["repeats"])]
    found = [*_inside(judge, shown, empties), *_light(shown, settings)]
    maps = {"light": _even(_brightness(shown))}
    new, true = _gradients(judge, shown, settings, ("trained", 0))
    found += [*new, *_occlusion(judge, shown, empties, ("trained", 0))]
    like = rank_correlation(np.abs(true).sum(axis=1), _brightness(shown))
    found.append(Found("light", 0, "light", "likeness", EVERY, "", _one(like)))
    maps["trained"] = _even(np.abs(true).sum(axis=1))
    generator = torch.Generator().manual_seed(settings["seed"] + draw)
    one = next(judge.of([0]).source(shown.images[:1]).in_views(np.array([0]), 1))[0]
    for layers, network in _numbered(networks_anew(judge.network, *one, generator), first):
        anew = judge._replace(network=network)
        new, other = _gradients(anew, shown, settings, ("randomised", layers))
        like = rank_correlation(*(np.abs(part).sum(axis=1) for part in (true, other)))
        found += [*new, Found("randomised", layers, "gradients", "likeness", EVERY, "", _one(like))]
    found += _occlusion(anew, shown, empties, ("randomised", layers))
    maps["randomised"] = _even(np.abs(other).sum(axis=1))
    return found, maps


def _occlusion(judge: Judge, shown: Shown, empties, state) -> list[Found]:
    """What erasing each ring does."""
    erased = after_erasing(judge, shown.images, shown.places, empties, shown.truth)
    maps = radial.spread_out(erased.change, shown.places)
    told = {"change": erased.change, "changed": erased.changed}
    found = [Found(*state, "occlusion", name, EVERY, "ring", one) for name, one in told.items()]
    return found + _profile(maps, shown, (*state, "occlusion"))


def _inside(judge: Judge, shown: Shown, empties) -> list[Found]:
    """What erasing all within a ring's outer edge, or all beyond it, does."""
    found = []
    for method, beyond in (("only-inside", True), ("no-inside", False)):
        radius, edges = shown.sky.radius, shown.edges[1:]
        places = [radius >= edge if beyond else radius < edge for edge in edges]
        erased = after_erasing(judge, shown.images, places, empties, shown.truth)
        for measure, values in (("accuracy", erased.right), ("changed", erased.changed)):
            found.append(Found("trained", 0, method, measure, EVERY, "inside", values))
    answer = decided(judge.outputs(shown.images)).cpu().numpy()
    right = _one((answer == shown.truth).astype(float))
    return [*found, Found("trained", 0, "whole", "accuracy", EVERY, "", right)]


def _gradients(judge: Judge, shown: Shown, settings, state) -> tuple[list[Found], np.ndarray]:
    """Profiles of the attributions, of all bands and of each, and the attributions themselves."""
    answer = decided(judge.outputs(shown.images))
    steps = settings["steps"]
    told, wanted = integrated_gradients(judge, shown.images, shown.sky, answer, steps)
    every = np.abs(told).sum(axis=1)
    found = _profile(every, shown, (*state, "gradients"))
    gap = np.abs(told.sum(axis=(1, 2, 3)) - wanted)
    for measure, values in (("gap", gap), ("total", np.abs(wanted))):
        found.append(Found(*state, "gradients", measure, EVERY, "", _one(values)))
    whole = every.sum(axis=(1, 2))[:, None]
    for k, band in enumerate(settings["bands"]):
        parts = radial.by_ring(np.abs(told[:, k]), shown.places)
        parts = np.divide(parts, whole, out=np.full(parts.shape, np.nan), where=whole > 0)
        found.append(Found(*state, "gradients", "share", band, "ring", parts))
    return found, told


def _light(shown: Shown, settings) -> list[Found]:
    """Profiles of brightness: influence that merely follows it says little.

    Brightness is the departure from the sky's level in units of the noise, all bands together, as
    it is what attributions are multiplied by; flux is the mean of a ring's pixels, nanomaggies.
    """
    band = settings["reference_band"]
    light = shown.sky.light[:, settings["bands"].index(band)]
    count = np.stack([place.sum(axis=(1, 2)) for place in shown.places], axis=1)
    flux = radial.by_ring(light, shown.places) / np.where(count > 0, count, np.nan)
    found = _profile(_brightness(shown), shown, ("light", 0, "light"))
    return [*found, Found("light", 0, "light", "flux", band, "ring", flux)]


def _brightness(shown: Shown) -> np.ndarray:
    return (np.abs(shown.sky.light) / shown.sky.noise[..., None, None]).sum(axis=1)


def _profile(maps: np.ndarray, shown: Shown, told: tuple[str, int, str]) -> list[Found]:
    """What is told of every map of influence `(n, y, x)`."""
    radius, half = shown.sky.radius, radial.half_radius(maps, shown.sky.radius)
    of_rings = {
        "share": radial.share(maps, shown.places),
        "density": radial.density(maps, shown.places),
    }
    of_objects = {
        "half_px": half,
        "half_fwhm": half / shown.fwhm,
        "within_fwhm": radial.within(maps, radius, shown.fwhm),
    }
    found = [Found(*told, name, EVERY, "ring", one) for name, one in of_rings.items()]
    return found + [Found(*told, name, EVERY, "", _one(one)) for name, one in of_objects.items()]


def _numbered(states, every: bool) -> Iterator[tuple[int, torch.nn.Module]]:
    """All states of a network, or the last alone; each is gone once the next is asked for."""
    kept = None
    for kept in states:
        if every:
            yield kept
    if kept is not None and not every:
        yield kept


def _one(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, float)[:, None]


def _even(maps: np.ndarray) -> np.ndarray:
    """Maps whose sum is 1; 0 where there is nothing."""
    total = maps.sum(axis=(1, 2), keepdims=True)
    return np.divide(maps, total, out=np.zeros_like(maps, dtype=float), where=total > 0)
