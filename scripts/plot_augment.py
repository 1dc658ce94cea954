"""Ruhmer's figures 7 to 11: one patch under each augmentation, and which of the 48 views differ."""

import numpy as np
import torch
from matplotlib.patches import Rectangle

from fewsky.console import FewskyError, running
from fewsky.figures import style
from fewsky.files import load_arrays, load_table
from fewsky.models.augment import blurred, members, turned
from fewsky.provenance import record, simulated

REFLECTIONS = {"": "", "both": "both axes", "x": "one axis"}
ROWS = {
    "rotation": (0, 1, 2, 3),
    "reflection": (0, 1, 2),
    "brightness": (0, 1, 1, 1),
    "blur": (0, 1),
    "combined": (11, 18, 29, 43),
}  # numbers of the members shown of each setting


def first_shard(catalogs, images):
    """Catalogue and patches of the first shard that holds whole patches."""
    for table_path, images_path in zip(catalogs, images, strict=True):
        table = load_table(table_path)
        if table["complete"].any():
            return table, load_arrays(images_path)["images"]
    raise FewskyError(
        "plot_augment: wanted a whole patch; found none in any shard. Add a catalogue."
    )


def most_lopsided(table, patches, magnitude):
    """Row of the bright patch that differs most from its own half turn and its mirror image."""
    whole = table["complete"].to_numpy()
    bright = whole & (table[magnitude] < 20).to_numpy()
    rows = np.flatnonzero(bright if bright.any() else whole)
    some = patches[rows]
    differ = [
        np.abs(some - np.stack([turned(p, k) for p in some])).sum(axis=(1, 2)) for k in (2, 4)
    ]
    return rows[np.argmax(np.minimum(*differ) / np.abs(some).sum(axis=(1, 2)))]


def view(patch, member, settings, rng):
    """One augmented view of a patch `(y, x)`, in nanomaggies."""
    side = len(patch)
    if member.blur:
        pixels = torch.from_numpy(patch.astype(float)).reshape(1, -1, 1)
        patch = blurred(pixels, side, side, settings["blur_px"]).reshape(side, side).numpy()
    offset = settings["brightness_nmgy"] * rng.standard_normal() if member.brightness else 0.0
    return turned(patch, member.element) + offset


def named(member):
    """A member in words."""
    place = [f"{90 * member.turns}°"] * bool(member.turns) + [REFLECTIONS[member.reflection]]
    light = ["brightness"] * member.brightness + ["blur"] * member.blur
    lines = [", ".join(filter(None, place)), ", ".join(light)]
    return "\n".join(filter(None, lines)) or "as observed"


def gallery(fig, patch, noise, settings):
    """A row of views for each setting, all on one stretch."""
    rng = np.random.default_rng(0)
    axes = fig.subplots(len(ROWS), 4)
    for line, (setting, chosen) in zip(axes, ROWS.items(), strict=True):
        for ax in line:
            style.picture(ax)
        for ax, number in zip(line, chosen, strict=False):
            member = members(setting)[number]
            shown = style.stretch(view(patch, member, settings, rng), noise, float(patch.max()))
            ax.imshow(shown, cmap="gray", vmin=0, vmax=1)
            ax.set_xlabel(named(member), fontsize=7, labelpad=1.5)
        line[0].set_ylabel(setting)
    fig.suptitle("(a) One patch and its views", x=0.02, ha="left", size=8)


def product_table(ax, views):
    """All views of the product: equal numbers are equal views, repeats are shaded."""
    seen = {}
    for member in views:
        key = (member.element, member.brightness, member.blur)
        repeat, number = key in seen, seen.setdefault(key, len(seen) + 1)
        x = 2 * member.brightness + member.blur
        y = 3 * member.turns + list(REFLECTIONS).index(member.reflection)
        ax.add_patch(Rectangle((x - 0.46, y - 0.44), 0.92, 0.88, lw=0,
                               color=style.ORANGE if repeat else "#DCE9F3"))  # fmt: skip
        ax.text(x, y, number, ha="center", va="center", weight="bold" if repeat else "normal")
    ax.set(xlim=(-0.5, 3.5), ylim=(11.5, -0.5))
    ax.set_title(
        f"(b) {len(views)} views, {len(seen)} distinct;\n{len(views) - len(seen)} repeats shaded"
    )
    ax.set_xticks(range(4), ["as is", "blur", "brightness", "both"], rotation=30, ha="right")
    words = [
        ", ".join(filter(None, [f"{90 * k}°", name]))
        for k in range(4)
        for name in REFLECTIONS.values()
    ]
    ax.set_yticks(range(12), words)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    band = settings["bands"].index(settings["reference_band"])
    table, images = first_shard(snakemake.input.catalogs, snakemake.input.images)
    row = most_lopsided(table, images[:, band], settings["magnitude"])
    noise = float(table[f"noise_{settings['reference_band']}"].iloc[row])

    fig = style.figure(style.PAGE, 4.7)
    left, right = fig.subfigures(1, 2, width_ratios=(1.75, 1))
    gallery(left, images[row, band], noise, settings)
    product_table(right.subplots(), members("combined"))
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
