# Models room: everything that needs a network, and the opponents it is held against.
TRAINING = {name: training(name) for name in TRAINED}
FITTING = {name: fitting(name) for name in OPPONENTS}
# A network is reached by name: its module belongs to the digest of those who use it, and no other's.
TRAIN_CODE = {
    name: code_hash("scripts/train.py", module_of(PLAN.experiments[name]["model"]["name"]))
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
    log:
        "<results>/logs/train/{experiment}/draw-{draw}.log",
    benchmark:
        "<results>/benchmarks/train/{experiment}/draw-{draw}.tsv"
    wildcard_constraints:
        experiment=one_of(TRAINED),
    conda:
        "../envs/torch.yaml"
    resources:
        **GPU,
        device=PLAN.technical["compute"]["device"],
        resume=f"{RESULTS}/models/.resume",
    params:
        settings=chosen(TRAINING, "experiment"),
        code=chosen(TRAIN_CODE, "experiment"),
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
    log:
        "<results>/logs/fit_opponent/{experiment}/draw-{draw}.log",
    benchmark:
        "<results>/benchmarks/fit_opponent/{experiment}/draw-{draw}.tsv"
    wildcard_constraints:
        experiment=one_of(OPPONENTS),
    conda:
        "../envs/torch.yaml"
    resources:
        **SMALL,
    params:
        settings=chosen(FITTING, "experiment"),
        code=code_hash("scripts/fit_opponent.py"),
    message:
        "Fit {wildcards.experiment}, draw {wildcards.draw}"
    script:
        "../scripts/fit_opponent.py"
