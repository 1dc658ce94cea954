"""Detections in tested images: at equal steps, where most went wrong, and off the centre."""

import pandas as pd
from matplotlib.patches import Rectangle

from fewsky.boxes.table import EDGES
from fewsky.console import running
from fewsky.figures import detection as det
from fewsky.figures import style
from fewsky.figures.planetary_nebulae import images_of, load_objects
from fewsky.metrics.detection_tables import cut_to_windows
from fewsky.models.detect_crops import OFF_CENTRE, windows
from fewsky.provenance import record, simulated
from fewsky.rooms import load_boxes

COLUMNS = 5
SIDE, TITLE, KEY = style.PAGE / COLUMNS, 0.25, 0.3  # inches
WORDS = {
    det.FOUND: "detection, right",
    det.INVENTED: "detection, wrong",
    det.KNOWN: "box that was found",
    det.MISSED: "box that was missed",
    det.DIFFICULT: "not counted",
}


def blocks(found, boxes):
    """Title, part and names of the images of each block of pictures."""
    tested = found[found["part"] == "test"]
    sample = det.at_steps(tested["image"], 2 * COLUMNS)
    told = [("Tested images at equal steps through their names", "test", sample)]
    worst = det.worst(tested[~tested["image"].isin(sample)], boxes, COLUMNS)
    told.append(("Of the other tested images, those with most faults", "test", worst))
    seen = set(found.loc[found["part"] == OFF_CENTRE, "image"])
    moved = [name for name in sample if name in seen][:COLUMNS]
    told.append(("The first of them, of which only a window was shown", OFF_CENTRE, moved))
    return [block for block in told if block[2]]


def draw(ax, image, found, boxes):
    """One picture: every detection with its score, and the boxes that none finds."""
    seen = det.matched(found, boxes)
    det.photograph(ax, image)
    for edges, word in zip(boxes[EDGES].to_numpy(), seen.boxes, strict=True):
        det.frame(ax, edges, det.KNOWN if word == det.FOUND else word)
    told = [det.score_words(score) for score in found["score"]]
    for edges, word, words in zip(found[EDGES].to_numpy(), seen.found, told, strict=True):
        det.frame(ax, edges, word, words)


def darken(ax, window, size):
    """Darken what of a picture the window does not show."""
    x0, y0, x1, y1 = window
    sides = [((0, 0), size, y0), ((0, y1), size, size - y1)]
    sides += [((0, y0), x0, y1 - y0), ((x1, y0), size - x1, y1 - y0)]
    for corner, wide, high in sides:
        ax.add_patch(Rectangle(corner, wide, high, color="black", alpha=0.65, lw=0))
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, ec="white", lw=0.4))


def seen_through(boxes, at):
    """The boxes as their windows show them."""
    rows = boxes.assign(image=pd.Index(at["image"]).get_indexer(boxes["image"]))
    cut = cut_to_windows(rows[rows["image"] >= 0], pd.DataFrame(index=at["image"]), at)
    return cut.assign(image=at["image"].to_numpy()[cut["image"]])


def block(figure, images, found, boxes, part, names):
    """The pictures of a block, row by row."""
    axes = figure.subplots(-(-len(names) // COLUMNS), COLUMNS, squeeze=False).ravel()
    size = next(iter(images.values())).shape[2]
    at = windows(names, size, settings["off_centre"] or 1, settings["seed"]).set_index("image")
    boxes = seen_through(boxes, at.reset_index()) if part == OFF_CENTRE else boxes
    for ax, name in zip(axes, names, strict=False):
        own = found[(found["part"] == part) & (found["image"] == name)].dropna(subset=["score"])
        draw(ax, images[name], own, boxes[boxes["image"] == name])
        if part == OFF_CENTRE:
            darken(ax, at.loc[name], size)
    for ax in axes[len(names) :]:
        ax.set_visible(False)


with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    boxes = load_boxes(given.boxes)
    found = det.predictions_of(given.predictions)
    least = det.sure_score(found[found["part"] == "val"], boxes)
    found.loc[found["score"] < least, [*EDGES, "score"]] = float("nan")
    shown = blocks(found, boxes)
    names = {name for _, _, names in shown for name in names}
    objects = load_objects(given.catalogs)
    images = images_of(objects[objects["object_id"].isin(names)], list(given.images))

    heights = [TITLE + SIDE * -(-len(names) // COLUMNS) for *_, names in shown]
    fig = style.figure(style.PAGE, KEY + sum(heights))
    parts = fig.subfigures(len(shown), 1, height_ratios=heights, squeeze=False).ravel()
    for k, (figure, (title, part, names)) in enumerate(zip(parts, shown, strict=True)):
        block(figure, images, found, boxes, part, names)
        figure.suptitle(f"({chr(97 + k)}) {title}", x=0.005, ha="left", size=8)
    det.key_of_boxes(fig, WORDS, len(WORDS))
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
