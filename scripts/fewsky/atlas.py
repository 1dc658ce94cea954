"""The label-efficiency atlas as experiments: starts, ways and tasks; imports nothing heavy."""

from collections.abc import Iterator, Mapping
from typing import Any

from fewsky.console import FewskyError
from fewsky.schema import fill, known, listed

NONE = "none"
WAYS = ("probe", "lpft", "tuned")
WORDS = {"probe": "linear probe", "lpft": "LP-FT", "tuned": "fine-tuned without a probe"}
Config = Mapping[str, Any]


def expand_atlas(
    atlas: Config | None, written: Config, config: Config, recipes: Config, schema: dict
) -> tuple[dict[str, dict], list[dict[str, str]]]:
    """Experiments of the block `atlas` as config.yaml would write them, and one row for each.

    A row tells task, start (`none`: from nothing), way (probe, lpft, tuned), experiment and the
    start in words, in the order of the block. `written` are the experiments of the file; `config`
    is filled in and holds surveys, datasets, tasks and weights. Raises FewskyError, one line, where
    the atlas names what does not exist, asks for more draws than a task has, or takes the name of
    an experiment.
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
        block["weights"] = _kept(block["weights"])
        _check_task(f"atlas.tasks.{task}", task, block, atlas, config)
        for start, way, item in _of_task(task, block, atlas, ways, config):
            name = f"atlas-{task}-{start}-{way}"
            _check_name(name, task, {**written, **experiments})
            experiments[name] = item
            words = atlas["starts"].get(start, {}).get("about", "")
            rows.append(
                {"task": task, "start": start, "way": way, "experiment": name, "words": words}
            )
    return experiments, rows


def _kept(value: Any) -> Any:
    """A mapping without what an overlay took out by null."""
    if not isinstance(value, Mapping):
        return value
    return {key: item for key, item in value.items() if item is not None}


def _of_task(
    task: str, block: Config, atlas: Config, ways: Config, config: Config
) -> Iterator[tuple[str, str, dict]]:
    """Start, way and experiment of all that one task takes, the training from nothing first."""
    shared = {"task": task, "budgets": list(block["budgets"])}
    some = {"draws": atlas["draws"]}  # probes are one job for all draws
    bands = {"bands": list(block["bands"])} if block["bands"] else {}
    model = {"name": block["model"] or atlas["model"], **bands}
    nothing = {"about": "from nothing", "model": model, "recipe": ways[NONE]}
    yield NONE, "tuned", {**shared, **some, **nothing}
    for start in _starts_of(block, atlas):
        weights = _weights_of(start, block, atlas)
        name = f"atlas-{task}-{start}"
        links = {
            "probe": {"probe": {**ways.get("probe", {}), "weights": weights}},
            "lpft": {"start": {"from": f"{name}-probe"}, "recipe": ways.get("lpft")},
            "tuned": {"start": {"weights": weights}, "recipe": ways.get("tuned")},
        }
        network = {"model": {"name": config["weights"][weights]["model"], **bands}} if bands else {}
        for way in WAYS:
            if way in _ways_of(block, atlas["starts"][start], ways):
                about = f"start {start}, {WORDS[way]}"
                often = {} if way == "probe" else some
                yield start, way, {**shared, **often, "about": about, **network, **links[way]}


def _starts_of(block: Config, atlas: Config) -> list[str]:
    return list(atlas["starts"]) if block["starts"] is None else block["starts"]


def _ways_of(block: Config, start: Config, ways: Config) -> list[str]:
    """The ways that the atlas, a task and a start all take."""
    taken = (ways, block["ways"] or WAYS, start["ways"] or WAYS)
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
        if start == NONE:
            raise FewskyError(
                "config: atlas.starts.none: wanted another name, since none stands for the "
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
    if atlas["draws"] > split["draws"]:
        raise FewskyError(
            f"config: atlas.draws: wanted at most {split['draws']}, the draws of the task {name}; "
            f"found {atlas['draws']}. Lower it, or raise tasks.{name}.split.draws."
        )
    _check_own_ways(where, block["ways"])
    for start in [*_starts_of(block, atlas), *block["weights"]]:
        known(f"{where}.starts", start, atlas["starts"], "start of the atlas")
    for start, weights in block["weights"].items():
        known(f"{where}.weights.{start}", weights, config["weights"], "set of weights")
    _check_bands(
        f"{where}.bands", block["bands"] or [], config["datasets"].get(task["dataset"]), config
    )


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
