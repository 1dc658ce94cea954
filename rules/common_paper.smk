# Functions only: what the figures, the tables and the paper show and read. No rule stands here.


# --- figures --------------------------------------------------------------------------------
def figures():
    return [f"<results>/figures/{name}.{kind}" for name in FIGURES for kind in ("pdf", "png")]


# --- who is shown -------------------------------------------------------------------------------
def shard_of(field):
    """The shard that holds a field of the chapter's survey."""
    shards = PLAN.shards[STAR_GALAXY["survey"]]
    return next(name for name, shard in shards.items() if field in shard["fields"])


def of_field(path):
    """A file of the shard that holds the field shown; `path` has {survey} or {dataset}, and {shard}."""
    return path.format(**STAR_GALAXY, shard=shard_of(STAR_GALAXY["field"]))


def family(side):
    """Experiments of the small or large set, with the augmentation of each."""
    names = PLAN.families[STAR_GALAXY[side]]
    return {name: PLAN.experiments[name]["recipe"]["augment"] for name in names}


def size_of(side):
    """The training set of a side in words: its number of fields, where it is split by field."""
    task = PLAN.tasks[PLAN.experiments[PLAN.families[STAR_GALAXY[side]][0]]["task"]]
    n = len(task["split"]["train"])
    return f"{n} field{'s' if n > 1 else ''}" if task["split"]["by"] == "field" else f"{side} set"


def family_of(name):
    return PLAN.experiments[name].get("opponent", {}).get("family")


def kind_of(name):
    """What an experiment of the main table is: a network, an opponent or one of the controls."""
    opponent = PLAN.experiments[name].get("opponent")
    if opponent is None:
        return "network"
    if opponent["family"] == "definition":
        return "definition of the label, not ranked"
    return "nuisance control" if opponent["control"] == "nuisance" else "opponent"


def compared():
    """Experiments drawn against each other: those with confusion matrices, forests, the definition."""
    others = [
        name
        for name in STAR_GALAXY["main"]
        if family_of(name) in ("forest", "definition") and kind_of(name) != "nuisance control"
    ]
    return list(dict.fromkeys([*STAR_GALAXY["confusion"], *others]))


def tasks_of(names):
    return sorted({PLAN.experiments[name]["task"] for name in names})


def metrics_of(names):
    """Metrics tables of the tasks that some experiments answer."""
    return expand("<results>/metrics/{task}.csv", task=tasks_of(names))


def runs_of(names, file):
    """One file of every draw of some experiments."""
    return [
        f"<results>/models/{name}/draw-{k}/{file}"
        for name in names
        for k in DRAWS[PLAN.experiments[name]["task"]]
    ]


def shards_shown(file):
    """One file of every shard of the chapter's dataset."""
    name = STAR_GALAXY["dataset"]
    return [f"<results>/cutouts/{name}/{shard}/{file}" for shard in shards_of(name)]


def colours():
    """Bands shown as red, green and blue: the reference band as green between its neighbours."""
    bands = SHOWN_SURVEY["bands"]
    middle = bands.index(SHOWN_SURVEY["reference_band"])
    return [bands[min(middle + 1, len(bands) - 1)], bands[middle], bands[max(middle - 1, 0)]]


def views_shown():
    """Strength of brightness and blur in the recipe whose augmentations are compared."""
    recipe = PLAN.experiments[PLAN.families[STAR_GALAXY["small"]][0]]["recipe"]
    return {key: recipe[key] for key in ("brightness_nmgy", "blur_px")}


# --- tables --------------------------------------------------------------------------------
def tables():
    return [f"<results>/tables/{name}.{kind}" for name in TABLES for kind in ("csv", "tex")]


def task_shown(task):
    """What the table of data sets says of a task besides its numbers."""
    dataset = PLAN.datasets[task["dataset"]]
    return {
        "Dataset": task["dataset"],
        "Survey": dataset["survey"],
        "Patch (px)": dataset["size"],
        "Split by": task["split"]["by"],
        "Classes": " / ".join(task["classes"]),
    }


# --- report --------------------------------------------------------------------------------
def of_kind(paths, ending):
    return [path for path in paths if path.endswith(ending)]


def of_shards(room, ending):
    """A file of a room for every shard of every survey."""
    return [
        f"<results>/{room}/{survey}/{shard}{ending}"
        for survey, shards in PLAN.shards.items()
        for shard in shards
    ]


def records(paths):
    """The provenance records beside figures and tables."""
    return sorted({str(Path(path).with_suffix("")) + ".provenance.json" for path in paths})


def scripts_by_output():
    """The script behind every figure and table, by the name of its file."""
    return {
        Path(str(output)).stem: f"scripts/{rule.name}.py"
        for rule in workflow.rules
        for output in rule.output
        if of_kind([str(output)], (".pdf", ".tex")) and rule.script
    }
