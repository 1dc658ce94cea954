"""The label-efficiency atlas as experiments: starts, ways and tasks; imports nothing heavy."""

from collections.abc import Iterator, Mapping
from typing import Any

from fewsky.console import FewskyError
from fewsky.schema import fill, known, listed
from fewsky.studied import NONE

WAYS = ("probe", "lpft", "tuned")
WORDS = {"probe": "linear probe", "lpft": "LP-FT", "tuned": "fine-tuned without a probe"}
Config = Mapping[str, Any]


def expand_atlas(
    atlas: Config | None, written: Config, config: Config, recipes: Config, schema: dict
) -> tuple[dict[str, dict], list[dict[str, str]]]:
    """Experiments of the block `atlas` as config.yaml would write them, and one row for each.

    A row tells task, start, way (probe, lpft, tuned), experiment, the start in words, and the
    experiment that it is held `against`: the training from nothing of the same task, network and
    bands. That one's start is `none`, or `none-MODEL` where some start of the task has another
    network than the task, and it is held against nothing (""). Rows stand in the order of the
    block. `written` are the experiments of the file; `config` is filled in and holds surveys,
    datasets, tasks and weights. Raises FewskyError, one line, where the atlas names what does not
    exist, asks for more draws than a task has, or takes the name of an experiment.
    """
    if atlas is None:
        return {}, []
    ways, shape = atlas["ways"], schema["properties"]["atlas"]
    rest = {key: _kept(value) for key, value in atlas.items() if key != "ways"}
    atlas = fill(rest, shape, schema)
    _check_ways(ways, recipes)
    _check_starts(atlas["starts"], config)
    experiments, rows = {}, []
    for task, block in atlas["tasks"].items():
        block["weights"], block["ways"] = _kept(block["weights"]), _kept(block["ways"])
        _check_task(f"atlas.tasks.{task}", task, block, atlas, config)
        for row, item in _of_task(task, block, atlas, ways, config):
            _check_name(row["experiment"], task, {**written, **experiments})
            experiments[row["experiment"]] = item
            rows.append(row)
    return experiments, rows


def _kept(value: Any) -> Any:
    """A mapping without what an overlay took out by null."""
    if not isinstance(value, Mapping):
        return value
    return {key: item for key, item in value.items() if item is not None}


def _of_task(
    task: str, block: Config, atlas: Config, ways: Config, config: Config
) -> Iterator[tuple[dict[str, str], dict]]:
    """Row and experiment of all that one task takes, the trainings from nothing first."""
    shared = {"task": task, "budgets": list(block["budgets"])}
    some = {"draws": _draws_of(block, atlas)}  # probes are one job for all draws
    bands = {"bands": list(block["bands"])} if block["bands"] else {}
    for start, model in _from_nothing(block, atlas, config).items():
        about = "from nothing" if start == NONE else f"from nothing, {model}"
        network = {"model": {"name": model, **bands}, "recipe": ways[NONE]}
        words = "" if start == NONE else f"nothing, {model}"
        yield _row(task, start, "tuned", words, ""), {**shared, **some, "about": about, **network}
    for start in _starts_of(block, atlas):
        weights = _weights_of(start, block, atlas)
        model = config["weights"][weights]["model"]
        against = f"atlas-{task}-{_nothing_of(model, block, atlas)}-tuned"
        network = {"model": {"name": model, **bands}} if bands else {}
        for way in _ways_of(start, block, atlas, ways):
            row = _row(task, start, way, atlas["starts"][start]["about"], against)
            often = {} if way == "probe" else some
            about = f"start {start}, {WORDS[way]}"
            link = _link(f"atlas-{task}-{start}", weights, way, ways)
            yield row, {**shared, **often, "about": about, **network, **link}


def _row(task: str, start: str, way: str, words: str, against: str) -> dict[str, str]:
    name = f"atlas-{task}-{start}-{way}"
    told = {"task": task, "start": start, "way": way, "experiment": name}
    return {**told, "words": words, "against": against}


def _link(name: str, weights: str, way: str, ways: Config) -> dict[str, Any]:
    """How one way takes its weights, and its settings."""
    if way == "probe":
        return {"probe": {**ways["probe"], "weights": weights}}
    start = {"from": f"{name}-probe"} if way == "lpft" else {"weights": weights}
    return {"start": start, "recipe": ways[way]}


def _from_nothing(block: Config, atlas: Config, config: Config) -> dict[str, str]:
    """Names of the trainings from nothing, and the network of each: that of the task, then those
    of its starts."""
    weights = [_weights_of(start, block, atlas) for start in _starts_of(block, atlas)]
    models = [_model_of(block, atlas), *(config["weights"][name]["model"] for name in weights)]
    return {_nothing_of(model, block, atlas): model for model in dict.fromkeys(models)}


