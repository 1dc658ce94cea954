# Aligned room: one FITS a field, every band on the reference band's grid.
# Not the list of fields, nor the catalogue's choice: a new field must leave other shards alone.
ALIGNMENT = {
    name: {
        key: survey[key] for key in ("align", "bands", "pixel_arcsec", "reader", "reference_band")
    }
    for name, survey in PLAN.surveys.items()
    if name in FIELDS
}
# Plates of image surveys: one grid an object.
GRIDS = {
    name: {
        key: PLAN.surveys[name][key]
        for key in ("bands", "field_arcsec", "pixel_arcsec", "reader", "reference_band")
    }
    for name in IMAGES
    if name in ALIGNED
}


rule align_fields:
    input:
        files="<results>/raw/{survey}/{shard}.tsv",
    output:
        fields="<results>/aligned/{survey}/{shard}.tsv",
        provenance="<results>/aligned/{survey}/{shard}.provenance.json",
    log:
        "<results>/logs/align_fields/{survey}/{shard}.log",
    benchmark:
        "<results>/benchmarks/align_fields/{survey}/{shard}.tsv"
    wildcard_constraints:
        survey=one_of(FIELDS),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,
    params:
        settings=chosen(ALIGNMENT, "survey"),
        code=code_hash("scripts/align_fields.py"),
    message:
        "Align {wildcards.survey} {wildcards.shard}"
    script:
        "../scripts/align_fields.py"


rule measure_sharpness:
    input:
        fields="<results>/aligned/{survey}/{shard}.tsv",
    output:
        table="<results>/aligned/{survey}/{shard}.sharpness.csv",
        provenance="<results>/aligned/{survey}/{shard}.sharpness.provenance.json",
    log:
        "<results>/logs/measure_sharpness/{survey}/{shard}.log",
    wildcard_constraints:
        survey=one_of(FIELDS),
    conda:
        "../envs/astro.yaml"
    resources:
        **SMALL,
        store=STORE,  # not read: jobs of one group must agree in it
    params:
        code=code_hash("scripts/measure_sharpness.py"),
    message:
        "Measure the scatter of centroids between bands in {wildcards.survey} {wildcards.shard}"
    script:
        "../scripts/measure_sharpness.py"


rule align_plates:
    input:
        files="<results>/raw/{survey}/{shard}.tsv",
        objects="<results>/raw/{survey}/objects.csv",
    output:
        fields="<results>/aligned/{survey}/{shard}.tsv",
        provenance="<results>/aligned/{survey}/{shard}.provenance.json",
    log:
        "<results>/logs/align_plates/{survey}/{shard}.log",
    benchmark:
        "<results>/benchmarks/align_plates/{survey}/{shard}.tsv"
    wildcard_constraints:
        survey=one_of(GRIDS),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,
    params:
        settings=chosen(GRIDS, "survey"),
        code=code_hash("scripts/align_plates.py"),
    message:
        "Align {wildcards.survey} {wildcards.shard}"
    script:
        "../scripts/align_plates.py"
