"""A small two-class world for the trainer's tests, and the settings to train on it."""

import numpy as np
import pandas as pd

BANDS = ["g", "r"]
SIZE = 13
RECIPE = {
    "optimizer": "adam",
    "learning_rate": 3e-3,
    "weight_decay": 0.0,
    "momentum": 0.9,
    "epsilon": 1e-8,
    "batch_size": 16,
    "max_epochs": 6,
    "max_steps": None,
    "min_steps": 0,
    "patience": None,
    "monitor": "val_loss",
    "restore": "best",
    "schedule": "constant",
    "warmup": 0.0,
    "plateau_factor": 0.5,
    "plateau_patience": 2,
    "augment": "d4",
    "augment_mode": "random",
    "augment_of": "all",
    "affine": {
        "rotation_deg": 40,
        "shift_x": 0.2,
        "shift_y": 0.1,
        "shear_deg": 0.2,
        "zoom": 0.2,
        "flip": True,
    },
    "rebalance": 0.0,
    "rebalance_to": "mean",
    "brightness_nmgy": 0.1,
    "blur_px": 1.0,
    "test_views": 1,
    "stretch": "snr",
    "softening": 3.0,
    "psf": "none",
    "pixel_arcsec": 0.396,
    "loss": "auto",
    "class_weights": "none",
    "threads": 1,
    "dtype": "float32",
    "unfreeze": "all",
    "batch_norm": "train",
    "learning_rates": [],
}


def settings(**changes) -> dict:
    """Settings of a training; keys of the recipe go to the recipe, all others to the top."""
    top = {
        "experiment": "sharp-or-soft",
        "classes": ["galaxy", "star"],
        "bands": BANDS,
        "model": {"name": "ruhmer-base"},
        "budgets": ["all"],
        "folds": 0,
        "seed": 7,
        "start": None,
        "depth": 0,
        "pseudo": None,
    }
    recipe = {key: changes.pop(key) for key in list(changes) if key in RECIPE}
    return top | changes | {"recipe": RECIPE | recipe}


def world(n: int = 120, classes: tuple[str, ...] = ("galaxy", "star"), seed: int = 0):
    """Images, catalogue, manifest and draws: stars are 1 px wide, galaxies and others wider.

    A quarter of the objects is the test part; the pool has four folds and two draws.
    """
    rng = np.random.default_rng(seed)
    kind = np.arange(n) % len(classes)
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE // 2
    width = (2.5 - 1.5 * kind / (len(classes) - 1))[:, None, None]
    shape = np.exp(-(x**2 + y**2) / (2 * width**2))
    flux = rng.uniform(1, 3, (n, len(BANDS), 1, 1))
    images = flux * shape[:, None] + rng.normal(0, 0.05, (n, len(BANDS), SIZE, SIZE))
    ids = np.array([f"object-{k:03d}" for k in range(n)])
    catalog = pd.DataFrame({"object_id": ids, "x": 100.0 + 20 * np.arange(n), "y": 50.0})
    for band in BANDS:
        catalog[f"noise_{band}"], catalog[f"psf_fwhm_{band}"] = 0.05, 0.93
    part = np.where(rng.permutation(n) % 4 == 0, "test", "pool")
    manifest = pd.DataFrame(
        {
            "object_id": ids,
            "ra": 0.0,
            "dec": 0.0,
            "group": np.arange(n),
            "label": np.array(classes)[kind],
            "part": part,
            "fold": np.where(part == "pool", np.arange(n) // 4 % 4, -1),
        }
    ).sample(frac=1, random_state=1)
    draws = pd.concat([_draw(ids[part == "pool"], k) for k in range(2)], ignore_index=True)
    return images.astype(np.float32), catalog, manifest, draws


def _draw(pool: np.ndarray, draw: int) -> pd.DataFrame:
    rank = np.arange(len(pool))
    return pd.DataFrame(
        {
            "draw": draw,
            "object_id": np.random.default_rng(draw).permutation(pool),
            "rank": rank,
            "role": np.where(rank % 5 == 4, "val", "train"),
            "even": True,
        }
    )
