"""The one trainer: an experiment and a draw in, networks and predictions out."""

import hashlib
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fewsky.console import FewskyError, say
from fewsky.machine import choose_device, gpu_memory_mb, reproducible
from fewsky.models import parallel, results
from fewsky.models.cards import Data, all_rows
from fewsky.models.extra import Extra, with_extra
from fewsky.models.features import activations
from fewsky.models.imbalance import Shown, shown
from fewsky.models.inputs import describe, n_channels
from fewsky.models.loop import Diverged, Fitted, Problem, copied, fit
from fewsky.models.objectives import Objective, objective_of
from fewsky.models.pseudo import unlabelled_of
from fewsky.models.results import Finished, Outcome, finish
from fewsky.models.samples import Run, classes_of, labelled, runs
from fewsky.models.sources import Activations, Pixels
from fewsky.models.start import Start, start_from
from fewsky.networks import build, fresh_layers
from fewsky.networks.backbone import first_trained
from fewsky.provenance import digest
from fewsky.shards import Shards, in_blocks
from fewsky.unfinished import hand_out, keep

SEEDED = ("order", "augmentation", "dropout")
SEEDED_UNLABELLED = ("unlabelled_order", "unlabelled_augmentation")


@dataclass
class Job:
    """A draw's training: what it was told, its data, and where its unfinished work lies."""

    settings: dict[str, Any]
    data: Data
    draw: int
    start: Start
    stored: np.ndarray | Shards | None
    pseudo: pd.DataFrame | None
    frozen: dict[str, str] | None
    side: Path
    extra: Extra | None = None

    @property
    def seeded(self) -> tuple[str, ...]:
        """Purposes that have random numbers of their own, beside the first weights."""
        return SEEDED + (SEEDED_UNLABELLED if self.settings["pseudo"] else ())


def train(
    settings: dict[str, Any],
    images: np.ndarray | Shards,
    catalog: pd.DataFrame,
    manifest: pd.DataFrame,
    draws: pd.DataFrame,
    draw: int,
    out_dir: str | Path,
    resume_dir: str | Path,
    device: str = "auto",
    start: Start | None = None,
    stored: np.ndarray | Shards | None = None,
    pseudo: pd.DataFrame | None = None,
    *,
    boxes: pd.DataFrame | None = None,
    extra: Extra | None = None,
    code: str = "",
    wait_seconds: float = 300.0,
) -> dict[str, Path]:
    """Train every budget and fold of one draw; returns the paths of the four files written.

    Parameters
    ----------
    settings : dict
        The resolved experiment: `experiment` (its name), `classes`, `bands`, `model`, `recipe`,
        `budgets`, `folds` (a number, 0 for none), `seed`, `start`, `pseudo`; `targets` where the
        task has target columns and no classes, `boxes` where it has boxes and no classes.
    images : array
        Float32 `(n, band, y, x)` in nanomaggies; row i is row i of `catalog`. Of those that are
        read when asked for (`fewsky.shards`), a run holds its own rows.
    manifest, draws : DataFrame
        The task's split and its rankings of labels.
    out_dir, resume_dir : path
        The draw's folder, and the folder of unfinished work and of locks.
    device : str
        auto, cpu or cuda.
    start : Start, optional
        Starting weights. An output layer of another size starts fresh.
    stored : array, optional
        Activations `(n, 8, ...)` at the cut of `recipe.unfreeze`, made by the backbone of `start`;
        without them a frozen part is run once here. Row i is row i of `catalog`.
    pseudo : DataFrame, optional
        Pseudo-labels of unlabelled objects (`pseudo.choose_pseudo`).
    boxes : DataFrame, optional
        Boxes of the images by `object_id` (`detect.padded`), for a task with boxes.
    extra : Extra, optional
        Generated patches that are trained on beside the real ones, by budget and fold.
    code : str
        Digest of the code; together with settings and data it names the unfinished work.
    wait_seconds : float
        How long to wait for another trainer of the same draw.

    Raises
    ------
    FewskyError
        One line: unequal shapes, unknown labels, an empty class, a loss that is not finite,
        another trainer at work. Nothing is published then.
    """
    out_dir, resume_dir = Path(out_dir), Path(resume_dir)
    job, planned = prepared(
        settings, images, catalog, manifest, draws, draw, resume_dir, device, start, stored, pseudo,
        boxes=boxes, extra=extra, code=code,
    )  # fmt: skip
    data, side = job.data, job.side
    lock = resume_dir / f"{digest(os.path.abspath(out_dir))[:16]}.lock"
    with (
        parallel.held_once(lock, wait_seconds) as still_mine,
        reproducible(settings["recipe"]["threads"]),
    ):
        if hand_out(side, results.paths_in(out_dir).values()):
            say(f"{settings['experiment']} draw {draw}: was trained already, and is handed out")
            return results.paths_in(out_dir)
        try:
            finished = [fit_run(job, run) for run in planned]
        except FewskyError:
            shutil.rmtree(side, ignore_errors=True)
            raise
        used = gpu_memory_mb(data.device)
        tables = results.collected(settings, data.size, draw, finished, used)
        if not still_mine():
            raise FewskyError(
                f"{settings['experiment']}: wanted to publish draw {draw}; found that another "
                "trainer has taken it over. Let that one finish."
            )
        if parallel.is_first():
            results.publish(out_dir, *tables)
            keep(side, results.paths_in(out_dir).values())
    return results.paths_in(out_dir)


