"""A small results folder of the chapter on self-supervision, for tests of its numbers and text."""

from pathlib import Path

import pandas as pd
from paper_run import REPORT
from ssl_tables import METRIC, audit, comparisons, contrasts, curves, errors, scores, seen

from fewsky.files import save_json, save_table

BANDS = ["u", "g", "r", "i", "z"]
RGB = ["red", "green", "blue"]
# Datasets by name: survey, side, bands, whether they are composed of others.
DATASETS = {
    "specobj": ("specobj", 32, RGB, False),
    "splus": ("splus", 32, BANDS, False),
    "splus-rgb": ("splus", 32, RGB, True),
    "plates-64": ("hash", 64, RGB, False),
    "plates-16": ("hash", 16, RGB, False),
    "mergers": ("mergers", 64, RGB, False),
    "efigi": ("efigi", 64, RGB, False),
    "g10": ("galaxy10-sdss", 69, RGB, False),
}
READERS = {"galaxy10-sdss": "galaxy10"}
CLASSES = {
    "sg": ("specobj", ["galaxy", "star"]),
    "ef-2": ("efigi", ["elliptical", "spiral"]),
    "splus-sg": ("splus", ["galaxy", "star"]),
    "splus-rgb-sg": ("splus-rgb", ["galaxy", "star"]),
    "pn-64": ("plates-64", ["not-pn", "true-pn"]),
    "pn-16": ("plates-16", ["not-pn", "true-pn"]),
    "mg": ("mergers", ["merger", "non-merger"]),
    "mg-random": ("mergers", ["merger", "non-merger"]),
    "nine": ("g10", ["round-smooth", "tight-spiral", "loose-spiral"]),
}
# Pretexts: task, target columns, loss, tasks whose tested objects are kept out.
PRETEXTS = {
    "magnitudes": ("p-magnitudes", ["mag_g", "mag_r"], "huber", ["sg", "nine"]),
    "sky-magnitudes": ("p-sky", ["mag_r"], "mae", ["sg"]),
    "measured": ("p-measured", ["feat_a", "feat_b"], "huber", ["sg"]),
    "contrastive": ("p-free", [], "contrastive", ["sg", "pn-64", "pn-16"]),
    "masked": ("p-free", [], "masked", ["sg", "pn-64", "pn-16"]),
    "splus-raw": ("p-splus", ["mag_g"], "huber", ["splus-sg"]),
    "splus-colours": ("p-splus-rgb", ["mag_g"], "huber", ["splus-rgb-sg"]),
}
OF_PRETEXT = {"p-splus": "splus", "p-splus-rgb": "splus-rgb"}
STARTS = {
    "imagenet": "imagenet",
    "magnitudes": "w-magnitudes",
    "measured": "w-measured",
    "contrastive": "w-contrastive",
    "masked": "w-masked",
}
ATLAS = {
    "sg": list(STARTS),
    "nine": ["magnitudes"],
    "splus-sg": ["raw"],
    "splus-rgb-sg": ["colours"],
}
NEBULAE = {
    start: [f"pn-{size}-{start}" for size in (64, 16)]
    for start in ("none", "contrastive", "masked")
}
# What is used as a probe only: two starts everywhere, and every start of one task.
PROBED = ("measured", "masked")
PROBED_TASK = "nine"
REAL = ["mg-net", "mg-forest", "mg-nuisance", "mg-random-net", "atlas-sg-magnitudes-probe"]
OPTIONAL = {
    "pretexts": ["magnitudes", "sky-magnitudes", "measured", "contrastive"],
    "atlas": True,
    "lowdata": ["sg"],
    "starts": ["sg", "nine"],
    "representations": [
        {"task": "sg", "weights": name} for name in ("pixels", "imagenet", "w-magnitudes")
    ],
    "nebulae": {"starts": NEBULAE, "column": "peaks_r"},
    "targets": ["splus-raw", "splus-colours"],
    "real": REAL,
}
EMPTY = {"atlas": False, "nebulae": None}
OF_KEY = {
    "pretexts": ([], ["tab_ssl_pretext"]),
    "atlas": (["fig_atlas"], ["tab_ssl_atlas"]),
    "lowdata": (["fig_ssl_lowdata"], []),
    "starts": ([], ["tab_ssl_starts"]),
    "representations": (["fig_ssl_embed"], ["tab_ssl_embed"]),
    "nebulae": (["fig_ssl_nebulae"], []),
    "targets": (["fig_ssl_targets"], []),
}


def chapter_of(without=()):
    """The chapter's settings; the keys in `without` are null or empty, "all" empties every one."""
    bare = set(OPTIONAL) if "all" in without else set(without)
    optional = {key: EMPTY.get(key, []) if key in bare else one for key, one in OPTIONAL.items()}
    return {"survey": "specobj", "dataset": "specobj", "metric": METRIC, **optional}


