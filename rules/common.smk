# Functions only: the resolved configuration, and who reads what. No rule stands here.
import atexit
import logging
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from fewsky.bands import bands_in
from fewsky.commands.resume import locked_by
from fewsky.commands.slurm import ended_by_slurm
from fewsky.config import resolve
from fewsky.console import FewskyError, last_line
from fewsky.contrasted import contrasted
from fewsky.environments import check_deployed
from fewsky.files import check_writable
from fewsky.networks import module_of
from fewsky.predicted import read_of_catalogue
from fewsky.pretexts import images_needed, kept_out
from fewsky.modules import recall, remember
from fewsky.provenance import code_hash
from fewsky.queue import spare
from fewsky.lineage import cut_name
from fewsky.losses import of_its_loss
from fewsky.surveys import module_of_objects, module_of_pictures, reader
from fewsky.target_columns import are_measured
from fewsky.tried import tried_experiments, tried_pairs
from fewsky.unfinished import forget

recall()
try:
    check_writable(Path.cwd())
    PLAN = resolve(config)
except FewskyError as error:
    sys.exit(f"fewsky: {error}")

RESULTS = config["pathvars"]["results"]
TRAINED = [name for name, item in PLAN.experiments.items() if "recipe" in item]
PROBES = [name for name, item in PLAN.experiments.items() if "probe" in item]
SEARCHED = [name for name, item in PLAN.experiments.items() if "search" in item]
OPPONENTS = [name for name, item in PLAN.experiments.items() if "opponent" in item]
ENSEMBLES = [name for name, item in PLAN.experiments.items() if "ensemble" in item]
ATLAS = {row["experiment"] for row in PLAN.atlas}
BOXED = [name for name, task in PLAN.tasks.items() if "boxes" in task]
FINDERS = [name for name in OPPONENTS if PLAN.experiments[name]["task"] in BOXED]
SWEPT = [*PROBES, *OPPONENTS, *ENSEMBLES]  # one job for all draws


def one_of(names):
    """A wildcard constraint that matches these names and no others."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    survey=one_of(PLAN.surveys),
    dataset=one_of(PLAN.datasets),
    task=one_of(PLAN.tasks),
    experiment=one_of(PLAN.experiments),
    weights=one_of(PLAN.weights),
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


def processes_of(wildcards):
    """Processes that share an experiment's training, each with a GPU and the data in memory."""
    return TRAINING[wildcards.experiment]["recipe"]["processes"]


def threads_of(wildcards):
    """CPU threads of all processes of an experiment's training."""
    return processes_of(wildcards) * TRAINING[wildcards.experiment]["recipe"]["threads"]


def memory_of(wildcards, attempt):
    """Memory of all processes of an experiment's training, in MB."""
    return processes_of(wildcards) * GPU["mem_mb"](wildcards, attempt)


# gpus: a network is trained by as many processes as its recipe says, all on one node.
GPUS = GPU | {"gpu": processes_of, "mem_mb": memory_of, "nodes": 1}


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


def asked_of(chapter, key):
    """What a chapter asks for, where the paper has it: a list."""
    return (PLAN.paper[chapter][key] or []) if chapter in PLAN.paper["chapters"] else []


def part_of(chapter, key):
    """The block of an optional part of a chapter; None where the paper has not got it."""
    return PLAN.paper[chapter][key] if chapter in PLAN.paper["chapters"] else None


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


def measured_of(wildcards):
    """What is measured on the images of a task, where its targets are among it."""
    dataset = PLAN.datasets[PLAN.tasks[task_of(wildcards)]["dataset"]]
    of_images = dataset["survey"] in IMAGES or "composite" in dataset
    # The catalogue of images has what surrounds the object; of patches it is measured later.
    kinds = ["feat_"] if of_images else ["feat_", "ring_", "snr_", "extent_"]
    needed = are_measured(PLAN.tasks[task_of(wildcards)], kinds)
    if hasattr(wildcards, "experiment"):
        extra = PLAN.experiments[wildcards.experiment].get("model", {}).get("extra", [])
        needed |= any(name.startswith(tuple(kinds)) for name in extra)
    return of_dataset("measured.parquet")(wildcards) if needed else []


def draws_of(experiment):
    """Names of an experiment's draws; probes and opponents are one job for all of them."""
    if experiment in SWEPT:
        return ["all"]
    item = PLAN.experiments[experiment]
    return list(range(item["draws"] or PLAN.tasks[item["task"]]["split"]["draws"]))


