# Figures room, the chapter on self-supervision: starts without labels tested on nebulae.
SSL_NEBULAE = PLAN.paper["self-supervision"]["nebulae"] or {"starts": {}, "column": None}
SSL_NEBULAE_STARTS = {
    start: sizes_of(names) for start, names in SSL_NEBULAE["starts"].items() if names
}
SSL_NEBULAE_NAMES = [name for sizes in SSL_NEBULAE_STARTS.values() for name in sizes]
if SSL_NEBULAE_NAMES:
    FIGURES += [
        "fig_ssl_nebulae",
    ]


rule plot_ssl_nebulae:
    input:
        metrics=metrics_of(SSL_NEBULAE_NAMES),
        comparisons=[
            path
            for task in tasks_of(SSL_NEBULAE_NAMES)
            for path in metrics_of_task(task, ".comparisons.csv")
        ],
    output:
        pdf="<results>/figures/fig_ssl_nebulae.pdf",
        png=report(
            "<results>/figures/fig_ssl_nebulae.png",
            caption="../report/captions/fig_ssl_nebulae.rst",
            category="Self-supervision",
            labels={"figure": "starts without labels on nebulae"},
        ),
        provenance="<results>/figures/fig_ssl_nebulae.provenance.json",
    log:
        "<results>/logs/plot_ssl_nebulae.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"column": SSL_NEBULAE["column"], "starts": SSL_NEBULAE_STARTS},
        code=code_hash("scripts/plot_ssl_nebulae.py"),
    message:
        "Draw starts without labels on nebulae, by resolution and by the sources around them"
    script:
        "../scripts/plot_ssl_nebulae.py"
