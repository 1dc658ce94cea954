# Whole frames of a survey: the colour picture, what each detector finds in it, and the catalogue.
FRAMED = FOUND["frames"] or {"fields": [], "detectors": []}
SEARCHED_FRAMES = framing(FRAMED)


rule compose_frame:
    input:
        fields=frame_file("aligned"),
    output:
        image="<results>/models/frames/{field}.safetensors",
        provenance="<results>/models/frames/{field}.provenance.json",
    log:
        "<results>/logs/compose_frame/{field}.log",
    wildcard_constraints:
        field=one_of(FRAMED["fields"]),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
    params:
        settings=lambda wildcards: composing(wildcards.field),
        code=code_hash("scripts/compose_frame.py"),
    message:
        "Show the frame {wildcards.field} in colour"
    script:
        "../scripts/compose_frame.py"


rule detect_frame:
    input:
        image="<results>/models/frames/{field}.safetensors",
        fields=frame_file("aligned"),
        model=of_detector("model.safetensors"),
        card=of_detector("model.json"),
        predictions=of_detector("predictions.parquet"),
        boxes=lambda wildcards: boxes_of(wildcards) if wildcards.experiment in TRAINED else [],
        manifest=lambda wildcards: (
            [of_split("manifest.csv")(wildcards)] if wildcards.experiment in TRAINED else []
        ),
        weights=prepared_of,
    output:
        table="<results>/models/{experiment}/frames/{field}.parquet",
        provenance="<results>/models/{experiment}/frames/{field}.provenance.json",
    log:
        "<results>/logs/detect_frame/{experiment}/{field}.log",
    benchmark:
        "<results>/benchmarks/detect_frame/{experiment}/{field}.tsv"
    wildcard_constraints:
        experiment=one_of(FRAMED["detectors"]),
        field=one_of(FRAMED["fields"]),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
        device=PLAN.technical["compute"]["device"],
    params:
        settings=lambda wildcards: {
            **SEARCHED_FRAMES[wildcards.experiment],
            "field": wildcards.field,
        },
        code=lambda wildcards: code_of_network("scripts/detect_frame.py", wildcards.experiment),
    message:
        "Search the frame {wildcards.field} by {wildcards.experiment}"
    script:
        "../scripts/detect_frame.py"


rule name_frame:
    input:
        image="<results>/models/frames/{field}.safetensors",
        detections="<results>/models/{experiment}/frames/{field}.parquet",
        model=first_draw_of(NAMED.get("classifier"), "model.safetensors"),
        card=first_draw_of(NAMED.get("classifier"), "model.json"),
        weights=prepared_for(NAMED.get("classifier")),
    output:
        table="<results>/models/{experiment}/frames/{field}.named.parquet",
        provenance="<results>/models/{experiment}/frames/{field}.named.provenance.json",
    log:
        "<results>/logs/name_frame/{experiment}/{field}.log",
    wildcard_constraints:
        experiment=one_of(FRAMED["detectors"] if NAMED else []),
        field=one_of(FRAMED["fields"]),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
        device=PLAN.technical["compute"]["device"],
    params:
        settings={
            key: NAMING[key]
            for key in NAMING
            if key in ("classifier", "context", "draw", "threads")
        },
        code=code_of_network("scripts/name_frame.py", NAMED.get("classifier")),
    message:
        "Name what {wildcards.experiment} found in the frame {wildcards.field}"
    script:
        "../scripts/name_frame.py"


rule score_frame:
    input:
        detections=lambda wildcards: expand(
            "<results>/models/{experiment}/frames/{field}.parquet",
            experiment=FRAMED["detectors"],
            field=wildcards.field,
        ),
        files=frame_file("raw"),
        fields=frame_file("aligned"),
    output:
        table="<results>/metrics/frames/{field}.csv",
        provenance="<results>/metrics/frames/{field}.provenance.json",
    log:
        "<results>/logs/score_frame/{field}.log",
    wildcard_constraints:
        field=one_of(FRAMED["fields"]),
    localrule: True
    conda:
        "../envs/astro.yaml"
    resources:
        **SMALL,
        store=STORE,
    params:
        settings=lambda wildcards: held_against_catalogue(wildcards.field),
        code=code_hash("scripts/score_frame.py"),
    message:
        "Hold what was found in the frame {wildcards.field} against its catalogue"
    script:
        "../scripts/score_frame.py"
