"""Is the centre what counts? Influence by distance from the object, and neighbours erased."""

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.star_galaxy_radial import (
    load_influences,
    show_erased,
    show_map,
    show_neighbours,
    show_profiles,
)
from fewsky.provenance import record, simulated

ROW, LEGEND, TITLE = 1.6, 0.65, 0.35  # inches


def legend(fig, panels):
    """One legend of all panels below the figure."""
    pairs = [ax.get_legend_handles_labels() for ax in panels]
    handles = [handle for own, _ in pairs for handle in own]
    words = [word for _, own in pairs for word in own]
    fig.legend(handles, words, loc="outside lower center", ncols=3)


def arcsec_above(ax, pixel_arcsec):
    """Radii in arcsec on an axis above."""
    above = ax.secondary_xaxis(
        "top", functions=(lambda px: px * pixel_arcsec, lambda arcsec: arcsec / pixel_arcsec)
    )
    above.set_xlabel("Radius (arcsec)")


with running(snakemake.log[0]):
    given = snakemake.input
    found = load_influences(
        given.influences, given.influence_neighbours, given.influence_maps, given.influence_told
    )
    fig = style.figure(style.PAGE, ROW * len(found) + LEGEND + TITLE)
    panels = fig.subplots(len(found), 4, squeeze=False, width_ratios=(1.5, 1.35, 1.1, 1.2))
    for k, (one, line) in enumerate(zip(found, panels, strict=True)):
        image = show_map(line[0], one)
        bar = fig.colorbar(image, ax=line[0], location="right", aspect=16, pad=0.02)
        bar.set_label("Attribution / mean")
        show_profiles(line[1], one)
        show_erased(line[2], one)
        show_neighbours(line[3], one)
        line[0].set_title(f"({chr(97 + k)}) {one.told['experiment']}", loc="left")
    for ax in panels[0, 1:3]:
        arcsec_above(ax, found[0].told["pixel_arcsec"])
    legend(fig, panels[0, 1:])
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=snakemake.params.settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
