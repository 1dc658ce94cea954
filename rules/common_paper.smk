# Functions only: what the figures, the tables and the paper show and read. No rule stands here.
import yaml
from snakemake.io import get_flag_value, is_flagged

from fewsky.chapters import named as names_in
from fewsky.paper.kinds import kind_in_words
from fewsky.pretexts_shown import ablated, tabulated
from fewsky.studied import with_kinds


# --- all chapters -------------------------------------------------------------------------------
def figures():
    return [f"<results>/figures/{name}.{kind}" for name in FIGURES for kind in ("pdf", "png")]


def tables():
    return [f"<results>/tables/{name}.{kind}" for name in TABLES for kind in ("csv", "tex")]


def datasets_of(chapter):
    """The datasets that a chapter is about: its own, and those of other tasks that it shows."""
    second = PLAN.paper[chapter].get("decals_task")
    tasks = [*([second] if second else []), *tasks_named(chapter)]
    own = PLAN.paper[chapter]["dataset"]
    return list(dict.fromkeys([own, *(PLAN.tasks[task]["dataset"] for task in tasks)]))


def tasks_of_atlas(chapter):
    """Tasks of the atlas that a chapter shows, in the order of the configuration."""
    told = PLAN.paper[chapter]
    every = dict.fromkeys(row["task"] for row in PLAN.atlas)
    named = {*told.get("lowdata", []), *told.get("starts", [])}
    return [task for task in every if told.get("atlas") or task in named]


def tasks_named(chapter):
    """Tasks that a chapter with parts names; those of self-supervision with what its starts learned."""
    if chapter == "star-galaxy":
        return tasks_of(experiments_of(PLAN.paper[chapter]))
    if chapter != "self-supervision":
        return []
    names = experiments_named(chapter)
    names += sources_of([*weights_of(names), *weights_shown(chapter)])
    tasks = [pair["task"] for pair in PLAN.paper[chapter]["representations"]]
    return sorted({*tasks, *tasks_of(names)})


def experiments_named(chapter):
    """Experiments that the chapter on self-supervision names, and those of its atlas."""
    told = PLAN.paper[chapter]
    nebulae = (told["nebulae"] or {"starts": {}})["starts"]
    names = [*told["pretexts"], *told["targets"], *told["real"]]
    names += [name for some in nebulae.values() for name in some or []]
    return names + [row["experiment"] for row in rows_of_atlas(chapter)]


def rows_of_atlas(chapter):
    """Rows of the atlas that a chapter shows."""
    tasks = tasks_of_atlas(chapter)
    return [row for row in PLAN.atlas if row["task"] in tasks]


def weights_shown(chapter):
    """Starting weights whose representations a chapter shows."""
    pairs = PLAN.paper[chapter]["representations"]
    return sorted({pair["weights"] for pair in pairs} - {"pixels"})


def sources_of(weights):
    """Experiments that some starting weights come from, and those that these come from."""
    todo, found = list(weights), []
    while todo:
        source = PLAN.weights[todo.pop()]["from"]
        if source and source not in found:
            found.append(source)
            todo += weights_of([source])
    return found


def surveys_of(chapter):
    """The surveys that a chapter is about, its own first."""
    others = [PLAN.datasets[name]["survey"] for name in datasets_of(chapter)]
    return list(dict.fromkeys([PLAN.paper[chapter]["survey"], *others]))


def surveys_shown():
    """The surveys that the chapters of this paper are about, in the order of the configuration."""
    named = {survey for chapter in PLAN.paper["chapters"] for survey in surveys_of(chapter)}
    return [survey for survey in PLAN.surveys if survey in named]


def only_starts(task):
    """Whether a task serves for nothing but the starting weights of another one."""
    sources = {weights["from"] for weights in PLAN.weights.values()}
    return bool(PLAN.of_task(task)) and set(PLAN.of_task(task)) <= sources


