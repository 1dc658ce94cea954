# Figures room, the star/galaxy chapter: distance as a second input, and the leak that it is.
DISTANCE = STAR_GALAXY["distance"]
TABLES += [
    "tab_sdss_distance",
    "tab_sdss_distance_pairs",
]


rule tabulate_sdss_distance:
    input:
        metrics=metrics_of([DISTANCE["without"]]),
    output:
        csv=report(
            "<results>/tables/tab_sdss_distance.csv",
            caption="../report/captions/tab_sdss_distance.rst",
            category="Star/galaxy",
            labels={"table": "distance as an input"},
        ),
        tex="<results>/tables/tab_sdss_distance.tex",
        provenance="<results>/tables/tab_sdss_distance.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_distance.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"distance": DISTANCE},
        code=code_hash("scripts/tabulate_sdss_distance.py"),
    message:
        "Tabulate scores with distance as an input"
    script:
        "../scripts/tabulate_sdss_distance.py"


rule tabulate_sdss_distance_pairs:
    input:
        comparisons=expand(
            "<results>/metrics/{task}.comparisons.csv", task=tasks_of([DISTANCE["without"]])
        ),
    output:
        csv=report(
            "<results>/tables/tab_sdss_distance_pairs.csv",
            caption="../report/captions/tab_sdss_distance_pairs.rst",
            category="Star/galaxy",
            labels={"table": "distance as an input, in pairs"},
        ),
        tex="<results>/tables/tab_sdss_distance_pairs.tex",
        provenance="<results>/tables/tab_sdss_distance_pairs.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_distance_pairs.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={"distance": DISTANCE},
        code=code_hash("scripts/tabulate_sdss_distance_pairs.py"),
    message:
        "Tabulate the comparisons of networks with and without distance"
    script:
        "../scripts/tabulate_sdss_distance_pairs.py"
