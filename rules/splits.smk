# Splits room: who is in which part, which labels each draw shows, and the audit of both.
SPLITS = {name: splitting(name) for name in PLAN.tasks}


rule make_split:
    input:
        catalogs=of_dataset("catalog.parquet"),
        images=lambda wildcards: (
            of_dataset("images.safetensors")(wildcards)
            if PLAN.tasks[wildcards.task]["split"]["by"] == "hash"
            else []
        ),
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
