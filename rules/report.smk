# Figures room, the paper: every number of the text in one file, then the text, set by typst.
REPORT = os.path.relpath(Path(workflow.basedir) / "report")
TEXT = sorted(
    str(path)
    for pattern in ("template.typ", "chapters/*.typ", "*.bib")
    for path in Path(REPORT).glob(pattern)
)
SCORED = [name for name in TASKS_SHOWN if PLAN.of_task(name)]
CARDED = [
    name
    for task in SCORED
    for name in PLAN.of_task(task)
    if name not in OPPONENTS and name not in ATLAS
]


rule collect_numbers:
    input:
        **of_star_galaxy(),
        **of_planetary_nebulae(),
        **of_galaxy10(),
        **of_detection(),
        **of_self_supervision(),
        **of_audit(),
        **of_leakage(),
        raw=of_shards("raw", ".tsv", surveys_shown()),
        catalogs=sorted(
            path
            for chapter in PLAN.paper["chapters"]
            for dataset in datasets_of(chapter)
            for path in cutouts_shown(dataset, "catalog.parquet")
        ),
        audits=expand("<results>/splits/{task}/audit.json", task=SCORED),
        metrics=expand("<results>/metrics/{task}.csv", task=SCORED),
        comparisons=expand("<results>/metrics/{task}.comparisons.csv", task=SCORED),
        cards=[runs_of([name], "model.json")[0] for name in CARDED],
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
            **{chapter: told_of(chapter) for chapter in PLAN.paper["chapters"]},
            **told_of_leakage(),
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
        tables=of_kind(printed(tables()), ".csv"),
        records=records([*figures(), *printed(tables())]),
        captions=expand(
            f"{REPORT}/captions/{{name}}.rst",
            name=sorted({Path(path).stem for path in [*figures(), *printed(tables())]}),
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
            "scripts": scripts_by_output(),
            "blocks": blocks_by_output(),
            "sources": sources(),
        },
        code=code_hash("scripts/write_paper.py"),
    message:
        "Write the paper"
    script:
        "../scripts/write_paper.py"


# What the run took is read from files that no rule declares, or a lost one would run its job again.
# The table is made when all else is, so that it holds every job.
rule tabulate_resources:
    input:
        paper="<results>/paper.pdf",
    output:
        csv=report(
            "<results>/tables/tab_resources.csv",
            caption="../report/captions/tab_resources.rst",
            category="All chapters",
            labels={"table": "what the run took"},
        ),
        tex="<results>/tables/tab_resources.tex",
        provenance="<results>/tables/tab_resources.provenance.json",
    log:
        "<results>/logs/tabulate_resources.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"benchmarks": "benchmarks"},
        code=code_hash("scripts/tabulate_resources.py"),
    message:
        "Tabulate what the run took"
    script:
        "../scripts/tabulate_resources.py"


PAGES = pages()


rule show_tables:
    input:
        tables=of_kind(tables(), ".csv"),
    output:
        pages=[
            report(
                path,
                caption=f"../report/captions/{Path(path).stem}.rst",
                category=told.category,
                labels={**told.labels, "file": "page"},
            )
            for path, told in PAGES.items()
        ],
        provenance="<results>/tables/pages.provenance.json",
    log:
        "<results>/logs/show_tables.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    resources:
        **SMALL,
    params:
        settings={"titles": {Path(path).stem: told.labels["table"] for path, told in PAGES.items()}},
        code=code_hash("scripts/show_tables.py"),
    message:
        "Show the tables as pages"
    script:
        "../scripts/show_tables.py"
