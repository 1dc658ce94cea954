# Raw room: lists of archive files; the bytes lie in the store, undeclared, so no rerun deletes them.
SCANS = scans()
# The demo sky is written straight into a store of its own, so that it never lies beside real files.
STORE = f"{RESULTS}/sky/store" if PLAN.sky else PLAN.technical["raw_store"]
MIRROR = "" if PLAN.sky else (PLAN.technical["mirror"] or "")


rule simulate_scan:
    output:
        files="<results>/raw/sky/{survey}-{scan}.tsv",
        truth="<results>/raw/sky/{survey}-{scan}.truth.parquet",
        provenance="<results>/raw/sky/{survey}-{scan}.provenance.json",
    log:
        "<results>/logs/simulate_scan/{survey}-{scan}.log",
    benchmark:
        "<results>/benchmarks/simulate_scan/{survey}-{scan}.tsv"
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,
    params:
        settings=chosen(SCANS, "scan"),
        code=code_hash("scripts/simulate_scan.py"),
    message:
        "Simulate {wildcards.survey} scan {wildcards.scan}: frames, catalogues and their truth"
    script:
        "../scripts/simulate_scan.py"


rule download_fields:
    input:
        sky=sky_lists,
        local=local_catalogues,
    output:
        files="<results>/raw/{survey}/{shard}.tsv",
        provenance="<results>/raw/{survey}/{shard}.provenance.json",
    log:
        "<results>/logs/download_fields/{survey}/{shard}.log",
    localrule: True
    conda:
        "../envs/download.yaml"
    resources:
        **SMALL,
        **{key: str(value) for key, value in PLAN.technical["download"].items()},
        mirror=MIRROR,
        store=STORE,
    params:
        settings=chosen(PLAN.shards, "survey", "shard"),
    message:
        "Download {wildcards.survey} {wildcards.shard}"
    script:
        "../scripts/download_fields.py"