def folders_of(experiment):
    """The folders of an experiment's draws."""
    return [f"<results>/models/{experiment}/draw-{k}" for k in draws_of(experiment)]


def predictions_of(experiment):
    return [f"{folder}/predictions.parquet" for folder in folders_of(experiment)]


def aligned_lists():
    return [
        f"<results>/aligned/{survey}/{shard}.tsv"
        for survey in surveys_shown()
        if survey in ALIGNED
        for shard in PLAN.shards[survey]
    ]


# --- the raw room ---------------------------------------------------------------------------
# Surveys by what their reader says: catalogue objects in large fields, or one image an object.
READERS = {name: reader(survey["reader"]) for name, survey in PLAN.surveys.items()}
FIELDS = [name for name, module in READERS.items() if module.KIND == "fields"]
IMAGES = [name for name, module in READERS.items() if module.KIND == "images"]
ALIGNED = [name for name, module in READERS.items() if module.ALIGNS]
# One file of the catalogue holds all images: there is nothing else to fetch.
PACKED = [name for name, module in READERS.items() if module.PACKED]
LOOSE = [name for name in IMAGES if name not in PACKED]
CATALOGUES = {name: READERS[name].catalogue(PLAN.surveys[name]) for name in IMAGES}
SELECTIONS = {name: READERS[name].selection(PLAN.surveys[name]) for name in IMAGES}


def plates():
    """The settings of the simulated plates of each survey that reads HASH."""
    sky = PLAN.sky or {}
    told = {
        name: {key: PLAN.surveys[name][key] for key in READERS[name].SIMULATED}
        for name in IMAGES
        if "hash" in sky and PLAN.surveys[name]["reader"] == "hash"
    }
    return {
        name: {"sky": sky["hash"], "survey": block, "seed": sky["seed"]}
        for name, block in told.items()
    }


PLATES = plates()


def galaxies():
    """The settings of the simulated images of each survey that reads Galaxy10."""
    sky = (PLAN.sky or {}).get("galaxy10", {})
    told = {
        name: {key: PLAN.surveys[name].get(key) for key in READERS[name].SIMULATED}
        for name in PACKED
        if PLAN.surveys[name].get("release") in sky
    }
    return {
        name: {"sky": sky[block["release"]], "survey": block, "seed": PLAN.sky["seed"]}
        for name, block in told.items()
    }


GALAXIES = galaxies()


def properties():
    """The settings of each survey that is read from the sky of properties."""
    sky = (PLAN.sky or {}).get("properties")
    simulated = ("efigi", "mergers", "specobj", "splus")
    told = {
        name: {key: PLAN.surveys[name].get(key) for key in READERS[name].SIMULATED}
        for name in IMAGES
        if sky is not None and PLAN.surveys[name]["reader"] in simulated
    }
    return {
        name: {"sky": sky, "survey": block, "seed": PLAN.sky["seed"]}
        for name, block in told.items()
    }


PROPERTIES = properties()


def crowds():
    """The settings of the simulated images of each survey that reads Galaxy Zoo 2."""
    sky = PLAN.sky or {}
    told = {
        name: {key: PLAN.surveys[name][key] for key in READERS[name].SIMULATED}
        for name in IMAGES
        if "galaxyzoo" in sky and PLAN.surveys[name]["reader"] == "galaxyzoo"
    }
    return {
        name: {"sky": sky["galaxyzoo"], "survey": block, "seed": sky["seed"]}
        for name, block in told.items()
    }


CROWDS = crowds()


def sky_of_images(survey, ending):
    """A file of the demo sky that a survey of images is read from, as a list of none or one."""
    part = (
        "plates"
        if survey in PLATES
        else "images" if survey in [*GALAXIES, *PROPERTIES, *CROWDS] else None
    )
    return [f"<results>/raw/sky/{survey}-{part}{ending}"] if part else []


def sky_images_of(wildcards):
    """The demo sky that a survey of images is read from, where there is one."""
    return sky_of_images(wildcards.survey, ".tsv")


def own_catalogue(wildcards):
    """The catalogue of a person's own that a survey of images names; the job tells a missing one."""
    paths = READERS[wildcards.survey].local_files(CATALOGUES[wildcards.survey])
    return [path for path in paths if Path(path).is_file()]


def own_images(wildcards):
    """A person's own images in a shard."""
    shard = PLAN.shards[wildcards.survey][wildcards.shard]
    return READERS[wildcards.survey].local_images(shard)


