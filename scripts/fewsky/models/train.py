"""The one trainer: an experiment and a draw in, networks and predictions out."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fewsky.console import FewskyError
from fewsky.lock import held
from fewsky.machine import choose_device, reproducible
from fewsky.models import results
from fewsky.models.inputs import describe, n_channels
from fewsky.models.loop import Problem, fit
from fewsky.models.objectives import objective
from fewsky.models.results import Data
from fewsky.models.samples import Run, labelled, runs
from fewsky.networks import build
from fewsky.provenance import digest

SEEDED = ("weights", "order", "augmentation", "dropout")


def train(
    settings: dict[str, Any],
    images: np.ndarray,
    catalog: pd.DataFrame,
    manifest: pd.DataFrame,
    draws: pd.DataFrame,
    draw: int,
    out_dir: str | Path,
    resume_dir: str | Path,
    device: str = "auto",
    initial: dict[str, np.ndarray] | None = None,
    *,
    code: str = "",
    wait_seconds: float = 300.0,
    checkpoint_seconds: float = 0.0,
) -> dict[str, Path]:
    """Train every budget and fold of one draw; returns the paths of the four files written.

    Parameters
    ----------
    settings : dict
        The resolved experiment: `experiment` (its name), `classes`, `bands`, `model`, `recipe`,
        `budgets`, `folds` (a number, 0 for none), `seed`.
    images : array
        Float32 `(n, band, y, x)` in nanomaggies; row i is row i of `catalog`.
    manifest, draws : DataFrame
        The task's split and its rankings of labels.
    out_dir, resume_dir : path
        The draw's folder, and the folder of unfinished work and of locks.
    device : str
        auto, cpu or cuda.
    initial : dict, optional
        Starting weights as in a `model.safetensors`; each run starts from the run of the same
        budget and fold, or from the only one. An output layer of another size starts fresh.
    code : str
        Digest of the code; together with settings and data it names the unfinished work.
    wait_seconds, checkpoint_seconds : float
        How long to wait for another trainer of the same draw; how often to store progress (0:
        every epoch).

    Raises
    ------
    FewskyError
        One line: unequal shapes, unknown labels, an empty class, a loss that is not finite,
        another trainer at work. Nothing is published then.
    """
    out_dir, resume_dir = Path(out_dir), Path(resume_dir)
    table = labelled(catalog, manifest, settings["classes"])
    data = Data(images, catalog, table, choose_device(device))
    planned = runs(settings, table, draws, draw)
    _check_images(settings, data)
    _check_recipe(settings, planned)
    side = resume_dir / _key(settings, data, planned, draw, initial, code)
    lock = resume_dir / f"{digest(os.path.abspath(out_dir))[:16]}.lock"
    with held(lock, wait_seconds) as still_mine, reproducible(settings["recipe"]["threads"]):
        try:
            fitted = [
                _fit_run(settings, data, run, draw, initial, side, checkpoint_seconds)
                for run in planned
            ]
        except FewskyError:
            shutil.rmtree(side, ignore_errors=True)
            raise
        tables = results.collected(settings, data, planned, draw, fitted)
        if not still_mine():
            raise FewskyError(
                f"{settings['experiment']}: wanted to publish draw {draw}; found that another "
                "trainer has taken it over. Let that one finish."
            )
        paths = results.publish(out_dir, *tables)
        shutil.rmtree(side, ignore_errors=True)
    return paths


def _fit_run(settings, data: Data, run: Run, draw, initial, side, checkpoint_seconds):
    """The statistics of a run's input and its fitted network."""
    recipe, rows = settings["recipe"], run.parts["train"]
    statistics = describe(
        data.images[rows],
        data.catalog.iloc[rows],
        settings["bands"],
        recipe,
        settings["model"].get("extra", []),
    )
    goal = objective(recipe["loss"], len(settings["classes"]))
    seeds = {name: _seed(settings, draw, run, name) for name in SEEDED}
    network = build(
        settings["model"],
        n_channels(statistics),
        data.size,
        goal.n_outputs,
        torch.Generator().manual_seed(seeds.pop("weights")),
        len(statistics["extra"]),
    )
    _start_from(network, initial, run)
    problem = Problem(
        name=f"{settings['experiment']} draw {draw} budget {run.budget} fold {run.fold}",
        train=data.objects(rows, statistics),
        val=data.objects(run.parts["val"], statistics),
        size=data.size,
        recipe=recipe,
        statistics=statistics,
        objective=goal,
        seeds=seeds,
    )
    state = side / f"budget-{run.budget}-fold-{run.fold}.safetensors"
    return statistics, fit(network.to(data.device), problem, state, checkpoint_seconds)


