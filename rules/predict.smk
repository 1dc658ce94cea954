# Predictions: trained experiments applied to new fields or images, by the survey's shards. The models
# are read where they lie; a prediction is a survey of its own, so nothing else depends on it.
def predicting(name):
    """All that a prediction is told: its experiment, its bands, where its objects are."""
    block = PLAN.predict[name]
    experiment = block["experiment"]
    every, seen = bands_of(experiment)
    item = PLAN.experiments[experiment]
    weights = PLAN.weights.get(item["weights"], {})
    told = {key: block[key] for key in ("catalogue", "draws", "experiment", "fields", "folder")}
    return {
        **told,
        "classes": PLAN.tasks[block["task"]]["classes"],
        "outside": block["outside"],
        "prediction": name,
        "reference_band": PLAN.surveys[block["like"]]["reference_band"],
        "take": [every.index(band) for band in seen],
        **cropped(item),
        "threads": item["recipe"]["threads"] if "recipe" in item else weights["threads"],
    }


def picturing(name):
    """What the picture of a prediction is told."""
    told, block = PREDICTING[name], PLAN.predict[name]
    survey = PLAN.surveys[block["dataset"]]
    shown = {key: survey[key] for key in ("bands", "reference_band")}
    kept = {key: told[key] for key in ("classes", "prediction", "fields")}
    return {**kept, **shown, "size": PLAN.datasets[block["dataset"]]["size"]}


PREDICTING = {name: predicting(name) for name in PLAN.predict}
# The limits rest on training objects alone: other fields leave them as they are.
APPLIED = ("crop", "draws", "experiment", "take", "threads")
ABOUT_TRAINING = (*APPLIED, "classes", "outside", "reference_band")
DOMAIN, APPLYING = (
    {name: {k: v for k, v in told.items() if k in kept} for name, told in PREDICTING.items()}
    for kept in (ABOUT_TRAINING, APPLIED)
)
PICTURED = {name: picturing(name) for name in PLAN.predict}
DOMAIN_CODE, PREDICT_CODE = (
    {name: code_of_network(script, block["experiment"]) for name, block in PLAN.predict.items()}
    for script in ("scripts/fit_domain.py", "scripts/predict_shard.py")
)


def trained_for(file):
    """Input function: one file of every draw that a prediction averages over."""

    def paths(wildcards):
        block = PLAN.predict[wildcards.prediction]
        folders = folders_of(block["experiment"])
        return [
            f"{folder}/{file}" for folder in folders[: 1 if block["draws"] == "first" else None]
        ]

    return paths


def learned_from(file):
    """Input function: one file of every shard that a prediction's experiment has learned from."""

    def paths(wildcards):
        dataset = PLAN.tasks[PLAN.predict[wildcards.prediction]["task"]]["dataset"]
        return [f"<results>/cutouts/{dataset}/{shard}/{file}" for shard in shards_of(dataset)]

    return paths


def predicted_on(file):
    """Input function: one file of every shard that a prediction is about."""

    def paths(wildcards):
        dataset = PLAN.predict[wildcards.prediction]["dataset"]
        return [f"<results>/cutouts/{dataset}/{shard}/{file}" for shard in shards_of(dataset)]

    return paths


def of_shard(file):
    """Input function: one file of the shard of a prediction that the job is about."""
    return lambda wildcards: (
        f"<results>/cutouts/{PLAN.predict[wildcards.prediction]['dataset']}/{wildcards.shard}/{file}"
    )


def frozen_of(wildcards):
    """The prepared weights that a prediction's networks hold a frozen part of."""
    return prepared_for(PLAN.predict[wildcards.prediction]["experiment"])


def shards_predicted(wildcards):
    names = shards_of(PLAN.predict[wildcards.prediction]["dataset"])
    return [f"<results>/predicted/{wildcards.prediction}/{shard}.parquet" for shard in names]


