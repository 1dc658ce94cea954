# Models room: everything that needs a network, and the opponents it is held against.
EXPORTED = asked_of("galaxy10", "export")
EXPORTED_FINDERS = asked_of("detection", "export")
DISTORTED = asked_of("planetary-nebulae", "distortion")
EXPLAINED = asked_of("galaxy10", "explain")
REPRESENTED = asked_of("self-supervision", "representations")
RADIAL, FOUR = (part_of("star-galaxy", key) for key in ("radial", "four_classes"))
INFLUENTIAL = RADIAL["experiments"] if RADIAL else []
TRAINING = {name: training(name) for name in TRAINED}
SEARCHING = {name: searching(name) for name in SEARCHED}
PROBING = {name: probing(name) for name in PROBES}
FITTING = {name: fitting(name) for name in OPPONENTS}
COMBINING = {name: combining(name) for name in ENSEMBLES}
EXPLAINING = {name: explaining(name) for name in EXPLAINED}
INFLUENCING = {name: influencing(name) for name in INFLUENTIAL}
REPRESENTING = representing()
PREPARING = {name: preparing(name) for name in PLAN.weights}
EXTRACTING = extracting()
CUTS = sorted({cut for of in EXTRACTING.values() for cuts in of.values() for cut in cuts})
# A network is reached by name: its module belongs to the digest of those who use it, and no other's.
TRAIN_CODE = by_network("scripts/train.py", TRAINED)
SEARCH_CODE = by_network("scripts/search_settings.py", SEARCHED)
EXPORT_CODE = by_network("scripts/export_model.py", EXPORTED)
EXPORT_DETECTOR_CODE = by_network("scripts/export_detector.py", EXPORTED_FINDERS)
DISTORTION_CODE = by_network("scripts/measure_distortion.py", DISTORTED)
EXPLAIN_CODE = by_network("scripts/explain.py", EXPLAINED)
INFLUENCE_CODE = by_network("scripts/measure_influence.py", INFLUENTIAL)
EXTRACT_CODE, PREPARE_CODE = (
    {name: code_hash(script, module_of(block["model"])) for name, block in PLAN.weights.items()}
    for script in ("scripts/extract_features.py", "scripts/prepare_weights.py")
)


rule prepare_weights:
    input:
        source=source_of_weights,
    output:
        weights="<results>/models/weights/{weights}/model.safetensors",
        card="<results>/models/weights/{weights}/model.json",
        provenance="<results>/models/weights/{weights}/provenance.json",
    log:
        "<results>/logs/prepare_weights/{weights}.log",
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
        store=STORE,
    params:
        settings=chosen(PREPARING, "weights"),
        code=chosen(PREPARE_CODE, "weights"),
    message:
        "Prepare the starting weights {wildcards.weights}"
    script:
        "../scripts/prepare_weights.py"


rule extract_features:
    input:
        images=of_dataset("images.safetensors"),
        catalogs=of_dataset("catalog.parquet"),
        weights="<results>/models/weights/{weights}/model.safetensors",
        card="<results>/models/weights/{weights}/model.json",
    output:
        features="<results>/features/{dataset}/{weights}/{cut}.safetensors",
        provenance="<results>/features/{dataset}/{weights}/{cut}.provenance.json",
    log:
        "<results>/logs/extract_features/{dataset}/{weights}/{cut}.log",
    benchmark:
        "<results>/benchmarks/extract_features/{dataset}/{weights}/{cut}.tsv"
    wildcard_constraints:
        cut=one_of(CUTS),
    conda:
        "../envs/torch.yaml"
    resources:
        **GPU,
        device=PLAN.technical["compute"]["device"],
        resume=f"{RESULTS}/models/.resume",  # not read: jobs of one group must agree in it
    params:
        settings=chosen(EXTRACTING, "dataset", "weights", "cut"),
        code=chosen(EXTRACT_CODE, "weights"),
    message:
        "Run {wildcards.weights} over {wildcards.dataset}, up to {wildcards.cut}"
    script:
        "../scripts/extract_features.py"


rule fit_probes:
    input:
        features=lambda wildcards: stored_at(wildcards.experiment, "head"),
        catalogs=of_dataset("catalog.parquet"),
        manifest=of_split("manifest.csv"),
        draws=of_split("draws.parquet"),
        weights=prepared_of,
    output:
        model="<results>/models/{experiment}/draw-all/model.safetensors",
        card="<results>/models/{experiment}/draw-all/model.json",
        predictions="<results>/models/{experiment}/draw-all/predictions.parquet",
        provenance="<results>/models/{experiment}/draw-all/provenance.json",
    log:
        "<results>/logs/fit_probes/{experiment}.log",
    benchmark:
        "<results>/benchmarks/fit_probes/{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(PROBES),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(PROBING, "experiment"),
        code=code_hash("scripts/fit_probes.py"),
    message:
        "Fit the linear probes of {wildcards.experiment}: every draw, fold and budget"
    script:
        "../scripts/fit_probes.py"