def prepared(
    settings, images, catalog, manifest, draws, draw, resume_dir, device, start, stored, pseudo,
    *, boxes=None, extra=None, code,
) -> tuple[Job, list[Run]]:  # fmt: skip
    """A draw's job and its runs, budgets rising, from what `train` is given; raises as it does."""
    table = labelled(catalog, manifest, classes_of(settings))
    data = Data(images, catalog, table, manifest, choose_device(device), boxes=boxes)
    data = data.with_values(settings.get("targets"))
    planned = runs(settings, table, draws, draw)
    _check_images(settings, data)
    check_recipe(settings, planned)
    _check_boxes(settings, data)
    start = start or Start()
    side = Path(resume_dir) / _key(settings, data, planned, draw, start, pseudo, extra, code)
    frozen = settings["start"] and settings["start"].get("frozen")
    frozen = frozen and {"path": frozen, "sha256": start.card["sha256"]}
    return Job(settings, data, draw, start, stored, pseudo, frozen, side, extra), planned


def fit_run(job: Job, run: Run) -> Finished:
    """One run: the network built, started, cut where a part is frozen, and trained.

    Generated patches are among what it learns from; the input's statistics, the predictions and
    the labels counted are those of real objects alone.
    """
    job = replace(job, data=job.data.with_scale(run, job.settings))
    data, taught = with_extra(job.data, run, job.extra, job.settings["classes"])
    job = replace(job, data=data)
    settings, data, recipe = job.settings, job.data, job.settings["recipe"]
    rows = run.parts["train"]
    statistics = describe(
        data.images[rows],
        data.catalog.iloc[rows],
        settings["bands"],
        recipe,
        settings["model"].get("extra", []),
        job.start.card,
        settings["model"],
    )
    network = _network(job, run, statistics)
    cut = first_trained(network, recipe["unfreeze"])
    pixels = _pixels(job, statistics)
    source = pixels if cut == 0 else _activations(job, taught, network.to(data.device), cut, pixels)
    trained = network if cut == 0 else network.tail(cut)
    goal = _goal(job, statistics)
    fitted, told = _best_rate(job, taught, trained.to(data.device), source, goal)
    frozen = job.frozen if cut else None
    told |= {"trained_on": _trained_on(job, taught)}
    outcome = Outcome(statistics, network, trained, source, fitted, frozen, told)
    return finish(settings, data, run, outcome)


def _pixels(job: Job, statistics: dict):
    """The images as a source of inputs; those of a task with boxes have their boxes with them."""
    data, settings = job.data, job.settings
    given = data.images, data.catalog, statistics, settings["recipe"], data.device
    if data.boxes is None:
        return Pixels(*given)
    from fewsky.models.detect import Scenes, padded

    boxes = padded(data.boxes, data.catalog, settings["boxes"]["classes"], data.size)
    return Scenes(*given, settings["model"].get("size") or data.size, boxes)


def _goal(job: Job, statistics: dict) -> Objective:
    return objective_of(job.settings, job.data.size, n_channels(statistics))


def _network(job: Job, run: Run, statistics: dict) -> torch.nn.Module:
    settings = job.settings
    network = build(
        settings["model"],
        n_channels(statistics),
        job.data.size,
        _goal(job, statistics).n_outputs,
        torch.Generator().manual_seed(_seed(settings, job.draw, run, "weights")),
        len(statistics["extra"]),
    )
    fresh = () if job.start.runs else fresh_layers(settings["model"]["name"])
    start_from(network, job.start.of(run.prefix), fresh)
    return network


def _activations(job: Job, run: Run, network, cut: int, pixels: Pixels) -> Activations:
    """What the frozen part gives: as stored, or computed now for the objects of the run."""
    recipe = job.settings["recipe"]
    if job.stored is not None:
        return Activations(job.stored, recipe, job.data.device)
    views = 1 if recipe["augment"] == "none" and recipe["test_views"] == 1 else 8
    rows = np.unique(all_rows(run))
    found = activations(network.stem(cut), pixels, rows, views)
    return Activations(found, recipe, job.data.device, rows)