def tasks_shown(chapters=PLAN.paper["chapters"]):
    """Tasks on the surveys of some chapters, without those that only make starting weights.

    Of the chapters on stars and galaxies and on self-supervision they are those that these name.
    """
    own = {task for chapter in chapters for task in tasks_named(chapter)}
    others = [name for name in chapters if name not in ("self-supervision", "star-galaxy")]
    named = {survey for chapter in others for survey in surveys_of(chapter)}
    return [
        name
        for name, task in PLAN.tasks.items()
        if name in own
        or (PLAN.datasets[task["dataset"]]["survey"] in named and not only_starts(name))
    ]


def tasks_of(names):
    return sorted({PLAN.experiments[name]["task"] for name in names})


def metrics_of(names):
    """Metrics tables of the tasks that some experiments answer."""
    return expand("<results>/metrics/{task}.csv", task=tasks_of(names))


def runs_of(names, file):
    """One file of every draw of some experiments."""
    return [f"<results>/models/{name}/draw-{k}/{file}" for name in names for k in draws_of(name)]


def family_of(name):
    return PLAN.experiments[name].get("opponent", {}).get("family")


def kind_of(name):
    """What an experiment of the main table is: a network, an opponent or one of the controls."""
    return kind_in_words(PLAN.experiments[name])


def cutouts_shown(dataset, file):
    """One file of every shard of a dataset; none where there is no such dataset."""
    if dataset is None:
        return []
    return [f"<results>/cutouts/{dataset}/{shard}/{file}" for shard in shards_of(dataset)]


def task_shown(task):
    """What the table of data sets says of a task besides its numbers."""
    dataset = PLAN.datasets[task["dataset"]]
    return {
        "Dataset": task["dataset"],
        "Survey": dataset["survey"],
        "Patch (px)": dataset["size"],
        "Split by": task["split"]["by"],
        "Classes": " / ".join(task["classes"] or ["object"]),
    }


# --- star/galaxy --------------------------------------------------------------------------------
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


def compared():
    """Experiments drawn against each other: those with confusion matrices, forests, the definition."""
    others = [
        name
        for name in STAR_GALAXY["main"]
        if family_of(name) in ("forest", "definition") and kind_of(name) != "nuisance control"
    ]
    return list(dict.fromkeys([*STAR_GALAXY["confusion"], *others]))


def shards_shown(file):
    """One file of every shard of the chapter's dataset."""
    return cutouts_shown(STAR_GALAXY["dataset"], file)


def colours():
    """Bands shown as red, green and blue: the reference band as green between its neighbours."""
    bands = SHOWN_SURVEY["bands"]
    middle = bands.index(SHOWN_SURVEY["reference_band"])
    return [bands[min(middle + 1, len(bands) - 1)], bands[middle], bands[max(middle - 1, 0)]]


def views_shown():
    """Strength of brightness and blur in the recipe whose augmentations are compared."""
    recipe = PLAN.experiments[PLAN.families[STAR_GALAXY["small"]][0]]["recipe"]
    return {key: recipe[key] for key in ("brightness_nmgy", "blur_px")}


# --- planetary nebulae --------------------------------------------------------------------------
def pseudo_of(name):
    """The pseudo-labels that an experiment learns from, and the experiment that gave them."""
    item = PLAN.experiments[name]
    return {**(item.get("pseudo") or {}), "teacher": item.get("teacher")}


def trained_from(names):
    """Those of some experiments that go on from the weights of another."""
    return [name for name in names if PLAN.experiments[name].get("start")]


def stages_before(name):
    """Experiments that one starts from, learns from or averages, and those before, each once."""
    todo, found = [name], []
    while todo:
        item = PLAN.experiments[todo.pop()]
        members = item.get("ensemble", {}).get("of", [])
        near = {item.get("start", {}).get("from"), item.get("teacher"), *members} - {None, *found}
        found += sorted(near)
        todo += sorted(near)
    return found


def passes_of(names):
    """Passes of frozen weights over the images that some experiments rest on, each once."""
    found = []
    for name in names:
        item = PLAN.experiments[name]
        cut = cut_of(name) if name in TRAINED or name in PROBES else None
        found += [f"{PLAN.tasks[item['task']]['dataset']}/{item['weights']}/{cut}"] if cut else []
    return list(dict.fromkeys(found))


