# Cutouts room: patches at catalogue positions, and what can be measured on them.
CUT = {
    name: {"dataset": dataset, "survey": PLAN.surveys[dataset["survey"]]["reader"], "catalogue": PLAN.surveys[dataset["survey"]]["catalogue"]}
    for name, dataset in PLAN.datasets.items()
}


rule cut_patches:
    input:
        files=lambda wildcards: f"<results>/raw/{PLAN.datasets[wildcards.dataset]['survey']}/{wildcards.shard}.tsv",
        fields=lambda wildcards: f"<results>/aligned/{PLAN.datasets[wildcards.dataset]['survey']}/{wildcards.shard}.tsv",
    output:
        images="<results>/cutouts/{dataset}/{shard}/images.safetensors",
        catalog="<results>/cutouts/{dataset}/{shard}/catalog.parquet",
        provenance="<results>/cutouts/{dataset}/{shard}/provenance.json",
    log:
        "<results>/logs/cut_patches/{dataset}/{shard}.log",
    benchmark:
        "<results>/benchmarks/cut_patches/{dataset}/{shard}.tsv"
    conda:
        "../envs/astro.yaml"
    params:
        settings=chosen(CUT, "dataset"),
        code=code_hash("scripts/cut_patches.py"),
    resources:
        **LARGE,
        store=STORE,
    message:
        "Cut {wildcards.dataset} from {wildcards.shard}"
    script:
        "../scripts/cut_patches.py"


rule measure_patches:
    input:
        images="<results>/cutouts/{dataset}/{shard}/images.safetensors",
        catalog="<results>/cutouts/{dataset}/{shard}/catalog.parquet",
    output:
        table="<results>/cutouts/{dataset}/{shard}/measured.parquet",
        provenance="<results>/cutouts/{dataset}/{shard}/measured.provenance.json",
    log:
        "<results>/logs/measure_patches/{dataset}/{shard}.log",
    conda:
        "../envs/astro.yaml"
    params:
        settings=chosen(CUT, "dataset"),
        code=code_hash("scripts/measure_patches.py"),
    resources:
        **LARGE,
    message:
        "Measure {wildcards.dataset} {wildcards.shard}: signal to noise, shape, surroundings"
    script:
        "../scripts/measure_patches.py"
