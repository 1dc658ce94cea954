# Splits room: who is in which part, which labels each draw shows, and the audit of both.
def splitting(name):
    """A task's split with what it needs of the dataset: the side of a patch in arcsec."""
    task = PLAN.tasks[name]
    dataset = PLAN.datasets[task["dataset"]]
    side = dataset["size"] * PLAN.surveys[dataset["survey"]]["pixel_arcsec"]
    return {"name": name, **task, "patch_arcsec": side}


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
