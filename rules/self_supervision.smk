# Figures room, the chapter on self-supervision: each figure and table by one script that fits nothing.
SS = PLAN.paper["self-supervision"]
SS_ATLAS = tasks_of_atlas("self-supervision") if SS["atlas"] else []
if SS_ATLAS:
    FIGURES += [
        "fig_atlas",
    ]
    TABLES += [
        "tab_ssl_atlas",
    ]
if SS["lowdata"]:
    FIGURES += [
        "fig_ssl_lowdata",
    ]
if SS["starts"]:
    TABLES += [
        "tab_ssl_starts",
    ]


# --- figures --------------------------------------------------------------------------------------
rule plot_atlas:
    input:
        curves=curves_of_atlas(SS_ATLAS),
    output:
        pdf="<results>/figures/fig_atlas.pdf",
        png=report(
            "<results>/figures/fig_atlas.png",
            caption="../report/captions/fig_atlas.rst",
            category="Self-supervision",
            labels={"figure": "the atlas"},
        ),
        provenance="<results>/figures/fig_atlas.provenance.json",
    log:
        "<results>/logs/plot_atlas.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings=atlas_of(SS_ATLAS),
        code=code_hash("scripts/plot_atlas.py"),
    message:
        "Draw score against number of labels for every start, way and task"
    script:
        "../scripts/plot_atlas.py"


rule plot_ssl_lowdata:
    input:
        curves=curves_of_atlas(SS["lowdata"]),
    output:
        pdf="<results>/figures/fig_ssl_lowdata.pdf",
        png=report(
            "<results>/figures/fig_ssl_lowdata.png",
            caption="../report/captions/fig_ssl_lowdata.rst",
            category="Self-supervision",
            labels={"figure": "few labels"},
        ),
        provenance="<results>/figures/fig_ssl_lowdata.provenance.json",
    log:
        "<results>/logs/plot_ssl_lowdata.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings=atlas_of(SS["lowdata"]),
        code=code_hash("scripts/plot_ssl_lowdata.py"),
    message:
        "Draw score against number of labels for the starts of the original study"
    script:
        "../scripts/plot_ssl_lowdata.py"


# --- tables ---------------------------------------------------------------------------------------
rule tabulate_ssl_starts:
    input:
        curves=curves_of_atlas(SS["starts"]),
    output:
        csv=report(
            "<results>/tables/tab_ssl_starts.csv",
            caption="../report/captions/tab_ssl_starts.rst",
            category="Self-supervision",
            labels={"table": "data sets by starts"},
        ),
        tex="<results>/tables/tab_ssl_starts.tex",
        provenance="<results>/tables/tab_ssl_starts.provenance.json",
    log:
        "<results>/logs/tabulate_ssl_starts.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings=atlas_of(SS["starts"]),
        code=code_hash("scripts/tabulate_ssl_starts.py"),
    message:
        "Tabulate data sets by starts"
    script:
        "../scripts/tabulate_ssl_starts.py"


rule tabulate_ssl_atlas:
    input:
        curves=curves_of_atlas(SS_ATLAS),
    output:
        csv=report(
            "<results>/tables/tab_ssl_atlas.csv",
            caption="../report/captions/tab_ssl_atlas.rst",
            category="Self-supervision",
            labels={"table": "the atlas in numbers"},
        ),
        tex="<results>/tables/tab_ssl_atlas.tex",
        provenance="<results>/tables/tab_ssl_atlas.provenance.json",
    log:
        "<results>/logs/tabulate_ssl_atlas.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings=atlas_of(SS_ATLAS),
        code=code_hash("scripts/tabulate_ssl_atlas.py"),
    message:
        "Tabulate areas under the curves and where starts stop paying"
    script:
        "../scripts/tabulate_ssl_atlas.py"
