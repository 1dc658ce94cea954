"""Weights of a stack of layers, and the sides of what passes through it.

A layer is a list: [conv, kernel, channels in, channels out] or [dense, inputs, outputs], each with
one bias an output.
"""

from collections.abc import Sequence

VALID = {"conv": 4, "dense": 3}
Layer = Sequence[str | int]


def weights(layer: Layer) -> int:
    """Weights and biases of one layer."""
    kind, *numbers = layer
    if VALID.get(str(kind)) != len(layer):
        raise ValueError(f"wanted {VALID}; found {list(layer)}")
    if kind == "conv":
        kernel, inputs, outputs = map(int, numbers)
        return (kernel**2 * inputs + 1) * outputs
    inputs, outputs = map(int, numbers)
    return (inputs + 1) * outputs


def parameters(stack: Sequence[Layer], more: int = 0) -> int:
    """Weights of a stack of layers, and `more` that are known from elsewhere."""
    return sum(map(weights, stack)) + more


def side_after(side: int, steps: Sequence[Sequence[str | int]]) -> int:
    """Side in pixels after some steps: [conv, k] without padding, or [pool, k], rounded down."""
    for kind, width in steps:
        side = side - int(width) + 1 if kind == "conv" else side // int(width)
    return side


def flattened(side: int, steps: Sequence[Sequence[str | int]], channels: int) -> int:
    """Inputs of the first dense layer: pixels of the last map times its channels."""
    return side_after(side, steps) ** 2 * channels
