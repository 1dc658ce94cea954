# Figures room, the star/galaxy chapter: each figure and table by one script that fits nothing.
STAR_GALAXY = PLAN.paper["star-galaxy"]
SHOWN_SURVEY = PLAN.surveys[STAR_GALAXY["survey"]]
SHOWN_CLASSES = PLAN.tasks[PLAN.experiments[STAR_GALAXY["confusion"][-1]]["task"]]["classes"]
PATCH_ARCSEC = PLAN.datasets[STAR_GALAXY["dataset"]]["size"] * SHOWN_SURVEY["pixel_arcsec"]
MAGNITUDE = PLAN.paper["scoring"]["magnitude"]
GUESSES = ("mode", "random")  # not worth a row each in the table of comparisons
FIGURES += [
    "fig_sdss_align",
    "fig_sdss_sharpness",
    "fig_sdss_targets",
    "fig_sdss_patches",
    "fig_augment",
    "fig_sdss_curves",
    "fig_sdss_confusion",
    "fig_sdss_views",
    "fig_sdss_mag",
    "fig_sdss_neighbours",
    "fig_sdss_calibration",
]
TABLES += [
    "tab_sdss_stats",
    "tab_sdss_leak",
    "tab_sdss_aug",
    "tab_sdss_main",
    "tab_sdss_controls",
    "tab_sdss_readings",
    "tab_sdss_snr",
    "tab_sdss_comparisons",
]


# --- figures --------------------------------------------------------------------------------------
rule plot_sdss_align:
    input:
        files=of_field("<results>/raw/{survey}/{shard}.tsv"),
        fields=of_field("<results>/aligned/{survey}/{shard}.tsv"),
    output:
        pdf="<results>/figures/fig_sdss_align.pdf",
        png=report(
            "<results>/figures/fig_sdss_align.png",
            caption="../report/captions/fig_sdss_align.rst",
            category="Star/galaxy",
            labels={"figure": "alignment"},
        ),
        provenance="<results>/figures/fig_sdss_align.provenance.json",
    log:
        "<results>/logs/plot_sdss_align.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
        store=STORE,
    params:
        settings={
            "field": STAR_GALAXY["field"],
            "cutout_px": STAR_GALAXY["cutout_px"],
            "reference_band": SHOWN_SURVEY["reference_band"],
            "colours": colours(),
        },
        code=code_hash("scripts/plot_sdss_align.py"),
    message:
        "Draw a field before and after alignment"
    script:
        "../scripts/plot_sdss_align.py"


rule plot_sdss_sharpness:
    input:
        tables=[
            f"<results>/aligned/{STAR_GALAXY['survey']}/{shard}.sharpness.csv"
            for shard in PLAN.shards[STAR_GALAXY["survey"]]
        ],
    output:
        pdf="<results>/figures/fig_sdss_sharpness.pdf",
        png=report(
            "<results>/figures/fig_sdss_sharpness.png",
            caption="../report/captions/fig_sdss_sharpness.rst",
            category="Star/galaxy",
            labels={"figure": "centroids between bands"},
        ),
        provenance="<results>/figures/fig_sdss_sharpness.provenance.json",
    log:
        "<results>/logs/plot_sdss_sharpness.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"bands": SHOWN_SURVEY["bands"], "reference_band": SHOWN_SURVEY["reference_band"]},
        code=code_hash("scripts/plot_sdss_sharpness.py"),
    message:
        "Draw the scatter of centroids between bands"
    script:
        "../scripts/plot_sdss_sharpness.py"


rule plot_sdss_targets:
    input:
        fields=of_field("<results>/aligned/{survey}/{shard}.tsv"),
        catalog=of_field("<results>/cutouts/{dataset}/{shard}/catalog.parquet"),
    output:
        pdf="<results>/figures/fig_sdss_targets.pdf",
        png=report(
            "<results>/figures/fig_sdss_targets.png",
            caption="../report/captions/fig_sdss_targets.rst",
            category="Star/galaxy",
            labels={"figure": "a field and its objects"},
        ),
        provenance="<results>/figures/fig_sdss_targets.provenance.json",
    log:
        "<results>/logs/plot_sdss_targets.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "field": STAR_GALAXY["field"],
            "cutout_px": STAR_GALAXY["cutout_px"],
            "reference_band": SHOWN_SURVEY["reference_band"],
        },
        code=code_hash("scripts/plot_sdss_targets.py"),
    message:
        "Draw a field with its stars and galaxies marked"
    script:
        "../scripts/plot_sdss_targets.py"


rule plot_sdss_patches:
    input:
        catalogs=shards_shown("catalog.parquet"),
        images=shards_shown("images.safetensors"),
    output:
        pdf="<results>/figures/fig_sdss_patches.pdf",
        png=report(
            "<results>/figures/fig_sdss_patches.png",
            caption="../report/captions/fig_sdss_patches.rst",
            category="Star/galaxy",
            labels={"figure": "patches"},
        ),
        provenance="<results>/figures/fig_sdss_patches.provenance.json",
    log:
        "<results>/logs/plot_sdss_patches.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "bands": SHOWN_SURVEY["bands"],
            "magnitude": MAGNITUDE,
            "plurals": {"star": "stars", "galaxy": "galaxies"},
        },
        code=code_hash("scripts/plot_sdss_patches.py"),
    message:
        "Draw stars and galaxies in every band"
    script:
        "../scripts/plot_sdss_patches.py"


