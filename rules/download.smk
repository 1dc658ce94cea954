# Raw room: lists of archive files; the bytes lie in the store, undeclared, so no rerun deletes them.
SCANS = scans()
SCANNED = scanned()
# The demo sky is written straight into a store of its own, so that it never lies beside real files.
STORE = f"{RESULTS}/sky/store" if PLAN.sky else PLAN.technical["raw_store"]
MIRROR = "" if PLAN.sky else (PLAN.technical["mirror"] or "")
DOWNLOAD = {key: str(value) for key, value in PLAN.technical["download"].items()}
PUBLISHED_WEIGHTS = {
    name: {key: block[key] for key in ("url", "sha256")} for name, block in PLAN.weights.items()
}
DOWNLOAD |= {"mirror": MIRROR, "store": STORE}
SELECTING_CODE = by_reader(
    "scripts/select_objects.py",
    module_of_objects,
    {name: PLAN.surveys[name]["reader"] for name in IMAGES},
)


rule simulate_scan:
    output:
        files="<results>/raw/sky/{survey}-{scan}.tsv",
        truth="<results>/raw/sky/{survey}-{scan}.truth.parquet",
        provenance="<results>/raw/sky/{survey}-{scan}.provenance.json",
    log:
        "<results>/logs/simulate_scan/{survey}-{scan}.log",
    benchmark:
        "<results>/benchmarks/simulate_scan/{survey}-{scan}.tsv"
    wildcard_constraints:
        survey=one_of(FIELDS),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,
    params:
        settings=chosen(SCANNED, "survey", "scan"),
        code=code_hash("scripts/simulate_scan.py"),
    message:
        "Simulate {wildcards.survey} scan {wildcards.scan}: frames, catalogues and their truth"
    script:
        "../scripts/simulate_scan.py"


rule simulate_plates:
    output:
        files="<results>/raw/sky/{survey}-plates.tsv",
        truth="<results>/raw/sky/{survey}-plates.truth.parquet",
        provenance="<results>/raw/sky/{survey}-plates.provenance.json",
    log:
        "<results>/logs/simulate_plates/{survey}.log",
    benchmark:
        "<results>/benchmarks/simulate_plates/{survey}.tsv"
    wildcard_constraints:
        survey=one_of(PLATES),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,
    params:
        settings=chosen(PLATES, "survey"),
        code=code_hash("scripts/simulate_plates.py"),
    message:
        "Simulate {wildcards.survey}: plates, their catalogue and their truth"
    script:
        "../scripts/simulate_plates.py"


rule simulate_galaxies:
    output:
        files="<results>/raw/sky/{survey}-images.tsv",
        truth="<results>/raw/sky/{survey}-images.truth.parquet",
        provenance="<results>/raw/sky/{survey}-images.provenance.json",
    log:
        "<results>/logs/simulate_galaxies/{survey}.log",
    benchmark:
        "<results>/benchmarks/simulate_galaxies/{survey}.tsv"
    wildcard_constraints:
        survey=one_of(GALAXIES),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,
    params:
        settings=chosen(GALAXIES, "survey"),
        code=code_hash("scripts/simulate_galaxies.py"),
    message:
        "Simulate {wildcards.survey}: galaxies of all classes, and their truth"
    script:
        "../scripts/simulate_galaxies.py"


rule simulate_properties:
    output:
        files="<results>/raw/sky/{survey}-images.tsv",
        truth="<results>/raw/sky/{survey}-images.truth.parquet",
        provenance="<results>/raw/sky/{survey}-images.provenance.json",
    log:
        "<results>/logs/simulate_properties/{survey}.log",
    benchmark:
        "<results>/benchmarks/simulate_properties/{survey}.tsv"
    wildcard_constraints:
        survey=one_of(PROPERTIES),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,
    params:
        settings=chosen(PROPERTIES, "survey"),
        code=code_hash("scripts/simulate_properties.py"),
    message:
        "Simulate {wildcards.survey}: objects with known properties, their catalogue and images"
    script:
        "../scripts/simulate_properties.py"


