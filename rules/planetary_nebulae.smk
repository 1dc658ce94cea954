# Figures room, the planetary-nebulae chapter: each figure and table by one script that fits nothing.
PN = PLAN.paper["planetary-nebulae"]
PN_SURVEY = PLAN.surveys[PN["survey"]]
PN_TASK = PLAN.tasks[PN["task"]]
PN_CATALOGS = cutouts_shown(PN["dataset"], "catalog.parquet")
PN_TRAINED = [name for name in PN["main"] if kind_of(name) == "network"]
FIGURES += [
    "fig_pn_sample",
    "fig_pn_data",
]
TABLES += [
    "tab_pn_sample",
    "tab_pn_main",
    "tab_pn_cost",
]
# Seconds differ from run to run; the sample stands in the paper with its pictures.
NOT_PRINTED += [
    "tab_pn_cost",
    "tab_pn_sample",
]
# A survey without positions, kinds, folds or shift goes without what would show them.
if PN["teachers"]:
    FIGURES += [
        "fig_pn_pseudo",
    ]
if PN["curve"]:
    FIGURES += [
        "fig_pn_curve",
    ]
if PN["kinds"]:
    FIGURES += [
        "fig_pn_kinds",
    ]
if PN["shift_task"] and PN["distortion"]:
    FIGURES += [
        "fig_pn_distortion",
    ]
if PN["folds_task"] and PN["hypothesis"]:
    TABLES += [
        "tab_pn_hypothesis",
    ]


# --- figures --------------------------------------------------------------------------------------
rule plot_pn_sample:
    input:
        catalogs=PN_CATALOGS,
        images=cutouts_shown(PN["dataset"], "images.safetensors"),
    output:
        pdf="<results>/figures/fig_pn_sample.pdf",
        png=report(
            "<results>/figures/fig_pn_sample.png",
            caption="../report/captions/fig_pn_sample.rst",
            category="Planetary nebulae",
            labels={"figure": "sample of the objects"},
        ),
        provenance="<results>/figures/fig_pn_sample.provenance.json",
    log:
        "<results>/logs/plot_pn_sample.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "sample": PN["sample"],
            "bands": PN_SURVEY["bands"],
            "classes": PN_TASK["classes"],
            "field_arcsec": PN_SURVEY.get("field_arcsec"),
        },
        code=code_hash("scripts/plot_pn_sample.py"),
    message:
        "Draw a sample of the objects"
    script:
        "../scripts/plot_pn_sample.py"


rule plot_pn_data:
    input:
        catalogs=PN_CATALOGS,
    output:
        pdf="<results>/figures/fig_pn_data.pdf",
        png=report(
            "<results>/figures/fig_pn_data.png",
            caption="../report/captions/fig_pn_data.rst",
            category="Planetary nebulae",
            labels={"figure": "objects by kind, size and place"},
        ),
        provenance="<results>/figures/fig_pn_data.provenance.json",
    log:
        "<results>/logs/plot_pn_data.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"classes": PN_TASK["classes"]},
        code=code_hash("scripts/plot_pn_data.py"),
    message:
        "Draw objects by kind, size and place"
    script:
        "../scripts/plot_pn_data.py"


rule plot_pn_pseudo:
    input:
        pseudo=[
            path
            for task in tasks_of(PN["teachers"])
            for path in metrics_of_task(task, ".pseudo.csv")
        ],
        metrics=metrics_of([*PN["teachers"], *PN["pseudo"]]),
    output:
        pdf="<results>/figures/fig_pn_pseudo.pdf",
        png=report(
            "<results>/figures/fig_pn_pseudo.png",
            caption="../report/captions/fig_pn_pseudo.rst",
            category="Planetary nebulae",
            labels={"figure": "pseudo-labels"},
        ),
        provenance="<results>/figures/fig_pn_pseudo.provenance.json",
    log:
        "<results>/logs/plot_pn_pseudo.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "teachers": PN["teachers"],
            "students": {name: pseudo_of(name) for name in PN["pseudo"]},
        },
        code=code_hash("scripts/plot_pn_pseudo.py"),
    message:
        "Draw how good and how many the pseudo-labels are"
    script:
        "../scripts/plot_pn_pseudo.py"


rule plot_pn_curve:
    input:
        metrics=metrics_of(PN["curve"]),
        published=PUBLISHED,
    output:
        pdf="<results>/figures/fig_pn_curve.pdf",
        png=report(
            "<results>/figures/fig_pn_curve.png",
            caption="../report/captions/fig_pn_curve.rst",
            category="Planetary nebulae",
            labels={"figure": "scores by number of labels"},
        ),
        provenance="<results>/figures/fig_pn_curve.provenance.json",
    log:
        "<results>/logs/plot_pn_curve.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": PN["curve"]},
        code=code_hash("scripts/plot_pn_curve.py"),
    message:
        "Draw scores by number of labels"
    script:
        "../scripts/plot_pn_curve.py"


