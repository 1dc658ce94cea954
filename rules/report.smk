# Figures room, the paper: every number of the text in one file, then the text, set by typst.
REPORT = os.path.relpath(Path(workflow.basedir) / "report")
TEXT = sorted(
    str(path)
    for pattern in ("template.typ", "chapters/*.typ", "*.bib")
    for path in Path(REPORT).glob(pattern)
)
CHAPTER = PLAN.paper.get("star-galaxy")
SCORED = [name for name in PLAN.tasks if PLAN.of_task(name)]


rule collect_numbers:
    input:
        raw=of_shards("raw", ".tsv"),
        aligned=of_shards("aligned", ".tsv"),
        sharpness=of_shards("aligned", ".sharpness.csv"),
        catalogs=shards_shown("catalog.parquet"),
        audits=expand("<results>/splits/{task}/audit.json", task=SCORED),
        metrics=expand("<results>/metrics/{task}.csv", task=SCORED),
        comparisons=expand("<results>/metrics/{task}.comparisons.csv", task=SCORED),
        cards=expand("<results>/models/{name}/draw-0/model.json", name=TRAINED),
        published=f"{REPORT}/published.csv",
        constants=f"{REPORT}/constants.csv",
    output:
        json="<results>/tables/numbers.json",
        tex="<results>/tables/numbers.tex",
        provenance="<results>/tables/numbers.provenance.json",
    log:
        "<results>/logs/collect_numbers.log",
    localrule: True
    conda:
        "../envs/torch.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "chapter": CHAPTER,
            "survey": PLAN.surveys[CHAPTER["survey"]],
            "dataset": PLAN.datasets[CHAPTER["dataset"]],
            "tasks": PLAN.tasks,
            "experiments": PLAN.experiments,
            "families": PLAN.families,
            "sky": PLAN.sky is not None,
            "scoring": PLAN.paper["scoring"],
            "comparisons": PLAN.paper["comparisons"],
        },
        code=code_hash("scripts/collect_numbers.py"),
    message:
        "Collect the numbers of the text"
    script:
        "../scripts/collect_numbers.py"


rule write_paper:
    input:
        numbers="<results>/tables/numbers.json",
        figures=of_kind(figures(), ".pdf"),
        tables=of_kind(tables(), ".csv"),
        records=records([*figures(), *tables()]),
        captions=expand(
            f"{REPORT}/captions/{{name}}.rst",
            name=sorted({Path(path).stem for path in [*figures(), *tables()]}),
        ),
        paper=f"{REPORT}/paper.typ",
        text=TEXT,
    output:
        pdf="<results>/paper.pdf",
        provenance="<results>/paper.provenance.json",
    log:
        "<results>/logs/write_paper.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "title": PLAN.paper["title"],
            "chapters": PLAN.paper["chapters"],
            "config": "paper.star-galaxy",
            "scripts": scripts_by_output(),
        },
        code=code_hash("scripts/write_paper.py"),
    message:
        "Write the paper"
    script:
        "../scripts/write_paper.py"
