# Figures room, the chapter on Galaxy10: each figure and table by one script that fits nothing.
G10 = PLAN.paper["galaxy10"]
G10_CLASSES = PLAN.tasks[G10["task"]]["classes"]
G10_DATA = {"Galaxy10 SDSS": G10["ten_task"] or G10["task"], "Galaxy10 DECaLS": G10["decals_task"]}
G10_DATA = {release: task for release, task in G10_DATA.items() if task}
G10_OTHER = PLAN.tasks[G10["decals_task"]]["dataset"] if G10["decals_task"] else None
G10_REPORTS = names_in(G10["reports"])
G10_DRAWN = [name for name in G10_REPORTS if name in TRAINED]
# Modules that build the networks drawn, and those whose numbers of weights were printed.
G10_FAMILIES = {PLAN.experiments[name]["model"]["name"] for name in G10_DRAWN}
G10_FAMILIES = sorted(map(module_of, G10_FAMILIES | {"vgg16", "ruhmer-base"}))
G10_MAIN = {
    G10["task"]: G10["main"],
    G10["ten_task"]: G10["ten"],
    G10["decals_task"]: G10["decals"],
}
G10_MAIN = {task: names for task, names in G10_MAIN.items() if task and names}
G10_RANKED = [name for names in G10_MAIN.values() for name in names]
G10_NETWORKS = [name for name in G10_RANKED if kind_of(name) == "network"]
FIGURES += [
    "fig_g10_sample",
]
TABLES += [
    "tab_g10_main",
]
# What is null or empty leaves out what would show it.
if names_in(G10["imbalance"]):
    FIGURES += [
        "fig_g10_balance",
    ]
    TABLES += [
        "tab_g10_imbalance",
    ]
if names_in(G10["scratch"]):
    TABLES += [
        "tab_g10_scratch",
    ]
if G10_REPORTS:
    FIGURES += [
        "fig_g10_roc",
        "fig_g10_confusion",
        "fig_models",
    ]
    TABLES += [
        "tab_g10_reports",
    ]
if G10["folds_task"] and names_in(G10["cv"]):
    TABLES += [
        "tab_g10_cv",
    ]
if G10["ensemble"]:
    TABLES += [
        "tab_g10_ensemble",
    ]
if G10["search"]:
    FIGURES += [
        "fig_g10_pareto",
    ]
    TABLES += [
        "tab_g10_search",
    ]
if G10["export"]:
    TABLES += [
        "tab_g10_export",
        "tab_g10_latency",
    ]
    # Seconds differ from run to run.
    NOT_PRINTED += [
        "tab_g10_latency",
    ]


# --- figures --------------------------------------------------------------------------------------


rule plot_g10_sample:
    input:
        catalogs=cutouts_shown(G10["dataset"], "catalog.parquet"),
        images=cutouts_shown(G10["dataset"], "images.safetensors"),
        other_catalogs=cutouts_shown(G10_OTHER, "catalog.parquet"),
        other_images=cutouts_shown(G10_OTHER, "images.safetensors"),
    output:
        pdf="<results>/figures/fig_g10_sample.pdf",
        png=report(
            "<results>/figures/fig_g10_sample.png",
            caption="../report/captions/fig_g10_sample.rst",
            category="Galaxy10",
            labels={"figure": "contact sheet"},
        ),
        provenance="<results>/figures/fig_g10_sample.provenance.json",
    log:
        "<results>/logs/plot_g10_sample.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **LARGE,
    params:
        settings={
            "releases": {
                release: PLAN.tasks[task]["classes"] for release, task in G10_DATA.items()
            },
        },
        code=code_hash("scripts/plot_g10_sample.py"),
    message:
        "Draw a contact sheet of the galaxies"
    script:
        "../scripts/plot_g10_sample.py"


rule plot_g10_balance:
    input:
        cards=runs_of(names_in(G10["imbalance"]), "model.json"),
    output:
        pdf="<results>/figures/fig_g10_balance.pdf",
        png=report(
            "<results>/figures/fig_g10_balance.png",
            caption="../report/captions/fig_g10_balance.rst",
            category="Galaxy10",
            labels={"figure": "class sizes"},
        ),
        provenance="<results>/figures/fig_g10_balance.provenance.json",
    log:
        "<results>/logs/plot_g10_balance.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"imbalance": G10["imbalance"], "classes": G10_CLASSES},
        code=code_hash("scripts/plot_g10_balance.py"),
    message:
        "Draw the sizes of the classes as trained on"
    script:
        "../scripts/plot_g10_balance.py"