def shown_of(chapter):
    """Figures and tables that a run with these settings makes."""
    parts = [([], ["tab_datasets"]), *(parts for key, parts in OF_KEY.items() if chapter[key])]
    return tuple([name for part in parts for name in part[k]] for k in (0, 1))


def rows_of(chapter, published=True, only=("probe", "lpft")):
    """Rows of the atlas with the weights of each, in the ways in `only`."""
    rows = []
    for task in ATLAS if chapter["atlas"] else []:
        rows.append({"task": task, "start": "none", "way": "tuned", "weights": None})
        starts = [start for start in ATLAS[task] if published or start != "imagenet"]
        for start in starts:
            weights = STARTS.get(start, f"w-{start}")
            few = start in PROBED or task == PROBED_TASK
            for way in ("probe",) if few else only:
                rows.append({"task": task, "start": start, "way": way, "weights": weights})
    for row in rows:
        row |= {
            "experiment": f"atlas-{row['task']}-{row['start']}-{row['way']}",
            "words": "",
            "model": "net",
            "effort": [] if row["way"] == "probe" else [40, 400],
            "against": "" if row["start"] == "none" else f"atlas-{row['task']}-none-tuned",
        }
    return rows


def sources():
    """Starting weights by name, as the plan has them."""
    own = {
        f"w-{name}": {"from": name} for name in ("magnitudes", "measured", "contrastive", "masked")
    }
    own |= {"w-raw": {"from": "splus-raw"}, "w-colours": {"from": "splus-colours"}}
    own |= {"imagenet": {"url": "https://x", "about": "ImageNet-1k"}, "nothing": {"random": 1}}
    return {name: {"model": "net", "about": "", **block} for name, block in own.items()}


def settings(without=(), published=True, only=("probe", "lpft")):
    """What the rule collect_numbers is told of the chapter."""
    chapter = chapter_of(without)
    rows, items = rows_of(chapter, published, only), {}
    for name, (task, _, loss, _) in PRETEXTS.items():
        items[name] = {
            "task": task,
            "about": name,
            "weights": None,
            "model": {"name": "net"},
            "recipe": {"loss": loss},
        }
    for names in (chapter["nebulae"] or {"starts": {}})["starts"].values():
        for name in names:
            weights = "nothing" if name.endswith("none") else f"w-{name.split('-')[-1]}"
            items[name] = {
                "task": name.rpartition("-")[0],
                "about": "",
                "weights": weights,
                "probe": {},
            }
    for name in [name for name in chapter["real"] if not name.startswith("atlas-")]:
        items[name] = {"task": name.rpartition("-")[0], "about": "", "weights": None, **_what(name)}
    used = {row["weights"] for row in rows} | {item["weights"] for item in items.values()}
    used |= {pair["weights"] for pair in chapter["representations"]}
    weights = {name: block for name, block in sources().items() if name in used}
    pretexts = {
        *chapter["pretexts"],
        *chapter["targets"],
        *(one.get("from") for one in weights.values()),
    }
    items = {name: one for name, one in items.items() if name not in PRETEXTS or name in pretexts}
    tasks = {**_with_classes(), **_with_targets(chapter)}
    answered = {one["task"] for one in items.values()} | {row["task"] for row in rows}
    answered |= {pair["task"] for pair in chapter["representations"]}
    tasks = {name: task for name, task in tasks.items() if name in answered}
    datasets = {task["dataset"] for task in tasks.values()} | {"specobj"}
    told = {name: _dataset(name) for name in sorted(datasets)}
    surveys = {block["survey"] for block in told.values()}
    return {
        "chapter": chapter,
        "survey": {"reader": "specobj"},
        "dataset": told["specobj"],
        "second": None,
        "tasks": tasks,
        "experiments": items,
        "families": {},
        "weights": weights,
        "sky": False,
        "scoring": {"bootstrap": 1000},
        "comparisons": [{"a": "mg-net", "b": "mg-forest", "metric": METRIC}],
        "datasets": told,
        "surveys": {name: {"reader": READERS.get(name, name)} for name in sorted(surveys)},
        "atlas": rows,
        "ablation": _ablation(rows) if chapter["targets"] else [],
    }


def _what(name):
    kind = name.split("-")[-1]
    if kind == "net":
        return {"recipe": {}, "model": {"name": "net"}}
    return {
        "opponent": {"family": "forest", "control": "nuisance" if kind == "nuisance" else "none"}
    }


def _dataset(name):
    survey, size, bands, composed = DATASETS[name]
    return {
        "survey": survey,
        "size": size,
        "bands": bands,
        **({"composite": {"q": 8}} if composed else {}),
    }


def _with_classes():
    split = {"by": "radius", "audit": "enforce", "draws": 5, "folds": 0, "link_arcsec": 10}
    loose = {"by": "random", "audit": "report"}
    return {
        name: {
            "classes": classes,
            "dataset": dataset,
            "patch_arcsec": 12,
            "split": {**split, **(loose if name == "mg-random" else {})},
        }
        for name, (dataset, classes) in CLASSES.items()
    }


