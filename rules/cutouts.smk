# Cutouts room: patches at catalogue positions or whole images, and what can be measured on them.
CUT = {
    name: {shard: cutting(dataset, shard) for shard in PLAN.shards[dataset["survey"]]}
    for name, dataset in PLAN.datasets.items()
    if dataset["survey"] in FIELDS
}
PICTURES = {
    name: cutting_images(dataset)
    for name, dataset in PLAN.datasets.items()
    if dataset["survey"] in IMAGES
}
CUTTING_CODE = by_reader(
    "scripts/cut_images.py",
    module_of_pictures,
    {name: told["survey"]["reader"] for name, told in PICTURES.items()},
)
# Composites have no noise and no PSF in physical units: they are measured as images are.
COMPOSITES = [name for name in CUT if "composite" in PLAN.datasets[name]]
MEASURED = {name: measuring(name) for name in [*PICTURES, *COMPOSITES]}


rule cut_patches:
    input:
        files=of_survey("raw"),
        fields=of_survey("aligned"),
    output:
        images="<results>/cutouts/{dataset}/{shard}/images.safetensors",
        catalog="<results>/cutouts/{dataset}/{shard}/catalog.parquet",
        provenance="<results>/cutouts/{dataset}/{shard}/provenance.json",
    log:
        "<results>/logs/cut_patches/{dataset}/{shard}.log",
    benchmark:
        "<results>/benchmarks/cut_patches/{dataset}/{shard}.tsv"
    wildcard_constraints:
        dataset=one_of(CUT),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,
    params:
        settings=chosen(CUT, "dataset", "shard"),
        code=code_hash("scripts/cut_patches.py"),
    message:
        "Cut {wildcards.dataset} from {wildcards.shard}"
    script:
        "../scripts/cut_patches.py"


rule measure_patches:
    input:
        images="<results>/cutouts/{dataset}/{shard}/images.safetensors",
        catalog="<results>/cutouts/{dataset}/{shard}/catalog.parquet",
    output:
        table="<results>/cutouts/{dataset}/{shard}/measured.parquet",
        provenance="<results>/cutouts/{dataset}/{shard}/measured.provenance.json",
    log:
        "<results>/logs/measure_patches/{dataset}/{shard}.log",
    benchmark:
        "<results>/benchmarks/measure_patches/{dataset}/{shard}.tsv"
    wildcard_constraints:
        dataset=one_of([name for name in CUT if name not in COMPOSITES]),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,  # not read: jobs of one group must agree in it
    params:
        settings=chosen(CUT, "dataset", "shard"),
        code=code_hash("scripts/measure_patches.py"),
    message:
        "Measure {wildcards.dataset} {wildcards.shard}: signal to noise, shape, surroundings"
    script:
        "../scripts/measure_patches.py"


rule cut_images:
    input:
        files=pictures_of,
        objects=of_survey("raw", "objects.csv"),
    output:
        images="<results>/cutouts/{dataset}/{shard}/images.safetensors",
        catalog="<results>/cutouts/{dataset}/{shard}/catalog.parquet",
        provenance="<results>/cutouts/{dataset}/{shard}/provenance.json",
    log:
        "<results>/logs/cut_images/{dataset}/{shard}.log",
    benchmark:
        "<results>/benchmarks/cut_images/{dataset}/{shard}.tsv"
    wildcard_constraints:
        dataset=one_of(PICTURES),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,
    params:
        settings=chosen(PICTURES, "dataset"),
        code=chosen(CUTTING_CODE, "dataset"),
    message:
        "Cut {wildcards.dataset} from {wildcards.shard}"
    script:
        "../scripts/cut_images.py"


rule measure_images:
    input:
        images="<results>/cutouts/{dataset}/{shard}/images.safetensors",
        catalog="<results>/cutouts/{dataset}/{shard}/catalog.parquet",
    output:
        table="<results>/cutouts/{dataset}/{shard}/measured.parquet",
        provenance="<results>/cutouts/{dataset}/{shard}/measured.provenance.json",
    log:
        "<results>/logs/measure_images/{dataset}/{shard}.log",
    benchmark:
        "<results>/benchmarks/measure_images/{dataset}/{shard}.tsv"
    wildcard_constraints:
        dataset=one_of(MEASURED),
    conda:
        "../envs/astro.yaml"
    resources:
        **LARGE,
        store=STORE,  # not read: jobs of one group must agree in it
    params:
        settings=chosen(MEASURED, "dataset"),
        code=code_hash("scripts/measure_images.py"),
    message:
        "Measure {wildcards.dataset} {wildcards.shard}: profile, concentration, asymmetry, colour"
    script:
        "../scripts/measure_images.py"
