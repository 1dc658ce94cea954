"""Gather every number that the paper's text quotes, as JSON and as LaTeX macros."""

from itertools import groupby
from pathlib import Path

from fewsky.console import running
from fewsky.files import save_json
from fewsky.paper.collect import collect
from fewsky.paper.numbers import save_tex
from fewsky.paper.numbers_star_galaxy_radial import KINDS as RADIAL
from fewsky.provenance import record, simulated


def by_folder(paths, depth=-2):
    """Path by the name of its folder, or of the folder further up that `depth` says."""
    return {Path(path).parts[depth]: path for path in paths}


def by_name(paths):
    return {Path(path).name.split(".")[0]: path for path in paths}


def listed(paths, depth):
    """Lists of paths by the name of the folder that `depth` says."""
    grouped = groupby(sorted(paths), key=lambda path: Path(path).parts[depth])
    return {name: list(group) for name, group in grouped}


with running(snakemake.log[0]):
    given = snakemake.input
    optional = ("aligned", "sharpness", "pseudo", "distortions", "generated", "maps")
    optional += ("searches", "found", "exports", "explained")
    optional += ("curves", "contrasts", "represented")
    optional += ("boxes", "named", "frames", "exported")
    optional += ("growth", "price", "leaks")
    rooms = {name: given.get(name, []) for name in optional}
    found = collect(
        snakemake.params.settings,
        {
            "raw": listed(given.raw, -2),
            "aligned": listed(rooms["aligned"], -2),
            "sharpness": listed(rooms["sharpness"], -2),
            "catalogs": listed(given.catalogs, -3),
            "audits": by_folder(given.audits),
            "metrics": by_name(given.metrics),
            "comparisons": by_name(given.comparisons),
            "pseudo": by_name(rooms["pseudo"]),
            "cards": by_folder(given.cards, -3),
            "distortions": by_folder(rooms["distortions"]),
            "searches": by_folder(rooms["searches"], -3),
            "found": by_folder(rooms["found"], -3),
            "exports": by_folder([*rooms["exports"], *rooms["exported"]], -3),
            "explained": by_folder(rooms["explained"]),
            **{kind: by_folder(given.get(kind, [])) for kind in RADIAL},
            "curves": by_name(rooms["curves"]),
            "contrasts": by_name(rooms["contrasts"]),
            "represented": listed(rooms["represented"], -2),
            "boxes": listed(rooms["boxes"], -3),
            "named": by_name(rooms["named"]),
            "frames": list(rooms["frames"]),
            "generated": by_name(rooms["generated"]),
            "maps": list(rooms["maps"]),
            "scale": {name: next(iter(rooms[name]), None) for name in ("growth", "price", "leaks")},
            "audit": {
                "claims": list(given.get("claims", [])),
                "scores": by_name(given.get("leakage", [])),
                "told": by_folder(given.get("leakage_told", [])),
                "leaks": by_folder(given.get("leakage_leaks", [])),
            },
            "shift": next(iter(given.get("shift", [])), None),
            "published": given.published,
            "constants": given.constants,
        },
    )
    found["facts"]["simulated"] = simulated(*given)
    save_json(found, snakemake.output.json)
    save_tex(found["numbers"], snakemake.output.tex)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.json, snakemake.output.tex],
        settings=snakemake.params.settings,
        code=snakemake.params.code,
        inputs=given,
    )