def _with_targets(chapter):
    tasks = {}
    for name, (task, columns, _, others) in PRETEXTS.items():
        scale = "divide" if name == "sky-magnitudes" else "standard"
        split = {
            "by": "radius",
            "draws": 1,
            "folds": 0,
            "link_arcsec": 10,
            "keep_out": {"tasks": others},
        }
        tasks[task] = {
            "classes": [],
            "dataset": OF_PRETEXT.get(task, "specobj"),
            "split": split,
            "patch_arcsec": 12,
            "targets": {"columns": columns, "scale": scale, "errors": []},
        }
    return tasks


def _ablation(rows):
    words = {"raw": ("splus-raw", "5 bands"), "colours": ("splus-colours", "RGB")}
    return [
        {
            "pretext": words[row["start"]][0],
            "words": words[row["start"]][0],
            "bands": words[row["start"]][1],
            **{key: row[key] for key in ("task", "start", "way", "experiment")},
            "nothing": f"atlas-{row['task']}-none-tuned",
            "panel": "splus/galaxy/star",
            "title": "splus",
        }
        for row in rows
        if row["start"] in words
    ]


def pairs_of(rows):
    """Pairs by task: starts against published weights, raw bands against colours."""
    found = {row["task"]: [] for row in rows}
    for a in rows:
        for b in rows:
            published = b["weights"] == "imagenet" != a["weights"] and a["task"] == b["task"]
            bands = (a["start"], b["start"]) == ("raw", "colours")
            if a["way"] == b["way"] and a["start"] != "none" and (published or bands):
                pair = {"a": a["experiment"], "b": b["experiment"], "way": a["way"]}
                found[a["task"]].append(pair)
    return found


def make_paper(
    folder,
    without=(),
    published=True,
    verdict="better",
    nuisance=0.55,
    truth=False,
    p=0.001,
    paired=True,
    only=("probe", "lpft"),
):
    """Write the files that the rule collect_numbers reads; return settings by chapter and files.

    `p` is that of every gain and pair at the fewest labels; without `paired` no start is held
    against another.
    """
    folder, told = Path(folder), settings(without, published, only)
    items, rows, tasks = told["experiments"], told["atlas"], told["tasks"]
    answered = {one["task"] for one in [*items.values(), *rows]}
    files = {
        "raw": {"specobj": [folder / "raw.tsv"]},
        "catalogs": {"specobj": [folder / "c.parquet"]},
        "audits": {
            task: folder / f"splits/{task}/audit.json" for task in tasks if task in answered
        },
        "metrics": {task: folder / f"metrics/{task}.csv" for task in tasks if task in answered},
        "comparisons": {
            task: folder / f"metrics/{task}.comparisons.csv" for task in tasks if task in answered
        },
        "cards": {
            name: folder / f"models/{name}/draw-0/model.json"
            for name, one in items.items()
            if "opponent" not in one
        },
        "curves": {
            task: folder / f"metrics/{task}.curves.csv" for task in {row["task"] for row in rows}
        },
        "contrasts": {
            task: folder / f"metrics/{task}.contrasts.csv" for task in {row["task"] for row in rows}
        },
        "represented": {},
        "published": REPORT / "published.csv",
        "constants": REPORT / "constants.csv",
    }
    listed = pd.DataFrame(
        {"kind": ["image"], "path": ["x/y.jpg"], "bytes": 1, "url": "", "sha256": ""}
    )
    save_table(listed, files["raw"]["specobj"][0])
    save_table(pd.DataFrame({"label": ["star"]}), files["catalogs"]["specobj"][0])
    for task in files["audits"]:
        names = [name for name, one in items.items() if one["task"] == task]
        names += [row["experiment"] for row in rows if row["task"] == task]
        save_json(audit(tasks[task]), files["audits"][task])
        table = (
            scores(names, tasks[task], nuisance, truth)
            if tasks[task]["classes"]
            else errors(_columns(names))
        )
        save_table(table, files["metrics"][task])
        save_table(
            comparisons(names if tasks[task]["classes"] else [], verdict),
            files["comparisons"][task],
        )
    for path in files["cards"].values():
        save_json(
            {"runs": [{"budget": 100, "parameters": 1000, "tuned_with": 100, "epochs": 9}]}, path
        )
    for task, path in files["curves"].items():
        save_table(curves([row for row in rows if row["task"] == task], verdict, p), path)
    for task, pairs in pairs_of(rows).items():
        save_table(contrasts(pairs if paired else [], verdict, p), files["contrasts"][task])
    for pair in told["chapter"]["representations"]:
        path = folder / "models/representations" / pair["task"] / f"{pair['weights']}.csv"
        save_table(seen(pair["weights"]), path)
        files["represented"].setdefault(pair["task"], []).append(path)
    return {"self-supervision": told}, files


def _columns(names):
    return {name: PRETEXTS[name][1] for name in names}