def scans():
    """The settings of every simulated scan, by RUN-CAMCOL."""
    sky = PLAN.sky or {}
    made = {key: value for key, value in sky.get("sdss", {}).items() if key != "runs"}
    runs = sky.get("sdss", {}).get("runs", [])
    told = {"seed": sky.get("seed"), "sky": made}
    return {f"{run['run']}-{run['camcol']}": {**told, "run": run} for run in runs}


def scanned():
    """The same by survey, with the redshifts that the survey asks for."""
    told = {name: PLAN.surveys[name] for name in FIELDS}
    asked = {
        name: {"asked": {"redshifts": block["redshifts"], "urls": block["urls"]}}
        for name, block in told.items()
        if block.get("redshifts", "none") != "none"
    }
    return {
        name: {scan: {**block, **asked.get(name, {})} for scan, block in SCANS.items()}
        for name in told
    }


def sky_lists(wildcards):
    """The demo sky that a shard is read from, where there is one."""
    scans = {
        "-".join(field.split("-")[:2])
        for field in PLAN.shards[wildcards.survey][wildcards.shard]["fields"]
    }
    like = {block["dataset"]: block["like"] for block in PLAN.predict.values()}
    survey = like.get(wildcards.survey, wildcards.survey)  # new fields of one sky
    return [f"<results>/raw/sky/{survey}-{scan}.tsv" for scan in sorted(scans & set(SCANS))]


def local_catalogues(wildcards):
    """The CSV catalogues of a person's own that a shard names."""
    shard = PLAN.shards[wildcards.survey][wildcards.shard]
    return reader(shard["reader"]).local_files(shard)


# --- the cutouts room -----------------------------------------------------------------------
def cutting(dataset, shard):
    """What the cuts of a shard are told: the dataset's block and the shard's bands and catalogues."""
    survey = dataset["survey"]
    told = {key: value for key, value in dataset.items() if key != "scale"}
    return {"dataset": told, "survey": {**ALIGNMENT[survey], **PLAN.shards[survey][shard]}}


def cutting_images(dataset):
    """What the cuts of images are told: the dataset's block and the survey's bands."""
    survey = PLAN.surveys[dataset["survey"]]
    told = ("edge", "composite" if "composite" in dataset else "scale", "size", "survey")
    return {
        "aligned": dataset["survey"] in ALIGNED,
        "dataset": {key: dataset[key] for key in told},
        "survey": {
            key: survey[key]
            for key in ("bands", "reader", "reference_band", "zero_points")
            if survey.get(key) is not None
        },
    }


def channels_of(dataset):
    """Bands of a dataset's images."""
    block = PLAN.datasets[dataset]
    return bands_in(block, PLAN.surveys[block["survey"]])


def measuring(dataset):
    """What the measures of images are told: as their cuts, with the bands of what was cut."""
    told = cutting_images(PLAN.datasets[dataset])
    return {**told, "survey": {**told["survey"], "bands": channels_of(dataset)}}


def of_survey(room, name="{shard}.tsv"):
    """Input function: a file of another room, of the shard unless named, for the dataset's survey."""

    def path(wildcards):
        survey = PLAN.datasets[wildcards.dataset]["survey"]
        return f"<results>/{room}/{survey}/{name.format(shard=wildcards.shard)}"

    return path


def pictures_of(wildcards):
    """The list of a shard's images: aligned where the survey's bands need it, else as they came.

    Where one file holds all images, it is that of the catalogue.
    """
    survey = PLAN.datasets[wildcards.dataset]["survey"]
    if survey in PACKED:
        return of_survey("raw", "catalogue.tsv")(wildcards)
    return of_survey("aligned" if survey in ALIGNED else "raw")(wildcards)


def side_arcsec(dataset):
    """Side of a dataset's patches or images in arcsec; as told, where whole images are taken."""
    survey = PLAN.surveys[dataset["survey"]]
    whole = survey.get("field_arcsec") if dataset["survey"] in IMAGES else None
    return whole or dataset["size"] * survey["pixel_arcsec"]


# --- the splits room ------------------------------------------------------------------------
def splitting(name):
    """A task's split with what it needs of the dataset: the side of a patch in arcsec."""
    task = PLAN.tasks[name]
    dataset = PLAN.datasets[task["dataset"]]
    apart = {"overlap": dataset["scene"]["overlap"]} if "scene" in dataset else {}
    side = side_arcsec(dataset)
    return {"name": name, **task, "patch_arcsec": side, **apart, **keeping_out(name)}