def before_of(name):
    """All that is run before an experiment: the stages before it, and passes over the images."""
    stages = stages_before(name)
    return [*passes_of([*stages, name]), *stages]


def benchmarks_of(names):
    """Where the seconds and the memory of some experiments and of all before them are kept."""
    every = list(dict.fromkeys(one for name in names for one in (*stages_before(name), name)))
    passes = [f"<results>/benchmarks/extract_features/{one}.tsv" for one in passes_of(every)]
    return passes + [path for name in every for path in own_benchmarks(name)]


def own_benchmarks(name):
    """Where the seconds and the memory of one experiment's jobs are kept."""
    if name in TRAINED:
        return [f"<results>/benchmarks/train/{name}/draw-{k}.tsv" for k in draws_of(name)]
    makers = {"fit_probes": PROBES, "fit_opponent": OPPONENTS, "combine_predictions": ENSEMBLES}
    [maker] = [maker for maker, names in makers.items() if name in names]
    return [f"<results>/benchmarks/{maker}/{name}.tsv"]


def hypothesis_of(chapter):
    """Experiments of the hypothesis by their part in it; those that are null are left out."""
    return {part: name for part, name in (chapter["hypothesis"] or {}).items() if name}


def parts_of(task):
    """Fields that a task trains on and those it is tested on; none where there is no such task."""
    split = PLAN.tasks[task]["split"] if task else {"train": [], "test": []}
    return {"inside": split["train"], "outside": split["test"]}


def metrics_of_task(task, ending=".csv"):
    """Metrics table of one task, as a list that is empty where there is no such task."""
    return [f"<results>/metrics/{task}{ending}"] if task else []


# --- the atlas ----------------------------------------------------------------------------------
def atlas_of(tasks):
    """What figures and tables of some tasks of the atlas are told; a question is its classes."""
    chapter = PLAN.paper["self-supervision"]
    rows = [row for task in tasks for row in PLAN.atlas if row["task"] == task]
    return {
        "metric": chapter["metric"],
        "tasks": list(tasks),
        "questions": {task: sorted(PLAN.tasks[task]["classes"]) for task in tasks},
        "rows": with_kinds(PLAN, rows),
    }


def curves_of_atlas(tasks):
    """Tables of the curves of some tasks of the atlas."""
    return expand("<results>/metrics/{task}.curves.csv", task=tasks)


# --- nebulae at low resolution ------------------------------------------------------------------
def sizes_of(names):
    """Sides in pixels of the images that some experiments see."""
    tasks = {name: PLAN.tasks[PLAN.experiments[name]["task"]] for name in names}
    return {name: PLAN.datasets[task["dataset"]]["size"] for name, task in tasks.items()}


# --- Galaxy10 -----------------------------------------------------------------------------------
def searched_by(name):
    """What the search of an experiment goes by; None where there is no such experiment."""
    return PLAN.experiments[name]["search"]["metric"] if name else None


def ensembles_shown(chapter):
    """Members of the chapter's ensemble, the ensemble and its control, by what they are."""
    if not chapter["ensemble"]:
        return {}
    members = PLAN.experiments[chapter["ensemble"]]["ensemble"]["of"]
    found = {name: "member" for name in members} | {chapter["ensemble"]: "ensemble"}
    return found | {name: "equal weights" for name in names_in(chapter["ensemble_control"])}


# --- detection ----------------------------------------------------------------------------------
def first_draw_of(name, file):
    """A file of an experiment's first draw, as a list that is empty where there is no experiment."""
    return [f"{folders_of(name)[0]}/{file}"] if name else []


def threads_for(name):
    """CPU threads of an experiment's network; one of what has none."""
    return PLAN.experiments[name].get("recipe", {"threads": 1})["threads"]


def naming(chapter):
    """What naming the chapter's detections is told."""
    named = chapter["named"]
    return {
        **named,
        "boxes": {"classes": PLAN.tasks[chapter["task"]]["boxes"]["classes"]},
        "bands": channels_of(chapter["dataset"]),
        "draw": 0,
        "threads": threads_for(named["classifier"]),
    }


