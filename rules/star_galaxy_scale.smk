# The star/galaxy chapter: what more fields and larger patches bring, and what careless splits cost.
SCALE = STAR_GALAXY["scale"]
PRICE = SCALE["price"]
PRICED = probes_of(PRICE) if PRICE else {}
PROBING_PRICE = probing_price(PRICE) if PRICE else {}
NETWORKS_PRICED = [name for name in PRICED if name not in OPPONENTS]
if SCALE["fields"] or SCALE["sizes"]:
    FIGURES += [
        "fig_sdss_scale",
    ]
if PRICE:
    FIGURES += [
        "fig_sdss_dedup",
    ]
    TABLES += [
        "tab_sdss_dedup",
    ]


rule make_priced:
    input:
        catalogs=of_priced(PRICE, "catalog.parquet"),
    output:
        parts="<results>/splits/star-galaxy.price.parquet",
        leaks="<results>/splits/star-galaxy.price.csv",
        provenance="<results>/splits/star-galaxy.price.provenance.json",
    log:
        "<results>/logs/make_priced.log",
    localrule: True
    conda:
        "../envs/torch.yaml"
    resources:
        **SMALL,
    params:
        settings=splitting_for_price(PRICE) if PRICE else {},
        code=code_hash("scripts/make_priced.py"),
    message:
        "Split carefully and carelessly"
    script:
        "../scripts/make_priced.py"


rule price_opponent:
    input:
        catalogs=of_priced(PRICE, "catalog.parquet"),
        measured=of_priced(PRICE, "measured.parquet"),
        parts="<results>/splits/star-galaxy.price.parquet",
    output:
        predictions="<results>/models/{experiment}/price/draw-all.parquet",
        provenance="<results>/models/{experiment}/price/draw-all.provenance.json",
    log:
        "<results>/logs/price_opponent/{experiment}.log",
    benchmark:
        "<results>/benchmarks/price_opponent/{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of([name for name in PRICED if name in OPPONENTS]),
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=chosen(PROBING_PRICE, "experiment"),
        code=code_hash("scripts/price_opponent.py"),
    message:
        "Fit {wildcards.experiment} on careful and careless splits"
    script:
        "../scripts/price_opponent.py"


rule price_network:
    input:
        images=of_priced(PRICE, "images.safetensors"),
        catalogs=of_priced(PRICE, "catalog.parquet"),
        parts="<results>/splits/star-galaxy.price.parquet",
    output:
        predictions="<results>/models/{experiment}/price/draw-{draw}.parquet",
        provenance="<results>/models/{experiment}/price/draw-{draw}.provenance.json",
    log:
        "<results>/logs/price_network/{experiment}/draw-{draw}.log",
    benchmark:
        "<results>/benchmarks/price_network/{experiment}/draw-{draw}.tsv"
    wildcard_constraints:
        experiment=one_of(NETWORKS_PRICED),
    conda:
        "../envs/torch.yaml"
    resources:
        **GPU,
        device=PLAN.technical["compute"]["device"],
        resume=f"{RESULTS}/models/.resume",
    params:
        settings=chosen(PROBING_PRICE, "experiment"),
        code=chosen(by_network("scripts/price_network.py", NETWORKS_PRICED), "experiment"),
    message:
        "Train {wildcards.experiment} on careful and careless splits, draw {wildcards.draw}"
    script:
        "../scripts/price_network.py"


rule score_price:
    input:
        predictions=priced_predictions(PRICE) if PRICE else [],
        catalogs=of_priced(PRICE, "catalog.parquet"),
        parts="<results>/splits/star-galaxy.price.parquet",
    output:
        table="<results>/metrics/star-galaxy.price.csv",
        provenance="<results>/metrics/star-galaxy.price.provenance.json",
    log:
        "<results>/logs/score_price.log",
    benchmark:
        "<results>/benchmarks/score_price.tsv"
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings={
            **(splitting_for_price(PRICE) if PRICE else {}),
            **{key: PLAN.paper["scoring"][key] for key in ("bootstrap", "seed")},
        },
        code=code_hash("scripts/score_price.py"),
    message:
        "Score what careless splits cost"
    script:
        "../scripts/score_price.py"


