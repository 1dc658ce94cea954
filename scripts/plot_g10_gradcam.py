"""Grad-CAM: where networks see the class, in the surest galaxy of each and the worst mistakes."""

from fewsky.console import running
from fewsky.figures import galaxy10_explained as explained
from fewsky.figures import style
from fewsky.provenance import record, simulated

SURE, WRONG = 5, 3  # objects a line
HEIGHTS = {SURE: 1.06, WRONG: 1.24}  # inches of a line: words and pictures
TITLE, BAR = 0.22, 0.5


def lines_of(one, n_mistakes):
    """The objects of each line of pictures, and the parts of each: the image and maps."""
    sure, wrong = one.pictured("surest"), one.pictured("mistaken").head(n_mistakes)
    return [
        (table.iloc[k : k + n], n)
        for table, n in ((sure, SURE), (wrong, WRONG))
        for k in range(0, len(table), n)
    ]


def draw_object(part, one, item):
    """An object: its picture, evidence for the class decided and, if it differs, the true one."""
    part.suptitle(explained.verdict(item, 26 if item.label == item.decided else 45),
                  size=explained.SMALL, linespacing=1.05)  # fmt: skip
    wrong = item.label != item.decided
    axes = part.subplots(1, 3 if wrong else 2)
    image = one.arrays["gradcam/images"][item.picture]
    explained.show(axes[0], image)
    for ax, column in zip(axes[1:], ("decided", "label"), strict=False):
        explained.show_evidence(ax, image, one.arrays[f"gradcam/{column}"][item.picture])
    if wrong:
        for ax, words in zip(axes, ("image", "for decided", "for true"), strict=True):
            ax.set_xlabel(words, fontsize=explained.SMALL, labelpad=1.5)


def draw(part, one, lines, letter):
    """All lines of one experiment."""
    part.suptitle(f"({letter}) {one.name}", x=0.01, ha="left", size=8)
    heights = [HEIGHTS[n] for _, n in lines]
    rows = part.subfigures(len(lines), 1, height_ratios=heights, squeeze=False)[:, 0]
    for row, (table, n) in zip(rows, lines, strict=True):
        cells = row.subfigures(1, n, squeeze=False)[0]
        for cell, item in zip(cells, table.itertuples(), strict=False):
            draw_object(cell, one, item)


with running(snakemake.log[0]):
    given = snakemake.input
    found = explained.load_explanations(given.tensors, given.tables, given.told)
    lines = [lines_of(one, WRONG * (2 if len(found) == 1 else 1)) for one in found]
    heights = [TITLE + sum(HEIGHTS[n] for _, n in some) for some in lines]
    fig = style.figure(style.PAGE, sum(heights) + BAR, wspace=0, hspace=0)
    parts = fig.subfigures(len(found) + 1, 1, height_ratios=[*heights, BAR], squeeze=False)[:, 0]
    for part, one, some, letter in zip(parts, found, lines, "abcdefgh", strict=False):
        draw(part, one, some, letter)
    explained.evidence_bar(parts[-1])
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=snakemake.params.settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
