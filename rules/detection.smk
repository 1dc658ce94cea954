# Figures room, the chapter on detection: each figure and table by one script that fits nothing.
DET = PLAN.paper["detection"]
DET_BOXES = boxes_of_task(DET["task"])
DET_SPLIT = PLAN.tasks[DET["task"]]["split"]
DET_NETWORKS = [name for name in DET["main"] if kind_of(name) == "network"]
DET_NAMED = DET["named"] or {"detector": None}
DET_FRAMES = DET["frames"] or {"fields": [], "detectors": []}
# The detector whose finds in frames are drawn with their names.
DET_FRAMED = [DET_NAMED["detector"]] if DET_NAMED["detector"] in DET_FRAMES["detectors"] else []
FIGURES += [
    "fig_det",
    "fig_det_curves",
]
TABLES += [
    "tab_det",
]
# What is null or empty leaves out what would show it.
if DET["folds_task"] and DET["cv"]:
    TABLES += [
        "tab_det_cv",
    ]
if DET["named"]:
    FIGURES += [
        "fig_det_e2e",
    ]
if DET["frames"]:
    FIGURES += [
        "fig_det_frame",
    ]
if DET["export"]:
    TABLES += [
        "tab_det_export",
        "tab_det_latency",
    ]
    # Seconds differ from run to run.
    NOT_PRINTED += [
        "tab_det_latency",
    ]


# --- figures --------------------------------------------------------------------------------------


rule plot_det:
    input:
        catalogs=cutouts_shown(DET["dataset"], "catalog.parquet"),
        images=cutouts_shown(DET["dataset"], "images.safetensors"),
        boxes=DET_BOXES,
        predictions=predictions_of(DET["shown"])[0],
    output:
        pdf="<results>/figures/fig_det.pdf",
        png=report(
            "<results>/figures/fig_det.png",
            caption="../report/captions/fig_det.rst",
            category="Detection",
            labels={"figure": "detections"},
        ),
        provenance="<results>/figures/fig_det.provenance.json",
    log:
        "<results>/logs/plot_det.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **LARGE,
    params:
        settings={
            "experiment": DET["shown"],
            "off_centre": PLAN.tasks[DET["task"]]["boxes"]["off_centre"],
            "seed": DET_SPLIT["seed"],
        },
        code=code_hash("scripts/plot_det.py"),
    message:
        "Draw detections in tested images"
    script:
        "../scripts/plot_det.py"


rule plot_det_curves:
    input:
        metrics=metrics_of_task(DET["task"]),
    output:
        pdf="<results>/figures/fig_det_curves.pdf",
        png=report(
            "<results>/figures/fig_det_curves.png",
            caption="../report/captions/fig_det_curves.rst",
            category="Detection",
            labels={"figure": "precision, recall, and what they hang on"},
        ),
        provenance="<results>/figures/fig_det_curves.provenance.json",
    log:
        "<results>/logs/plot_det_curves.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": DET["main"], "task": DET["task"]},
        code=code_hash("scripts/plot_det_curves.py"),
    message:
        "Draw precision and recall of the detectors"
    script:
        "../scripts/plot_det_curves.py"


rule plot_det_e2e:
    input:
        catalogs=cutouts_shown(DET["dataset"], "catalog.parquet"),
        images=cutouts_shown(DET["dataset"], "images.safetensors"),
        judged=f"<results>/metrics/{DET['task']}.judged.parquet",
        metrics=[f"<results>/metrics/{DET['task']}.named.csv"],
        composites=expand(
            "<results>/models/frames/{field}.safetensors",
            field=DET_FRAMES["fields"] if DET_FRAMED else [],
        ),
        frames=expand(
            "<results>/models/{name}/frames/{field}.named.parquet",
            name=DET_FRAMED,
            field=DET_FRAMES["fields"],
        ),
    output:
        pdf="<results>/figures/fig_det_e2e.pdf",
        png=report(
            "<results>/figures/fig_det_e2e.png",
            caption="../report/captions/fig_det_e2e.rst",
            category="Detection",
            labels={"figure": "detection, then classification"},
        ),
        provenance="<results>/figures/fig_det_e2e.provenance.json",
    log:
        "<results>/logs/plot_det_e2e.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **LARGE,
    params:
        settings={"detector": DET_NAMED["detector"]},
        code=code_hash("scripts/plot_det_e2e.py"),
    message:
        "Draw what is found and what it is called"
    script:
        "../scripts/plot_det_e2e.py"