def judging(chapter):
    """What the scores of detection followed by classification are told."""
    named, survey = chapter["named"], chapter["survey"]
    task = PLAN.tasks[PLAN.experiments[named["classifier"]]["task"]]
    return {
        **named,
        "boxes": {"classes": PLAN.tasks[chapter["task"]]["boxes"]["classes"]},
        "task": {key: task[key] for key in ("classes", "groups") if key in task},
        "size": PLAN.datasets[chapter["dataset"]]["size"],
        "sky_size": CROWDS[survey]["sky"]["side_px"] if survey in CROWDS else None,
        "scoring": PLAN.paper["scoring"],
    }


def frame_file(room):
    """Input function: the list of a room for the shard that holds the frame of the job."""

    def path(wildcards):
        survey = FRAMED["survey"]
        shards = PLAN.shards[survey].items()
        shard = next(name for name, shard in shards if wildcards.field in shard["fields"])
        return f"<results>/{room}/{survey}/{shard}.tsv"

    return path


def composing(field):
    """What the colour picture of a frame is told."""
    return {"field": field, "composite": FRAMED["composite"]}


def framing(frames):
    """What each detector of the frames is told, by experiment."""
    told = {}
    for name in frames["detectors"]:
        item = PLAN.experiments[name]
        told[name] = {
            "experiment": name,
            "opponent": item.get("opponent"),
            "boxes": {"classes": PLAN.tasks[item["task"]]["boxes"]["classes"]},
            "sides": frames["sides"],
            "overlap": frames["overlap"],
            "draw": 0,
            "threads": threads_for(name),
        }
    return told


def of_detector(file):
    """Input function: a file of a detector's first draw; none of an opponent, which has learned none."""

    def paths(wildcards):
        name = wildcards.experiment
        return first_draw_of(name if name in TRAINED else None, file)

    return paths


def held_against_catalogue(field):
    """What the scores of a frame are told."""
    survey = FRAMED["survey"]
    shards = PLAN.shards[survey].values()
    shard = next(shard for shard in shards if field in shard["fields"])
    return {
        "field": field,
        "bands": FRAMED["composite"]["bands"],
        "experiments": FRAMED["detectors"],
        "survey": {**ALIGNMENT[survey], **shard},
        "match_arcsec": FRAMED["match_arcsec"],
        "bin_mag": FRAMED["bin_mag"],
    }


# --- representations ----------------------------------------------------------------------------
def starts_shown():
    """Weights whose representations are shown, in words, by task in the order of the configuration.

    Where two of a task would read alike, each has its name.
    """
    told = {}
    for pair in REPRESENTED:
        told.setdefault(pair["task"], []).append(pair["weights"])
    return {task: started_words(names) for task, names in told.items()}


def started_words(names):
    words = {name: PLAN.weights.get(name, {}).get("about") or name for name in names}
    every = list(words.values())
    return {name: word if every.count(word) == 1 else name for name, word in words.items()}


def represented(ending):
    """One file of every representation shown."""
    return [
        f"<results>/models/representations/{pair['task']}/{pair['weights']}{ending}"
        for pair in REPRESENTED
    ]


# --- numbers --------------------------------------------------------------------------------
def told_of(chapter):
    """What the numbers of a chapter are told: its settings, and all blocks on its survey."""
    settings, tasks = PLAN.paper[chapter], tasks_shown([chapter])
    experiments = [name for task in tasks for name in PLAN.of_task(task) if name not in ATLAS]
    found = {
        "chapter": settings,
        "survey": PLAN.surveys[settings["survey"]],
        "dataset": PLAN.datasets[settings["dataset"]],
        "second": second_of(chapter),
        "tasks": {name: sized(PLAN.tasks[name]) for name in tasks},
        "experiments": {name: PLAN.experiments[name] for name in experiments},
        "families": PLAN.families,
        "weights": weights_of(experiments),
        "sky": PLAN.sky is not None,
        "scoring": PLAN.paper["scoring"],
        "comparisons": PLAN.paper["comparisons"],
    }
    more = {
        "star-galaxy": told_of_star_galaxy,
        "self-supervision": told_of_atlas,
        "detection": told_of_detection,
    }
    return found | (more[chapter](chapter) if chapter in more else {})


