"""What a convolution's channels look for: inputs found by gradient ascent.

Erhan et al. 2009 (Univ. Montreal 1341). The ascent is regularised as in Yosinski et al. 2015
(arXiv:1506.06579): pulled to the mean input, blurred now and then; and each step sees the input
shifted by a few pixels, so that no pattern hangs on the edges.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from fewsky.models.explain_layers import outputs_at
from fewsky.networks.vision_ops import prepare_torchvision

prepare_torchvision()

from torchvision.transforms.functional import gaussian_blur  # noqa: E402

STEPS = 40
RATE = 0.15  # length of a step, in standard deviations of the inputs
DECAY = 0.02  # share of the way back to the mean input, each step
BLUR_EVERY, BLUR_PX = 6, 0.5
SHIFT_PX = 2
CONTRAST = 0.2  # standard deviation of a pattern as shown, black to white being 1


def preferred_inputs(
    network: nn.Module,
    layer: str,
    channels: int,
    like: torch.Tensor,
    generator: torch.Generator,
    steps: int = STEPS,
) -> torch.Tensor:
    """Inputs `(channels, input channel, y, x)` that raise a layer's first channels, one each.

    `like` are inputs `(n, input channel, y, x)` that the network knows: their mean is where the
    ascent starts, with noise from `generator` (a CPU generator) of a tenth of their deviation.
    """
    with torch.no_grad():
        known = outputs_at(network, [layer], like)[layer]
    usual = known.mean(dim=(0, 2, 3))[:channels]
    middle = like.mean(dim=(0, 2, 3), keepdim=True)
    spread = like.std().clamp(min=1e-6)
    noise = torch.randn((channels, *like.shape[1:]), generator=generator).to(like.device)
    found = middle + 0.1 * spread * noise
    for step in range(steps):
        down, right = torch.randint(-SHIFT_PX, SHIFT_PX + 1, (2,), generator=generator).tolist()
        found = found.roll((down, right), (2, 3)).requires_grad_()
        slope = torch.autograd.grad(responses(network, layer, found, usual).sum(), found)[0]
        length = slope.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
        with torch.no_grad():
            moved = found + RATE * spread * slope / length.clamp(min=1e-12)
            moved = middle + (1 - DECAY) * (moved - middle)
            if step % BLUR_EVERY == BLUR_EVERY - 1 and step < steps - 1:
                moved = gaussian_blur(moved, [3, 3], [BLUR_PX, BLUR_PX])
            found = moved.roll((-down, -right), (2, 3))
    return found.detach()


def responses(
    network: nn.Module, layer: str, inputs: torch.Tensor, usual: torch.Tensor
) -> torch.Tensor:
    """How far channel k of a layer rises above `usual[k]` for input k, the mean over places.

    What is below counts a hundredth, as with a leaky rectifier: a channel is to answer strongly
    somewhere, not weakly everywhere.
    """
    maps = outputs_at(network, [layer], inputs)[layer]
    own = torch.stack([maps[k, k] for k in range(len(inputs))]) - usual[:, None, None]
    return F.leaky_relu(own).mean(dim=(1, 2))


def for_show(inputs: torch.Tensor) -> np.ndarray:
    """Patterns float32 in 0 to 1: each about middle grey, with one and the same contrast."""
    low = inputs - inputs.mean(dim=(1, 2, 3), keepdim=True)
    deviation = low.square().mean(dim=(1, 2, 3), keepdim=True).sqrt().clamp(min=1e-12)
    return (0.5 + CONTRAST * low / deviation).clamp(0, 1).cpu().numpy().astype(np.float32)
