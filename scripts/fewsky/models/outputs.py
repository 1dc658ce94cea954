"""What a network says of inputs, in evaluation mode and in batches that fit in memory."""

import numpy as np
import torch

from fewsky.models.sources import Activations, Pixels

EVALUATION_BATCH = 512
EVALUATION_PIXELS = 1 << 22  # an image of 256 px needs smaller batches


@torch.inference_mode()
def outputs_of(network, images: torch.Tensor, extra: torch.Tensor | None) -> torch.Tensor:
    """The network's outputs for prepared images, float32 `(n, output)`."""
    network.eval()
    size = max(1, min(EVALUATION_BATCH, EVALUATION_PIXELS // max(1, images[0, 0].numel())))
    parts = [
        network(images[k : k + size], None if extra is None else extra[k : k + size])
        for k in range(0, len(images), size)
    ]
    return torch.cat(parts)


@torch.inference_mode()
def mean_outputs(network, source: Pixels | Activations, rows: np.ndarray, n_views: int):
    """Outputs `(n, output)` of image rows, averaged over the symmetries of the square."""
    parts = [
        torch.stack([outputs_of(network, *view) for view in views]).mean(dim=0)
        for views in source.in_views(rows, n_views)
    ]
    return torch.cat(parts) if parts else None
