"""Detection followed by classification: in tested images, in numbers, and in a whole frame."""

from pathlib import Path

from matplotlib.patches import Patch

from fewsky.boxes.table import EDGES
from fewsky.console import running
from fewsky.figures import detection as det
from fewsky.figures import style
from fewsky.figures.galaxy10 import class_words
from fewsky.figures.planetary_nebulae import images_of, load_objects
from fewsky.files import load_arrays, load_table
from fewsky.paper.detection import load_scores, reference_of
from fewsky.paper.tables import scored
from fewsky.provenance import record, simulated

COLUMNS, LINES = 4, 6  # pictures, and lines of words below each
SIDE, LINE, TITLE, KEY = 1.72, 0.125, 0.25, 0.3  # inches
BAR, AXIS = 0.15, 0.75  # inches of a bar, and of what stands below all of them
FRAME = 2.9  # inches, height of the picture of a frame
LISTED = 14  # detections of a frame that are numbered
WORDS = {
    det.RIGHT: "rightly named",
    det.MISNAMED: "misnamed",
    det.MISSED: "missed",
    det.INVENTED: "no box there",
}


def told(number, item):
    """What is said of one detection or galaxy: its number, its class, and the true one."""
    true, named = class_words(item.label), class_words(item.named)
    if item.outcome == det.MISSED:
        return [f"{number} missed: {true}"]
    return [f"{number} {named}", *([f"    truly {true}"] if item.outcome == det.MISNAMED else [])]


def one_image(ax, image, judged):
    """One picture with numbered boxes, and what is said of each below it."""
    det.photograph(ax, image)
    judged, lines = judged.sort_values("score", ascending=False, kind="stable"), []
    for number, item in enumerate(judged.itertuples(), 1):
        det.frame(ax, (item.x0, item.y0, item.x1, item.y1), item.outcome, str(number))
        lines += told(number, item)
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], "..."]
    lines += [""] * (LINES - len(lines))  # so that all pictures stand in one line
    ax.set_xlabel("\n".join(lines), loc="left", size=6.5, linespacing=1.15)


def images(figure, given):
    """Tested images at equal steps, each with what became of its galaxies."""
    judged = load_table(given.judged)
    chosen = det.at_steps(judged["image"], COLUMNS)
    objects = load_objects(given.catalogs)
    held = images_of(objects[objects["object_id"].isin(chosen)], list(given.images))
    axes = figure.subplots(1, COLUMNS, squeeze=False).ravel()
    for ax, name in zip(axes, chosen, strict=False):
        one_image(ax, held[name], judged[judged["image"] == name])
    for ax in axes[len(chosen) :]:
        ax.set_visible(False)


def shares(figure, rows):
    """What becomes of galaxies, all and by class: a bar each, with their number."""
    ax = figure.subplots()
    sizes = rows.groupby("subset")["n"].max()
    names = sorted(sizes.index, key=lambda name: (name != "all", -sizes[name], name))
    for k, name in enumerate(names):
        own, left = rows[rows["subset"] == name].set_index("metric")["value"], 0.0
        for metric, (_, colour) in det.SHARES.items():
            ax.barh(k, own[metric], 0.75, left, color=colour, ec="white", lw=0.5)
            left += own[metric]
    words = [class_words(name.removeprefix("class ")) for name in names]
    words = [f"{word} ({sizes[name]})" for word, name in zip(words, names, strict=True)]
    ax.set_yticks(range(len(names)), words)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.6), xlabel="Share of the galaxies")
    handles = [Patch(color=colour) for _, colour in det.SHARES.values()]
    words = [WORDS[word] for word, _ in det.SHARES.values()]
    figure.legend(handles, words, loc="outside lower center", ncols=3, handlelength=1)


def frame(figure, image, found):
    """A whole frame with all that was found, the surest numbered and named beside it."""
    ax = figure.subplots()
    det.photograph(ax, image)
    found = found.sort_values("score", ascending=False, kind="stable")
    for number, item in enumerate(found.itertuples(), 1):
        edges = [getattr(item, edge) for edge in EDGES]
        det.frame(ax, edges, det.KNOWN, str(number) if number <= LISTED else "")
    lines = [
        f"{number}  {class_words(item.named)} {det.score_words(item.probability)}"
        for number, item in enumerate(found[:LISTED].itertuples(), 1)
    ]
    ax.text(1.02, 1.0, "\n".join(lines), transform=ax.transAxes, va="top", size=7,
            linespacing=1.5)  # fmt: skip


with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    metrics = load_scores(given.metrics)
    metrics = scored(metrics, [settings["detector"]], reference=reference_of(metrics))
    fields = list(zip(given.composites, given.frames, strict=True))[:1]  # one fills the page
    heights = [TITLE + SIDE + LINE * LINES, AXIS + TITLE + BAR * metrics["subset"].nunique()]
    heights += [TITLE + FRAME] * len(fields)
    fig = style.figure(style.PAGE, KEY + sum(heights))
    parts = fig.subfigures(len(heights), 1, height_ratios=heights, squeeze=False).ravel()
    images(parts[0], given)
    shares(parts[1], metrics)
    titles = ["Tested images at equal steps through their names", "All tested images"]
    for figure, (picture, path) in zip(parts[2:], fields, strict=True):
        frame(figure, load_arrays(picture)["image"], load_table(path))
        titles.append(f"Field {Path(path).name.split('.')[0]}")
    for k, (figure, title) in enumerate(zip(parts, titles, strict=True)):
        figure.suptitle(f"({chr(97 + k)}) {title}", x=0.005, ha="left", size=8)
    det.key_of_boxes(fig, WORDS, len(WORDS))
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
