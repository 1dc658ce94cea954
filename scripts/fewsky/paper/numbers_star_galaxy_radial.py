"""Numbers and facts of influence profiles, for the star/galaxy chapter: radial.EXPERIMENT.WHAT."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.files import load_json, load_table
from fewsky.paper.numbers import Numbers, interval, keyed, number

MAKERS = {"radial": "rule measure_influence, from the networks of paper.star-galaxy.radial"}
KINDS = ("influences", "influence_tests", "influence_neighbours", "influence_told")
NEAR_WHOLE = 0.01  # of accuracy: less than this is not missed
METHODS = {  # what the text calls them, and where they stand in the table
    "gradients": ("gradients", "trained"),
    "occlusion": ("occlusion", "trained"),
    "anew.gradients": ("gradients", "randomised"),
    "anew.occlusion": ("occlusion", "randomised"),
    "light": ("light", "light"),
}
TESTS = {
    "gradients: trained less randomised": "gradients-anew",
    "occlusion: trained less randomised": "occlusion-anew",
    "gradients less light": "gradients-light",
    "occlusion less light": "occlusion-light",
}
ERASED = {
    "changed: neighbour less control": "more",
    "accuracy: erased less whole": "accuracy",
}
Paths = Mapping[str, str | Path]


def collect(
    settings: Mapping[str, Any], files: Mapping[str, Any]
) -> tuple[Numbers, dict[str, Any] | None]:
    """Numbers and facts of what the networks go by; no facts where it is not measured.

    `files` holds paths by experiment under each of KINDS.
    """
    block = settings["chapter"].get("radial")
    if not block:
        return {}, None
    names = list(block["experiments"])
    numbers, verdicts, near = of_settings(block), {}, {}
    for name in names:
        table, tests, neighbours, told = (files[kind][name] for kind in KINDS)
        numbers |= of_profiles(name, table, load_json(told))
        verdicts[name], found = of_tests(name, tests)
        near[name], more = of_neighbours(name, neighbours)
        numbers |= found | more
    return numbers, {"experiments": names, "verdicts": verdicts, "neighbours": near}


def of_settings(block: Mapping[str, Any]) -> Numbers:
    """What the configuration says of discs and repetitions."""
    values = {key: (block["neighbours"][key], "g") for key in ("radius_px", "core_px")}
    values |= {key: (block[key], "d") for key in ("repeats", "steps")}
    return keyed(values, "config.yaml", "radial.settings")


def of_profiles(name: str, path: str | Path, told: Mapping[str, Any]) -> Numbers:
    """Half-influence radii, shares within a FWHM, and accuracies with a part of patches erased."""
    table = load_table(path).query("draw == -1 and `class` == 'all' and band == 'all'")
    room, scale = f"radial.{name}", told["pixel_arcsec"]
    numbers: Numbers = {}
    for words, (method, state) in METHODS.items():
        own = table[(table["method"] == method) & (table["state"] == state)]
        own = own[own["layers"] == own["layers"].max()].set_index("measure")
        for measure, form in (("half_px", ".1f"), ("half_fwhm", ".2f"), ("within_fwhm", ".2f")):
            numbers |= interval(f"{room}.{words}.{measure}", own.loc[measure], form, path)
        arcsec = own.loc["half_px", ["value", "lower", "upper"]] * scale
        numbers |= interval(f"{room}.{words}.half_arcsec", arcsec, ".2f", path)
        if words in ("anew.gradients", "light"):
            numbers |= interval(f"{room}.{words}.likeness", own.loc["likeness"], ".2f", path)
        if words == "gradients":
            gap = own["value"]["gap"] / own["value"]["total"]
            numbers[f"{room}.gap"] = number(gap, ".2%", path)
    values = {"n": (sum(told["objects"].values()), "d"), "draws": (len(told["draws"]), "d")}
    values |= {"fwhm_px": (told["fwhm_px"], ".1f")}
    values |= {"fwhm_arcsec": (told["fwhm_px"] * scale, ".2f")}
    return numbers | keyed(values, path, room) | _erased(table, room, told, path)


def _erased(table: pd.DataFrame, room: str, told, path) -> Numbers:
    """Accuracy of whole patches, of what lies within some radius alone, and without it.

    `enough` is the least radius within which nearly all is told; there is none where it takes the
    whole patch.
    """
    rows = table[table["measure"] == "accuracy"].sort_values("r_high_px")
    whole, inner, outer = (
        rows[rows["method"] == method] for method in ("whole", "only-inside", "no-inside")
    )
    enough = inner[inner["value"] >= whole["value"].item() - NEAR_WHOLE].iloc[0]
    beyond = outer["r_high_px"] >= told["fwhm_px"]
    without = outer[beyond].iloc[0]
    alone = inner[inner["r_high_px"] == without["r_high_px"]].iloc[0]
    numbers = interval(f"{room}.whole", whole.iloc[0], ".3f", path)
    radii = {"without": without, "alone": alone}
    if enough["r_high_px"] < inner["r_high_px"].max():
        radii["enough"] = enough
    for words, row in radii.items():
        numbers |= interval(f"{room}.{words}", row, ".3f", path)
        numbers[f"{room}.{words}.px"] = number(float(row["r_high_px"]), "g", path)
        arcsec = float(row["r_high_px"]) * told["pixel_arcsec"]
        numbers[f"{room}.{words}.arcsec"] = number(arcsec, ".1f", path)
    return numbers


def of_tests(name: str, path: str | Path) -> tuple[dict[str, str], Numbers]:
    """Verdicts by what is held against what, and the differences with their intervals."""
    table, verdicts, numbers = load_table(path).set_index("test"), {}, {}
    for words, key in TESTS.items():
        row = table.loc[words].rename({"difference": "value"})
        verdicts[key] = row["verdict"]
        room = f"radial.{name}.test.{key}"
        numbers |= interval(room, row, "+.3f", path)
        numbers |= keyed({"found": (row["minimum_detectable"], ".3f")}, path, room)
    return verdicts, numbers


def of_neighbours(name: str, path: str | Path) -> tuple[dict[str, str], Numbers]:
    """Verdicts of the neighbours' test by subset and measure, and its shares; none without any.

    Where no answer at all changes, a difference has no error to go by; its verdict says that.
    """
    table, verdicts, numbers = load_table(path), {}, {}
    for subset, rows in table.groupby("subset"):
        own, room = rows.set_index("measure"), f"radial.{name}.neighbours.{subset}"
        numbers |= keyed({"n": (own.loc["changed_neighbour", "n"], "d")}, path, room)
        for measure in ("changed_neighbour", "changed_control"):
            key = measure.removeprefix("changed_")
            numbers |= interval(f"{room}.{key}", own.loc[measure], ".3f", path)
        for measure in ("right_before", "right_neighbour", "right_control"):
            numbers |= interval(f"{room}.{measure}", own.loc[measure], ".3f", path)
        for measure, key in ERASED.items():
            numbers |= interval(f"{room}.{key}", own.loc[measure], "+.3f", path)
            least = {"found": (own.loc[measure, "minimum_detectable"], ".3f")}
            numbers |= keyed(least, path, f"{room}.{key}")
            verdicts[f"{subset}.{key}"] = own.loc[measure, "verdict"]
        if not own.loc[["changed_neighbour", "changed_control"], "value"].any():
            verdicts[f"{subset}.more"] = "none changed"
    return verdicts, numbers