rule plot_g10_roc:
    input:
        predictions=[path for name in G10_REPORTS for path in predictions_of(name)],
    output:
        pdf="<results>/figures/fig_g10_roc.pdf",
        png=report(
            "<results>/figures/fig_g10_roc.png",
            caption="../report/captions/fig_g10_roc.rst",
            category="Galaxy10",
            labels={"figure": "ROC curves"},
        ),
        provenance="<results>/figures/fig_g10_roc.provenance.json",
    log:
        "<results>/logs/plot_g10_roc.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **LARGE,
    params:
        settings={"reports": G10["reports"], "classes": G10_CLASSES},
        code=code_hash("scripts/plot_g10_roc.py"),
    message:
        "Draw ROC curves of each class against the rest"
    script:
        "../scripts/plot_g10_roc.py"


rule plot_g10_confusion:
    input:
        metrics=metrics_of(G10_REPORTS),
    output:
        pdf="<results>/figures/fig_g10_confusion.pdf",
        png=report(
            "<results>/figures/fig_g10_confusion.png",
            caption="../report/captions/fig_g10_confusion.rst",
            category="Galaxy10",
            labels={"figure": "confusion matrices"},
        ),
        provenance="<results>/figures/fig_g10_confusion.provenance.json",
    log:
        "<results>/logs/plot_g10_confusion.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"reports": G10["reports"], "classes": G10_CLASSES},
        code=code_hash("scripts/plot_g10_confusion.py"),
    message:
        "Draw confusion matrices"
    script:
        "../scripts/plot_g10_confusion.py"


rule plot_models:
    input:
        cards=[runs_of([name], "model.json")[0] for name in G10_DRAWN],
        published=PUBLISHED,
    output:
        pdf="<results>/figures/fig_models.pdf",
        png=report(
            "<results>/figures/fig_models.png",
            caption="../report/captions/fig_models.rst",
            category="Galaxy10",
            labels={"figure": "networks"},
        ),
        provenance="<results>/figures/fig_models.provenance.json",
    log:
        "<results>/logs/plot_models.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"reports": G10["reports"]},
        code=code_hash("scripts/plot_models.py", *G10_FAMILIES),
    message:
        "Draw the networks and count their weights"
    script:
        "../scripts/plot_models.py"


rule plot_g10_pareto:
    input:
        trials=f"<results>/models/{G10['search']}/search/trials.csv",
        best=f"<results>/models/{G10['search']}/search/best.json",
        exports=expand("<results>/models/{name}/export/export.json", name=G10["export"]),
    output:
        pdf="<results>/figures/fig_g10_pareto.pdf",
        png=report(
            "<results>/figures/fig_g10_pareto.png",
            caption="../report/captions/fig_g10_pareto.rst",
            category="Galaxy10",
            labels={"figure": "cost and accuracy of the trials"},
        ),
        provenance="<results>/figures/fig_g10_pareto.provenance.json",
    log:
        "<results>/logs/plot_g10_pareto.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"metric": searched_by(G10["search"]), "search": G10["search"]},
        code=code_hash("scripts/plot_g10_pareto.py"),
    message:
        "Draw accuracy against cost of every trial"
    script:
        "../scripts/plot_g10_pareto.py"


# --- tables ---------------------------------------------------------------------------------------


rule tabulate_g10_main:
    input:
        metrics=metrics_of(G10_RANKED),
        cards=runs_of(G10_NETWORKS, "model.json"),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_g10_main.csv",
            caption="../report/captions/tab_g10_main.rst",
            category="Galaxy10",
            labels={"table": "main results"},
        ),
        tex="<results>/tables/tab_g10_main.tex",
        provenance="<results>/tables/tab_g10_main.provenance.json",
    log:
        "<results>/logs/tabulate_g10_main.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "kinds": {
                task: {name: kind_of(name) for name in names} for task, names in G10_MAIN.items()
            },
        },
        code=code_hash("scripts/tabulate_g10_main.py"),
    message:
        "Tabulate networks, opponents and controls"
    script:
        "../scripts/tabulate_g10_main.py"


rule tabulate_g10_imbalance:
    input:
        metrics=metrics_of_task(G10["task"]),
        comparisons=metrics_of_task(G10["task"], ".comparisons.csv"),
        cards=runs_of(names_in(G10["imbalance"]), "model.json"),
    output:
        csv=report(
            "<results>/tables/tab_g10_imbalance.csv",
            caption="../report/captions/tab_g10_imbalance.rst",
            category="Galaxy10",
            labels={"table": "unequal classes"},
        ),
        tex="<results>/tables/tab_g10_imbalance.tex",
        provenance="<results>/tables/tab_g10_imbalance.provenance.json",
    log:
        "<results>/logs/tabulate_g10_imbalance.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"imbalance": G10["imbalance"]},
        code=code_hash("scripts/tabulate_g10_imbalance.py"),
    message:
        "Tabulate what helps against unequal classes"
    script:
        "../scripts/tabulate_g10_imbalance.py"


