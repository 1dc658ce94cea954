# Figures room, the star/galaxy chapter: which pixels the networks go by.
FIGURES += [
    "fig_sdss_radial",
]


rule plot_sdss_radial:
    input:
        **influences_of(RADIAL["experiments"], without="influence_tests"),
    output:
        pdf="<results>/figures/fig_sdss_radial.pdf",
        png=report(
            "<results>/figures/fig_sdss_radial.png",
            caption="../report/captions/fig_sdss_radial.rst",
            category="Star/galaxy",
            labels={"figure": "influence by distance from the centre"},
        ),
        provenance="<results>/figures/fig_sdss_radial.provenance.json",
    log:
        "<results>/logs/plot_sdss_radial.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"experiments": RADIAL["experiments"]},
        code=code_hash("scripts/plot_sdss_radial.py"),
    message:
        "Draw what the networks go by, by distance from the centre"
    script:
        "../scripts/plot_sdss_radial.py"