rule search_settings:
    input:
        images=of_dataset("images.safetensors"),
        catalogs=of_dataset("catalog.parquet"),
        manifest=of_split("manifest.csv"),
        draws=of_split("draws.parquet"),
        weights=prepared_of,
        stored=lambda wildcards: stored_at(wildcards.experiment, cut_of(wildcards.experiment)),
    output:
        trials="<results>/models/{experiment}/search/trials.csv",
        best="<results>/models/{experiment}/search/best.json",
        provenance="<results>/models/{experiment}/search/provenance.json",
    log:
        "<results>/logs/search_settings/{experiment}.log",
    benchmark:
        "<results>/benchmarks/search_settings/{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(SEARCHED),
    conda:
        "../envs/torch.yaml"
    resources:
        **GPU,
        device=PLAN.technical["compute"]["device"],
        resume=f"{RESULTS}/models/.resume",
    params:
        settings=chosen(SEARCHING, "experiment"),
        code=chosen(SEARCH_CODE, "experiment"),
    message:
        "Search for the settings of {wildcards.experiment}"
    script:
        "../scripts/search_settings.py"


rule train:
    input:
        images=of_dataset("images.safetensors"),
        catalogs=of_dataset("catalog.parquet"),
        measured=measured_of,
        manifest=of_split("manifest.csv"),
        draws=of_split("draws.parquet"),
        weights=prepared_of,
        stage=stage_of,
        stored=lambda wildcards: stored_at(wildcards.experiment, cut_of(wildcards.experiment)),
        pseudo=pseudo_labels_of,
        generated=generated_of,
        found=found_of,
        boxes=boxes_of,
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
    threads: threads_of
    resources:
        **GPUS,
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
        predictions="<results>/models/{experiment}/draw-all/predictions.parquet",
        card="<results>/models/{experiment}/draw-all/model.json",
        provenance="<results>/models/{experiment}/draw-all/provenance.json",
    log:
        "<results>/logs/fit_opponent/{experiment}.log",
    benchmark:
        "<results>/benchmarks/fit_opponent/{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of([name for name in OPPONENTS if name not in FINDERS]),
    conda:
        "../envs/torch.yaml"
    resources:
        **SMALL,
    params:
        settings=chosen(FITTING, "experiment"),
        code=code_hash("scripts/fit_opponent.py"),
    message:
        "Fit {wildcards.experiment}: every draw, fold and budget"
    script:
        "../scripts/fit_opponent.py"


rule fit_box_opponent:
    input:
        images=of_dataset("images.safetensors"),
        catalogs=of_dataset("catalog.parquet"),
        boxes=boxes_of,
        manifest=of_split("manifest.csv"),
        draws=of_split("draws.parquet"),
    output:
        predictions="<results>/models/{experiment}/draw-all/predictions.parquet",
        card="<results>/models/{experiment}/draw-all/model.json",
        provenance="<results>/models/{experiment}/draw-all/provenance.json",
    log:
        "<results>/logs/fit_opponent/{experiment}.log",
    benchmark:
        "<results>/benchmarks/fit_opponent/{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(FINDERS),
    conda:
        "../envs/torch.yaml"
    resources:
        **{**LARGE, "mem_mb": by_attempt(16000)},  # all images, and once more as they are joined
    params:
        settings=chosen(FITTING, "experiment"),
        code=code_hash("scripts/fit_box_opponent.py"),
    message:
        "Fit {wildcards.experiment}: every draw, fold and budget"
    script:
        "../scripts/fit_box_opponent.py"


rule export_model:
    input:
        images=of_dataset("images.safetensors"),
        catalogs=of_dataset("catalog.parquet"),
        model="<results>/models/{experiment}/draw-0/model.safetensors",
        card="<results>/models/{experiment}/draw-0/model.json",
        predictions="<results>/models/{experiment}/draw-0/predictions.parquet",
        weights=prepared_of,
    output:
        onnx="<results>/models/{experiment}/export/model.onnx",
        int8="<results>/models/{experiment}/export/model.int8.onnx",
        table="<results>/models/{experiment}/export/export.json",
        provenance="<results>/models/{experiment}/export/provenance.json",
        latency="<results>/models/{experiment}/export/latency.csv",
    log:
        "<results>/logs/export_model/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(EXPORTED),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(TRAINING, "experiment"),
        code=chosen(EXPORT_CODE, "experiment"),
    message:
        "Export {wildcards.experiment} as ONNX, with and without 8-bit integers"
    script:
        "../scripts/export_model.py"


rule export_detector:
    input:
        images=of_dataset("images.safetensors"),
        catalogs=of_dataset("catalog.parquet"),
        model="<results>/models/{experiment}/draw-0/model.safetensors",
        card="<results>/models/{experiment}/draw-0/model.json",
        predictions="<results>/models/{experiment}/draw-0/predictions.parquet",
        weights=prepared_of,
    output:
        onnx="<results>/models/{experiment}/export/model.onnx",
        table="<results>/models/{experiment}/export/export.json",
        provenance="<results>/models/{experiment}/export/provenance.json",
        latency="<results>/models/{experiment}/export/latency.csv",
    log:
        "<results>/logs/export_model/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(EXPORTED_FINDERS),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(TRAINING, "experiment"),
        code=chosen(EXPORT_DETECTOR_CODE, "experiment"),
    message:
        "Export {wildcards.experiment} as ONNX"
    script:
        "../scripts/export_detector.py"


