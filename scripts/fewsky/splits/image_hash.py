"""Perceptual hashes of images, for near-copies where there are no coordinates."""

from itertools import pairwise

import numpy as np
from scipy.fft import dctn

from fewsky.console import FewskyError

BLOCK = 512


def hash_images(shards):
    """Return one 64-bit hash an image, (n,) uint64, for a list of shards (n, band, y, x).

    The bits say which of the 8 x 8 lowest cosine frequencies of the band mean lie above their
    median, so scaling and a constant background change nothing. Missing pixels count as zero.
    Raises FewskyError for patches of less than 8 x 8 pixels.
    """
    found = [np.empty(0, np.uint64)]
    for images in shards:
        if images.ndim != 4 or min(images.shape[2:]) < 8:
            raise FewskyError(
                "image hashes: wanted images (n, band, y, x) of at least 8 x 8 pixels; found shape "
                f"{tuple(images.shape)}. Split smaller patches by sky or field."
            )
        found += [hash_block(images[i : i + BLOCK]) for i in range(0, len(images), BLOCK)]
    return np.concatenate(found)


def hash_block(images):
    """Return the hashes, (n,) uint64, of one block of images (n, band, y, x)."""
    grey = np.nan_to_num(np.asarray(images, float)).mean(axis=1)
    low = dctn(grey, axes=(1, 2))[:, :8, :8].reshape(len(grey), 64)
    bits = low > np.median(low[:, 1:], axis=1, keepdims=True)
    bits[:, 0] = False
    return np.packbits(bits, axis=1).view(">u8").ravel().astype(np.uint64)


def near_pairs(hashes, most):
    """Return the index pairs (i < j), (m, 2), whose hashes differ in at most `most` bits.

    Two such hashes agree wholly in at least one of `most` + 1 pieces, so only objects that share
    a piece are compared (Norouzi et al. 2012, multi-index hashing).
    """
    found = [np.empty((0, 2), int)]
    edges = np.linspace(0, 64, most + 2).astype(int)
    for low, high in pairwise(edges):
        mask = np.uint64((1 << int(high - low)) - 1)
        piece = (hashes >> np.uint64(low)) & mask
        order = np.argsort(piece, kind="stable")
        starts = np.flatnonzero(np.diff(piece[order])) + 1
        found += [pairs_within(hashes, run, most) for run in np.split(order, starts)]
    return np.unique(np.concatenate(found), axis=0)


def pairs_within(hashes, run, most):
    """Return the pairs (i < j), (m, 2), among the indices `run` that differ by `most` bits."""
    found = [np.empty((0, 2), int)]
    for at, one in enumerate(run[:-1]):
        others = run[at + 1 :]
        near = others[np.bitwise_count(hashes[others] ^ hashes[one]) <= most]
        found.append(np.sort(np.stack([np.full(len(near), one), near], axis=1), axis=1))
    return np.concatenate(found)
