"""Files of published weights: named tensors, and nothing else, are read of them."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from fewsky.console import FewskyError


def tensors_of(path: str | Path, name: str) -> dict[str, torch.Tensor]:
    """The named tensors of a .safetensors or .pth file; of a .pth nothing but tensors is unpickled.

    Raises FewskyError, one line, where the file is none of them; `name` is the network wanted.
    """
    try:
        if Path(path).suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
        return found.get("state_dict", found)
    except Exception as error:
        reason = " ".join(str(error).split())[:160]
        raise FewskyError(
            f"{path}: wanted weights of {name}; found no file of named tensors ({reason}). Correct "
            "the weights' model, url or file."
        ) from None