def keeping_out(name):
    """What a split that keeps the tested objects of other tasks out is told of those; else nothing."""
    dataset = PLAN.datasets[PLAN.tasks[name]["dataset"]]
    told = {}
    for other in kept_out(PLAN.tasks[name]):
        block = PLAN.datasets[PLAN.tasks[other]["dataset"]]
        told[other] = {
            "dataset": PLAN.tasks[other]["dataset"],
            "patch_arcsec": side_arcsec(block),
            "same_survey": block["survey"] == dataset["survey"],
            "size": block["size"],
        }
    return {"kept_out": told, "size": dataset["size"]} if told else {}


def images_to_hash(wildcards):
    """The images of a task whose split needs their hashes."""
    needed, _ = images_needed(wildcards.task, PLAN.tasks)
    return of_dataset("images.safetensors")(wildcards) if needed else []


def of_kept_out(file):
    """Input function: a file of the tasks whose tested objects a split keeps out, or of their data.

    Of their data only what is known again by its image is needed.
    """

    def paths(wildcards):
        if file == "manifest.csv":
            others = kept_out(PLAN.tasks[wildcards.task])
            return [f"<results>/splits/{other}/{file}" for other in others]
        _, others = images_needed(wildcards.task, PLAN.tasks)
        return [
            f"<results>/cutouts/{dataset}/{shard}/{file}"
            for dataset in dict.fromkeys(PLAN.tasks[other]["dataset"] for other in others)
            for shard in shards_of(dataset)
        ]

    return paths


# --- the models room ------------------------------------------------------------------------
def bands_of(name):
    """Bands of an experiment's images, and those that it sees: all, or what its model names."""
    item = PLAN.experiments[name]
    every = channels_of(PLAN.tasks[item["task"]]["dataset"])
    return every, item.get("model", {}).get("bands") or every


def learning(name):
    """What a probe and a training are told alike: their task, their bands, their start."""
    item = PLAN.experiments[name]
    task = PLAN.tasks[item["task"]]
    every, seen = bands_of(name)
    return {
        "experiment": name,
        "model": {k: value for k, value in item["model"].items() if k not in ("bands", "crop")},
        "budgets": item["budgets"],
        "classes": task["classes"],
        **{key: task[key] for key in ("targets",) if key in task},
        **({"boxes": sought(task["boxes"])} if "boxes" in task else {}),
        "bands": seen,
        "take": [every.index(band) for band in seen],
        **cropped(item),
        "folds": task["split"]["folds"],
        "seed": task["split"]["seed"],
        "start": starting(item),
        "depth": item["depth"],
    }


def cropped(item):
    """The middle of each image that an experiment's network sees, where that is not all of it."""
    crop = item.get("model", {}).get("crop")
    return {"crop": crop} if crop else {}


def sought(boxes):
    """What a detector is told of the boxes that it learns from: not where they came from."""
    return {key: boxes[key] for key in ("classes", "off_centre")}


def starting(item):
    """Where the weights come from; `frozen` is the file of those that are not trained."""
    if item["weights"] is None and "start" not in item:
        return None
    folder = f"../../weights/{item['weights']}/model.safetensors"
    return {
        "weights": item["weights"],
        "from": item.get("start", {}).get("from"),
        "frozen": folder if item["frozen"] or "probe" in item else None,
    }


def training(name):
    """All that a training job is told: the experiment, its task, its bands."""
    item = PLAN.experiments[name]
    survey = PLAN.surveys[PLAN.datasets[PLAN.tasks[item["task"]]["dataset"]]["survey"]]
    return {
        **learning(name),
        "recipe": {**of_its_loss(item["recipe"]), "pixel_arcsec": survey["pixel_arcsec"]},
        "pseudo": item.get("pseudo"),
        **({"generated": generated_kind(item)} if "generated" in item else {}),
    }


def generated_kind(item):
    """What the generated patches of an experiment are made with, settings of other kinds left out."""
    block = item["generated"]
    return {key: block[key] for key in ("from", "factor", block["from"])}


def generating(name):
    """All that the generation of an experiment's patches is told."""
    item = PLAN.experiments[name]
    task = PLAN.tasks[item["task"]]
    survey = PLAN.surveys[PLAN.datasets[task["dataset"]]["survey"]]
    return {
        "experiment": name,
        "classes": task["classes"],
        "budgets": item["budgets"],
        "folds": task["split"]["folds"],
        "seed": task["split"]["seed"],
        "bands": channels_of(task["dataset"]),
        "pixel_arcsec": survey["pixel_arcsec"],
        "size": PLAN.datasets[task["dataset"]]["size"],
        "generated": generated_kind(item),
    }


