"""EFIGI in the sky of properties: galaxies of every Hubble type, pictures and tables."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from fewsky.sky.galaxies_paint import paint
from fewsky.sky.properties_files import png_bytes, tgz_bytes
from fewsky.sky.properties_forms import hubble
from fewsky.sky.properties_light import NIGHT, SKY
from fewsky.sky.properties_population import HUBBLE
from fewsky.surveys.efigi_file import ATTRIBUTES, PLACES

FOLDER = "efigi-1.6"
STARS, NOISE = 1.5, (0.03, 0.12)  # field stars; noise in units of the galaxy's mean brightness
HEADER = 82  # lines before the first galaxy, as in the real table


def efigi_files(
    table: pd.DataFrame, settings: Mapping, survey: Mapping, seed: int
) -> Iterator[tuple[str, bytes]]:
    """Address and content of the archive of pictures and of that of tables."""
    told = {"side_px": settings["efigi_side_px"], "stars": STARS, "noise": NOISE}
    pictures = {}
    for item in table.itertuples():
        made, seen = (
            np.random.default_rng([seed, HUBBLE, kind, item.number]) for kind in (SKY, NIGHT)
        )
        pixels = paint(hubble(item.true_t), told, item.size, made, seen)
        pictures[f"{FOLDER}/png/{item.object_id}.png"] = png_bytes(pixels)
    yield survey["urls"]["images"], tgz_bytes(pictures)
    yield survey["urls"]["tables"], tgz_bytes(_tables(table))


def _tables(table: pd.DataFrame) -> dict[str, bytes]:
    """The tables of attributes and of places, in the layout of the real ones."""
    header = "".join(f"# line {k + 1} of a simulated header\n" for k in range(HEADER))
    types = "".join(
        f"{x.object_id} {x.hubble_t:3d} {x.hubble_t - 1:3d} {x.hubble_t + 1:3d}\n"
        for x in table.itertuples()
    )
    places = "".join(
        f"{x.object_id} {x.ra:11.6f} {x.dec:11.6f} {x.redshift:9.6f}\n" for x in table.itertuples()
    )
    texts = {ATTRIBUTES: header + types, PLACES: "# name, RA, Dec, redshift\n" + places}
    return {f"{FOLDER}/{name}": text.encode() for name, text in texts.items()}
