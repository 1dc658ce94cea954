"""Objects by field and run: numbers, class shares, sizes, and galaxies larger than the patch."""

import pandas as pd

from fewsky.console import running
from fewsky.paper.tables import load_published, number, quoted, save, share
from fewsky.provenance import record, simulated
from fewsky.rooms import load_catalog


def described(name, rows, patch_arcsec):
    """One row of the table: all objects of a field, a run or the dataset."""
    stars, galaxies = (rows[rows["label"] == label] for label in ("star", "galaxy"))
    known = galaxies["petror90_r"].dropna()
    return {
        "Field": name,
        "Objects": len(rows),
        "Stars": len(stars),
        "Galaxies": len(galaxies),
        "Star share": share(len(stars) / len(rows)),
        "Galaxy share": share(len(galaxies) / len(rows)),
        "Seeing r (arcsec)": number(rows["psf_fwhm_r"].median(), 2),
        "Star r50 (arcsec)": number(stars["petror50_r"].median(), 2),
        "Galaxy r50 (arcsec)": number(galaxies["petror50_r"].median(), 2),
        "Galaxy r90 (arcsec)": number(known.median(), 2),
        "Largest r90 (arcsec)": number(known.max(), 1),
        "Larger than patch": share((2 * known > patch_arcsec).mean(), 2),
    }


def by_field_and_run(objects, patch_arcsec):
    """Rows by field, then by run and camcol, then of all objects."""
    fields = objects.groupby("field", sort=False)
    rows = [described(name, part, patch_arcsec) for name, part in fields]
    runs = objects.groupby(["run", "camcol"])
    if len(runs) > 1:
        rows += [described(f"run {run}, camcol {c}", part, patch_arcsec) for (run, c), part in runs]
    return [*rows, described("all", objects, patch_arcsec)]


def printed(published):
    """Ruhmer's shares, as his report says and as his code reads."""
    names = ("star_share", "galaxy_share")
    star, galaxy = (share(quoted(published, "statistics", "ten fields", name)) for name in names)
    return [
        {"Field": "Ruhmer, ten fields", "Star share": star, "Galaxy share": galaxy},
        {"Field": "Ruhmer, classes exchanged", "Star share": galaxy, "Galaxy share": star},
    ]


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    objects = load_catalog(snakemake.input.catalogs)
    objects = objects[objects["label"].isin(["star", "galaxy"])]
    rank = {name: k for k, name in enumerate(settings["fields"])}
    objects = objects.sort_values("field", key=lambda names: names.map(rank), kind="stable")
    quotes = printed(load_published(snakemake.input.published))
    rows = by_field_and_run(objects, settings["patch_arcsec"])
    table = pd.DataFrame(rows + quotes, columns=list(rows[0]), dtype=object)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=[False] * len(rows) + [True] * len(quotes))  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