def images_of_generator(wildcards):
    """The images that an experiment's generator learns from: what is simulated needs none."""
    kind = PLAN.experiments[wildcards.experiment]["generated"]["from"]
    return of_dataset("images.safetensors")(wildcards) if kind == "mixture" else []


def generated_of(wildcards):
    """The generated patches of the draw that is trained, and their table; none where there are none."""
    item = PLAN.experiments[wildcards.experiment]
    stem = f"<results>/splits/{item['task']}/generated/{wildcards.experiment}/draw-{wildcards.draw}"
    return [f"{stem}.safetensors", f"{stem}.parquet"] if "generated" in item else []


def combining(name):
    """All that the job of an ensemble is told."""
    item = PLAN.experiments[name]
    classes = PLAN.tasks[item["task"]]["classes"]
    told = {"experiment": name, "classes": classes, "budgets": item["budgets"]}
    return {**told, **item["ensemble"]}


def members_of(wildcards):
    """The predictions of an ensemble's members, every draw."""
    names = PLAN.experiments[wildcards.experiment]["ensemble"]["of"]
    return [path for name in names for path in predictions_of(name)]


def searching(name):
    """All that the search for an experiment's settings is told: its training and its space."""
    return {**training(name), "search": PLAN.experiments[name]["search"]}


def probing(name):
    """All that the job of an experiment's probes is told."""
    item = PLAN.experiments[name]
    task = PLAN.tasks[item["task"]]
    told = {"draws": task["split"]["draws"], "size": PLAN.datasets[task["dataset"]]["size"]}
    return {**learning(name), **told, "probe": item["probe"]}


def preparing(name):
    """What the preparation of starting weights is told; their number of bands is their users'."""
    users = [user for user, item in PLAN.experiments.items() if item["weights"] == name]
    source = PLAN.weights[name]["from"]
    counts = {len(bands_of(user)[1]) for user in [*users, *filter(None, [source])]}
    counts |= {len(bands_shown(**pair)[1]) for pair in REPRESENTED if pair["weights"] == name}
    if len(counts) > 1:
        sys.exit(
            f"fewsky: config: weights.{name}: wanted one number of bands in all that use them; "
            f"found {', '.join(map(str, sorted(counts)))}. Name the bands in their models."
        )
    block = {key: value for key, value in PLAN.weights[name].items() if key != "about"}
    sizes = {PLAN.experiments[user].get("model", {}).get("size") for user in users} - {None}
    told = {"size": max(sizes)} if sizes else {}
    return {"name": name, **block, "bands": max(counts, default=3), **told}


def cut_of(name):
    """Name of the cut at which an experiment's frozen part ends, or None where nothing is stored."""
    item = PLAN.experiments[name]
    if "probe" in item:
        return "head"
    return cut_name(item["recipe"]["unfreeze"]) if item["frozen"] and item["weights"] else None


def extracting():
    """What each extraction of activations is told, by dataset, weights and cut."""
    told = {}
    wanted = [(name, cut_of(name)) for name in [*PROBES, *TRAINED]]
    wanted += [(name, "head") for name in DISTORTED]
    for name, cut in wanted:
        if cut is None:
            continue
        item = PLAN.experiments[name]
        dataset = PLAN.tasks[item["task"]]["dataset"]
        every, seen = bands_of(name)
        block = told.setdefault(dataset, {}).setdefault(item["weights"], {})
        told_here = {
            "model": {"name": item["model"]["name"]},
            "bands": seen,
            "take": [every.index(band) for band in seen],
            "unfreeze": "head" if cut == "head" else item["recipe"]["unfreeze"],
            "threads": PLAN.weights[item["weights"]]["threads"],
        }
        views = max(views_of(name), block.get(cut, {}).get("views", 1))
        if {**block.get(cut, told_here), "views": views} != {**told_here, "views": views}:
            sys.exit(
                f"fewsky: config: experiments.{name}: wanted the bands of the other experiments that "
                f"start from {item['weights']} on {dataset}; found {', '.join(seen)}. Name the "
                "weights twice, under two names."
            )
        block[cut] = {**told_here, "views": views}
    for pair in REPRESENTED:
        if pair["weights"] != "pixels":
            block = told.setdefault(PLAN.tasks[pair["task"]]["dataset"], {})
            block.setdefault(pair["weights"], {}).setdefault("head", extracted_for(**pair))
    return told


