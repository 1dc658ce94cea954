# Figures room, the chapter on self-supervision: what starting weights see before any label is used.
# The maps and measures themselves are made in the models room, by measure_representation.
if REPRESENTED:
    FIGURES += [
        "fig_ssl_embed",
    ]
    TABLES += [
        "tab_ssl_embed",
    ]
EMBEDDED = {
    "starts": starts_shown(),
    "classes": {pair["task"]: PLAN.tasks[pair["task"]]["classes"] for pair in REPRESENTED},
}


rule plot_ssl_embed:
    input:
        points=represented(".parquet"),
        tables=represented(".csv"),
    output:
        pdf="<results>/figures/fig_ssl_embed.pdf",
        png=report(
            "<results>/figures/fig_ssl_embed.png",
            caption="../report/captions/fig_ssl_embed.rst",
            category="Self-supervision",
            labels={"figure": "what starting weights see"},
        ),
        provenance="<results>/figures/fig_ssl_embed.provenance.json",
    log:
        "<results>/logs/plot_ssl_embed.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings=EMBEDDED,
        code=code_hash("scripts/plot_ssl_embed.py"),
    message:
        "Draw what starting weights see before any label is used"
    script:
        "../scripts/plot_ssl_embed.py"


rule tabulate_ssl_embed:
    input:
        tables=represented(".csv"),
    output:
        csv=report(
            "<results>/tables/tab_ssl_embed.csv",
            caption="../report/captions/tab_ssl_embed.rst",
            category="Self-supervision",
            labels={"table": "what starting weights see"},
        ),
        tex="<results>/tables/tab_ssl_embed.tex",
        provenance="<results>/tables/tab_ssl_embed.provenance.json",
    log:
        "<results>/logs/tabulate_ssl_embed.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"starts": EMBEDDED["starts"]},
        code=code_hash("scripts/tabulate_ssl_embed.py"),
    message:
        "Put in numbers what starting weights see before any label is used"
    script:
        "../scripts/tabulate_ssl_embed.py"
