# Metrics room: predictions and catalogue rows in, tidy tables with intervals out.
SCORING = {name: scoring(name) for name in PLAN.tasks}
TEACHERS = asked_of("planetary-nebulae", "teachers")
TAUGHT = {
    name: {**SCORING[name], "teachers": [t for t in TEACHERS if t in PLAN.of_task(name)]}
    for name in {PLAN.experiments[teacher]["task"] for teacher in TEACHERS}
}
CURVED = curved()


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
    wildcard_constraints:
        task=one_of([name for name in PLAN.tasks if name not in BOXED]),
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
    wildcard_constraints:
        task=one_of([name for name in PLAN.tasks if name not in BOXED]),
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


rule score_boxes:
    input:
        predictions=predictions_of_task,
        boxes=boxes_of,
        catalogs=of_dataset("catalog.parquet"),
        manifest=of_split("manifest.csv"),
    output:
        table="<results>/metrics/{task}.csv",
        provenance="<results>/metrics/{task}.provenance.json",
    log:
        "<results>/logs/score/{task}.log",
    benchmark:
        "<results>/benchmarks/score/{task}.tsv"
    wildcard_constraints:
        task=one_of(BOXED),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(SCORING, "task"),
        code=code_hash("scripts/score_boxes.py"),
    message:
        "Score {wildcards.task}"
    script:
        "../scripts/score_boxes.py"


rule compare_boxes:
    input:
        predictions=predictions_of_task,
        boxes=boxes_of,
        catalogs=of_dataset("catalog.parquet"),
        manifest=of_split("manifest.csv"),
    output:
        table="<results>/metrics/{task}.comparisons.csv",
        provenance="<results>/metrics/{task}.comparisons.provenance.json",
    log:
        "<results>/logs/compare/{task}.log",
    benchmark:
        "<results>/benchmarks/compare/{task}.tsv"
    wildcard_constraints:
        task=one_of(BOXED),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(SCORING, "task"),
        code=code_hash("scripts/compare_boxes.py"),
    message:
        "Compare the detectors of {wildcards.task}"
    script:
        "../scripts/compare_boxes.py"


rule score_curves:
    input:
        predictions=curved_predictions,
        manifest=of_split("manifest.csv"),
        others=curved_others,
    output:
        table="<results>/metrics/{task}.curves.csv",
        contrasts="<results>/metrics/{task}.contrasts.csv",
        provenance="<results>/metrics/{task}.curves.provenance.json",
    log:
        "<results>/logs/score_curves/{task}.log",
    benchmark:
        "<results>/benchmarks/score_curves/{task}.tsv"
    wildcard_constraints:
        task=one_of(CURVED),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(CURVED, "task"),
        code=code_hash("scripts/score_curves.py"),
    message:
        "Score the curves of {wildcards.task}"
    script:
        "../scripts/score_curves.py"


rule score_pseudo:
    input:
        predictions=lambda wildcards: [
            path for name in TAUGHT[wildcards.task]["teachers"] for path in predictions_of(name)
        ],
        manifest=of_split("manifest.csv"),
    output:
        table="<results>/metrics/{task}.pseudo.csv",
        provenance="<results>/metrics/{task}.pseudo.provenance.json",
    log:
        "<results>/logs/score_pseudo/{task}.log",
    wildcard_constraints:
        task=one_of(TAUGHT),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(TAUGHT, "task"),
        code=code_hash("scripts/score_pseudo.py"),
    message:
        "Score the pseudo-labels of the teachers of {wildcards.task}"
    script:
        "../scripts/score_pseudo.py"
