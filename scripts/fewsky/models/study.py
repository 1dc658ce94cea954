"""A study of settings that outlives being killed: optuna's sampler and journal, and who asks when.

What trial n tries follows from the trials that ended before it and from (seed, n) alone. A trial
that was running when the study was killed is not in the journal that the next one goes on with: it
is asked for again, and gets the same number and the same values.
"""

import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from fewsky.console import FewskyError, say
from fewsky.models.loop import Diverged
from fewsky.provenance import digest

JOURNAL = "journal.log"
NAME = "settings"
STATES = {TrialState.COMPLETE: "complete", TrialState.FAIL: "diverged"}

Objective = Callable[[int, dict[str, Any]], tuple[float, dict[str, Any]]]


class Tried(NamedTuple):
    """A finished trial: number, settings by path, value (None: it diverged), what else is kept."""

    number: int
    values: dict[str, Any]
    value: float | None
    told: dict[str, Any]
    state: str


def open_study(folder: Path, key: str, metric: str) -> optuna.Study:
    """The study whose journal lies in a folder, new or with the trials that had ended.

    `key` is the digest of all that decides the study. Raises FewskyError, one line, where the
    journal is that of another.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = folder / JOURNAL
    folder.mkdir(parents=True, exist_ok=True)
    ended = _ended(path, key) if path.exists() else []
    if ended:
        say(f"search: goes on after {len(ended)} trials")
    fresh = folder / f"next.{JOURNAL}"
    for left in (fresh, *folder.glob(f"*{JOURNAL}.*")):  # locks of a process that was killed
        left.unlink(missing_ok=True)
    direction = "minimize" if metric == "val_loss" else "maximize"
    study = optuna.create_study(storage=_storage(fresh), study_name=NAME, direction=direction)
    study.set_user_attr("key", key)
    study.add_trials(ended)
    os.replace(fresh, path)
    return optuna.load_study(storage=_storage(path), study_name=NAME)


def optimise(
    study: optuna.Study, search: dict[str, Any], seed: int, objective: Objective
) -> list[Tried]:
    """Make the trials that a study still lacks; returns all of them, in order.

    `search` holds `trials`, `startup`, `metric`, `workers` and `space`: by path either `choices` or
    `low` and `high` (integers for an integer), with `step` or `log`. `objective` takes the number
    of a trial and its settings by path and returns the value and what else is to be kept. Raises
    FewskyError, one line, where the losses of all trials diverged.
    """
    turn, ended = threading.Lock(), threading.Event()

    def work() -> None:
        try:
            while not ended.is_set() and (trial := _asked(study, search, seed, turn)):
                _tell(study, trial, search["metric"], objective)
        finally:
            ended.set()

    if search["workers"] == 1:
        work()
    else:
        with ThreadPoolExecutor(search["workers"]) as pool:
            for one in [pool.submit(work) for _ in range(search["workers"])]:
                one.result()
    found = ended_trials(study)
    if all(one.value is None for one in found):
        raise FewskyError(
            f"search: wanted a trial that ends with a finite loss; found none in {len(found)}. "
            "Narrow the space, or lower recipe.learning_rate."
        )
    return found


def ended_trials(study: optuna.Study) -> list[Tried]:
    """The trials that have ended, diverged ones too, in order."""
    return [_tried(trial) for trial in study.get_trials(states=tuple(STATES))]


def best_of(trials: list[Tried], metric: str) -> Tried:
    """The trial with the best value; of equal ones the first."""
    known = [trial for trial in trials if trial.value is not None]
    return (min if metric == "val_loss" else max)(known, key=lambda trial: trial.value)


def _asked(study, search: dict, seed: int, turn: threading.Lock) -> optuna.trial.Trial | None:
    """The next trial with its settings drawn, None after the last."""
    with turn:
        number = len(study.get_trials(deepcopy=False))
        if number >= search["trials"]:
            return None
        study.sampler = optuna.samplers.TPESampler(
            n_startup_trials=search["startup"],
            multivariate=True,
            constant_liar=search["workers"] > 1,
            seed=int(digest([seed, number])[:8], 16),
        )
        space = search["space"]
        return study.ask({path: _distribution(space[path]) for path in sorted(space)})


def _distribution(wanted: dict[str, Any]) -> optuna.distributions.BaseDistribution:
    if "choices" in wanted:
        return optuna.distributions.CategoricalDistribution(wanted["choices"])
    low, high, step = wanted["low"], wanted["high"], wanted.get("step")
    if isinstance(low, int):
        log = wanted.get("log", False)
        return optuna.distributions.IntDistribution(low, high, log=log, step=step or 1)
    return optuna.distributions.FloatDistribution(
        low, high, log=wanted.get("log", False), step=step
    )


def _tell(study, trial: optuna.trial.Trial, metric: str, objective: Objective) -> None:
    try:
        value, told = objective(trial.number, trial.params)
    except Diverged as error:
        say(f"trial {trial.number}: {error}")
        study.tell(trial, state=TrialState.FAIL)
        return
    for name, item in told.items():
        trial.set_user_attr(name, item)
    study.tell(trial, value)
    say(f"trial {trial.number}: {metric} {value:.4f} with {json.dumps(trial.params)}")


def _tried(trial: FrozenTrial) -> Tried:
    value = trial.value if trial.state == TrialState.COMPLETE else None
    return Tried(trial.number, trial.params, value, trial.user_attrs, STATES[trial.state])


def _ended(path: Path, key: str) -> list[FrozenTrial]:
    """The trials that had ended when a study was killed, from its journal."""
    try:
        study = optuna.load_study(storage=_storage(path), study_name=NAME)
        found = study.user_attrs.get("key")
    except (KeyError, ValueError) as error:
        found = f"{type(error).__name__} {error}"
    if found != key:
        raise FewskyError(
            f"{path}: wanted the journal of this search, {key[:12]}; found {str(found)[:40]}. "
            "Delete it and run again."
        )
    return study.get_trials(states=tuple(STATES))


def _storage(path: Path) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(path)))