rule plot_pn_kinds:
    input:
        metrics=metrics_of(PN["kinds"]),
    output:
        pdf="<results>/figures/fig_pn_kinds.pdf",
        png=report(
            "<results>/figures/fig_pn_kinds.png",
            caption="../report/captions/fig_pn_kinds.rst",
            category="Planetary nebulae",
            labels={"figure": "scores by kind of object"},
        ),
        provenance="<results>/figures/fig_pn_kinds.provenance.json",
    log:
        "<results>/logs/plot_pn_kinds.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": PN["kinds"], "classes": PN_TASK["classes"]},
        code=code_hash("scripts/plot_pn_kinds.py"),
    message:
        "Draw scores by kind of object and by plate survey"
    script:
        "../scripts/plot_pn_kinds.py"


rule plot_pn_distortion:
    input:
        distortions=[
            f"<results>/models/{name}/distortion.csv" for name in trained_from(PN["distortion"])
        ],
        metrics=metrics_of_task(PN["shift_task"]),
    output:
        pdf="<results>/figures/fig_pn_distortion.pdf",
        png=report(
            "<results>/figures/fig_pn_distortion.png",
            caption="../report/captions/fig_pn_distortion.rst",
            category="Planetary nebulae",
            labels={"figure": "change of the features"},
        ),
        provenance="<results>/figures/fig_pn_distortion.provenance.json",
    log:
        "<results>/logs/plot_pn_distortion.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": PN["distortion"], **parts_of(PN["shift_task"])},
        code=code_hash("scripts/plot_pn_distortion.py"),
    message:
        "Draw how far fine-tuning moves the features"
    script:
        "../scripts/plot_pn_distortion.py"


# --- tables ---------------------------------------------------------------------------------------
rule tabulate_pn_sample:
    input:
        catalogs=PN_CATALOGS,
    output:
        csv=report(
            "<results>/tables/tab_pn_sample.csv",
            caption="../report/captions/tab_pn_sample.rst",
            category="Planetary nebulae",
            labels={"table": "sample of the objects"},
        ),
        tex="<results>/tables/tab_pn_sample.tex",
        provenance="<results>/tables/tab_pn_sample.provenance.json",
    log:
        "<results>/logs/tabulate_pn_sample.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"sample": PN["sample"], "classes": PN_TASK["classes"]},
        code=code_hash("scripts/tabulate_pn_sample.py"),
    message:
        "Tabulate a sample of the objects"
    script:
        "../scripts/tabulate_pn_sample.py"


rule tabulate_pn_main:
    input:
        metrics=metrics_of(PN["main"]),
        cards=runs_of(PN_TRAINED, "model.json"),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_pn_main.csv",
            caption="../report/captions/tab_pn_main.rst",
            category="Planetary nebulae",
            labels={"table": "main results"},
        ),
        tex="<results>/tables/tab_pn_main.tex",
        provenance="<results>/tables/tab_pn_main.provenance.json",
    log:
        "<results>/logs/tabulate_pn_main.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "kinds": {name: kind_of(name) for name in PN["main"]},
            "classes": PN_TASK["classes"],
            "prevalences": PLAN.paper["scoring"]["prevalences"],
        },
        code=code_hash("scripts/tabulate_pn_main.py"),
    message:
        "Tabulate every recipe"
    script:
        "../scripts/tabulate_pn_main.py"


rule tabulate_pn_hypothesis:
    input:
        metrics=metrics_of_task(PN["folds_task"]),
        comparisons=metrics_of_task(PN["folds_task"], ".comparisons.csv"),
    output:
        csv=report(
            "<results>/tables/tab_pn_hypothesis.csv",
            caption="../report/captions/tab_pn_hypothesis.rst",
            category="Planetary nebulae",
            labels={"table": "the hypothesis"},
        ),
        tex="<results>/tables/tab_pn_hypothesis.tex",
        provenance="<results>/tables/tab_pn_hypothesis.provenance.json",
    log:
        "<results>/logs/tabulate_pn_hypothesis.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"hypothesis": hypothesis_of(PN)},
        code=code_hash("scripts/tabulate_pn_hypothesis.py"),
    message:
        "Tabulate the test of the hypothesis"
    script:
        "../scripts/tabulate_pn_hypothesis.py"


rule tabulate_pn_cost:
    input:
        benchmarks=benchmarks_of(PN_TRAINED),
        cards=runs_of(PN_TRAINED, "model.json"),
        catalogs=PN_CATALOGS,
    output:
        csv=report(
            "<results>/tables/tab_pn_cost.csv",
            caption="../report/captions/tab_pn_cost.rst",
            category="Planetary nebulae",
            labels={"table": "cost"},
        ),
        tex="<results>/tables/tab_pn_cost.tex",
        provenance="<results>/tables/tab_pn_cost.provenance.json",
    log:
        "<results>/logs/tabulate_pn_cost.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "dataset": PN["dataset"],
            "experiments": {name: before_of(name) for name in PN_TRAINED},
            "passes": passes_of(
                one for name in PN_TRAINED for one in (*stages_before(name), name)
            ),
            "views": 8,  # the symmetries of the square, all of them in one pass
        },
        code=code_hash("scripts/tabulate_pn_cost.py"),
    message:
        "Tabulate seconds and memory"
    script:
        "../scripts/tabulate_pn_cost.py"
