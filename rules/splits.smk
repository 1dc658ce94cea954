# Splits room: who is in which part, which labels each draw shows, and the audit of both.
# Which boxes are sought in them is no matter of who is in which part.
SPLITS = {
    name: {**splitting(name), **({"boxes": {}} if name in BOXED else {})} for name in PLAN.tasks
}
STUDENTS = [name for name, item in PLAN.experiments.items() if "teacher" in item]
PROPOSING = {name: proposing(name) for name in BOXED}
GENERATED = {
    name: generating(name) for name, item in PLAN.experiments.items() if "generated" in item
}
# How its labels are used in training is no matter of the choice.
CHOOSING = {
    name: {
        "classes": PLAN.tasks[PLAN.experiments[name]["task"]]["classes"],
        **{
            key: PLAN.experiments[name]["pseudo"][key]
            for key in ("labels", "threshold", "top_share")
        },
    }
    for name in STUDENTS
}


rule make_split:
    input:
        catalogs=of_dataset("catalog.parquet"),
        measured=measured_of,
        images=images_to_hash,
        kept_manifests=of_kept_out("manifest.csv"),
        kept_catalogs=of_kept_out("catalog.parquet"),
        kept_images=of_kept_out("images.safetensors"),
    output:
        manifest="<results>/splits/{task}/manifest.csv",
        draws="<results>/splits/{task}/draws.parquet",
        audit="<results>/splits/{task}/audit.json",
        provenance="<results>/splits/{task}/provenance.json",
    log:
        "<results>/logs/make_split/{task}.log",
    localrule: True
    conda:
        "../envs/torch.yaml"
    resources:
        **SMALL,
    params:
        settings=chosen(SPLITS, "task"),
        code=code_hash("scripts/make_split.py"),
    message:
        "Split {wildcards.task}: parts, draws, audit"
    script:
        "../scripts/make_split.py"


rule find_boxes:
    input:
        images=lambda wildcards: f"<results>/cutouts/{dataset_of(wildcards)}/{wildcards.shard}/images.safetensors",
        catalog=lambda wildcards: f"<results>/cutouts/{dataset_of(wildcards)}/{wildcards.shard}/catalog.parquet",
        objects=lambda wildcards: f"<results>/raw/{survey_of(wildcards)}/objects.csv",
        sky=sky_boxes_of,
        annotations=annotations_of,
    output:
        boxes="<results>/splits/{task}/boxes/{shard}.parquet",
        provenance="<results>/splits/{task}/boxes/{shard}.provenance.json",
    log:
        "<results>/logs/find_boxes/{task}/{shard}.log",
    benchmark:
        "<results>/benchmarks/find_boxes/{task}/{shard}.tsv"
    wildcard_constraints:
        task=one_of(BOXED),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(PROPOSING, "task"),
        code=code_hash("scripts/find_boxes.py"),
    message:
        "Find the boxes of {wildcards.task} {wildcards.shard}"
    script:
        "../scripts/find_boxes.py"


rule choose_pseudo_labels:
    input:
        predictions=teacher_of,
        manifest=of_split("manifest.csv"),
    output:
        table="<results>/splits/{task}/pseudo/{experiment}/draw-{draw}.parquet",
        provenance="<results>/splits/{task}/pseudo/{experiment}/draw-{draw}.provenance.json",
    log:
        "<results>/logs/choose_pseudo_labels/{task}/{experiment}/draw-{draw}.log",
    wildcard_constraints:
        experiment=one_of(STUDENTS),
    localrule: True
    conda:
        "../envs/torch.yaml"
    resources:
        **SMALL,
    params:
        settings=chosen(CHOOSING, "experiment"),
        code=code_hash("scripts/choose_pseudo_labels.py"),
    message:
        "Choose the pseudo-labels of {wildcards.experiment}, draw {wildcards.draw}"
    script:
        "../scripts/choose_pseudo_labels.py"


rule generate_patches:
    input:
        images=images_of_generator,
        catalogs=of_dataset("catalog.parquet"),
        manifest=of_split("manifest.csv"),
        draws=of_split("draws.parquet"),
    output:
        images="<results>/splits/{task}/generated/{experiment}/draw-{draw}.safetensors",
        table="<results>/splits/{task}/generated/{experiment}/draw-{draw}.parquet",
        provenance="<results>/splits/{task}/generated/{experiment}/draw-{draw}.provenance.json",
    log:
        "<results>/logs/generate_patches/{task}/{experiment}/draw-{draw}.log",
    benchmark:
        "<results>/benchmarks/generate_patches/{task}/{experiment}/draw-{draw}.tsv"
    wildcard_constraints:
        experiment=one_of(GENERATED),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(GENERATED, "experiment"),
        code=code_hash("scripts/generate_patches.py"),
    message:
        "Generate the patches of {wildcards.experiment}, draw {wildcards.draw}"
    script:
        "../scripts/generate_patches.py"
