"""What a trained network says of every few pixels of a field."""

from pathlib import Path

import pandas as pd

from fewsky.console import say
from fewsky.cutouts.at_positions import Plane, patches_at
from fewsky.files import load_json
from fewsky.models.trained import load_model, predict


def map_field(folder: str | Path, plane: Plane, places: pd.DataFrame, device: str) -> pd.DataFrame:
    """One row a position: field, x, y, ra, dec, the columns of `places`, p_<class> of the network.

    `folder` is a draw's; the network is that of its largest budget. `places` have x and y in
    pixels; those whose patch is not complete are left out.
    """
    runs = load_json(Path(folder) / "model.json")["runs"]
    run = max(runs, key=lambda one: (one["budget"], -one["fold"]))
    network, card = load_model(folder, run["budget"], run["fold"], device)
    kept = ["field", *places.columns, "ra", "dec"]
    tables = []
    for images, rows in patches_at(plane, places, card["size"], card["bands"]):
        stated = predict(network, card, images, rows)
        columns = {f"p_{name}": stated[:, k] for k, name in enumerate(card["classes"])}
        tables.append(rows[kept].assign(**columns))
    found = pd.concat(tables, ignore_index=True)
    say(f"{plane.row['field']}: {len(found)} of {len(places)} positions mapped")
    return found