def extracted_for(task, weights):
    """What an extraction that serves a representation alone is told: the images as they are."""
    every, seen = bands_shown(task, weights)
    return {
        "model": {"name": PLAN.weights[weights]["model"]},
        "bands": seen,
        "take": [every.index(band) for band in seen],
        "unfreeze": "head",
        "threads": PLAN.weights[weights]["threads"],
        "views": 1,
    }


def bands_shown(task, weights):
    """Bands of a task's images, and those that some weights see of them.

    These are the bands of an experiment on the same images that goes back to the weights, if any.
    """
    dataset = PLAN.tasks[task]["dataset"]
    for name, item in PLAN.experiments.items():
        if item["weights"] == weights and PLAN.tasks[item["task"]]["dataset"] == dataset:
            return bands_of(name)
    return channels_of(dataset), channels_of(dataset)


def representing():
    """All that a measure of a representation is told, by task and weights."""
    told = {}
    for pair in REPRESENTED:
        task, (every, seen) = PLAN.tasks[pair["task"]], bands_shown(**pair)
        told.setdefault(pair["task"], {})[pair["weights"]] = {
            **pair,
            "classes": task["classes"],
            "bands": seen,
            "take": [every.index(band) for band in seen],
            "seed": task["split"]["seed"],
            "bootstrap": PLAN.paper["scoring"]["bootstrap"],
        }
    return told


def features_of(wildcards):
    """The features that a representation is measured on, as a list of none or one."""
    if wildcards.weights == "pixels":
        return []
    return [f"<results>/features/{dataset_of(wildcards)}/{wildcards.weights}/head.safetensors"]


def pixels_of(wildcards):
    """The images that stand in for features where a representation is that of the pixels."""
    return of_dataset("images.safetensors")(wildcards) if wildcards.weights == "pixels" else []


def views_of(name):
    """In how many symmetries of the square an experiment looks at what a frozen part gives: 1 or 8."""
    item = PLAN.experiments[name]
    if "probe" in item:
        return item["probe"]["views"]
    recipe = item["recipe"]
    return 1 if recipe["augment"] == "none" and recipe["test_views"] == 1 else 8


def stored_at(name, cut):
    """The activations that an experiment is fitted on, as a list of none or one."""
    item = PLAN.experiments[name]
    dataset = PLAN.tasks[item["task"]]["dataset"]
    return [f"<results>/features/{dataset}/{item['weights']}/{cut}.safetensors"] if cut else []


def prepared_of(wildcards):
    """The prepared weights that the experiment of the job goes back to."""
    return prepared_for(wildcards.experiment)


def prepared_for(experiment):
    """The prepared weights that an experiment goes back to; none where there is no experiment."""
    name = PLAN.experiments[experiment]["weights"] if experiment else None
    folder = f"<results>/models/weights/{name}"
    return [f"{folder}/model.safetensors", f"{folder}/model.json"] if name else []


def stage_of(wildcards):
    """The weights of the experiment that a training starts from."""
    stage = PLAN.experiments[wildcards.experiment].get("start", {}).get("from")
    draw = "all" if stage in SWEPT else wildcards.draw
    return [f"<results>/models/{stage}/draw-{draw}/model.safetensors"] if stage else []


def found_of(wildcards):
    """The settings that a search found for an experiment, where one is made."""
    folder = f"<results>/models/{wildcards.experiment}/search"
    return [f"{folder}/best.json"] if wildcards.experiment in SEARCHED else []


def pseudo_labels_of(wildcards):
    item = PLAN.experiments[wildcards.experiment]
    folder = f"<results>/splits/{item['task']}/pseudo/{wildcards.experiment}"
    return [f"{folder}/draw-{wildcards.draw}.parquet"] if "teacher" in item else []


def proposing(task):
    """All that the boxes of a task need to be told: where they come from, and their classes."""
    boxes = PLAN.tasks[task]["boxes"]
    told = {key: boxes[key] for key in ("classes", "folder", "from", "rule")}
    dataset = PLAN.datasets[PLAN.tasks[task]["dataset"]]
    if boxes["from"] == "sky" and dataset["survey"] in CROWDS:
        told["sky_px"] = CROWDS[dataset["survey"]]["sky"]["side_px"]
    return {**told, "size": dataset["size"]}


def survey_of(wildcards):
    return PLAN.datasets[dataset_of(wildcards)]["survey"]


def sky_boxes_of(wildcards):
    """The true boxes of the demo sky where a task takes them, as a list of none or one."""
    if PLAN.tasks[task_of(wildcards)]["boxes"]["from"] != "sky":
        return []
    return sky_of_images(survey_of(wildcards), ".boxes.parquet")


