"""Where in an image a class is seen (Grad-CAM), and how like two such maps are.

Grad-CAM: Selvaraju et al. 2017, arXiv:1610.02391, by captum.
"""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata
from torch import nn

from fewsky.networks.vision_ops import prepare_torchvision

prepare_torchvision()

from captum.attr import LayerAttribution, LayerGradCam  # noqa: E402

BATCH = 16


def grad_cam(
    network: nn.Module,
    layer: str,
    images: torch.Tensor,
    extra: torch.Tensor | None,
    classes: np.ndarray,
) -> np.ndarray:
    """Maps float32 `(n, y, x)` of what speaks for class `classes[i]` in image i.

    Channels of the layer's maps, weighted by their mean gradient, are added up; what speaks against
    the class is cut off; the sum is brought to the image's size (bilinear) and divided by its own
    maximum. A map without any evidence is 0 everywhere.
    """

    def scores(inputs, others=None):
        outputs = network(inputs, others)
        return torch.cat([-outputs, outputs], dim=1) if outputs.shape[1] == 1 else outputs

    maker, parts = LayerGradCam(scores, network.get_submodule(layer)), []
    targets = torch.as_tensor(np.asarray(classes, np.int64), device=images.device)
    for k in range(0, len(images), BATCH):
        some = slice(k, k + BATCH)
        others = None if extra is None else extra[some]
        maps = maker.attribute(images[some], targets[some], others, relu_attributions=True)
        maps = LayerAttribution.interpolate(maps.detach(), images.shape[2:], "bilinear")[:, 0]
        parts.append(maps.cpu().numpy())
    maps = np.concatenate(parts) if parts else np.zeros((0, *images.shape[2:]))
    top = maps.max(axis=(1, 2), keepdims=True)
    return np.divide(maps, top, out=np.zeros_like(maps), where=top > 0).astype(np.float32)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of pairs of maps `(n, y, x)`, -1 to 1; 0 where one is constant.

    A map without evidence tells nothing of the order of places in another one.
    """
    ranks = [rankdata(maps.reshape(len(maps), -1), axis=1) for maps in (a, b)]
    left, right = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    length = np.sqrt((left**2).sum(axis=1) * (right**2).sum(axis=1))
    product = (left * right).sum(axis=1)
    return np.divide(product, length, out=np.zeros(len(a)), where=length > 0)


def structural_similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean structural similarity of pairs of maps `(n, y, x)` of 0 to 1; 1 for equal ones.

    Wang et al. 2004 (IEEE Trans. Image Process. 13, 600), equation 13: Gaussian weights of 1.5 px
    within 11 x 11 px, K1 = 0.01, K2 = 0.03.
    """

    def local(maps):
        return gaussian_filter(maps, (0, 1.5, 1.5), truncate=3.5, mode="mirror")

    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = local(a), local(b)
    var_a, var_b = local(a * a) - mean_a**2, local(b * b) - mean_b**2
    shared = local(a * b) - mean_a * mean_b
    light = (2 * mean_a * mean_b + 0.01**2) / (mean_a**2 + mean_b**2 + 0.01**2)
    shape = (2 * shared + 0.03**2) / (var_a + var_b + 0.03**2)
    return (light * shape).mean(axis=(1, 2))
