# Raw room: lists of archive files; the bytes lie in the store, undeclared, so no rerun deletes them.
def scans():
    """The settings of every simulated scan, by RUN-CAMCOL."""
    sky = PLAN.sky or {}
    made = {key: value for key, value in sky.get("sdss", {}).items() if key != "runs"}
    runs = sky.get("sdss", {}).get("runs", [])
    told = {"seed": sky.get("seed"), "sky": made}
    return {f"{run['run']}-{run['camcol']}": {**told, "run": run} for run in runs}


SCANS = scans()
# The demo sky is written straight into a store of its own, so that it never lies beside real files.
STORE = f"{RESULTS}/sky/store" if PLAN.sky else PLAN.technical["raw_store"]
MIRROR = "" if PLAN.sky else (PLAN.technical["mirror"] or "")


def sky_lists(wildcards):
    """The demo sky that a shard is read from, where there is one."""
    scans = {
        "-".join(field.split("-")[:2])
        for field in PLAN.shards[wildcards.survey][wildcards.shard]["fields"]
    }
    return [
        f"<results>/raw/sky/{wildcards.survey}-{scan}.tsv" for scan in sorted(scans & set(SCANS))
    ]


def local_catalogues(wildcards):
    """The CSV catalogues of a person's own that a shard names."""
    shard = PLAN.shards[wildcards.survey][wildcards.shard]
    return reader(shard["reader"]).local_files(shard)


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