rule plot_augment:
    input:
        catalogs=shards_shown("catalog.parquet"),
        images=shards_shown("images.safetensors"),
    output:
        pdf="<results>/figures/fig_augment.pdf",
        png=report(
            "<results>/figures/fig_augment.png",
            caption="../report/captions/fig_augment.rst",
            category="Star/galaxy",
            labels={"figure": "augmentation"},
        ),
        provenance="<results>/figures/fig_augment.provenance.json",
    log:
        "<results>/logs/plot_augment.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "bands": SHOWN_SURVEY["bands"],
            "reference_band": SHOWN_SURVEY["reference_band"],
            "magnitude": MAGNITUDE,
            **views_shown(),
        },
        code=code_hash("scripts/plot_augment.py"),
    message:
        "Draw one patch under every augmentation"
    script:
        "../scripts/plot_augment.py"


rule plot_sdss_curves:
    input:
        histories=runs_of(STAR_GALAXY["curves"], "history.csv"),
        cards=runs_of(STAR_GALAXY["curves"], "model.json"),
    output:
        pdf="<results>/figures/fig_sdss_curves.pdf",
        png=report(
            "<results>/figures/fig_sdss_curves.png",
            caption="../report/captions/fig_sdss_curves.rst",
            category="Star/galaxy",
            labels={"figure": "training curves"},
        ),
        provenance="<results>/figures/fig_sdss_curves.provenance.json",
    log:
        "<results>/logs/plot_sdss_curves.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": STAR_GALAXY["curves"]},
        code=code_hash("scripts/plot_sdss_curves.py"),
    message:
        "Draw loss and accuracy by epoch"
    script:
        "../scripts/plot_sdss_curves.py"


rule plot_sdss_confusion:
    input:
        metrics=metrics_of(STAR_GALAXY["confusion"]),
        published=PUBLISHED,
    output:
        pdf="<results>/figures/fig_sdss_confusion.pdf",
        png=report(
            "<results>/figures/fig_sdss_confusion.png",
            caption="../report/captions/fig_sdss_confusion.rst",
            category="Star/galaxy",
            labels={"figure": "confusion matrices"},
        ),
        provenance="<results>/figures/fig_sdss_confusion.provenance.json",
    log:
        "<results>/logs/plot_sdss_confusion.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": STAR_GALAXY["confusion"]},
        code=code_hash("scripts/plot_sdss_confusion.py"),
    message:
        "Draw confusion matrices in both readings"
    script:
        "../scripts/plot_sdss_confusion.py"


rule plot_sdss_views:
    input:
        metrics=metrics_of([*family("small"), *family("large")]),
    output:
        pdf="<results>/figures/fig_sdss_views.pdf",
        png=report(
            "<results>/figures/fig_sdss_views.png",
            caption="../report/captions/fig_sdss_views.rst",
            category="Star/galaxy",
            labels={"figure": "one augmented field against several"},
        ),
        provenance="<results>/figures/fig_sdss_views.provenance.json",
    log:
        "<results>/logs/plot_sdss_views.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            side: {"label": size_of(side), "experiments": family(side)}
            for side in ("small", "large")
        },
        code=code_hash("scripts/plot_sdss_views.py"),
    message:
        "Draw one augmented field against several plain ones"
    script:
        "../scripts/plot_sdss_views.py"


rule plot_sdss_mag:
    input:
        metrics=metrics_of(compared()),
    output:
        pdf="<results>/figures/fig_sdss_mag.pdf",
        png=report(
            "<results>/figures/fig_sdss_mag.png",
            caption="../report/captions/fig_sdss_mag.rst",
            category="Star/galaxy",
            labels={"figure": "scores by magnitude"},
        ),
        provenance="<results>/figures/fig_sdss_mag.provenance.json",
    log:
        "<results>/logs/plot_sdss_mag.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "experiments": compared(),
            "classes": SHOWN_CLASSES,
            "band": MAGNITUDE.split("_")[-1],
            "task": tasks_of(STAR_GALAXY["confusion"][-1:])[0],
        },
        code=code_hash("scripts/plot_sdss_mag.py"),
    message:
        "Draw completeness, purity and AUROC by magnitude"
    script:
        "../scripts/plot_sdss_mag.py"


rule plot_sdss_neighbours:
    input:
        metrics=metrics_of(compared()),
    output:
        pdf="<results>/figures/fig_sdss_neighbours.pdf",
        png=report(
            "<results>/figures/fig_sdss_neighbours.png",
            caption="../report/captions/fig_sdss_neighbours.rst",
            category="Star/galaxy",
            labels={"figure": "errors and neighbours"},
        ),
        provenance="<results>/figures/fig_sdss_neighbours.provenance.json",
    log:
        "<results>/logs/plot_sdss_neighbours.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": compared()},
        code=code_hash("scripts/plot_sdss_neighbours.py"),
    message:
        "Draw the error rate by nearest neighbour"
    script:
        "../scripts/plot_sdss_neighbours.py"


rule plot_sdss_calibration:
    input:
        predictions=runs_of(compared(), "predictions.parquet"),
        metrics=metrics_of(compared()),
    output:
        pdf="<results>/figures/fig_sdss_calibration.pdf",
        png=report(
            "<results>/figures/fig_sdss_calibration.png",
            caption="../report/captions/fig_sdss_calibration.rst",
            category="Star/galaxy",
            labels={"figure": "calibration"},
        ),
        provenance="<results>/figures/fig_sdss_calibration.provenance.json",
    log:
        "<results>/logs/plot_sdss_calibration.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": compared(), "label": "galaxy", "plural": "galaxies"},
        code=code_hash("scripts/plot_sdss_calibration.py"),
    message:
        "Draw stated probabilities against what came true"
    script:
        "../scripts/plot_sdss_calibration.py"


# --- tables ---------------------------------------------------------------------------------------
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
