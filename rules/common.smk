# Functions only: the resolved configuration, and who reads what. No rule stands here.
import atexit
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from fewsky.commands.slurm import ended_by_slurm
from fewsky.config import resolve
from fewsky.console import FewskyError, last_line
from fewsky.environments import check_deployed
from fewsky.networks import module_of
from fewsky.provenance import code_hash
from fewsky.surveys import reader

try:
    PLAN = resolve(config)
except FewskyError as error:
    sys.exit(f"fewsky: {error}")

RESULTS = config["pathvars"]["results"]
DRAWS = {name: range(task["split"]["draws"]) for name, task in PLAN.tasks.items()}
TRAINED = [name for name, item in PLAN.experiments.items() if "model" in item]
OPPONENTS = [name for name, item in PLAN.experiments.items() if "opponent" in item]


def one_of(names):
    """A wildcard constraint that matches these names and no others."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    survey=one_of(PLAN.surveys),
    dataset=one_of(PLAN.datasets),
    task=one_of(PLAN.tasks),
    experiment=one_of(PLAN.experiments),
    shard=r"[^/.]+",
    scan=r"[0-9]+-[0-9]+",
    draw=r"[0-9]+",


# --- resources, by class ------------------------------------------------------------------------
def by_attempt(amount):
    """A resource that grows where a job is tried again: twice as much at a second try."""
    return lambda wildcards, attempt: attempt * amount


# small: tables and figures; large: a shard of images in memory; gpu: a network is trained. A rule
# whose jobs last seconds has `localrule: True` or a group in profiles/slurm.
SMALL = {"mem_mb": by_attempt(2000), "runtime": 30}
LARGE = {"mem_mb": by_attempt(8000), "runtime": 120}
GPU = {"mem_mb": by_attempt(16000), "runtime": 480, "gpu": 1}


# --- settings -----------------------------------------------------------------------------------
def chosen(block, *wildcards_of_it):
    """A params function: the part of a block that the job's wildcards choose.

    Snakemake's own `lookup` walks the whole block at every call, which 10,000 fields do not allow.
    """

    def settings(wildcards):
        value = block
        for name in wildcards_of_it:
            value = value[getattr(wildcards, name)]
        return value

    return settings


# --- who reads what -----------------------------------------------------------------------------
def shards_of(dataset):
    return sorted(PLAN.shards[PLAN.datasets[dataset]["survey"]])


def of_dataset(file):
    """Input function: one file of every shard of the dataset that the job is about."""

    def paths(wildcards):
        dataset = dataset_of(wildcards)
        return [f"<results>/cutouts/{dataset}/{shard}/{file}" for shard in shards_of(dataset)]

    return paths


def dataset_of(wildcards):
    if hasattr(wildcards, "dataset"):
        return wildcards.dataset
    return PLAN.tasks[task_of(wildcards)]["dataset"]


def task_of(wildcards):
    if hasattr(wildcards, "task"):
        return wildcards.task
    return PLAN.experiments[wildcards.experiment]["task"]


def of_split(file):
    """Input function: one file of the split of the task that the job is about."""
    return lambda wildcards: f"<results>/splits/{task_of(wildcards)}/{file}"


def predictions_of(experiment):
    draws = DRAWS[PLAN.experiments[experiment]["task"]]
    return [f"<results>/models/{experiment}/draw-{k}/predictions.parquet" for k in draws]


def aligned_lists():
    return [
        f"<results>/aligned/{survey}/{shard}.tsv"
        for survey, shards in PLAN.shards.items()
        for shard in shards
    ]


# --- the raw room ---------------------------------------------------------------------------
def scans():
    """The settings of every simulated scan, by RUN-CAMCOL."""
    sky = PLAN.sky or {}
    made = {key: value for key, value in sky.get("sdss", {}).items() if key != "runs"}
    runs = sky.get("sdss", {}).get("runs", [])
    told = {"seed": sky.get("seed"), "sky": made}
    return {f"{run['run']}-{run['camcol']}": {**told, "run": run} for run in runs}


def sky_lists(wildcards):
    """The demo sky that a shard is read from, where there is one."""
    scans = {
        "-".join(field.split("-")[:2])
        for field in PLAN.shards[wildcards.survey][wildcards.shard]["fields"]
    }
    return [
        f"<results>/raw/sky/{wildcards.survey}-{scan}.tsv" for scan in sorted(scans & set(SCANS))
    ]


def local_catalogues(wildcards):
    """The CSV catalogues of a person's own that a shard names."""
    shard = PLAN.shards[wildcards.survey][wildcards.shard]
    return reader(shard["reader"]).local_files(shard)


