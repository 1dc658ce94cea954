"""What of a patch a network goes by: pixels erased, and integrated gradients, on the whole chain.

Pixels are those of the survey, in nanomaggies: the point source is taken out and the stretch is
made after a pixel is changed, so that all that a network is given takes part.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from fewsky.models import inputs
from fewsky.models.erase import Sky, erased
from fewsky.models.outputs import mean_outputs
from fewsky.models.sources import Pixels, seen
from fewsky.models.views import Objects

POWER = 4  # steps of the path lie denser near the empty sky, where stretches are steep
BATCH = 256


class Judge(NamedTuple):
    """A network with its card, and the catalogue rows `(n,)` of the objects that it judges."""

    network: torch.nn.Module
    card: dict[str, Any]
    catalog: pd.DataFrame
    device: torch.device

    @property
    def views(self) -> int:
        """In how many symmetries of the square the network looks at an object."""
        return self.card["recipe"]["test_views"]

    def source(self, images: np.ndarray) -> Pixels:
        """Images `(n, band, y, x)` of the objects as inputs are made of them."""
        card = self.card
        return Pixels(images, self.catalog, card["input"], card["recipe"], self.device)

    def outputs(self, images: np.ndarray) -> torch.Tensor:
        """Outputs for images `(n, band, y, x)` of the objects, `(n, output)`."""
        return mean_outputs(self.network, self.source(images), np.arange(len(images)), self.views)

    def of(self, rows: np.ndarray) -> "Judge":
        """The same network, judging some of the objects."""
        return self._replace(catalog=self.catalog.iloc[rows])


class Erased(NamedTuple):
    """What became of answers, each `(n, region)`, means over several draws of the empty sky."""

    change: np.ndarray  # of the log-odds, absolute
    changed: np.ndarray  # share of other answers
    right: np.ndarray  # share of right answers


def scores(outputs: torch.Tensor) -> torch.Tensor:
    """One score a class, `(n, class)`; a single output is the log-odds of the second class."""
    if outputs.shape[1] > 1:
        return outputs
    return torch.cat([torch.zeros_like(outputs), outputs], dim=1)


def log_odds(outputs: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Log-odds of a class for each object against all others together, `(n,)`."""
    every = scores(outputs)
    own = every.gather(1, classes[:, None])[:, 0]
    others = every.scatter(1, classes[:, None], -torch.inf)
    return own - others.logsumexp(dim=1)


def decided(outputs: torch.Tensor) -> torch.Tensor:
    """The class that is answered for each object, `(n,)`."""
    return scores(outputs).argmax(dim=1)


def after_erasing(
    judge: Judge,
    images: np.ndarray,
    regions: list[np.ndarray],
    empties: list[np.ndarray],
    truth: np.ndarray,
) -> Erased:
    """How answers change where regions `(n, y, x)` of images are replaced by empty sky.

    `empties` are draws of the empty sky, the same for every region, so that regions compare;
    `truth` `(n,)` counts classes.
    """
    plain = judge.outputs(images)
    answer = decided(plain)
    before = log_odds(plain, answer)
    true = torch.as_tensor(truth, device=plain.device)
    found = np.zeros((3, len(images), len(regions)))
    for k, region in enumerate(regions):
        for empty in empties:
            outputs = judge.outputs(erased(images, region, empty))
            now = decided(outputs)
            change = (log_odds(outputs, answer) - before).abs()
            parts = (change, now != answer, now == true)
            found[:, :, k] += np.stack([part.double().cpu().numpy() for part in parts])
    return Erased(*found / len(empties))


def integrated_gradients(
    judge: Judge, images: np.ndarray, sky: Sky, answer: torch.Tensor, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Attributions `(n, band, y, x)` of the log-odds of an answer, and what they should sum to.

    Sundararajan, Taly & Yan 2017 (arXiv:1703.01365), equation 1, on the straight line from a sky at
    its level without noise to the image, in nanomaggies. The integral is a Gauss-Legendre sum over
    `steps` points of t, alpha = t^4. The second part `(n,)` is f(image) - f(empty sky), which the
    attributions of an object sum to where the steps suffice.
    """
    path = _path(steps)
    parts = [
        _of_batch(judge.of(rows), images[rows], sky.level[rows], answer[rows], path)
        for rows in np.split(np.arange(len(images)), range(BATCH, len(images), BATCH))
    ]
    attributions, wanted = zip(*parts, strict=True)
    return np.concatenate(attributions), np.concatenate(wanted)


def _path(steps: int) -> list[tuple[float, float]]:
    """Places along the line and their weights."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    t = (nodes + 1) / 2
    return list(zip(t**POWER, weights / 2 * POWER * t ** (POWER - 1), strict=True))


def _of_batch(judge, images, level, answer, path):
    image = torch.tensor(images, dtype=torch.float32, device=judge.device)
    empty = torch.tensor(level, dtype=torch.float32, device=judge.device)[..., None, None]
    empty = empty.expand_as(image)
    total = torch.zeros_like(image, dtype=torch.float64)
    for place, weight in path:
        at = (empty + place * (image - empty)).requires_grad_()
        (slope,) = torch.autograd.grad(_odds_of(judge, at, answer).sum(), at)
        total += weight * slope.double()
    with torch.no_grad():
        wanted = _odds_of(judge, image, answer) - _odds_of(judge, empty, answer)
    return (total * (image - empty)).cpu().numpy(), wanted.double().cpu().numpy()


def _odds_of(judge: Judge, images: torch.Tensor, answer: torch.Tensor) -> torch.Tensor:
    """Log-odds of answers as they follow from pixels `(n, band, y, x)` by the whole chain."""
    card, size = judge.card["input"], images.shape[3]
    pixels = images.flatten(2).transpose(1, 2)
    pixels = inputs.with_point_source_out(pixels, size, judge.catalog, card)
    told = (inputs.noise(judge.catalog, card), inputs.scalars(judge.catalog, card))
    others = (None if one is None else torch.tensor(one, device=judge.device) for one in told)
    views = seen(Objects(pixels, *others), size, card, judge.views)
    outputs = torch.stack([judge.network(*view) for view in views]).mean(dim=0)
    return log_odds(outputs, answer)