rule combine_predictions:
    input:
        predictions=members_of,
    output:
        predictions="<results>/models/{experiment}/draw-all/predictions.parquet",
        card="<results>/models/{experiment}/draw-all/model.json",
        provenance="<results>/models/{experiment}/draw-all/provenance.json",
    log:
        "<results>/logs/combine_predictions/{experiment}.log",
    benchmark:
        "<results>/benchmarks/combine_predictions/{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(ENSEMBLES),
    localrule: True
    conda:
        "../envs/torch.yaml"
    resources:
        **SMALL,
    params:
        settings=chosen(COMBINING, "experiment"),
        code=code_hash("scripts/combine_predictions.py"),
    message:
        "Average the members of {wildcards.experiment}"
    script:
        "../scripts/combine_predictions.py"


rule measure_distortion:
    input:
        images=of_dataset("images.safetensors"),
        catalogs=of_dataset("catalog.parquet"),
        models=lambda wildcards: [
            f"{folder}/{file}"
            for folder in folders_of(wildcards.experiment)
            for file in ("model.safetensors", "model.json", "predictions.parquet")
        ],
        weights=prepared_of,
        features=lambda wildcards: stored_at(wildcards.experiment, "head"),
    output:
        table="<results>/models/{experiment}/distortion.csv",
        provenance="<results>/models/{experiment}/distortion.provenance.json",
    log:
        "<results>/logs/measure_distortion/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(DISTORTED),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
        device=PLAN.technical["compute"]["device"],
    params:
        settings=chosen(TRAINING, "experiment"),
        code=chosen(DISTORTION_CODE, "experiment"),
    message:
        "Measure how far {wildcards.experiment} moves the features"
    script:
        "../scripts/measure_distortion.py"


rule explain:
    input:
        images=of_dataset("images.safetensors"),
        catalogs=of_dataset("catalog.parquet"),
        model=lambda wildcards: f"{folders_of(wildcards.experiment)[0]}/model.safetensors",
        card=lambda wildcards: f"{folders_of(wildcards.experiment)[0]}/model.json",
        predictions=lambda wildcards: f"{folders_of(wildcards.experiment)[0]}/predictions.parquet",
        weights=prepared_of,
    output:
        tensors="<results>/models/{experiment}/explain.safetensors",
        table="<results>/models/{experiment}/explain.csv",
        told="<results>/models/{experiment}/explain.json",
        provenance="<results>/models/{experiment}/explain.provenance.json",
    log:
        "<results>/logs/explain/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(EXPLAINED),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
        device=PLAN.technical["compute"]["device"],
    params:
        settings=chosen(EXPLAINING, "experiment"),
        code=chosen(EXPLAIN_CODE, "experiment"),
    message:
        "Explain {wildcards.experiment}: evidence maps, activations, filters"
    script:
        "../scripts/explain.py"


rule measure_influence:
    input:
        images=of_dataset("images.safetensors"),
        catalogs=of_dataset("catalog.parquet"),
        manifest=of_split("manifest.csv"),
        models=lambda wildcards: asked_draws(wildcards.experiment, "model.safetensors"),
        cards=lambda wildcards: asked_draws(wildcards.experiment, "model.json"),
        weights=prepared_of,
    output:
        table="<results>/models/{experiment}/influence.parquet",
        tests="<results>/models/{experiment}/influence.csv",
        neighbours="<results>/models/{experiment}/influence.neighbours.csv",
        maps="<results>/models/{experiment}/influence.safetensors",
        told="<results>/models/{experiment}/influence.json",
        provenance="<results>/models/{experiment}/influence.provenance.json",
    log:
        "<results>/logs/measure_influence/{experiment}.log",
    benchmark:
        "<results>/benchmarks/measure_influence/{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(INFLUENTIAL),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
        device=PLAN.technical["compute"]["device"],
    params:
        settings=chosen(INFLUENCING, "experiment"),
        code=chosen(INFLUENCE_CODE, "experiment"),
    message:
        "Measure which pixels {wildcards.experiment} goes by"
    script:
        "../scripts/measure_influence.py"


rule measure_representation:
    input:
        images=pixels_of,
        features=features_of,
        catalogs=of_dataset("catalog.parquet"),
        manifest=of_split("manifest.csv"),
    output:
        points="<results>/models/representations/{task}/{weights}.parquet",
        table="<results>/models/representations/{task}/{weights}.csv",
        provenance="<results>/models/representations/{task}/{weights}.provenance.json",
    log:
        "<results>/logs/measure_representation/{task}/{weights}.log",
    benchmark:
        "<results>/benchmarks/measure_representation/{task}/{weights}.tsv"
    wildcard_constraints:
        weights=one_of([*PLAN.weights, "pixels"]),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(REPRESENTING, "task", "weights"),
        code=code_hash("scripts/measure_representation.py"),
    message:
        "Measure the representation of {wildcards.task} by {wildcards.weights}"
    script:
        "../scripts/measure_representation.py"
