# Functions only: what the grouped and the random splits of a task are told. No rule stands here.
from fewsky.leakage_check import leaking

LEAKING = {task: name for task, name in leaking(PLAN).items() if task in tasks_shown()}


def leaking_split(task):
    """What decides who belongs together in a task, and how its objects are split for the price."""
    told, block = splitting(task), PLAN.paper["audit"]["leakage"]
    keys = ("by", "train", "val", "test", "tile_arcmin", "link_arcsec", "match_arcsec")
    split = {key: told["split"][key] for key in keys if key in told["split"]}
    known = ("name", "label", "classes", "groups", "keep", "patch_arcsec")
    return {
        "task": {**{key: told[key] for key in known if key in told}, "split": split},
        **{key: block[key] for key in ("draws", "test_fraction", "magnitudes", "bin_mag", "seed")},
    }


def leaking_fit(name):
    """What the fit of an experiment on these splits is told: its columns or its penalty."""
    item = PLAN.experiments[name]
    told = {"classes": PLAN.tasks[item["task"]]["classes"]}
    if "opponent" in item:
        return {**told, "opponent": item["opponent"]}
    return {**told, "probe": {"c": item["probe"]["c"]}}


def leaking_score(task):
    """What the scores of a task on these splits are told."""
    metrics = [PLAN.paper["audit"]["leakage"]["metric"], "accuracy"]
    return {
        "experiment": LEAKING[task],
        "classes": PLAN.tasks[task]["classes"],
        "metrics": list(dict.fromkeys(metrics)),
        **{key: PLAN.paper["scoring"][key] for key in ("bootstrap", "seed")},
    }


def hashed_for_leakage(wildcards):
    """The images of a task whose groups are told by their hashes."""
    hashed = PLAN.tasks[wildcards.task]["split"]["by"] == "hash"
    return of_dataset("images.safetensors")(wildcards) if hashed else []


def measured_for_leakage(wildcards):
    """What is measured on the images of an opponent's task; a probe needs none."""
    told = wildcards.experiment in OPPONENTS
    return of_dataset("measured.parquet")(wildcards) if told else []


def features_for_leakage(wildcards):
    """The stored features of a probe, as a list of none or one."""
    return stored_at(wildcards.experiment, "head") if wildcards.experiment in PROBES else []


def of_task_leaking(file):
    """Input function: a file of the splits that price the leaks of the job's task."""
    return lambda wildcards: f"<results>/splits/{task_of(wildcards)}/leakage.{file}"


def leaked_from(path):
    """One file of every task whose leaks are priced."""
    return [path.format(task=task) for task in LEAKING]


def told_of_leakage():
    """What the numbers of the section on leaks are told; nothing where it is left out."""
    if not LEAKING:
        return {}
    about = {name: PLAN.experiments[name]["about"] for name in LEAKING.values()}
    metric = PLAN.paper["audit"]["leakage"]["metric"]
    return {"leakage": {"probes": LEAKING, "about": about, "metric": metric}}


def of_leakage():
    """Files that only the section on leaks quotes."""
    if not LEAKING:
        return {}
    return {
        "leakage": leaked_from("<results>/metrics/{task}.leakage.csv"),
        "leakage_told": leaked_from("<results>/splits/{task}/leakage.json"),
        "leakage_leaks": leaked_from("<results>/splits/{task}/leakage.csv"),
    }
