"""What one broken input is, and ways to break bytes that every format shares."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

HTML = b"<!DOCTYPE html><html><head><title>503 Service Unavailable</title></head></html>"
Maker = Callable[[bytes, np.random.Generator], bytes | dict[str, bytes | None]]


class Case(NamedTuple):
    """A broken input: the sound one it is `of`, what is wrong, how to make it, words of its line.

    `make` is given the sound file's bytes and random numbers; it returns those of the broken one,
    or several files by name. `read` replaces the sound input's reader.
    """

    of: str
    name: str
    make: Maker
    words: tuple[str, ...]
    read: Callable[[Path], object] | None = None


def cut(content: bytes, rng: np.random.Generator) -> bytes:
    """The first half, or more, of a file."""
    return content[: int(rng.integers(len(content) // 2, len(content) - 20))]


def empty(content: bytes, rng: np.random.Generator) -> bytes:
    return b""


def page(content: bytes, rng: np.random.Generator) -> bytes:
    """An archive's page that says it is busy."""
    return HTML


def noise(content: bytes, rng: np.random.Generator) -> bytes:
    """As many bytes that mean nothing."""
    return b"\xfe" + rng.bytes(len(content))


def flipped(content: bytes, rng: np.random.Generator) -> bytes:
    """One bit of the middle changed."""
    data = bytearray(content)
    data[int(rng.integers(len(data) // 3, 2 * len(data) // 3))] ^= 1 << int(rng.integers(8))
    return bytes(data)


def replaced(old: bytes, new: bytes) -> Maker:
    """Some bytes, which must be there, for others."""

    def make(content: bytes, rng: np.random.Generator) -> bytes:
        assert old in content, old
        return content.replace(old, new, 1)

    return make


def written(content: bytes) -> Maker:
    """Another content altogether."""
    return lambda sound, rng: content
