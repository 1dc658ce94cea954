"""Opponents of detectors: one fixed box in the middle of every image, and the segmenter itself.

Survey images of galaxies have their galaxy in the middle, so that a box there may do as well as a
network; looked at off-centre it cannot.
"""

import numpy as np
import pandas as pd

from fewsky.boxes.propose import propose
from fewsky.boxes.table import EDGES, edges_of
from fewsky.console import FewskyError
from fewsky.metrics.detection_tables import off_centre_windows
from fewsky.models.detect_crops import OFF_CENTRE, shifted_images
from fewsky.models.opponents import list_fits

COLUMNS = ["image", "part", "budget", "fold", *EDGES, "score", "label"]
UNTAUGHT = ("segments",)


def fit_draws(settings, images, catalog, boxes, manifest, draws, task, budgets):
    """Return what `fit_boxes` gives for every draw of the task, the first column being `draw`.

    Where the task asks for `off_centre`, tested images are also looked at through the windows that
    the networks see. What learns nothing is run once: all draws test the same images.
    """
    windows = off_centre_windows(task, catalog["object_id"], images.shape[3])
    told = settings, images, catalog, boxes, manifest, draws, task
    tables = []
    for draw in range(task["split"]["draws"]):
        if not tables or settings["family"] not in UNTAUGHT:
            found = fit_boxes(*told, draw, budgets, windows)
        tables.append(found.assign(draw=draw)[["draw", *COLUMNS]])
    return pd.concat(tables, ignore_index=True)


def fit_boxes(settings, images, catalog, boxes, manifest, draws, task, draw, budgets, windows=None):
    """Return an opponent's detections for one draw, in the form of every detector's (COLUMNS).

    `settings` is {family, options}: central-box, which learns its box from the labels of the
    budget, or segments, which learns nothing, has the budget 0 and test images only, and takes the
    parameters of boxes.propose as options. `images` are (n, band, y, x) in 0..1, row i that of
    `catalog`; `boxes` is the boxes table; other arguments are those of `opponents.fit_opponent`.
    With `windows` (detect_crops.windows) the tested images are also looked at through them, as part
    off-centre. Validation images are predicted by a box without them. Budgets that come to the same
    number of labels are one, as they are for networks.
    """
    family = settings["family"]
    if family not in FAMILIES:
        raise FewskyError(
            f"opponent: wanted one of {', '.join(FAMILIES)}; found {family}. Mend the experiment."
        )
    told = images, catalog, boxes, task["boxes"]["classes"], windows
    untaught, tables = family in UNTAUGHT, []
    fits = list_fits(manifest, draws, task, draw, budgets[:1] if untaught else budgets)
    for (fold, budget), roles in {(fold, n): roles for fold, n, roles in fits}.items():
        found = FAMILIES[family](settings.get("options", {}), roles, *told)
        tables.append(found.assign(fold=fold, budget=0 if untaught else budget))
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def central_box(options, roles, images, catalog, boxes, classes, windows):
    """Return the predictions of one box, learned from the labelled images: `middle_box`."""
    if options:
        raise FewskyError(
            f"opponent central-box: wanted no options; found {next(iter(options))}. Take it out."
        )
    side = images.shape[-1]
    tested = (roles["part"] == "test").to_numpy()
    trains = (roles["part"] == "train").to_numpy()
    tables = []
    for fitted, shown in ((trains, ~tested), (~tested, tested)):
        box, label = middle_box(boxes, roles["object_id"][fitted], side, classes)
        whole = roles.loc[shown, ["object_id", "part"]].rename(columns={"object_id": "image"})
        tables.append(placed(whole, np.tile(box, (len(whole), 1)), label))
    if windows is not None:
        at = windows_of(windows, roles["object_id"][tested])
        tables.append(
            placed(at[["image"]].assign(part=OFF_CENTRE), in_middle(box, side, at), label)
        )
    return pd.concat(tables, ignore_index=True)


def middle_box(boxes, names, side, classes):
    """Return the median edges (4,) of the box nearest the middle of each image, and its label.

    Difficult boxes and images without a box are passed over. Raises FewskyError where none is left.
    """
    mine = boxes[boxes["image"].isin(names) & boxes["label"].isin(classes) & ~boxes["difficult"]]
    if mine.empty:
        raise FewskyError(
            f"opponent central-box: wanted a box in one of {len(names)} labelled images; found "
            "none. Raise the budget."
        )
    edges = edges_of(mine)
    apart = np.hypot(*((edges[:, :2] + edges[:, 2:]) / 2 - side / 2).T)
    nearest = mine.assign(apart=apart).sort_values("apart", kind="stable")
    nearest = nearest.drop_duplicates("image")
    return np.median(edges_of(nearest), axis=0), nearest["label"].mode().iloc[0]


def in_middle(box, side, at):
    """Return the box as it lies about the middle of each window, (n, 4), cut to the window."""
    corners = at[EDGES].to_numpy(float)
    middle = np.tile((corners[:, :2] + corners[:, 2:]) / 2, 2)
    moved = box - side / 2 + middle
    low, high = (np.tile(corners[:, some], 2) for some in (slice(0, 2), slice(2, 4)))
    return np.clip(moved, low, high)


def placed(table, edges, label):
    """Return the table (image, part) with edges (n, 4), score 1 and a label."""
    columns = dict(zip(EDGES, np.asarray(edges, np.float32).T, strict=True))
    return table.assign(**columns, score=np.float32(1), label=label)


def segments(options, roles, images, catalog, boxes, classes, windows):
    """Return the boxes that the segmenter proposes in the tested images; brighter scores higher."""
    names = roles.loc[roles["part"] == "test", "object_id"].to_numpy()
    shown = images[pd.Index(catalog["object_id"]).get_indexer(names)]
    tables = [proposed(shown, names, "test", options, classes)]
    if windows is not None:
        at = windows_of(windows, names)
        corner = at[["x0", "y0"]].to_numpy(float)
        seen = shifted_images(shown, at)
        tables.append(proposed(seen, names, OFF_CENTRE, options, classes, corner))
    return pd.concat(tables, ignore_index=True)


def proposed(shown, names, part, options, classes, corner=None):
    """Return the proposals in images (n, band, y, x); NaN in an image without any.

    The score is the magnitude with its sign turned; `corner` (n, 2) is added to the edges.
    """
    corner = np.zeros((len(names), 2)) if corner is None else corner
    tables = []
    for image, name, at in zip(shown, names, corner, strict=True):
        found = propose(image, options)
        found = found[found["label"].isin(classes)].assign(image=name)
        edges = edges_of(found) + np.tile(at, 2)
        columns = dict(zip(EDGES, edges.T.astype(np.float32), strict=True))
        found = found.assign(**columns, score=-found["brightness"])
        tables.append(found if len(found) else pd.DataFrame([{"image": name, "label": ""}]))
    joined = pd.concat(tables, ignore_index=True).assign(part=part)
    columns = ["image", "part", *EDGES, "score", "label"]
    return joined.reindex(columns=columns).astype(dict.fromkeys([*EDGES, "score"], "float32"))


def windows_of(windows, names):
    """Return the windows of the images named, in their order."""
    return windows.set_index("image").loc[list(names)].reset_index()


FAMILIES = {"central-box": central_box, "segments": segments}