rule score_growth:
    input:
        predictions=[path for name in SCALE["fields"] for path in predictions_of(name)],
        manifest=[f"<results>/splits/{task}/manifest.csv" for task in tasks_of(SCALE["fields"])],
    output:
        table="<results>/metrics/star-galaxy.growth.csv",
        provenance="<results>/metrics/star-galaxy.growth.provenance.json",
    log:
        "<results>/logs/score_growth.log",
    benchmark:
        "<results>/benchmarks/score_growth.tsv"
    conda:
        "../envs/torch.yaml"
    resources:
        **LARGE,
    params:
        settings=growing(SCALE["fields"]) if SCALE["fields"] else {},
        code=code_hash("scripts/score_growth.py"),
    message:
        "Score what more fields bring"
    script:
        "../scripts/score_growth.py"


rule plot_sdss_scale:
    input:
        growth=["<results>/metrics/star-galaxy.growth.csv"] if SCALE["fields"] else [],
        sizes=metrics_of(SCALE["sizes"]),
    output:
        pdf="<results>/figures/fig_sdss_scale.pdf",
        png=report(
            "<results>/figures/fig_sdss_scale.png",
            caption="../report/captions/fig_sdss_scale.rst",
            category="Star/galaxy",
            labels={"figure": "fields and patch sizes"},
        ),
        provenance="<results>/figures/fig_sdss_scale.provenance.json",
    log:
        "<results>/logs/plot_sdss_scale.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "metric": SCALE["metric"],
            "fields": {name: PLAN.experiments[name]["about"] for name in SCALE["fields"]},
            "sizes": size_curve(SCALE["sizes"]) if SCALE["sizes"] else {},
        },
        code=code_hash("scripts/plot_sdss_scale.py"),
    message:
        "Draw scores by number of fields and by patch size"
    script:
        "../scripts/plot_sdss_scale.py"


rule plot_sdss_dedup:
    input:
        price="<results>/metrics/star-galaxy.price.csv",
    output:
        pdf="<results>/figures/fig_sdss_dedup.pdf",
        png=report(
            "<results>/figures/fig_sdss_dedup.png",
            caption="../report/captions/fig_sdss_dedup.rst",
            category="Star/galaxy",
            labels={"figure": "what careless splits cost"},
        ),
        provenance="<results>/figures/fig_sdss_dedup.provenance.json",
    log:
        "<results>/logs/plot_sdss_dedup.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "metric": SCALE["metric"],
            "probes": {name: PLAN.experiments[name]["about"] for name in PRICED},
        },
        code=code_hash("scripts/plot_sdss_dedup.py"),
    message:
        "Draw what careless splits add to a score"
    script:
        "../scripts/plot_sdss_dedup.py"


rule tabulate_sdss_dedup:
    input:
        price="<results>/metrics/star-galaxy.price.csv",
        leaks="<results>/splits/star-galaxy.price.csv",
    output:
        csv=report(
            "<results>/tables/tab_sdss_dedup.csv",
            caption="../report/captions/tab_sdss_dedup.rst",
            category="Star/galaxy",
            labels={"table": "careless splits"},
        ),
        tex="<results>/tables/tab_sdss_dedup.tex",
        provenance="<results>/tables/tab_sdss_dedup.provenance.json",
    log:
        "<results>/logs/tabulate_sdss_dedup.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    resources:
        **SMALL,
    params:
        settings={
            "probes": list(PRICED),
            "metrics": list(dict.fromkeys([SCALE["metric"], "accuracy"])),
        },
        code=code_hash("scripts/tabulate_sdss_dedup.py"),
    message:
        "Tabulate careless splits beside the careful one"
    script:
        "../scripts/tabulate_sdss_dedup.py"
