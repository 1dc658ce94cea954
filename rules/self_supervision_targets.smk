# Figures room, the chapter on self-supervision: what pretexts learn, and which of it helps.
SSL_PRETEXTS = tabulated(PLAN, SS["pretexts"])
SSL_ABLATION = ablated(PLAN, SS["targets"])
if any(pretext["columns"] for pretext in SSL_PRETEXTS):
    TABLES += [
        "tab_ssl_pretext",
    ]
if SSL_ABLATION:
    FIGURES += [
        "fig_ssl_targets",
    ]


rule plot_ssl_targets:
    input:
        curves=[
            path
            for task in dict.fromkeys(row["task"] for row in SSL_ABLATION)
            for path in metrics_of_task(task, ".curves.csv")
        ],
    output:
        pdf="<results>/figures/fig_ssl_targets.pdf",
        png=report(
            "<results>/figures/fig_ssl_targets.png",
            caption="../report/captions/fig_ssl_targets.rst",
            category="Self-supervision",
            labels={"figure": "targets and bands"},
        ),
        provenance="<results>/figures/fig_ssl_targets.provenance.json",
    log:
        "<results>/logs/plot_ssl_targets.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"metric": SS["metric"], "rows": SSL_ABLATION},
        code=code_hash("scripts/plot_ssl_targets.py"),
    message:
        "Draw what starts gain at the fewest labels, by targets and bands"
    script:
        "../scripts/plot_ssl_targets.py"


rule tabulate_ssl_pretext:
    input:
        metrics=metrics_of(pretext["experiment"] for pretext in SSL_PRETEXTS if pretext["columns"]),
    output:
        csv=report(
            "<results>/tables/tab_ssl_pretext.csv",
            caption="../report/captions/tab_ssl_pretext.rst",
            category="Self-supervision",
            labels={"table": "pretexts"},
        ),
        tex="<results>/tables/tab_ssl_pretext.tex",
        provenance="<results>/tables/tab_ssl_pretext.provenance.json",
    log:
        "<results>/logs/tabulate_ssl_pretext.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"pretexts": SSL_PRETEXTS},
        code=code_hash("scripts/tabulate_ssl_pretext.py"),
    message:
        "Tabulate how far pretexts miss their targets"
    script:
        "../scripts/tabulate_ssl_pretext.py"