def told_of_detection(chapter):
    """What the numbers of the chapter on detection are told besides: what names its detections."""
    named = PLAN.paper[chapter]["named"]
    if not named:
        return {"classifier": None}
    task = PLAN.tasks[PLAN.experiments[named["classifier"]]["task"]]
    survey = PLAN.datasets[task["dataset"]]["survey"]
    return {"classifier": {"classes": task["classes"], "survey": survey}}


def told_of_atlas(chapter):
    """What the numbers of the chapter on self-supervision are told besides: several surveys, starts."""
    rows = rows_of_atlas(chapter)
    shown = {name: PLAN.weights[name] for name in weights_shown(chapter)}
    datasets = {
        name: {**PLAN.datasets[name], "bands": channels_of(name)} for name in datasets_of(chapter)
    }
    return {
        "second": None,
        "atlas": [{**row, **started(row["experiment"])} for row in rows],
        "ablation": ablated(PLAN, PLAN.paper[chapter]["targets"]),
        "weights": weights_of(experiments_named(chapter)) | shown,
        "datasets": datasets,
        "surveys": {name: PLAN.surveys[name] for name in surveys_of(chapter)},
    }


def started(name):
    """Starting weights and network of an experiment of the atlas, and how long and often it trains."""
    item = PLAN.experiments[name]
    recipe = item.get("recipe", {})
    effort = [recipe[key] for key in ("max_epochs", "min_steps", "max_steps") if key in recipe]
    rates = [len(recipe.get("learning_rates") or [0])] if recipe else []
    return {
        "weights": item["weights"],
        "model": item["model"]["name"],
        "bands": bands_of(name)[1],
        "effort": [*effort, *rates],
    }


def second_of(chapter):
    """The second dataset of a chapter with its survey and its name; None where there is one only."""
    names = datasets_of(chapter)[1:]
    found = [
        {"name": name, "dataset": block, "survey": PLAN.surveys[block["survey"]]}
        for name, block in PLAN.datasets.items()
        if name in names
    ]
    return found[0] if found else None


def sized(task):
    """A task with the side of its dataset's patches, which decides how far neighbours are linked."""
    return {**task, "patch_arcsec": side_arcsec(PLAN.datasets[task["dataset"]])}


def weights_of(experiments):
    """The starting weights that some experiments go back to."""
    names = {PLAN.experiments[name]["weights"] for name in experiments} - {None}
    return {name: PLAN.weights[name] for name in sorted(names)}


def of_star_galaxy():
    """Files that only the star/galaxy chapter quotes."""
    if "star-galaxy" not in PLAN.paper["chapters"]:
        return {}
    survey = [PLAN.paper["star-galaxy"]["survey"]]
    return {
        "aligned": of_shards("aligned", ".tsv", survey),
        "sharpness": of_shards("aligned", ".sharpness.csv", survey),
        **influences_of(INFLUENTIAL, without="influence_maps"),
        "generated": metrics_generated(),
        "maps": maps_scored(),
        **of_scale(),
        **of_shift(),
    }


def of_planetary_nebulae():
    """Files that only the chapter on planetary nebulae quotes."""
    if "planetary-nebulae" not in PLAN.paper["chapters"]:
        return {}
    chapter = PLAN.paper["planetary-nebulae"]
    moved = trained_from(chapter["distortion"]) if chapter["shift_task"] else []
    return {
        "pseudo": expand("<results>/metrics/{task}.pseudo.csv", task=tasks_of(chapter["teachers"])),
        "distortions": expand("<results>/models/{name}/distortion.csv", name=moved),
    }


