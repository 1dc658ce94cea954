"""The machine that trains: its device, its threads, its memory."""

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import torch

from fewsky.console import FewskyError

# Options of mallopt, from glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# Option of prctl, from Linux's prctl.h: the signal that a process gets when its parent dies.
PR_SET_PDEATHSIG = 1


def choose_device(name: str) -> torch.device:
    """The device for auto, cpu or cuda; auto takes the GPU where PyTorch has one."""
    if name == "cuda" and not torch.cuda.is_available():
        raise FewskyError(
            "compute.device: wanted a CUDA device; found none that PyTorch can use. Use auto or "
            "cpu, or install a CUDA build of PyTorch."
        )
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def gpu_memory_mb(device: torch.device) -> int | None:
    """Most memory of the GPU that this process has used at once, in MB; None on a CPU."""
    if device.type != "cuda":
        return None
    return round(torch.cuda.max_memory_allocated(device) / 2**20)


@contextmanager
def reproducible(threads: int) -> Iterator[None]:
    """Run with a thread count of the recipe's and with algorithms that repeat their bits."""
    # cuBLAS repeats its sums only with a workspace of fixed size, read when it starts.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    deterministic = torch.utils.deterministic
    before = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        deterministic.fill_uninitialized_memory,
    )
    _keep_freed_memory()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    deterministic.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])
        deterministic.fill_uninitialized_memory = before[2]


def end_with_parent() -> None:
    """Have this process ended by SIGTERM when its parent is gone, however that died; Linux only."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _keep_freed_memory() -> None:
    """Let glibc reuse a step's large buffers; asking the kernel for them each time costs a third.

    Where the C library has no mallopt, memory is as slow as before.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        for option, value in ((M_MMAP_THRESHOLD, 32 << 20), (M_TRIM_THRESHOLD, 2**31 - 1)):
            library.mallopt(option, value)