def annotations_of(wildcards):
    """The VOC files of a person's own that a task takes its boxes from; the job tells of none."""
    folder = PLAN.tasks[wildcards.task]["boxes"]["folder"]
    return sorted(map(str, Path(folder).glob("*.xml"))) if folder else []


def boxes_of(wildcards):
    """The boxes of the task that the job is about; none of a task without."""
    return boxes_of_task(task_of(wildcards)) if task_of(wildcards) in BOXED else []


def boxes_of_task(task):
    """The boxes of a task, every shard."""
    shards = shards_of(PLAN.tasks[task]["dataset"])
    return [f"<results>/splits/{task}/boxes/{shard}.parquet" for shard in shards]


def teacher_of(wildcards):
    """The teacher's predictions for a draw; a probe's hold every draw."""
    teacher = PLAN.experiments[wildcards.experiment]["teacher"]
    draw = "all" if teacher in SWEPT else wildcards.draw
    return [f"<results>/models/{teacher}/draw-{draw}/predictions.parquet"]


def source_of_weights(wildcards):
    """The file that prepared weights are made of: downloaded, one's own, or an experiment's."""
    block = PLAN.weights[wildcards.weights]
    if block["from"] is not None:
        folder = f"<results>/models/{block['from']}/draw-0"
        return [f"{folder}/model.safetensors", f"{folder}/model.json"]
    if block["url"] is not None:
        return [f"<results>/raw/weights/{wildcards.weights}.tsv"]
    return [block["file"]] if block["file"] is not None else []


def by_network(script, names):
    """Digests by experiment: the script's and that of the module that builds its network."""
    networks = {name: module_of(PLAN.experiments[name]["model"]["name"]) for name in names}
    return {name: code_hash(script, network) for name, network in networks.items()}


def by_reader(script, module_of, readers):
    """Digests by survey or dataset: the script's and that of the module that reads its files."""
    modules = {name: module_of(word) for name, word in readers.items()}
    return {name: code_hash(script, *filter(None, [module])) for name, module in modules.items()}


def code_of_network(script, name):
    """Digest of a script and, where the experiment has a network, of the module that builds it."""
    networks = [PLAN.experiments[name]["model"]["name"]] if name in [*TRAINED, *PROBES] else []
    return code_hash(script, *map(module_of, networks))


def fitting(name):
    """All that the fit of an opponent is told: its columns and its task."""
    item = PLAN.experiments[name]
    return {
        "experiment": name,
        "opponent": item["opponent"],
        "budgets": item["budgets"],
        "task": splitting(item["task"]),
    }


def explaining(name):
    """What the explanation of an experiment's first draw is told."""
    item = PLAN.experiments[name]
    every, seen = bands_of(name)
    return {
        "draw": 0,
        "seed": PLAN.tasks[item["task"]]["split"]["seed"],
        "take": [every.index(band) for band in seen],
        **cropped(item),
        "threads": item["recipe"]["threads"],
    }


def influencing(name):
    """What the measure of an experiment's influence profiles is told."""
    item = PLAN.experiments[name]
    task, (every, seen) = PLAN.tasks[item["task"]], bands_of(name)
    survey = PLAN.surveys[PLAN.datasets[task["dataset"]]["survey"]]
    told = ("objects", "radii_px", "repeats", "steps", "neighbours")
    return {
        "experiment": name,
        "classes": task["classes"],
        "draws": draws_of(name)[: RADIAL["draws"]],
        "seed": task["split"]["seed"],
        "bands": seen,
        "take": [every.index(band) for band in seen],
        **cropped(item),
        "reference_band": survey["reference_band"],
        "pixel_arcsec": survey["pixel_arcsec"],
        "threads": item["recipe"]["threads"],
        "bootstrap": PLAN.paper["scoring"]["bootstrap"],
        **{key: RADIAL[key] for key in told},
    }


def asked_draws(name, file):
    """A file of each draw of an experiment whose influence is measured."""
    return [f"<results>/models/{name}/draw-{k}/{file}" for k in INFLUENCING[name]["draws"]]


