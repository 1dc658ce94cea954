"""The sections of a model card on what a network is for, where it lies and how it is applied."""

import re
from collections.abc import Sequence

from fewsky.model_cards.sections import Told
from fewsky.model_cards.words import number, table

MAGNITUDES = re.compile(r"([a-zA-Z]) ([\d.]+)-([\d.]+)")  # a bin of a band, as scores name it
NEVER = [
    "- On images of another telescope, band or pixel size, unless a table of the paper says how it "
    "did there.",
    "- Where objects are fainter, or seen through another seeing, than those it learned from. "
    "`make predict` measures both limits on the training objects, writes them to "
    "`<results>/predicted/NAME.json` and marks what lies outside; believe no probability there.",
    "- As a catalogue without a threshold chosen for the prevalence at hand.",
]
LABELS = "- Labels are those of the survey and carry its errors, and so do scores against them."
REPORTED = "- The split is reported, not enforced: an object may stand on two sides of it."
NO_SKY = "- No positions: that parts share no piece of sky could not be checked."
UNKNOWN = "- What the published starting weights had seen was not compared with the test part."


def tested(told: Told, metrics) -> str:
    """Magnitudes in which an experiment's objects were tested, as the metrics name them."""
    if metrics is None:
        return ""
    own = metrics[(metrics["experiment"] == told["experiment"]) & (metrics["n"] > 0)]
    found = sorted(
        (match[1], float(match[2]), float(match[3]))
        for name in own["subset"].unique()
        if (match := MAGNITUDES.fullmatch(str(name)))
    )
    if not found:
        return ""
    return f"{found[0][0]} {found[0][1]:g} to {max(high for _, _, high in found):g} mag"


def use(told: Told, magnitudes: str, simulated: bool) -> list[str]:
    """What it is for, and where it must not be used."""
    rows = [f"- {told['task']}: objects of {told['survey']}, cut by the code of {told['dataset']}."]
    if magnitudes:
        rows.append(
            f"- Objects of {magnitudes}, where the test part has some; others were not tested."
        )
    never = ["- On any real image: it has seen a simulated sky only."] if simulated else []
    return ["", "## Intended use", "", *rows, "", "## Not for", "", *never, *NEVER]


def limits(told: Told, audit: Told | None) -> list[str]:
    """What the card cannot vouch for."""
    mode, sky = (audit["mode"], audit["sky"]) if audit else ("enforce", "auditable")
    published = told["weights"] and told["weights"]["url"]
    rows = [
        LABELS,
        *([REPORTED] if mode != "enforce" else []),
        *([NO_SKY] if sky != "auditable" else []),
        *([UNKNOWN] if published else []),
    ]
    return ["", "## Limits", "", *rows]


def files(records: Sequence[tuple[str, Told, Told]]) -> list[str]:
    """Folders with their seeds and the digests of their networks: `(folder, card, record)`."""
    rows = [
        [f"`{folder}/{name}`", number(card.get("seed")), record["outputs"][name]]
        for folder, card, record in records
        for name in ("model.safetensors", "predictions.parquet")
        if name in record["outputs"]
    ]
    return ["", "## Files", "", *table(["file", "seed", "sha256"], rows)]


def apply(told: Told, folder: str, card: Told) -> list[str]:
    """How it is applied: by the command where that can, and by the library."""
    lines = ["", "## How to apply it", ""]
    if told["command"]:
        lines += ["```", told["command"], "```", ""]
    if "of" in card:
        return [*lines, "Apply the members and average their probabilities by the weights above."]
    run = card["runs"][-1]
    chosen = f"budget={run['budget']}, fold={run['fold']}"
    chosen += f", draw={run['draw']}" if "draw" in run else ""
    load = f'network, card = load_model("{folder}", {chosen})'
    if told["asks"] == "boxes":
        call, module = None, "from fewsky.models.trained import load_model"
    else:
        call = (
            "answers = predict(network, card, images, catalog)  # (n, band, y, x), a row an image"
        )
        module = "from fewsky.models.trained import load_model, predict"
    code = [module, load, *([call] if call else [])]
    return [*lines, "By the library (`PYTHONPATH=scripts`):", "", "```python", *code, "```"]
