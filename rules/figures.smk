# Figures room: what all chapters share. Each chapter of the paper has a rule file of its own, which
# adds to these lists; a chapter that is left out of the paper has no rules.
FIGURES = []
TABLES = [
    "tab_datasets",
    "tab_resources",
]
NOT_PRINTED = ["tab_resources"]  # tables of the report that paper.pdf leaves out
PUBLISHED = os.path.relpath(Path(workflow.basedir) / "report" / "published.csv")
TASKS_SHOWN = tasks_shown()


rule tabulate_datasets:
    input:
        manifests=expand("<results>/splits/{task}/manifest.csv", task=TASKS_SHOWN),
    output:
        csv=report(
            "<results>/tables/tab_datasets.csv",
            caption="../report/captions/tab_datasets.rst",
            category="All chapters",
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
        settings={name: task_shown(PLAN.tasks[name]) for name in TASKS_SHOWN},
        code=code_hash("scripts/tabulate_datasets.py"),
    message:
        "Tabulate data sets and splits"
    script:
        "../scripts/tabulate_datasets.py"
