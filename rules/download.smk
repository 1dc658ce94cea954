# Raw room: lists of archive files; the bytes lie in the store, undeclared, so no rerun deletes them.
STORE = config["raw_store"]
MIRROR = f"{RESULTS}/sky/mirror" if PLAN.sky else (config.get("mirror") or "")
SCANS = {f"{run['run']}-{run['camcol']}": run for run in (PLAN.sky or {}).get("runs", [])}


def sky_lists(wildcards):
    """The demo sky that a shard is read from, where there is one."""
    scans = {"-".join(field.split("-")[:2]) for field in PLAN.shards[wildcards.survey][wildcards.shard]["fields"]}
    return [f"<results>/raw/sky/{wildcards.survey}-{scan}.tsv" for scan in sorted(scans & set(SCANS))]


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
    params:
        settings={"sky": {k: v for k, v in (PLAN.sky or {}).items() if k != "runs"}, "scans": SCANS},
        code=code_hash("scripts/simulate_scan.py"),
    resources:
        **LARGE,
        mirror=MIRROR,
    message:
        "Simulate {wildcards.survey} scan {wildcards.scan}: frames, catalogues and their truth"
    script:
        "../scripts/simulate_scan.py"


rule download_fields:
    input:
        sky=sky_lists,
    output:
        files="<results>/raw/{survey}/{shard}.tsv",
        provenance="<results>/raw/{survey}/{shard}.provenance.json",
    log:
        "<results>/logs/download_fields/{survey}/{shard}.log",
    conda:
        "../envs/download.yaml"
    params:
        settings=chosen(PLAN.shards, "survey", "shard"),
    resources:
        **SMALL,
        mirror=MIRROR,
        store=STORE,
        **{key: str(value) for key, value in config["download"].items()},
    message:
        "Download {wildcards.survey} {wildcards.shard}"
    script:
        "../scripts/download_fields.py"
