"""A contact sheet of the galaxies: a row a class, in each of the releases that the paper uses."""

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.galaxy10 import class_words, sheet
from fewsky.provenance import record, simulated

SIDE = 0.45  # inches of a picture with the gap beside it
GAP = 0.03  # of a side
NAMES = 1.3  # inches left of the pictures, for the names of the classes


def draw(ax, found, n, title):
    """One release: a row a class, its name and its number of objects beside it."""
    for row, (_, pictures) in enumerate(found.values()):
        for column, image in enumerate(pictures):
            # Files of pictures begin with their upper row.
            place = (column + GAP, column + 1 - GAP, row + 1 - GAP, row + GAP)
            ax.imshow(image, origin="upper", extent=place, interpolation="antialiased")
    words = [f"{class_words(label)}\n({count:,})" for label, (count, _) in found.items()]
    style.picture(ax)
    ax.set_yticks([row + 0.5 for row in range(len(found))], words)
    ax.tick_params(length=0)
    ax.set(xlim=(0, n), ylim=(len(found), 0), title=title)


with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    releases = list(zip(settings["releases"].items(), (given.catalogs, given.other_catalogs),
                        (given.images, given.other_images), strict=False))  # fmt: skip
    n = int((style.PAGE / len(releases) - NAMES) / SIDE)
    rows = max(len(classes) for classes in settings["releases"].values())
    fig = style.figure(style.PAGE, 0.25 + SIDE * rows)
    axes = fig.subplots(1, len(releases), squeeze=False)[0]
    for ax, ((name, classes), catalogs, images) in zip(axes, releases, strict=True):
        draw(ax, sheet(list(catalogs), list(images), classes, n), n, name)
    style.letter(axes)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
