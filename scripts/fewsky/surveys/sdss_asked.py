"""What SkyServer is asked for an SDSS field's objects: redshifts, which no archive file holds.

Photoz (Beck et al. 2016, MNRAS 460, 1371) has a row for primaries that the survey typed as galaxies
and for nothing else; SpecObj for what the spectrograph was pointed at. The Snakefile imports this
module, so it needs the standard library only; sdss_redshifts reads the answers.
"""

from collections.abc import Mapping
from typing import Any

from fewsky.surveys.asked_images import one_line, query_row, url_of

KIND = "redshifts"  # of a row in the list of a shard's files, and the key of survey and urls
NONE = "none"
# A star's redshift is its own motion and tells no distance, so spectra of stars are not asked for.
TABLES = {
    "photoz": "Photoz AS r ON r.objID = p.objID WHERE",
    "specobj": "SpecObj AS r ON r.bestObjID = p.objID WHERE r.zWarning = 0 "
               "AND r.class IN ('GALAXY', 'QSO') AND",
}  # fmt: skip
# Fields overlap: what lies in a frame may be catalogued under the field before or after it.
QUERY = """
SELECT p.objID AS objid, r.z AS redshift, r.zErr AS redshift_error
FROM PhotoObj AS p JOIN {table} p.run = {run} AND p.camcol = {camcol}
AND p.field BETWEEN {first} AND {last} ORDER BY p.objID
"""


def redshift_row(shard: Mapping[str, Any], field: Any) -> dict[str, Any]:
    """The entry of one field's redshifts: kind, field, band, url (a name) and the form that asks.

    `field` has run, camcol, field and name; the answer covers the fields beside it, too. Raises
    FewskyError where the survey has no address `urls.redshifts`.
    """
    kind = shard[KIND]
    told = {"run": field.run, "camcol": field.camcol}
    told |= {"first": max(field.field - 1, 0), "last": field.field + 1}
    query = one_line(QUERY.format(table=TABLES[kind], **told))
    name = f"{kind}-{field.run:06d}-{field.camcol}-{field.field:04d}"
    row = query_row(url_of(shard, KIND), name, query, {"cmd": query, "format": "csv"})
    return {**row, "kind": KIND, "field": field.name}