rule tabulate_g10_scratch:
    input:
        metrics=metrics_of([*names_in(G10["scratch"]), *names_in(G10["legacy"])]),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_g10_scratch.csv",
            caption="../report/captions/tab_g10_scratch.rst",
            category="Galaxy10",
            labels={"table": "networks trained from nothing"},
        ),
        tex="<results>/tables/tab_g10_scratch.tex",
        provenance="<results>/tables/tab_g10_scratch.provenance.json",
    log:
        "<results>/logs/tabulate_g10_scratch.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"scratch": G10["scratch"], "legacy": G10["legacy"]},
        code=code_hash("scripts/tabulate_g10_scratch.py"),
    message:
        "Tabulate networks trained from nothing"
    script:
        "../scripts/tabulate_g10_scratch.py"


rule tabulate_g10_reports:
    input:
        metrics=metrics_of(G10_REPORTS),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_g10_reports.csv",
            caption="../report/captions/tab_g10_reports.rst",
            category="Galaxy10",
            labels={"table": "reports by class"},
        ),
        tex="<results>/tables/tab_g10_reports.tex",
        provenance="<results>/tables/tab_g10_reports.provenance.json",
    log:
        "<results>/logs/tabulate_g10_reports.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"reports": G10["reports"], "classes": G10_CLASSES},
        code=code_hash("scripts/tabulate_g10_reports.py"),
    message:
        "Tabulate reports by class"
    script:
        "../scripts/tabulate_g10_reports.py"


rule tabulate_g10_cv:
    input:
        metrics=metrics_of_task(G10["folds_task"]),
        comparisons=metrics_of_task(G10["folds_task"], ".comparisons.csv"),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_g10_cv.csv",
            caption="../report/captions/tab_g10_cv.rst",
            category="Galaxy10",
            labels={"table": "cross-validation"},
        ),
        tex="<results>/tables/tab_g10_cv.tex",
        provenance="<results>/tables/tab_g10_cv.provenance.json",
    log:
        "<results>/logs/tabulate_g10_cv.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"cv": G10["cv"]},
        code=code_hash("scripts/tabulate_g10_cv.py"),
    message:
        "Tabulate the cross-validation"
    script:
        "../scripts/tabulate_g10_cv.py"


rule tabulate_g10_ensemble:
    input:
        metrics=metrics_of_task(G10["task"]),
        comparisons=metrics_of_task(G10["task"], ".comparisons.csv"),
        cards=runs_of([name for name in ensembles_shown(G10) if name in ENSEMBLES], "model.json"),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_g10_ensemble.csv",
            caption="../report/captions/tab_g10_ensemble.rst",
            category="Galaxy10",
            labels={"table": "ensemble"},
        ),
        tex="<results>/tables/tab_g10_ensemble.tex",
        provenance="<results>/tables/tab_g10_ensemble.provenance.json",
    log:
        "<results>/logs/tabulate_g10_ensemble.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"kinds": ensembles_shown(G10), "ensemble": G10["ensemble"]},
        code=code_hash("scripts/tabulate_g10_ensemble.py"),
    message:
        "Tabulate the ensemble and its members"
    script:
        "../scripts/tabulate_g10_ensemble.py"


rule tabulate_g10_search:
    input:
        trials=f"<results>/models/{G10['search']}/search/trials.csv",
        best=f"<results>/models/{G10['search']}/search/best.json",
    output:
        csv=report(
            "<results>/tables/tab_g10_search.csv",
            caption="../report/captions/tab_g10_search.rst",
            category="Galaxy10",
            labels={"table": "search"},
        ),
        tex="<results>/tables/tab_g10_search.tex",
        provenance="<results>/tables/tab_g10_search.provenance.json",
    log:
        "<results>/logs/tabulate_g10_search.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"metric": searched_by(G10["search"]), "search": G10["search"]},
        code=code_hash("scripts/tabulate_g10_search.py"),
    message:
        "Tabulate the best trials of the search"
    script:
        "../scripts/tabulate_g10_search.py"


rule tabulate_g10_export:
    input:
        exports=expand("<results>/models/{name}/export/export.json", name=G10["export"]),
    output:
        csv=report(
            "<results>/tables/tab_g10_export.csv",
            caption="../report/captions/tab_g10_export.rst",
            category="Galaxy10",
            labels={"table": "exported networks"},
        ),
        tex="<results>/tables/tab_g10_export.tex",
        provenance="<results>/tables/tab_g10_export.provenance.json",
    log:
        "<results>/logs/tabulate_g10_export.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": G10["export"]},
        code=code_hash("scripts/tabulate_g10_export.py"),
    message:
        "Tabulate exported networks"
    script:
        "../scripts/tabulate_g10_export.py"


