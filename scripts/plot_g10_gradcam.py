"""Grad-CAM: where networks see the class, in the surest galaxy of each and the worst mistakes."""

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.galaxy10_explained import (
    BAR,
    GAP,
    TITLE,
    Page,
    load_explanations,
    show,
    show_evidence,
    verdict,
)
from fewsky.provenance import record, simulated

SURE, WRONG = 5, 3  # objects a line
SIDES = {SURE: 0.67, WRONG: 0.75}  # inches of a picture
WORDS, BELOW = 0.38, {SURE: 0.07, WRONG: 0.22}  # inches of words above and below pictures


def lines_of(one, n_mistakes):
    """The objects of each line of pictures, and for how many there is room."""
    sure, wrong = one.pictured("surest"), one.pictured("mistaken").head(n_mistakes)
    return [
        (table.iloc[k : k + n], n)
        for table, n in ((sure, SURE), (wrong, WRONG))
        for k in range(0, len(table), n)
    ]


def height_of(n):
    return WORDS + SIDES[n] + BELOW[n]


def draw_object(page, one, item, x, y, n):
    """An object: its picture, evidence for the class decided and, if it differs, the true one."""
    columns = ["decided"] if item.label == item.decided else ["decided", "label"]
    side, image = SIDES[n], one.arrays["gradcam/images"][item.picture]
    left = [x + (side + GAP) * k for k in range(3)]
    middle = (x + left[len(columns)] + side) / 2
    words = verdict(item, 26 if n == SURE else 45)
    page.words(middle, y + WORDS - 0.03, words, ha="center", va="bottom")
    show(page.axes(x, y + WORDS, side), image)
    for place, column in zip(left[1:], columns, strict=False):
        maps = one.arrays[f"gradcam/{column}"]
        show_evidence(page.axes(place, y + WORDS, side), image, maps[item.picture])
    if len(columns) > 1:
        for place, text in zip(left, ("image", "for decided", "for true"), strict=True):
            page.words(place + side / 2, y + WORDS + side + 0.03, text, ha="center")


with running(snakemake.log[0]):
    given = snakemake.input
    found = load_explanations(given.tensors, given.tables, given.told)
    lines = [lines_of(one, WRONG * (2 if len(found) == 1 else 1)) for one in found]
    heights = [TITLE + sum(height_of(n) for _, n in some) for some in lines]
    page, y = Page(sum(heights) + BAR), 0
    for number, (one, some) in enumerate(zip(found, lines, strict=True)):
        page.title(y, number, one.name)
        y += TITLE
        for table, n in some:
            for k, item in enumerate(table.itertuples()):
                draw_object(page, one, item, GAP + k * style.PAGE / n, y, n)
            y += height_of(n)
    page.evidence_bar(y)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(page.figure, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=snakemake.params.settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