def _nothing_of(model: str, block: Config, atlas: Config) -> str:
    if model == _model_of(block, atlas):
        return NONE
    return f"{NONE}-{model.replace('_', '-')}"


def _model_of(block: Config, atlas: Config) -> str:
    return block["model"] or atlas["model"]


def _draws_of(block: Config, atlas: Config) -> int:
    return block["draws"] or atlas["draws"]


def _starts_of(block: Config, atlas: Config) -> list[str]:
    return list(atlas["starts"]) if block["starts"] is None else block["starts"]


def _ways_of(start: str, block: Config, atlas: Config, ways: Config) -> list[str]:
    """The ways that the atlas, a task and a start all take."""
    own = block["ways"] or WAYS
    if isinstance(own, Mapping):
        own = own.get(start) or WAYS
    taken = (ways, own, atlas["starts"][start]["ways"] or WAYS)
    return [way for way in WAYS if all(way in one for one in taken)]


def _weights_of(start: str, block: Config, atlas: Config) -> str:
    return block["weights"].get(start, atlas["starts"][start]["weights"])


def _check_ways(ways: Config, recipes: Config) -> None:
    for way in ("lpft", "tuned", NONE):
        used = ways.get(way, {}).get("use")
        if used is not None:
            known(f"atlas.ways.{way}.use", used, recipes, "recipe")
    if "lpft" in ways and "probe" not in ways:
        raise FewskyError(
            "config: atlas.ways: wanted probe beside lpft, which starts from it; found none. Add "
            "probe: {}, or take lpft out."
        )


def _check_starts(starts: Config, config: Config) -> None:
    for start, block in starts.items():
        if start == NONE or start.startswith(f"{NONE}-"):
            raise FewskyError(
                f"config: atlas.starts.{start}: wanted another name, since none stands for the "
                "training from nothing; found weights under it. Rename it."
            )
        known(
            f"atlas.starts.{start}.weights", block["weights"], config["weights"], "set of weights"
        )
        _check_own_ways(f"atlas.starts.{start}", block["ways"])


def _check_task(where: str, name: str, block: Config, atlas: Config, config: Config) -> None:
    known(where, name, config["tasks"], "task")
    task = config["tasks"][name]
    split = task["split"]
    if not (task.get("classes") or task.get("groups")) or split["folds"]:
        found = f"{split['folds']} folds" if split["folds"] else "a task without classes"
        raise FewskyError(
            f"config: {where}: wanted a task with classes and a test part of its own; found "
            f"{found}. Take it out of the atlas, or name another."
        )
    if _draws_of(block, atlas) > split["draws"]:
        key = f"{where}.draws" if block["draws"] else "atlas.draws"
        raise FewskyError(
            f"config: {key}: wanted at most {split['draws']}, the draws of the task {name}; "
            f"found {_draws_of(block, atlas)}. Lower it, or raise tasks.{name}.split.draws."
        )
    for start, ways in _own_ways(block["ways"]).items():
        _check_own_ways(where, ways)
        if start:
            known(f"{where}.ways", start, atlas["starts"], "start of the atlas")
    for start in [*_starts_of(block, atlas), *block["weights"]]:
        known(f"{where}.starts", start, atlas["starts"], "start of the atlas")
    for start, weights in block["weights"].items():
        known(f"{where}.weights.{start}", weights, config["weights"], "set of weights")
    _check_bands(
        f"{where}.bands", block["bands"] or [], config["datasets"].get(task["dataset"]), config
    )


def _own_ways(ways: Any) -> dict[str, list[str] | None]:
    """Ways that a task states, by start; "" stands for all of its starts."""
    return dict(ways) if isinstance(ways, Mapping) else {"": ways}


def _check_own_ways(where: str, ways: list[str] | None) -> None:
    if "lpft" in (ways or []) and "probe" not in ways:
        raise FewskyError(
            f"config: {where}.ways: wanted probe beside lpft, which starts from it; found "
            f"{listed(ways)}. Add probe, or take lpft out."
        )


def _check_bands(where: str, bands: list[str], dataset: Config | None, config: Config) -> None:
    survey = config["surveys"].get((dataset or {}).get("survey"))
    if survey is None:  # a fault of the dataset or the task, which is told where it stands
        return
    has = ["red", "green", "blue"] if dataset.get("composite") else survey["bands"]
    for band in bands:
        if band not in has:
            raise FewskyError(
                f"config: {where}: wanted bands among {listed(has)}; found '{band}'. Name others."
            )


def _check_name(name: str, task: str, taken: Config) -> None:
    if name in taken:
        raise FewskyError(
            f"config: atlas.tasks.{task}: wanted the name {name} for an experiment of the atlas; "
            "found another experiment of that name. Rename that one."
        )
