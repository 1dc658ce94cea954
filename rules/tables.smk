# Figures room, tables: CSV and TeX, numbers with their intervals.
PATCH_ARCSEC = PLAN.datasets[STAR_GALAXY["dataset"]]["size"] * SHOWN_SURVEY["pixel_arcsec"]
GUESSES = ("mode", "random")  # not worth a row each in the table of comparisons
TABLES = [
    "tab_sdss_stats",
    "tab_datasets",
    "tab_sdss_leak",
    "tab_sdss_aug",
    "tab_sdss_main",
    "tab_sdss_controls",
    "tab_sdss_readings",
    "tab_sdss_snr",
    "tab_sdss_comparisons",
]


rule tabulate_sdss_stats:
    input:
        catalogs=shards_shown("catalog.parquet"),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_sdss_stats.csv",
            caption="../report/captions/tab_sdss_stats.rst",
            category="Star/galaxy",
            labels={"table": "objects by field and run"},
        ),
        tex="<results>/tables/tab_sdss_stats.tex",
        provenance="<results>/tables/tab_sdss_stats.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_stats.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"fields": SHOWN_SURVEY["fields"], "patch_arcsec": PATCH_ARCSEC},
        code=code_hash("scripts/tabulate_sdss_stats.py"),
    message:
        "Tabulate objects by field and run"
    script:
        "../scripts/tabulate_sdss_stats.py"


rule tabulate_datasets:
    input:
        manifests=expand("<results>/splits/{task}/manifest.csv", task=PLAN.tasks),
    output:
        csv=report(
            "<results>/tables/tab_datasets.csv",
            caption="../report/captions/tab_datasets.rst",
            category="Star/galaxy",
            labels={"table": "data sets and splits"},
        ),
        tex="<results>/tables/tab_datasets.tex",
        provenance="<results>/tables/tab_datasets.provenance.json",
    log:
        "<results>/logs/tabulate_datasets.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={name: task_shown(task) for name, task in PLAN.tasks.items()},
        code=code_hash("scripts/tabulate_datasets.py"),
    message:
        "Tabulate data sets and splits"
    script:
        "../scripts/tabulate_datasets.py"


rule tabulate_sdss_leak:
    input:
        audits=expand("<results>/splits/{task}/audit.json", task=tasks_of(STAR_GALAXY["main"])),
    output:
        csv=report(
            "<results>/tables/tab_sdss_leak.csv",
            caption="../report/captions/tab_sdss_leak.rst",
            category="Star/galaxy",
            labels={"table": "audit of the splits"},
        ),
        tex="<results>/tables/tab_sdss_leak.tex",
        provenance="<results>/tables/tab_sdss_leak.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_leak.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={},
        code=code_hash("scripts/tabulate_sdss_leak.py"),
    message:
        "Tabulate the audit of the splits"
    script:
        "../scripts/tabulate_sdss_leak.py"


rule tabulate_sdss_aug:
    input:
        histories=runs_of([*family("small"), *family("large")], "history.csv"),
        cards=runs_of([*family("small"), *family("large")], "model.json"),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_sdss_aug.csv",
            caption="../report/captions/tab_sdss_aug.rst",
            category="Star/galaxy",
            labels={"table": "augmentations"},
        ),
        tex="<results>/tables/tab_sdss_aug.tex",
        provenance="<results>/tables/tab_sdss_aug.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_aug.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={side: family(side) for side in ("small", "large")},
        code=code_hash("scripts/tabulate_sdss_aug.py"),
    message:
        "Tabulate loss and accuracy by augmentation"
    script:
        "../scripts/tabulate_sdss_aug.py"


rule tabulate_sdss_main:
    input:
        metrics=metrics_of(STAR_GALAXY["main"]),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_sdss_main.csv",
            caption="../report/captions/tab_sdss_main.rst",
            category="Star/galaxy",
            labels={"table": "main results"},
        ),
        tex="<results>/tables/tab_sdss_main.tex",
        provenance="<results>/tables/tab_sdss_main.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_main.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"kinds": {name: kind_of(name) for name in STAR_GALAXY["main"]}},
        code=code_hash("scripts/tabulate_sdss_main.py"),
    message:
        "Tabulate the main results"
    script:
        "../scripts/tabulate_sdss_main.py"


rule tabulate_sdss_controls:
    input:
        metrics=metrics_of(STAR_GALAXY["main"]),
    output:
        csv=report(
            "<results>/tables/tab_sdss_controls.csv",
            caption="../report/captions/tab_sdss_controls.rst",
            category="Star/galaxy",
            labels={"table": "matched subsets, rare classes"},
        ),
        tex="<results>/tables/tab_sdss_controls.tex",
        provenance="<results>/tables/tab_sdss_controls.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_controls.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "experiments": STAR_GALAXY["main"],
            "classes": SHOWN_CLASSES,
            "prevalences": PLAN.paper["scoring"]["prevalences"],
            "band": MAGNITUDE.split("_")[-1],
        },
        code=code_hash("scripts/tabulate_sdss_controls.py"),
    message:
        "Tabulate scores on matched subsets and at low prevalence"
    script:
        "../scripts/tabulate_sdss_controls.py"


rule tabulate_sdss_readings:
    input:
        metrics=metrics_of(STAR_GALAXY["confusion"]),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_sdss_readings.csv",
            caption="../report/captions/tab_sdss_readings.rst",
            category="Star/galaxy",
            labels={"table": "both readings of the labels"},
        ),
        tex="<results>/tables/tab_sdss_readings.tex",
        provenance="<results>/tables/tab_sdss_readings.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_readings.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": STAR_GALAXY["confusion"], "classes": SHOWN_CLASSES},
        code=code_hash("scripts/tabulate_sdss_readings.py"),
    message:
        "Tabulate both readings of the class numbers"
    script:
        "../scripts/tabulate_sdss_readings.py"


rule tabulate_sdss_snr:
    input:
        metrics=metrics_of(STAR_GALAXY["main"]),
    output:
        csv=report(
            "<results>/tables/tab_sdss_snr.csv",
            caption="../report/captions/tab_sdss_snr.rst",
            category="Star/galaxy",
            labels={"table": "signal to noise"},
        ),
        tex="<results>/tables/tab_sdss_snr.tex",
        provenance="<results>/tables/tab_sdss_snr.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_snr.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "experiments": STAR_GALAXY["main"],
            "classes": SHOWN_CLASSES,
            "snr": PLAN.paper["scoring"]["snr"],
            "tasks": tasks_of(STAR_GALAXY["main"]),
        },
        code=code_hash("scripts/tabulate_sdss_snr.py"),
    message:
        "Tabulate scores above cuts on signal to noise"
    script:
        "../scripts/tabulate_sdss_snr.py"


rule tabulate_sdss_comparisons:
    input:
        tables=expand(
            "<results>/metrics/{task}.comparisons.csv", task=tasks_of(STAR_GALAXY["main"])
        ),
    output:
        csv=report(
            "<results>/tables/tab_sdss_comparisons.csv",
            caption="../report/captions/tab_sdss_comparisons.rst",
            category="Star/galaxy",
            labels={"table": "comparisons"},
        ),
        tex="<results>/tables/tab_sdss_comparisons.tex",
        provenance="<results>/tables/tab_sdss_comparisons.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_comparisons.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "experiments": [
                name
                for name in STAR_GALAXY["main"]
                if kind_of(name) in ("network", "opponent") and family_of(name) not in GUESSES
            ]
        },
        code=code_hash("scripts/tabulate_sdss_comparisons.py"),
    message:
        "Tabulate the comparisons"
    script:
        "../scripts/tabulate_sdss_comparisons.py"
