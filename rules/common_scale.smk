# Functions only: what the curves by fields and patch sizes and the careless splits are told.
from fewsky.field_budgets import fields_of, probes_of


def growing(names):
    """What the scores by number of fields are told."""
    task = PLAN.experiments[names[0]]["task"]
    return {
        "task": {"name": task, "classes": PLAN.tasks[task]["classes"]},
        "experiments": {name: fields_of(PLAN.experiments[name]) for name in names},
        "metric": SCALE["metric"],
        **{key: PLAN.paper["scoring"][key] for key in ("bootstrap", "seed")},
    }


def size_curve(names):
    """Sides of the patches that some experiments see, in pixels and in arcsec."""
    task = PLAN.tasks[PLAN.experiments[names[0]]["task"]]
    pixel = PLAN.surveys[PLAN.datasets[task["dataset"]]["survey"]]["pixel_arcsec"]
    crops = {name: PLAN.experiments[name]["model"]["crop"] for name in names}
    return {name: {"px": crop, "arcsec": crop * pixel} for name, crop in crops.items()}


def of_priced(price, file):
    """One file of every shard of the dataset that is split carefully and carelessly."""
    return cutouts_shown(price["dataset"], file) if price else []


def splitting_for_price(price):
    """What the careful and careless splits are told."""
    keys = ("by", "fields", "test_fraction", "tile_arcmin", "match_arcsec", "bin_mag", "seed")
    probes = probes_of(price)
    return {
        **{key: price[key] for key in keys},
        "classes": PLAN.tasks[PLAN.experiments[next(iter(probes))]["task"]]["classes"],
        "magnitude": PLAN.paper["scoring"]["magnitude"],
        "patch_arcsec": side_arcsec(PLAN.datasets[price["dataset"]]),
        "draws": max(probes.values()),
    }


def probing_price(price):
    """What the fit of each probe is told: an opponent its columns, a network its training."""
    told = {}
    for name, draws in probes_of(price).items():
        item = PLAN.experiments[name]
        if name in OPPONENTS:
            classes = PLAN.tasks[item["task"]]["classes"]
            told[name] = {"opponent": item["opponent"], "classes": classes, "draws": draws}
        else:
            told[name] = {**training(name), "budgets": ["all"], "folds": 0}
    return told


def priced_predictions(price):
    """The predictions of all probes: one file of an opponent, one a draw of a network."""
    return [
        f"<results>/models/{name}/price/draw-{draw}.parquet"
        for name, draws in probes_of(price).items()
        for draw in (["all"] if name in OPPONENTS else range(draws))
    ]