rule simulate_crowds:
    output:
        files="<results>/raw/sky/{survey}-images.tsv",
        truth="<results>/raw/sky/{survey}-images.truth.parquet",
        boxes="<results>/raw/sky/{survey}-images.boxes.parquet",
        provenance="<results>/raw/sky/{survey}-images.provenance.json",
    log:
        "<results>/logs/simulate_crowds/{survey}.log",
    benchmark:
        "<results>/benchmarks/simulate_crowds/{survey}.tsv"
    wildcard_constraints:
        survey=one_of(CROWDS),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,
    params:
        settings=chosen(CROWDS, "survey"),
        code=code_hash("scripts/simulate_crowds.py"),
    message:
        "Simulate {wildcards.survey}: images with several galaxies, and their boxes"
    script:
        "../scripts/simulate_crowds.py"


rule download_fields:
    input:
        sky=sky_lists,
        local=local_catalogues,
    output:
        files="<results>/raw/{survey}/{shard}.tsv",
        provenance="<results>/raw/{survey}/{shard}.provenance.json",
    log:
        "<results>/logs/download_fields/{survey}/{shard}.log",
    wildcard_constraints:
        survey=one_of(FIELDS),
    localrule: True
    conda:
        "../envs/download.yaml"
    resources:
        **SMALL,
        **DOWNLOAD,
    params:
        settings=chosen(PLAN.shards, "survey", "shard"),
    message:
        "Download {wildcards.survey} {wildcards.shard}"
    script:
        "../scripts/download_fields.py"


rule download_catalogue:
    input:
        sky=sky_images_of,
        local=own_catalogue,
    output:
        files="<results>/raw/{survey}/catalogue.tsv",
        provenance="<results>/raw/{survey}/catalogue.provenance.json",
    log:
        "<results>/logs/download_catalogue/{survey}.log",
    wildcard_constraints:
        survey=one_of(IMAGES),
    localrule: True
    conda:
        "../envs/download.yaml"
    resources:
        **SMALL,
        **DOWNLOAD,
    params:
        settings=chosen(CATALOGUES, "survey"),
    message:
        "Download the catalogue of {wildcards.survey}"
    script:
        "../scripts/download_catalogue.py"


rule select_objects:
    input:
        files="<results>/raw/{survey}/catalogue.tsv",
    output:
        objects="<results>/raw/{survey}/objects.csv",
        provenance="<results>/raw/{survey}/objects.provenance.json",
    log:
        "<results>/logs/select_objects/{survey}.log",
    wildcard_constraints:
        survey=one_of(IMAGES),
    localrule: True
    conda:
        "../envs/astro.yaml"
    resources:
        **SMALL,
        store=STORE,
    params:
        settings=chosen(SELECTIONS, "survey"),
        code=chosen(SELECTING_CODE, "survey"),
    message:
        "Select the objects of {wildcards.survey}"
    script:
        "../scripts/select_objects.py"


rule download_images:
    input:
        objects="<results>/raw/{survey}/objects.csv",
        sky=sky_images_of,
        local=own_images,
    output:
        files="<results>/raw/{survey}/{shard}.tsv",
        provenance="<results>/raw/{survey}/{shard}.provenance.json",
    log:
        "<results>/logs/download_images/{survey}/{shard}.log",
    wildcard_constraints:
        survey=one_of(LOOSE),
        shard=r"part-\d+|all",
    localrule: True
    conda:
        "../envs/download.yaml"
    resources:
        **{**SMALL, "runtime": 240},  # a form takes seconds a plate
        **DOWNLOAD,
    params:
        settings=chosen(PLAN.shards, "survey", "shard"),
    message:
        "Download {wildcards.survey} {wildcards.shard}"
    script:
        "../scripts/download_images.py"


rule download_weights:
    output:
        files="<results>/raw/weights/{weights}.tsv",
        provenance="<results>/raw/weights/{weights}.provenance.json",
    log:
        "<results>/logs/download_weights/{weights}.log",
    localrule: True
    conda:
        "../envs/download.yaml"
    resources:
        **{**SMALL, "runtime": 240},  # a form takes seconds a plate
        **DOWNLOAD,
    params:
        settings=chosen(PUBLISHED_WEIGHTS, "weights"),
    message:
        "Download the weights {wildcards.weights}"
    script:
        "../scripts/download_weights.py"
