# Models room: everything that needs a network, and the opponents it is held against.
def training(name):
    """All that a training job is told: the experiment, its classes, its bands."""
    item = PLAN.experiments[name]
    task = PLAN.tasks[item["task"]]
    survey = PLAN.surveys[PLAN.datasets[task["dataset"]]["survey"]]
    told = {"classes": task["classes"], "bands": survey["bands"], "folds": task["split"]["folds"]}
    return {"experiment": name, **{k: v for k, v in item.items() if k != "about"}, **told}


TRAINING = {name: training(name) for name in [*TRAINED, *OPPONENTS]}
# A network is reached by name: its module belongs to the digest of those who use it, and no other's.
TRAIN_CODE = {
    name: code_hash("scripts/train.py", network_module(PLAN.experiments[name]["model"]["name"]))
    for name in TRAINED
}


rule train:
    input:
        images=of_dataset("images.safetensors"),
        catalogs=of_dataset("catalog.parquet"),
        manifest=of_split("manifest.csv"),
        draws=of_split("draws.parquet"),
    output:
        model="<results>/models/{experiment}/draw-{draw}/model.safetensors",
        card="<results>/models/{experiment}/draw-{draw}/model.json",
        history="<results>/models/{experiment}/draw-{draw}/history.csv",
        predictions="<results>/models/{experiment}/draw-{draw}/predictions.parquet",
        provenance="<results>/models/{experiment}/draw-{draw}/provenance.json",
    wildcard_constraints:
        experiment=one_of(TRAINED),
    log:
        "<results>/logs/train/{experiment}/draw-{draw}.log",
    benchmark:
        "<results>/benchmarks/train/{experiment}/draw-{draw}.tsv"
    conda:
        "../envs/torch.yaml"
    params:
        settings=chosen(TRAINING, "experiment"),
        code=chosen(TRAIN_CODE, "experiment"),
    resources:
        **GPU,
        device=config["compute"]["device"],
        resume=f"{RESULTS}/models/.resume",
    message:
        "Train {wildcards.experiment}, draw {wildcards.draw}"
    script:
        "../scripts/train.py"


rule fit_opponent:
    input:
        catalogs=of_dataset("catalog.parquet"),
        measured=of_dataset("measured.parquet"),
        manifest=of_split("manifest.csv"),
        draws=of_split("draws.parquet"),
    output:
        predictions="<results>/models/{experiment}/draw-{draw}/predictions.parquet",
        card="<results>/models/{experiment}/draw-{draw}/model.json",
        provenance="<results>/models/{experiment}/draw-{draw}/provenance.json",
    wildcard_constraints:
        experiment=one_of(OPPONENTS),
    log:
        "<results>/logs/fit_opponent/{experiment}/draw-{draw}.log",
    conda:
        "../envs/torch.yaml"
    params:
        settings=chosen(TRAINING, "experiment"),
        code=code_hash("scripts/fit_opponent.py"),
    resources:
        **SMALL,
    message:
        "Fit {wildcards.experiment}, draw {wildcards.draw}"
    script:
        "../scripts/fit_opponent.py"