def shown_of(wildcards):
    """What the picture of a prediction shows: aligned fields, or images cut from a folder."""
    survey = PLAN.predict[wildcards.prediction]["dataset"]
    if survey in FIELDS:
        return [f"<results>/aligned/{survey}/{shard}.tsv" for shard in shards_of(survey)]
    return predicted_on("images.safetensors")(wildcards)


wildcard_constraints:
    prediction=one_of(PLAN.predict),


rule fit_domain:
    input:
        cards=trained_for("model.json"),
        models=trained_for("model.safetensors"),
        predictions=trained_for("predictions.parquet"),
        weights=frozen_of,
        images=learned_from("images.safetensors"),
        catalogs=learned_from("catalog.parquet"),
        measured=learned_from("measured.parquet"),
    output:
        arrays="<results>/predicted/{prediction}/domain.safetensors",
        card="<results>/predicted/{prediction}/domain.json",
        provenance="<results>/predicted/{prediction}/domain.provenance.json",
    log:
        "<results>/logs/fit_domain/{prediction}.log",
    benchmark:
        "<results>/benchmarks/fit_domain/{prediction}.tsv"
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
        device=PLAN.technical["compute"]["device"],
    params:
        settings=chosen(DOMAIN, "prediction"),
        code=chosen(DOMAIN_CODE, "prediction"),
    message:
        "Fit temperatures and limits for the prediction {wildcards.prediction}"
    script:
        "../scripts/fit_domain.py"


rule predict_shard:
    input:
        cards=trained_for("model.json"),
        models=trained_for("model.safetensors"),
        predictions=trained_for("predictions.parquet"),
        weights=frozen_of,
        arrays="<results>/predicted/{prediction}/domain.safetensors",
        domain="<results>/predicted/{prediction}/domain.json",
        images=of_shard("images.safetensors"),
        catalog=of_shard("catalog.parquet"),
        measured=of_shard("measured.parquet"),
    output:
        table="<results>/predicted/{prediction}/{shard}.parquet",
        provenance="<results>/predicted/{prediction}/{shard}.provenance.json",
    log:
        "<results>/logs/predict_shard/{prediction}/{shard}.log",
    benchmark:
        "<results>/benchmarks/predict_shard/{prediction}/{shard}.tsv"
    wildcard_constraints:
        shard=r"(?!domain$)[^/.]+",
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
        device=PLAN.technical["compute"]["device"],
    params:
        settings=chosen(APPLYING, "prediction"),
        code=chosen(PREDICT_CODE, "prediction"),
    message:
        "Predict {wildcards.prediction} {wildcards.shard}"
    script:
        "../scripts/predict_shard.py"


rule join_predictions:
    input:
        tables=shards_predicted,
        domain="<results>/predicted/{prediction}/domain.json",
    output:
        table="<results>/predicted/{prediction}.csv",
        card="<results>/predicted/{prediction}.json",
        provenance="<results>/predicted/{prediction}.provenance.json",
    log:
        "<results>/logs/join_predictions/{prediction}.log",
    localrule: True
    conda:
        "../envs/torch.yaml"
    resources:
        **SMALL,
    params:
        settings=chosen(PREDICTING, "prediction"),
        code=code_hash("scripts/join_predictions.py"),
    message:
        "Join the predictions of {wildcards.prediction}"
    script:
        "../scripts/join_predictions.py"


rule plot_prediction:
    input:
        table="<results>/predicted/{prediction}.csv",
        card="<results>/predicted/{prediction}.json",
        shown=shown_of,
        catalogs=predicted_on("catalog.parquet"),
    output:
        pdf="<results>/predicted/{prediction}.pdf",
        png="<results>/predicted/{prediction}.png",
        provenance="<results>/predicted/{prediction}.png.provenance.json",
    log:
        "<results>/logs/plot_prediction/{prediction}.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings=chosen(PICTURED, "prediction"),
        code=code_hash("scripts/plot_prediction.py"),
    message:
        "Draw the predictions of {wildcards.prediction}"
    script:
        "../scripts/plot_prediction.py"