rule tabulate_g10_latency:
    input:
        exports=expand("<results>/models/{name}/export/export.json", name=G10["export"]),
        latencies=expand("<results>/models/{name}/export/latency.csv", name=G10["export"]),
    output:
        csv=report(
            "<results>/tables/tab_g10_latency.csv",
            caption="../report/captions/tab_g10_latency.rst",
            category="Galaxy10",
            labels={"table": "latency"},
        ),
        tex="<results>/tables/tab_g10_latency.tex",
        provenance="<results>/tables/tab_g10_latency.provenance.json",
    log:
        "<results>/logs/tabulate_g10_latency.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": G10["export"]},
        code=code_hash("scripts/tabulate_g10_latency.py"),
    message:
        "Tabulate the time for one image"
    script:
        "../scripts/tabulate_g10_latency.py"


# --- explanations ---------------------------------------------------------------------------------
# Two networks fill a page; those of all that are explained lie in the models room.
G10_EXPLAINED = EXPLAINED[:2]
if G10_EXPLAINED:
    FIGURES += [
        "fig_g10_gradcam",
        "fig_g10_activations",
        "fig_g10_filters",
        "fig_g10_sanity",
    ]


rule plot_g10_gradcam:
    input:
        tensors=expand("<results>/models/{name}/explain.safetensors", name=G10_EXPLAINED),
        tables=expand("<results>/models/{name}/explain.csv", name=G10_EXPLAINED),
        told=expand("<results>/models/{name}/explain.json", name=G10_EXPLAINED),
    output:
        pdf="<results>/figures/fig_g10_gradcam.pdf",
        png=report(
            "<results>/figures/fig_g10_gradcam.png",
            caption="../report/captions/fig_g10_gradcam.rst",
            category="Galaxy10",
            labels={"figure": "evidence maps"},
        ),
        provenance="<results>/figures/fig_g10_gradcam.provenance.json",
    log:
        "<results>/logs/plot_g10_gradcam.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": G10_EXPLAINED},
        code=code_hash("scripts/plot_g10_gradcam.py"),
    message:
        "Draw where networks see the class"
    script:
        "../scripts/plot_g10_gradcam.py"


rule plot_g10_activations:
    input:
        tensors=expand("<results>/models/{name}/explain.safetensors", name=G10_EXPLAINED),
        tables=expand("<results>/models/{name}/explain.csv", name=G10_EXPLAINED),
        told=expand("<results>/models/{name}/explain.json", name=G10_EXPLAINED),
    output:
        pdf="<results>/figures/fig_g10_activations.pdf",
        png=report(
            "<results>/figures/fig_g10_activations.png",
            caption="../report/captions/fig_g10_activations.rst",
            category="Galaxy10",
            labels={"figure": "activations"},
        ),
        provenance="<results>/figures/fig_g10_activations.provenance.json",
    log:
        "<results>/logs/plot_g10_activations.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": G10_EXPLAINED},
        code=code_hash("scripts/plot_g10_activations.py"),
    message:
        "Draw what layers make of a galaxy"
    script:
        "../scripts/plot_g10_activations.py"


rule plot_g10_filters:
    input:
        tensors=expand("<results>/models/{name}/explain.safetensors", name=G10_EXPLAINED),
        tables=expand("<results>/models/{name}/explain.csv", name=G10_EXPLAINED),
        told=expand("<results>/models/{name}/explain.json", name=G10_EXPLAINED),
    output:
        pdf="<results>/figures/fig_g10_filters.pdf",
        png=report(
            "<results>/figures/fig_g10_filters.png",
            caption="../report/captions/fig_g10_filters.rst",
            category="Galaxy10",
            labels={"figure": "filters by gradient ascent"},
        ),
        provenance="<results>/figures/fig_g10_filters.provenance.json",
    log:
        "<results>/logs/plot_g10_filters.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": G10_EXPLAINED},
        code=code_hash("scripts/plot_g10_filters.py"),
    message:
        "Draw what channels look for"
    script:
        "../scripts/plot_g10_filters.py"


rule plot_g10_sanity:
    input:
        tensors=expand("<results>/models/{name}/explain.safetensors", name=G10_EXPLAINED),
        tables=expand("<results>/models/{name}/explain.csv", name=G10_EXPLAINED),
        told=expand("<results>/models/{name}/explain.json", name=G10_EXPLAINED),
    output:
        pdf="<results>/figures/fig_g10_sanity.pdf",
        png=report(
            "<results>/figures/fig_g10_sanity.png",
            caption="../report/captions/fig_g10_sanity.rst",
            category="Galaxy10",
            labels={"figure": "check of the evidence maps"},
        ),
        provenance="<results>/figures/fig_g10_sanity.provenance.json",
    log:
        "<results>/logs/plot_g10_sanity.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": G10_EXPLAINED},
        code=code_hash("scripts/plot_g10_sanity.py"),
    message:
        "Draw evidence maps of networks with layers set anew"
    script:
        "../scripts/plot_g10_sanity.py"