def _best_rate(job: Job, run: Run, network, source, goal: Objective) -> tuple[Fitted, dict]:
    """The training at the learning rate with the lowest validation loss, of those to be tried.

    A rate at which the loss diverges is out; where all do, the run ends with the last one's line.
    """
    recipe = job.settings["recipe"]
    first, found = copied(network), {}
    rates = recipe["learning_rates"] or [recipe["learning_rate"]]
    for rate in rates:
        network.load_state_dict(first)
        problem = _problem(job, run, source, rate, goal)
        state = job.side / f"budget-{run.budget}-fold-{run.fold}-rate-{rate:g}.safetensors"
        try:
            found[rate] = fit(network, problem, state)
        except Diverged as error:
            if rate == rates[-1] and not found:
                raise
            say(f"{error} This rate is out.")
    if len(rates) == 1:
        return found[rates[0]], {"learning_rate": rates[0]}
    best = min(found, key=lambda rate: _kept_loss(found[rate]))
    return found[best], {"learning_rate": best, "learning_rates_tried": rates}


def _kept_loss(fitted: Fitted) -> float:
    """Validation loss of the epoch whose weights are kept."""
    return fitted.progress.history[fitted.epoch - 1]["val_loss"]


def _problem(job: Job, run: Run, source, rate: float, goal: Objective) -> Problem:
    settings, recipe = job.settings, job.settings["recipe"]
    return Problem(
        name=f"{settings['experiment']} draw {job.draw} budget {run.budget} fold {run.fold}",
        source=source,
        train=job.data.part(run, "train"),
        val=job.data.part(run, "val"),
        recipe={**recipe, "learning_rate": rate},
        objective=goal,
        seeds={name: _seed(settings, job.draw, run, name) for name in job.seeded},
        unlabelled=unlabelled_of(run, job.pseudo, job.data.table, settings),
        shown=_shown(job, run),
    )


def _shown(job: Job, run: Run) -> Shown | None:
    """The objects of an epoch, where the recipe rebalances classes."""
    settings = job.settings
    rng = np.random.default_rng(_seed(settings, job.draw, run, "rebalance"))
    return shown(job.data.part(run, "train")[1], settings["recipe"], settings["classes"], rng)


def _trained_on(job: Job, run: Run) -> dict[str, int]:
    """Objects of each class in an epoch, repeats counted."""
    classes, targets = classes_of(job.settings), job.data.class_numbers(run.parts["train"])
    chosen = _shown(job, run) or Shown(np.arange(len(targets)), np.zeros(len(targets), bool))
    counts = chosen.counts(targets, len(classes))
    return dict(zip(classes, map(int, counts), strict=True))


def _seed(settings: dict, draw: int, run: Run, purpose: str) -> int:
    """A seed of its own for every stage, draw, budget, fold and purpose."""
    text = digest([settings["seed"], settings["depth"], draw, run.budget, run.fold, purpose])
    return int(text[:15], 16)


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
    finite = [np.isfinite(block).all(axis=(1, 2, 3)) for block in in_blocks(data.images, rows)]
    bad = ~np.concatenate([np.ones(0, bool), *finite])
    if bad.any():
        raise FewskyError(
            f"images: wanted finite pixels; found {bad.sum()} objects with others, first "
            f"{data.table.index[bad][0]}. Use edge: drop in the dataset, or make the split again."
        )


def _check_boxes(settings: dict, data: Data) -> None:
    """Raise FewskyError where a task, its model and its table of boxes do not go together."""
    if not settings.get("boxes"):
        if data.boxes is not None or settings["model"].get("size"):
            raise FewskyError(
                f"{settings['experiment']}: wanted a task with boxes for a table of boxes or "
                "model.size; found one without. Correct the experiment or its task."
            )
        return
    from fewsky.models.detect import check_detection, padded

    check_detection(settings["experiment"], settings, data.boxes)
    padded(data.boxes, data.catalog, settings["boxes"]["classes"], data.size)


def check_recipe(settings: dict, planned: list[Run]) -> None:
    """Raise FewskyError where settings of a recipe do not go together, or lack what they need."""
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
            ("learning_rates", len(recipe["learning_rates"]) > 1),
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


def _key(settings, data: Data, planned, draw, start: Start, pseudo, extra, code) -> str:
    """Name of the unfinished work: the digest of everything that decides the result."""
    content = hashlib.sha256()
    for block in in_blocks(data.images):
        content.update(np.ascontiguousarray(block))
    tables = [data.catalog, data.table.reset_index()]
    tables += [table for table in (pseudo, data.boxes) if table is not None]
    if extra is not None:
        content.update(np.ascontiguousarray(extra.images))
        tables.append(extra.table)
    for table in tables:
        content.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    for run in planned:
        for rows in run.parts.values():
            content.update(rows.tobytes())
    for arrays in (start.backbone, start.runs):
        for name, array in sorted(arrays.items()):
            content.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return digest([settings, draw, code, str(data.device), torch.__version__, content.hexdigest()])
