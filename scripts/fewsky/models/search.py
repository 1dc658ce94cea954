"""Settings searched for: each trial is a training, judged on the validation objects alone."""

import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from fewsky.console import FewskyError
from fewsky.files import save_json, save_table
from fewsky.lock import held
from fewsky.machine import reproducible
from fewsky.models.cards import shared_card
from fewsky.models.costs import costs_of
from fewsky.models.found import with_values
from fewsky.models.samples import Run
from fewsky.models.start import Start
from fewsky.models.study import Tried, best_of, ended_trials, open_study, optimise
from fewsky.models.train import Job, check_recipe, fit_run, prepared
from fewsky.provenance import digest
from fewsky.unfinished import hand_out, keep

SEEN = ("train", "val")


def search_settings(
    settings: dict[str, Any],
    images: np.ndarray,
    catalog: pd.DataFrame,
    manifest: pd.DataFrame,
    draws: pd.DataFrame,
    out_dir: str | Path,
    resume_dir: str | Path,
    device: str = "auto",
    start: Start | None = None,
    stored: np.ndarray | None = None,
    *,
    code: str = "",
    wait_seconds: float = 300.0,
) -> dict[str, Path]:
    """Search an experiment's space on its largest budget; returns the paths of both files written.

    Parameters are those of `train.train`; `settings` holds `search` beside what a training is told.
    A search that was killed goes on: finished trials from its journal, the one that was running
    after its last stored epoch.

    Raises
    ------
    FewskyError
        One line: whatever a training refuses, no validation objects, a journal of another search.
    """
    out_dir, resume_dir = Path(out_dir), Path(resume_dir)
    wanted = settings["search"]
    job, planned = prepared(
        settings, images, catalog, manifest, draws, wanted["draw"], resume_dir, device, start,
        stored, None, code=code,
    )  # fmt: skip
    run = _without_test(planned[-1])
    _check_validation(settings, run)
    lock = resume_dir / f"{digest(os.path.abspath(out_dir))[:16]}.lock"
    with held(lock, wait_seconds) as still_mine, reproducible(settings["recipe"]["threads"]):
        if hand_out(job.side, _paths_in(out_dir).values()):
            return _paths_in(out_dir)
        study = open_study(job.side, job.side.name, wanted["metric"])
        try:
            trials = optimise(study, wanted, settings["seed"], partial(_trial, job, run))
        except FewskyError:
            if not ended_trials(study):
                shutil.rmtree(job.side, ignore_errors=True)
            raise
        if not still_mine():
            raise FewskyError(
                f"{settings['experiment']}: wanted to publish a search; found that another "
                "has taken it over. Let that one finish."
            )
        paths = _publish(out_dir, settings, run, trials)
        keep(job.side, paths.values())
    return paths


def value_of(predictions: pd.DataFrame, classes: list[str], metric: str) -> float:
    """A metric of the validation objects among a run's predictions: val_accuracy, val_loss (mean of
    -ln p of the true class, without any penalty) or macro_f1."""
    table = predictions[predictions["part"] == "val"]
    found = table[[f"p_{name}" for name in classes]].to_numpy(np.float64)
    truth = pd.Index(classes).get_indexer(table["label"])
    if metric == "val_loss":
        own = found[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(own, np.finfo(np.float32).tiny)).mean())
    decided = found.argmax(axis=1)
    if metric == "val_accuracy":
        return float((decided == truth).mean())
    every = np.arange(len(classes))
    return float(f1_score(truth, decided, labels=every, average="macro", zero_division=0))


def _trial(job: Job, run: Run, number: int, values: dict[str, Any]) -> tuple[float, dict[str, int]]:
    """One training with some settings: its value, and what is kept of it."""
    settings = with_values(job.settings, values)
    check_recipe(settings, [run])
    side = job.side / f"trial-{number}"
    finished = fit_run(replace(job, settings=settings, side=side), run)
    shutil.rmtree(side, ignore_errors=True)
    card = shared_card(settings, job.data.size) | finished.card
    value = value_of(finished.predictions, settings["classes"], settings["search"]["metric"])
    return value, {"epochs": card["epochs"], **costs_of(card)}


def _without_test(run: Run) -> Run:
    """The run without the objects that a search must not see."""
    none = np.zeros(0, np.int64)
    return run._replace(parts={k: rows if k in SEEN else none for k, rows in run.parts.items()})


def _check_validation(settings: dict, run: Run) -> None:
    if not len(run.parts["val"]):
        raise FewskyError(
            f"{settings['experiment']}: wanted validation objects to search by; found none among "
            f"{run.budget} labels. Raise the budget."
        )


def _paths_in(out_dir: Path) -> dict[str, Path]:
    return {"trials": out_dir / "trials.csv", "best": out_dir / "best.json"}


def _publish(out_dir: Path, settings: dict, run: Run, trials: list[Tried]) -> dict[str, Path]:
    search = settings["search"]
    best = best_of(trials, search["metric"])
    paths = _paths_in(out_dir)
    save_table(_table(trials, sorted(search["space"])), paths["trials"])
    save_json(
        {
            "experiment": settings["experiment"],
            "found": best.values,
            "trial": best.number,
            "trials": len(trials),
            "value": best.value,
            **best.told,
            **{key: search[key] for key in ("metric", "draw", "workers")},
            "tuned_with": run.budget,
        },
        paths["best"],
    )
    return paths


def _table(trials: list[Tried], space: list[str]) -> pd.DataFrame:
    rows = [
        {
            "trial": one.number,
            **{path: one.values[path] for path in space},
            "value": one.value,
            **{name: one.told.get(name) for name in ("epochs", "parameters", "flops")},
            "state": one.state,
        }
        for one in trials
    ]
    counts = dict.fromkeys(("epochs", "parameters", "flops"), "Int64")
    return pd.DataFrame(rows).astype(counts)
