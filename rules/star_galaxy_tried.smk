# Figures room, the star/galaxy chapter: what the study tried and found no better.
TRIED = tried_experiments(PLAN)
TABLES += [
    "tab_sdss_tried",
]


rule tabulate_sdss_tried:
    input:
        metrics=metrics_of(TRIED),
        comparisons=expand("<results>/metrics/{task}.comparisons.csv", task=tasks_of(TRIED)),
        cards=[runs_of([name], "model.json")[0] for name in TRIED if name in TRAINED],
    output:
        csv=report(
            "<results>/tables/tab_sdss_tried.csv",
            caption="../report/captions/tab_sdss_tried.rst",
            category="Star/galaxy",
            labels={"table": "what was tried"},
        ),
        tex="<results>/tables/tab_sdss_tried.tex",
        provenance="<results>/tables/tab_sdss_tried.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_tried.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings=told_tried(PLAN),
        code=code_hash("scripts/tabulate_sdss_tried.py"),
    message:
        "Tabulate what was tried"
    script:
        "../scripts/tabulate_sdss_tried.py"