def _seed(settings: dict, draw: int, run: Run, purpose: str) -> int:
    """A seed of its own for every draw, budget, fold and purpose."""
    text = digest([settings["seed"], draw, run.budget, run.fold, purpose])
    return int(text[:15], 16)


def _start_from(network: torch.nn.Module, initial: dict | None, run: Run) -> None:
    """Copy starting weights into a network; all must fit, but for the output layer."""
    if initial is None:
        return
    prefixes = {"/".join(name.split("/")[:2]) + "/" for name in initial}
    prefix = run.prefix if run.prefix in prefixes else min(prefixes)
    if prefix != run.prefix and len(prefixes) > 1:
        raise FewskyError(
            f"start: wanted weights of {run.prefix[:-1]}, or of one run only; found "
            f"{len(prefixes)} others. Give the starting experiment the same budgets and folds."
        )
    found = {
        name.removeprefix(prefix): array
        for name, array in initial.items()
        if name.startswith(prefix)
    }
    for name, weight in network.state_dict().items():
        array = found.get(name)
        if array is not None and array.size == weight.numel() and weight.dim() in (0, array.ndim):
            weight.copy_(torch.from_numpy(array).reshape(weight.shape))
        elif not name.startswith("head"):
            shape = None if array is None else array.shape
            raise FewskyError(
                f"start: wanted weights {name} of shape {tuple(weight.shape)}; found {shape}. "
                "Start from an experiment with the same model, bands and patch size."
            )


def _check_images(settings: dict, data: Data) -> None:
    shape, bands = data.images.shape, settings["bands"]
    if len(shape) != 4 or shape[1] != len(bands) or shape[2] != shape[3]:
        raise FewskyError(
            f"images: wanted (n, {len(bands)}, size, size) for bands {', '.join(bands)}; found "
            f"{shape}. Make the cutouts again."
        )
    if shape[0] != len(data.catalog):
        raise FewskyError(
            f"images: wanted one image for each of {len(data.catalog)} catalogue rows; found "
            f"{shape[0]}. Make the cutouts again."
        )
    rows = data.table["row"].to_numpy()
    bad = ~np.isfinite(data.images[rows]).all(axis=(1, 2, 3))
    if bad.any():
        raise FewskyError(
            f"images: wanted finite pixels; found {bad.sum()} objects with others, first "
            f"{data.table.index[bad][0]}. Use edge: drop in the dataset, or make the split again."
        )


def _check_recipe(settings: dict, planned: list[Run]) -> None:
    recipe = settings["recipe"]
    if recipe["psf"] != "none" and recipe["augment"] in ("brightness", "blur", "combined"):
        raise FewskyError(
            f"{settings['experiment']}: wanted augment none, rotation, reflection or d4 with psf: "
            f"{recipe['psf']}, since the point source is taken out once; found {recipe['augment']}."
        )
    needs = [
        name
        for name, needed in (
            ("patience", recipe["patience"] is not None),
            ("restore: best", recipe["restore"] == "best"),
            ("schedule: plateau", recipe["schedule"] == "plateau"),
        )
        if needed
    ]
    without = [run.budget for run in planned if not len(run.parts["val"])]
    if needs and without:
        raise FewskyError(
            f"{settings['experiment']}: wanted validation objects for {', '.join(needs)}; found "
            f"none among {without[0]} labels. Raise the budget, or use patience: null, restore: "
            "last and another schedule."
        )


def _key(settings, data: Data, planned, draw, initial, code) -> str:
    """Name of the unfinished work: the digest of everything that decides the result."""
    content = hashlib.sha256(np.ascontiguousarray(data.images))
    for table in (data.catalog, data.table.reset_index()):
        content.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    for run in planned:
        for rows in run.parts.values():
            content.update(rows.tobytes())
    for name, array in sorted((initial or {}).items()):
        content.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return digest([settings, draw, code, str(data.device), torch.__version__, content.hexdigest()])