rule plot_det_frame:
    input:
        tables=expand("<results>/metrics/frames/{field}.csv", field=DET_FRAMES["fields"]),
    output:
        pdf="<results>/figures/fig_det_frame.pdf",
        png=report(
            "<results>/figures/fig_det_frame.png",
            caption="../report/captions/fig_det_frame.rst",
            category="Detection",
            labels={"figure": "completeness in whole frames"},
        ),
        provenance="<results>/figures/fig_det_frame.provenance.json",
    log:
        "<results>/logs/plot_det_frame.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"detectors": DET_FRAMES["detectors"]},
        code=code_hash("scripts/plot_det_frame.py"),
    message:
        "Draw what of a catalogue is found in whole frames"
    script:
        "../scripts/plot_det_frame.py"


# --- tables ---------------------------------------------------------------------------------------


rule tabulate_det:
    input:
        metrics=metrics_of_task(DET["task"]),
        cards=runs_of(DET_NETWORKS, "model.json"),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_det.csv",
            caption="../report/captions/tab_det.rst",
            category="Detection",
            labels={"table": "main results"},
        ),
        tex="<results>/tables/tab_det.tex",
        provenance="<results>/tables/tab_det.provenance.json",
    log:
        "<results>/logs/tabulate_det.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "kinds": {
                name: {"kind": kind_of(name), "family": family_of(name)} for name in DET["main"]
            },
        },
        code=code_hash("scripts/tabulate_det.py"),
    message:
        "Tabulate detectors and opponents"
    script:
        "../scripts/tabulate_det.py"


rule tabulate_det_cv:
    input:
        metrics=metrics_of_task(DET["folds_task"]),
        comparisons=metrics_of_task(DET["folds_task"], ".comparisons.csv"),
        published=PUBLISHED,
    output:
        csv=report(
            "<results>/tables/tab_det_cv.csv",
            caption="../report/captions/tab_det_cv.rst",
            category="Detection",
            labels={"table": "detection in folds"},
        ),
        tex="<results>/tables/tab_det_cv.tex",
        provenance="<results>/tables/tab_det_cv.provenance.json",
    log:
        "<results>/logs/tabulate_det_cv.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"cv": DET["cv"]},
        code=code_hash("scripts/tabulate_det_cv.py"),
    message:
        "Tabulate detection in folds"
    script:
        "../scripts/tabulate_det_cv.py"


rule tabulate_det_export:
    input:
        exports=expand("<results>/models/{name}/export/export.json", name=DET["export"]),
    output:
        csv=report(
            "<results>/tables/tab_det_export.csv",
            caption="../report/captions/tab_det_export.rst",
            category="Detection",
            labels={"table": "exported detectors"},
        ),
        tex="<results>/tables/tab_det_export.tex",
        provenance="<results>/tables/tab_det_export.provenance.json",
    log:
        "<results>/logs/tabulate_det_export.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": DET["export"]},
        code=code_hash("scripts/tabulate_det_export.py"),
    message:
        "Tabulate exported detectors"
    script:
        "../scripts/tabulate_det_export.py"


rule tabulate_det_latency:
    input:
        exports=expand("<results>/models/{name}/export/export.json", name=DET["export"]),
        latencies=expand("<results>/models/{name}/export/latency.csv", name=DET["export"]),
    output:
        csv=report(
            "<results>/tables/tab_det_latency.csv",
            caption="../report/captions/tab_det_latency.rst",
            category="Detection",
            labels={"table": "images a second"},
        ),
        tex="<results>/tables/tab_det_latency.tex",
        provenance="<results>/tables/tab_det_latency.provenance.json",
    log:
        "<results>/logs/tabulate_det_latency.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": DET["export"]},
        code=code_hash("scripts/tabulate_det_latency.py"),
    message:
        "Tabulate images a second"
    script:
        "../scripts/tabulate_det_latency.py"
