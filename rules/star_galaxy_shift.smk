# The star/galaxy chapter under shift: trained on fields of one run, tested on fields of others.
SHIFT = PLAN.paper["star-galaxy"]["shift"]
SHIFT_TASK = tasks_of(SHIFT["experiments"])[0]
FIGURES += [
    "fig_sdss_shift",
]
TABLES += [
    "tab_sdss_shift",
]


rule score_shift:
    input:
        predictions=[path for name in SHIFT["experiments"] for path in predictions_of(name)],
        catalogs=of_dataset("catalog.parquet"),
        measured=of_dataset("measured.parquet"),
        manifest=of_split("manifest.csv"),
    output:
        table="<results>/metrics/{task}.shift.csv",
        provenance="<results>/metrics/{task}.shift.provenance.json",
    log:
        "<results>/logs/score_shift/{task}.log",
    wildcard_constraints:
        task=one_of([SHIFT_TASK]),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings={
            "task": {"name": SHIFT_TASK, **PLAN.tasks[SHIFT_TASK]},
            "scoring": PLAN.paper["scoring"],
        },
        code=code_hash("scripts/score_shift.py"),
    message:
        "Score the experiments of {wildcards.task} inside and outside the training fields' run"
    script:
        "../scripts/score_shift.py"


rule plot_sdss_shift:
    input:
        metrics=f"<results>/metrics/{SHIFT_TASK}.shift.csv",
    output:
        pdf="<results>/figures/fig_sdss_shift.pdf",
        png=report(
            "<results>/figures/fig_sdss_shift.png",
            caption="../report/captions/fig_sdss_shift.rst",
            category="Star/galaxy",
            labels={"figure": "inside and outside the run"},
        ),
        provenance="<results>/figures/fig_sdss_shift.provenance.json",
    log:
        "<results>/logs/plot_sdss_shift.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "experiments": SHIFT["experiments"],
            "snr": PLAN.paper["scoring"]["snr"],
            "label": PLAN.tasks[SHIFT_TASK]["classes"][-1],
        },
        code=code_hash("scripts/plot_sdss_shift.py"),
    message:
        "Draw scores inside and outside the training fields' run"
    script:
        "../scripts/plot_sdss_shift.py"


rule tabulate_sdss_shift:
    input:
        metrics=f"<results>/metrics/{SHIFT_TASK}.shift.csv",
    output:
        csv=report(
            "<results>/tables/tab_sdss_shift.csv",
            caption="../report/captions/tab_sdss_shift.rst",
            category="Star/galaxy",
            labels={"table": "inside and outside the run"},
        ),
        tex="<results>/tables/tab_sdss_shift.tex",
        provenance="<results>/tables/tab_sdss_shift.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_shift.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "experiments": SHIFT["experiments"],
            "snr": PLAN.paper["scoring"]["snr"],
            "label": PLAN.tasks[SHIFT_TASK]["classes"][-1],
        },
        code=code_hash("scripts/tabulate_sdss_shift.py"),
    message:
        "Tabulate scores inside and outside the training fields' run"
    script:
        "../scripts/tabulate_sdss_shift.py"
