# Metrics room: predictions and catalogue rows in, tidy tables with intervals out.
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


SCORING = {name: scoring(name) for name in PLAN.tasks}


def predictions_of_task(wildcards):
    return [path for name in PLAN.of_task(wildcards.task) for path in predictions_of(name)]


def truth_of(wildcards):
    """The truth of the demo sky for the survey of a task, where there is one."""
    survey = PLAN.datasets[dataset_of(wildcards)]["survey"]
    return [f"<results>/raw/sky/{survey}-{scan}.truth.parquet" for scan in SCANS]


rule score:
    input:
        predictions=predictions_of_task,
        catalogs=of_dataset("catalog.parquet"),
        measured=of_dataset("measured.parquet"),
        manifest=of_split("manifest.csv"),
        truth=truth_of,
    output:
        table="<results>/metrics/{task}.csv",
        provenance="<results>/metrics/{task}.provenance.json",
    log:
        "<results>/logs/score/{task}.log",
    benchmark:
        "<results>/benchmarks/score/{task}.tsv"
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(SCORING, "task"),
        code=code_hash("scripts/score.py"),
    message:
        "Score {wildcards.task}"
    script:
        "../scripts/score.py"


rule compare:
    input:
        predictions=predictions_of_task,
        manifest=of_split("manifest.csv"),
    output:
        table="<results>/metrics/{task}.comparisons.csv",
        provenance="<results>/metrics/{task}.comparisons.provenance.json",
    log:
        "<results>/logs/compare/{task}.log",
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(SCORING, "task"),
        code=code_hash("scripts/compare.py"),
    message:
        "Compare the experiments of {wildcards.task}"
    script:
        "../scripts/compare.py"
