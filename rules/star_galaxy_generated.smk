# Figures room, the star/galaxy chapter: training with generated patches, and whether they can be told.
MADE = STAR_GALAXY["generated"]
MADE_TASK = PLAN.experiments[MADE["control"]]["task"]
MADE_NAMES = [MADE["control"], *MADE["with"]]
FIGURES += [
    "fig_sdss_generated",
]
TABLES += [
    "tab_sdss_generated",
    "tab_sdss_told",
]


rule tell_generated:
    input:
        images=cutouts_shown(PLAN.tasks[MADE_TASK]["dataset"], "images.safetensors"),
        catalogs=cutouts_shown(PLAN.tasks[MADE_TASK]["dataset"], "catalog.parquet"),
        manifest=f"<results>/splits/{MADE_TASK}/manifest.csv",
        draws=f"<results>/splits/{MADE_TASK}/draws.parquet",
        patches=generated_files(MADE["with"], ".safetensors"),
        tables=generated_files(MADE["with"], ".parquet"),
    output:
        table="<results>/metrics/generated/told.csv",
        provenance="<results>/metrics/generated/told.provenance.json",
    log:
        "<results>/logs/tell_generated.log",
    benchmark:
        "<results>/benchmarks/tell_generated.tsv"
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=telling(MADE),
        code=code_hash("scripts/tell_generated.py"),
    message:
        "Ask whether generated patches are told from real ones"
    script:
        "../scripts/tell_generated.py"


rule compare_generated:
    input:
        predictions=[path for name in MADE_NAMES for path in predictions_of(name)],
        manifest=f"<results>/splits/{MADE_TASK}/manifest.csv",
    output:
        table="<results>/metrics/generated/gains.csv",
        provenance="<results>/metrics/generated/gains.provenance.json",
    log:
        "<results>/logs/compare_generated.log",
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings={
            "task": {"name": MADE_TASK, "classes": PLAN.tasks[MADE_TASK]["classes"]},
            "control": MADE["control"],
            "others": MADE["with"],
            "metrics": MADE["metrics"],
            "scoring": {key: PLAN.paper["scoring"][key] for key in ("bootstrap", "seed")},
        },
        code=code_hash("scripts/compare_generated.py"),
    message:
        "Compare training with and without generated patches"
    script:
        "../scripts/compare_generated.py"


rule plot_sdss_generated:
    input:
        images=cutouts_shown(PLAN.tasks[MADE_TASK]["dataset"], "images.safetensors"),
        catalogs=cutouts_shown(PLAN.tasks[MADE_TASK]["dataset"], "catalog.parquet"),
        draws=f"<results>/splits/{MADE_TASK}/draws.parquet",
        patches=[generated_files([name], ".safetensors")[0] for name in MADE["with"]],
        tables=[generated_files([name], ".parquet")[0] for name in MADE["with"]],
    output:
        pdf="<results>/figures/fig_sdss_generated.pdf",
        png=report(
            "<results>/figures/fig_sdss_generated.png",
            caption="../report/captions/fig_sdss_generated.rst",
            category="Star/galaxy",
            labels={"figure": "real and generated patches"},
        ),
        provenance="<results>/figures/fig_sdss_generated.provenance.json",
    log:
        "<results>/logs/plot_sdss_generated.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "bands": channels_of(PLAN.tasks[MADE_TASK]["dataset"]),
            "band": SHOWN_SURVEY["reference_band"],
            "classes": PLAN.tasks[MADE_TASK]["classes"],
            "kinds": {name: PLAN.experiments[name]["generated"]["from"] for name in MADE["with"]},
            "budget": MADE["budget"],
            "shown": MADE["shown"],
        },
        code=code_hash("scripts/plot_sdss_generated.py"),
    message:
        "Draw real and generated patches side by side"
    script:
        "../scripts/plot_sdss_generated.py"


rule tabulate_sdss_generated:
    input:
        metrics=metrics_of([MADE["control"]]),
        gains="<results>/metrics/generated/gains.csv",
    output:
        csv=report(
            "<results>/tables/tab_sdss_generated.csv",
            caption="../report/captions/tab_sdss_generated.rst",
            category="Star/galaxy",
            labels={"table": "generated patches"},
        ),
        tex="<results>/tables/tab_sdss_generated.tex",
        provenance="<results>/tables/tab_sdss_generated.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_generated.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "control": MADE["control"],
            "experiments": MADE_NAMES,
            "metrics": MADE["metrics"],
        },
        code=code_hash("scripts/tabulate_sdss_generated.py"),
    message:
        "Tabulate scores and gains with generated patches"
    script:
        "../scripts/tabulate_sdss_generated.py"


rule tabulate_sdss_told:
    input:
        told="<results>/metrics/generated/told.csv",
    output:
        csv=report(
            "<results>/tables/tab_sdss_told.csv",
            caption="../report/captions/tab_sdss_told.rst",
            category="Star/galaxy",
            labels={"table": "real or generated"},
        ),
        tex="<results>/tables/tab_sdss_told.tex",
        provenance="<results>/tables/tab_sdss_told.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_told.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"with": MADE["with"], "classes": PLAN.tasks[MADE_TASK]["classes"]},
        code=code_hash("scripts/tabulate_sdss_told.py"),
    message:
        "Tabulate whether generated patches are told from real ones"
    script:
        "../scripts/tabulate_sdss_told.py"
