# Detection followed by classification, in the images of the chapter's task.
FOUND = PLAN.paper["detection"]
NAMED = FOUND["named"] or {}
NAMING = naming(FOUND) if NAMED else {}


rule name_detections:
    input:
        predictions=f"<results>/models/{NAMED.get('detector')}/draw-0/predictions.parquet",
        boxes=boxes_of_task(FOUND["task"]),
        manifest=f"<results>/splits/{FOUND['task']}/manifest.csv",
        images=cutouts_shown(FOUND["dataset"], "images.safetensors"),
        catalogs=cutouts_shown(FOUND["dataset"], "catalog.parquet"),
        model=first_draw_of(NAMED.get("classifier"), "model.safetensors"),
        card=first_draw_of(NAMED.get("classifier"), "model.json"),
        weights=prepared_for(NAMED.get("classifier")),
    output:
        table="<results>/models/{detector}/named/{experiment}.parquet",
        provenance="<results>/models/{detector}/named/{experiment}.provenance.json",
    log:
        "<results>/logs/name_detections/{detector}/{experiment}.log",
    benchmark:
        "<results>/benchmarks/name_detections/{detector}/{experiment}.tsv"
    wildcard_constraints:
        detector=one_of([NAMED["detector"]] if NAMED else []),
        experiment=one_of([NAMED["classifier"]] if NAMED else []),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
        device=PLAN.technical["compute"]["device"],
    params:
        settings=NAMING,
        code=code_of_network("scripts/name_detections.py", NAMED.get("classifier")),
    message:
        "Name what {wildcards.detector} found by {wildcards.experiment}"
    script:
        "../scripts/name_detections.py"


rule score_named:
    input:
        predictions=f"<results>/models/{NAMED.get('detector')}/named/{NAMED.get('classifier')}.parquet",
        boxes=boxes_of_task(FOUND["task"]),
        manifest=f"<results>/splits/{FOUND['task']}/manifest.csv",
        catalogs=cutouts_shown(FOUND["dataset"], "catalog.parquet"),
        truth=sky_of_images(FOUND["survey"], ".boxes.parquet"),
    output:
        table="<results>/metrics/{task}.named.csv",
        judged="<results>/metrics/{task}.judged.parquet",
        provenance="<results>/metrics/{task}.named.provenance.json",
    log:
        "<results>/logs/score_named/{task}.log",
    wildcard_constraints:
        task=one_of([FOUND["task"]] if NAMED else []),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=judging(FOUND) if NAMED else {},
        code=code_hash("scripts/score_named.py"),
    message:
        "Score detection followed by classification in {wildcards.task}"
    script:
        "../scripts/score_named.py"
