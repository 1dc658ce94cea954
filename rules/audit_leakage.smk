# The audit: what a random split of the same objects would have printed, task by task.
TABLES += [
    "tab_leakage",
]
LEAKING_SPLITS = {task: leaking_split(task) for task in LEAKING}
LEAKING_FITS = {name: leaking_fit(name) for name in LEAKING.values()}
LEAKING_SCORES = {task: leaking_score(task) for task in LEAKING}


rule split_leakage:
    input:
        catalogs=of_dataset("catalog.parquet"),
        measured=measured_of,
        images=hashed_for_leakage,
    output:
        parts="<results>/splits/{task}/leakage.parquet",
        leaks="<results>/splits/{task}/leakage.csv",
        objects="<results>/splits/{task}/leakage.objects.parquet",
        told="<results>/splits/{task}/leakage.json",
        provenance="<results>/splits/{task}/leakage.provenance.json",
    log:
        "<results>/logs/split_leakage/{task}.log",
    wildcard_constraints:
        task=one_of(LEAKING),
    localrule: True
    conda:
        "../envs/torch.yaml"
    resources:
        **SMALL,
    params:
        settings=chosen(LEAKING_SPLITS, "task"),
        code=code_hash("scripts/split_leakage.py"),
    message:
        "Split {wildcards.task} by groups and at random"
    script:
        "../scripts/split_leakage.py"


rule fit_leakage:
    input:
        catalogs=of_dataset("catalog.parquet"),
        measured=measured_for_leakage,
        features=features_for_leakage,
        objects=of_task_leaking("objects.parquet"),
        parts=of_task_leaking("parquet"),
    output:
        predictions="<results>/models/{experiment}/leakage.parquet",
        provenance="<results>/models/{experiment}/leakage.provenance.json",
    log:
        "<results>/logs/fit_leakage/{experiment}.log",
    benchmark:
        "<results>/benchmarks/fit_leakage/{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(LEAKING.values()),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(LEAKING_FITS, "experiment"),
        code=code_hash("scripts/fit_leakage.py"),
    message:
        "Fit {wildcards.experiment} on grouped and random splits"
    script:
        "../scripts/fit_leakage.py"


rule score_leakage:
    input:
        predictions=lambda wildcards: f"<results>/models/{LEAKING[wildcards.task]}/leakage.parquet",
        objects=of_task_leaking("objects.parquet"),
    output:
        table="<results>/metrics/{task}.leakage.csv",
        provenance="<results>/metrics/{task}.leakage.provenance.json",
    log:
        "<results>/logs/score_leakage/{task}.log",
    benchmark:
        "<results>/benchmarks/score_leakage/{task}.tsv"
    wildcard_constraints:
        task=one_of(LEAKING),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(LEAKING_SCORES, "task"),
        code=code_hash("scripts/score_leakage.py"),
    message:
        "Score what a random split of {wildcards.task} would have promised"
    script:
        "../scripts/score_leakage.py"


rule tabulate_leakage:
    input:
        scores=leaked_from("<results>/metrics/{task}.leakage.csv"),
        told=leaked_from("<results>/splits/{task}/leakage.json"),
        leaks=leaked_from("<results>/splits/{task}/leakage.csv"),
    output:
        csv=report(
            "<results>/tables/tab_leakage.csv",
            caption="../report/captions/tab_leakage.rst",
            category="What was claimed",
            labels={"table": "leak price"},
        ),
        tex="<results>/tables/tab_leakage.tex",
        provenance="<results>/tables/tab_leakage.provenance.json",
    log:
        "<results>/logs/tabulate_leakage.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "probes": LEAKING,
            "metric": PLAN.paper["audit"]["leakage"]["metric"],
        },
        code=code_hash("scripts/tabulate_leakage.py"),
    message:
        "Tabulate what random splits would have promised"
    script:
        "../scripts/tabulate_leakage.py"
