# Functions only: the optional parts of the chapter on stars and galaxies, what each is told and reads.
from fewsky.tried import told_tried


def told_of_star_galaxy(chapter):
    """What the numbers of the chapter are told besides, part by part."""
    scenes = {name: block for name, block in PLAN.datasets.items() if "scene" in block}
    return {"tried": told_tried(PLAN), "scene_datasets": scenes}


def experiments_of(told):
    """Experiments that a block of the chapter names anywhere, families by all their members."""
    if isinstance(told, dict):
        told = list(told.values())
    if isinstance(told, list):
        return [name for item in told for name in experiments_of(item)]
    if not isinstance(told, str):
        return []
    return PLAN.families.get(told, [told] if told in PLAN.experiments else [])


# --- which pixels networks go by ----------------------------------------------------------------
def influences_of(names, without):
    """What is measured of the influence of pixels on some networks: files by their kind, but one."""
    ends = {"influences": ".parquet", "influence_tests": ".csv",
            "influence_neighbours": ".neighbours.csv", "influence_maps": ".safetensors",
            "influence_told": ".json"}  # fmt: skip
    path = "<results>/models/{name}/influence"
    return {kind: expand(path + end, name=names) for kind, end in ends.items() if kind != without}


# --- generated patches --------------------------------------------------------------------------
def generated_files(names, ending):
    """Generated patches, or their tables, of every draw of some experiments."""
    return [
        f"<results>/splits/{PLAN.experiments[name]['task']}/generated/{name}/draw-{k}{ending}"
        for name in names
        for k in draws_of(name)
    ]


def telling(block):
    """What the test of real against generated is told."""
    told = generating(block["with"][0])
    keys = ("classes", "folds", "seed", "bands", "pixel_arcsec")
    return {
        "experiment": "paper.star-galaxy.generated",
        **{key: told[key] for key in keys},
        "budget": block["budget"],
        "bootstrap": PLAN.paper["scoring"]["bootstrap"],
    }


def metrics_generated():
    """What training with generated patches gains, and whether they are told; none where not asked."""
    asked = part_of("star-galaxy", "generated")
    names = ("gains", "told") if asked else ()
    return [f"<results>/metrics/generated/{name}.csv" for name in names]


# --- four classes -------------------------------------------------------------------------------
def of_mapped(room):
    """The list of a room for the shard that holds the field mapped in four classes."""
    survey, shard = PLAN.paper["star-galaxy"]["survey"], shard_of(FOUR["field"])
    return f"<results>/{room}/{survey}/{shard}.tsv"


def maps_scored():
    """Agreement of the map in four classes with the catalogue's, as a list of none or one."""
    return [f"<results>/metrics/maps/{FOUR['field']}.csv"] if FOUR else []


def mapping():
    """What the catalogue's map of a field is told: the data set's rule, the kind of catalogue."""
    dataset = PLAN.datasets[PLAN.tasks[FOUR["task"]]["dataset"]]
    told = {key: FOUR[key] for key in ("field", "step_px")}
    return {**told, **cutting(dataset, shard_of(FOUR["field"]))}


# --- scale and shift ----------------------------------------------------------------------------
def of_scale():
    """Files that only the section on scale quotes."""
    told = part_of("star-galaxy", "scale")
    if not told:
        return {}
    price = bool(told["price"])
    return {
        "growth": ["<results>/metrics/star-galaxy.growth.csv"] if told["fields"] else [],
        "price": ["<results>/metrics/star-galaxy.price.csv"] if price else [],
        "leaks": ["<results>/splits/star-galaxy.price.csv"] if price else [],
    }


def under_shift():
    """Experiments that are tested on fields of other runs."""
    told = part_of("star-galaxy", "shift")
    return told["experiments"] if told else []


def of_shift():
    """Files that only the section on other runs quotes."""
    return {"shift": [f"<results>/metrics/{task}.shift.csv" for task in tasks_of(under_shift())]}