# --- the cutouts room -----------------------------------------------------------------------
def cutting(dataset, shard):
    """What the cuts of a shard are told: the dataset's block and the shard's bands and catalogues."""
    survey = dataset["survey"]
    return {"dataset": dataset, "survey": {**ALIGNMENT[survey], **PLAN.shards[survey][shard]}}


def of_survey(room):
    """Input function: the list of a shard in another room, for the dataset's survey."""

    def path(wildcards):
        survey = PLAN.datasets[wildcards.dataset]["survey"]
        return f"<results>/{room}/{survey}/{wildcards.shard}.tsv"

    return path


# --- the splits room ------------------------------------------------------------------------
def splitting(name):
    """A task's split with what it needs of the dataset: the side of a patch in arcsec."""
    task = PLAN.tasks[name]
    dataset = PLAN.datasets[task["dataset"]]
    side = dataset["size"] * PLAN.surveys[dataset["survey"]]["pixel_arcsec"]
    return {"name": name, **task, "patch_arcsec": side}


# --- the models room ------------------------------------------------------------------------
def training(name):
    """All that a training job is told: the experiment, its task, its bands."""
    item = PLAN.experiments[name]
    task = PLAN.tasks[item["task"]]
    survey = PLAN.surveys[PLAN.datasets[task["dataset"]]["survey"]]
    return {
        "experiment": name,
        **{key: item[key] for key in ("model", "budgets")},
        "recipe": {**item["recipe"], "pixel_arcsec": survey["pixel_arcsec"]},
        "classes": task["classes"],
        "bands": survey["bands"],
        "folds": task["split"]["folds"],
        "seed": task["split"]["seed"],
    }


def fitting(name):
    """All that the fit of an opponent is told: its columns and its task."""
    item = PLAN.experiments[name]
    return {
        "experiment": name,
        "opponent": item["opponent"],
        "budgets": item["budgets"],
        "task": splitting(item["task"]),
    }


# --- the metrics room -----------------------------------------------------------------------
def scoring(task):
    """What the scores and comparisons of a task need to know of its experiments."""
    items = {name: PLAN.experiments[name].get("opponent", {}) for name in PLAN.of_task(task)}
    controls = [name for name, item in items.items() if item.get("control") == "nuisance"]
    ranked = [name for name, item in items.items() if item.get("family") != "definition"]
    primary = [pair for pair in PLAN.paper["comparisons"] if pair["a"] in items]
    return {
        "task": {"name": task, **PLAN.tasks[task]},
        "scoring": {**PLAN.paper["scoring"], "nuisance": (controls or [None])[0]},
        "ranked": ranked,
        "primary": primary,
    }


def predictions_of_task(wildcards):
    return [path for name in PLAN.of_task(wildcards.task) for path in predictions_of(name)]


def truth_of(wildcards):
    """The truth of the demo sky for the survey of a task, where there is one."""
    survey = PLAN.datasets[dataset_of(wildcards)]["survey"]
    return [f"<results>/raw/sky/{survey}-{scan}.truth.parquet" for scan in SCANS]


# --- environments -------------------------------------------------------------------------------
def check_environments():
    """Stop where an environment that Snakemake has made holds something else than its lock."""
    if all(method.name != "CONDA" for method in workflow.deployment_settings.deployment_method):
        return
    try:
        check_deployed(Path(workflow.basedir) / "envs", Path(workflow.persistence.conda_env_path))
    except FewskyError as error:
        closing_lines([f"fewsky: {error}"])
        sys.exit(1)


# --- closing lines ------------------------------------------------------------------------------
def closing_lines(lines):
    """Print lines when Snakemake has said its last word, so that ours stand at the end."""
    atexit.register(lambda: print(*lines, sep="\n", file=sys.stderr, flush=True))


def faults(log_files):
    """The one line of each job that failed, from the job's own log."""
    paths = [log_files] if isinstance(log_files, str) else log_files
    text = "".join(Path(path).read_text(errors="replace") for path in paths if os.path.exists(path))
    logs = dict.fromkeys(re.findall(r"^ +log: ([^\s,]+)", text, re.M))
    lines = [*filter(None, map(last_line, logs)), *ended_by_slurm(text)]
    return lines or [f"fewsky: stopped; see {' '.join(paths)}"]


def summary():
    return [
        f"fewsky: {len(PLAN.experiments)} experiments, {len(figures()) // 2} figures and "
        f"{len(tables()) // 2} tables of {RESULTS}",
        f"fewsky: paper  {RESULTS}/paper.pdf",
    ]