# --- the metrics room -----------------------------------------------------------------------
def scoring(task):
    """What the scores and comparisons of a task need to know of its experiments."""
    items = {name: PLAN.experiments[name].get("opponent", {}) for name in PLAN.of_task(task)}
    controls = [name for name, item in items.items() if item.get("control") == "nuisance"]
    # The atlas compares starts by their curves, each with the training from nothing; what Ruhmer
    # tried is held against his network.
    apart = {*ATLAS, *tried_experiments(PLAN)}
    others = {name: item for name, item in items.items() if name not in apart}
    held = [pair for pair in tried_pairs(PLAN) if pair["a"] in items]
    defining = ["definition"]
    if PLAN.tasks[task].get("boxes", {}).get("from") == "proposed":
        defining.append("segments")  # it proposes the very boxes that are scored against
    ranked = [name for name, item in others.items() if item.get("family") not in defining]
    primary = [pair for pair in PLAN.paper["comparisons"] if pair["a"] in items]
    return {
        "task": {"name": task, **PLAN.tasks[task]},
        **({"size": PLAN.datasets[PLAN.tasks[task]["dataset"]]["size"]} if task in BOXED else {}),
        **shown_truly(PLAN.datasets[PLAN.tasks[task]["dataset"]]),
        "scoring": {**PLAN.paper["scoring"], "nuisance": (controls or [None])[0]},
        "ranked": ranked,
        "primary": primary,
        **({"held": held} if held else {}),
    }


def shown_truly(dataset):
    """What says of patches of four classes what they truly show, where the sky is simulated."""
    if "scene" not in dataset:
        return {}
    told = {"pixel_arcsec": PLAN.surveys[dataset["survey"]]["pixel_arcsec"]}
    return {"scene": {"rule": dataset["scene"], **told}}


def curved():
    """What the curves of each task of the atlas need to know; none where no chapter shows them."""
    if "self-supervision" not in PLAN.paper["chapters"]:
        return {}
    told = {"metric": PLAN.paper["self-supervision"]["metric"]}
    told |= {key: PLAN.paper["scoring"][key] for key in ("bootstrap", "seed")}
    rows, pairs = {}, contrasted(PLAN, PLAN.paper["self-supervision"]["targets"])
    for row in PLAN.atlas:
        shown = {key: row[key] for key in ("experiment", "start", "way", "against")}
        rows.setdefault(row["task"], []).append(shown)
    return {
        task: {
            **told,
            "task": {"name": task, "classes": PLAN.tasks[task]["classes"]},
            "rows": own,
            "pairs": pairs[task],
            "others": sorted({pair["task"] for pair in pairs[task]} - {task}),
        }
        for task, own in rows.items()
    }


def curved_predictions(wildcards):
    """Predictions of all starts of a task, and of those of others that they are paired with."""
    told = CURVED[wildcards.task]
    names = [row["experiment"] for row in told["rows"]] + [pair["b"] for pair in told["pairs"]]
    return [path for name in dict.fromkeys(names) for path in predictions_of(name)]


def curved_others(wildcards):
    """Splits of the other tasks that a task's starts are paired with."""
    return [f"<results>/splits/{task}/manifest.csv" for task in CURVED[wildcards.task]["others"]]


def predictions_of_task(wildcards):
    return [path for name in PLAN.of_task(wildcards.task) for path in predictions_of(name)]


def truth_of(wildcards):
    """The truth of the demo sky for the survey of a task, where there is one."""
    survey = PLAN.datasets[dataset_of(wildcards)]["survey"]
    if survey in IMAGES:
        return sky_of_images(survey, ".truth.parquet")
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


class Locked(logging.Handler):
    """Says what to do where another run holds the folder: Snakemake calls no `onerror` then."""

    def emit(self, record):
        if getattr(record, "exception", None) == "LockException":
            closing_lines([f"fewsky: {locked_by(Path.cwd())}"])


logging.getLogger("snakemake.logging").addHandler(Locked())


def faults(log_files):
    """The one line of each job that failed, from the job's own log."""
    paths = [log_files] if isinstance(log_files, str) else log_files
    text = "".join(Path(path).read_text(errors="replace") for path in paths if os.path.exists(path))
    logs = dict.fromkeys(re.findall(r"^ +log: ([^\s,]+)", text, re.M))
    lines = [*filter(None, map(last_line, logs)), *ended_by_slurm(text)]
    return lines or [f"fewsky: stopped; see {' '.join(paths)}"]


def summary():
    paper = f"{RESULTS}/paper.pdf"
    return [
        f"fewsky: {len(PLAN.experiments)} experiments, {len(figures()) // 2} figures and "
        f"{len(tables()) // 2} tables of {RESULTS}",
        *([f"fewsky: paper  {paper}"] if Path(paper).is_file() else []),
    ]