def of_galaxy10():
    """Files that only the chapter on Galaxy10 quotes."""
    if "galaxy10" not in PLAN.paper["chapters"]:
        return {}
    chapter = PLAN.paper["galaxy10"]
    searched = [chapter["search"]] if chapter["search"] else []
    return {
        "searches": expand("<results>/models/{name}/search/trials.csv", name=searched),
        "found": expand("<results>/models/{name}/search/best.json", name=searched),
        "exports": expand("<results>/models/{name}/export/export.json", name=chapter["export"]),
        "explained": expand("<results>/models/{name}/explain.csv", name=chapter["explain"]),
    }


def of_detection():
    """Files that only the chapter on detection quotes."""
    if "detection" not in PLAN.paper["chapters"]:
        return {}
    chapter = PLAN.paper["detection"]
    fields = chapter["frames"]["fields"] if chapter["frames"] else []
    return {
        "boxes": boxes_of_task(chapter["task"]),
        "named": metrics_of_task(chapter["task"], ".named.csv") if chapter["named"] else [],
        "frames": expand("<results>/metrics/frames/{field}.csv", field=fields),
        "exported": expand("<results>/models/{name}/export/export.json", name=chapter["export"]),
    }


def of_self_supervision():
    """Files that only the chapter on self-supervision quotes."""
    if "self-supervision" not in PLAN.paper["chapters"]:
        return {}
    tasks = tasks_of_atlas("self-supervision")
    return {
        "curves": curves_of_atlas(tasks),
        "contrasts": expand("<results>/metrics/{task}.contrasts.csv", task=tasks),
        "represented": represented(".csv"),
    }


# --- report --------------------------------------------------------------------------------
def of_kind(paths, ending):
    return [path for path in paths if path.endswith(ending)]


def of_shards(room, ending, surveys):
    """A file of a room for every shard of some surveys; raw lists are one where images are packed."""
    return [
        f"<results>/{room}/{survey}/{name}{ending}"
        for survey in surveys
        for name in (["catalogue"] if room == "raw" and survey in PACKED else PLAN.shards[survey])
    ]


def printed(paths):
    """Figures and tables that stand in paper.pdf; what changes from run to run does not."""
    return [path for path in paths if Path(path).stem not in NOT_PRINTED]


def records(paths):
    """The provenance records beside figures and tables."""
    return sorted({str(Path(path).with_suffix("")) + ".provenance.json" for path in paths})


def rules_by_output():
    """The rule behind every figure and table, by the name of its file."""
    return {
        Path(str(output)).stem: rule
        for rule in workflow.rules
        for output in rule.output
        if Path(str(output)).parent.name in ("figures", "tables")
        if of_kind([str(output)], (".pdf", ".tex")) and rule.script
    }


def pages():
    """The page of every table, and what the report says of that table: its category and labels."""
    told = {
        Path(str(output)).stem: get_flag_value(output, "report")
        for rule in workflow.rules
        for output in rule.output
        if is_flagged(output, "report")
    }
    return {f"<results>/tables/{name}.html": told[name] for name in TABLES}


def scripts_by_output():
    return {name: f"scripts/{rule.name}.py" for name, rule in rules_by_output().items()}


def sources():
    """Where the repository's files lie, seen from the paper: its address and version, or a folder."""
    citation = yaml.safe_load((Path(workflow.basedir) / "CITATION.cff").read_text())
    if address := citation.get("repository-code"):
        return f"{address}/blob/v{citation['version']}"
    return os.path.relpath(workflow.basedir, RESULTS)


def blocks_by_output():
    """The block of the configuration that chooses what a figure or table shows."""
    return {name: block_of(rule.snakefile) for name, rule in rules_by_output().items()}


def block_of(snakefile):
    """The block of a chapter, or of the audit, whose rules stand in NAME.smk or NAME_PART.smk, else tasks."""
    stem = Path(str(snakefile)).stem
    parts = [*PLAN.paper["chapters"], "audit"]
    files = {part.replace("-", "_"): f"paper.{part}" for part in parts}
    own = [block for name, block in files.items() if f"{stem}_".startswith(f"{name}_")]
    return own[0] if own else "tasks"
