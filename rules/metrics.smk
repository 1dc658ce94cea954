# Metrics room: predictions and catalogue rows in, tidy tables with intervals out.
SCORING = {name: scoring(name) for name in PLAN.tasks}


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
    benchmark:
        "<results>/benchmarks/compare/{task}.tsv"
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
