# Patches of four classes: a whole field mapped by a network, held against its catalogue, and shown.
FOUR_CLASSES = PLAN.tasks[FOUR["task"]]["classes"]
FIGURES += [
    "fig_sdss_4class",
]
TABLES += [
    "tab_sdss_4class",
]


rule map_catalogue:
    input:
        files=of_mapped("raw"),
        fields=of_mapped("aligned"),
    output:
        table="<results>/cutouts/maps/{field}.parquet",
        provenance="<results>/cutouts/maps/{field}.provenance.json",
    log:
        "<results>/logs/map_catalogue/{field}.log",
    wildcard_constraints:
        field=one_of([FOUR["field"]]),
    localrule: True
    conda:
        "../envs/astro.yaml"
    resources:
        **SMALL,
        store=STORE,
    params:
        settings=mapping(),
        code=code_hash("scripts/map_catalogue.py"),
    message:
        "Map {wildcards.field} by its catalogue"
    script:
        "../scripts/map_catalogue.py"


rule map_field:
    input:
        target="<results>/cutouts/maps/{field}.parquet",
        fields=of_mapped("aligned"),
        model=first_draw_of(FOUR["network"], "model.safetensors"),
        card=first_draw_of(FOUR["network"], "model.json"),
        weights=prepared_for(FOUR["network"]),
    output:
        table="<results>/models/{experiment}/maps/{field}.parquet",
        provenance="<results>/models/{experiment}/maps/{field}.provenance.json",
    log:
        "<results>/logs/map_field/{experiment}/{field}.log",
    benchmark:
        "<results>/benchmarks/map_field/{experiment}/{field}.tsv"
    wildcard_constraints:
        experiment=one_of([FOUR["network"]]),
        field=one_of([FOUR["field"]]),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
        device=PLAN.technical["compute"]["device"],
    params:
        settings={"field": FOUR["field"], "threads": threads_for(FOUR["network"])},
        code=code_of_network("scripts/map_field.py", FOUR["network"]),
    message:
        "Map {wildcards.field} by {wildcards.experiment}"
    script:
        "../scripts/map_field.py"


rule score_map:
    input:
        map=f"<results>/models/{FOUR['network']}/maps/{{field}}.parquet",
    output:
        table="<results>/metrics/maps/{field}.csv",
        provenance="<results>/metrics/maps/{field}.provenance.json",
    log:
        "<results>/logs/score_map/{field}.log",
    wildcard_constraints:
        field=one_of([FOUR["field"]]),
    localrule: True
    conda:
        "../envs/torch.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "classes": FOUR_CLASSES,
            "tile_arcmin": FOUR["tile_arcmin"],
            **{key: PLAN.paper["scoring"][key] for key in ("bootstrap", "seed")},
        },
        code=code_hash("scripts/score_map.py"),
    message:
        "Hold the map of {wildcards.field} against its catalogue"
    script:
        "../scripts/score_map.py"


rule plot_sdss_4class:
    input:
        fields=of_mapped("aligned"),
        map=f"<results>/models/{FOUR['network']}/maps/{FOUR['field']}.parquet",
        agreement=maps_scored(),
        metrics=metrics_of([FOUR["network"]]),
    output:
        pdf="<results>/figures/fig_sdss_4class.pdf",
        png=report(
            "<results>/figures/fig_sdss_4class.png",
            caption="../report/captions/fig_sdss_4class.rst",
            category="Star/galaxy",
            labels={"figure": "four classes, mapped"},
        ),
        provenance="<results>/figures/fig_sdss_4class.provenance.json",
    log:
        "<results>/logs/plot_sdss_4class.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "field": FOUR["field"],
            "network": FOUR["network"],
            "classes": FOUR_CLASSES,
            "step_px": FOUR["step_px"],
            "reference_band": SHOWN_SURVEY["reference_band"],
        },
        code=code_hash("scripts/plot_sdss_4class.py"),
    message:
        "Draw the map of four classes beside that of the catalogue"
    script:
        "../scripts/plot_sdss_4class.py"


rule tabulate_sdss_4class:
    input:
        metrics=metrics_of(FOUR["main"]),
        agreement=maps_scored(),
    output:
        csv=report(
            "<results>/tables/tab_sdss_4class.csv",
            caption="../report/captions/tab_sdss_4class.rst",
            category="Star/galaxy",
            labels={"table": "four classes"},
        ),
        tex="<results>/tables/tab_sdss_4class.tex",
        provenance="<results>/tables/tab_sdss_4class.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_4class.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "classes": FOUR_CLASSES,
            "kinds": {name: kind_of(name) for name in FOUR["main"]},
            "network": FOUR["network"],
            "field": FOUR["field"],
        },
        code=code_hash("scripts/tabulate_sdss_4class.py"),
    message:
        "Tabulate the scores of four classes"
    script:
        "../scripts/tabulate_sdss_4class.py"
