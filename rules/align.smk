# Aligned room: one FITS a field, every band on the reference band's grid.
# Not the list of fields, nor the catalogue's choice: a new field must leave other shards alone.
ALIGNMENT = {
    name: {
        key: survey[key] for key in ("align", "bands", "pixel_arcsec", "reader", "reference_band")
    }
    for name, survey in PLAN.surveys.items()
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
