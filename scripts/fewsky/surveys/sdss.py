"""SDSS imaging: which files a shard of fields needs, and where the archive keeps them.

The Snakefile imports this module, so it needs the standard library only; sdss_frames and
sdss_catalogues read the files.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Any, NamedTuple

from fewsky.console import FewskyError
from fewsky.surveys.sdss_asked import KIND as REDSHIFTS
from fewsky.surveys.sdss_asked import NONE, TABLES, redshift_row

KIND = "fields"
ALIGNS = True
PACKED = False
BANDS = ("u", "g", "r", "i", "z")
CATALOGUES = ("calibobj", "photoobj", "found", "none")
URL_KEYS = {
    "frame": {"rerun", "run", "camcol", "field", "band"},
    "photoobj": {"rerun", "run", "camcol", "field"},
    "calibobj": {"rerun", "run", "camcol", "kind"},
}


class Field(NamedTuple):
    """One SDSS field: a piece of 1489 by 2048 pixels of a run's camera column."""

    run: int
    camcol: int
    field: int

    @property
    def name(self) -> str:
        return f"{self.run}-{self.camcol}-{self.field}"


def parse_field(name: str) -> Field:
    """The field of a name such as 8162-6-80 (run, camera column, field).

    Raises FewskyError for any other form; zeros in front are refused, so that a field has one name.
    """
    found = re.fullmatch(r"([1-9]\d{0,5})-([1-6])-([1-9]\d{0,3}|0)", str(name))
    if found is None:
        raise FewskyError(
            f"field '{name}': wanted RUN-CAMCOL-FIELD with camcol 1 to 6, such as 8162-6-80. "
            "Correct it in the survey's list of fields."
        )
    return Field(*(int(part) for part in found.groups()))


def shards(survey: Mapping[str, Any]) -> dict[str, dict]:
    """What each shard needs, by the shard's name RUN-CAMCOL-NNNN; NNNN is field // shard_fields.

    A shard's dict holds only what decides its own bytes, so that a new field, or another field's
    catalogue, leaves it as it is; csv_fields counts the fields of the survey that share a CSV.
    Raises FewskyError on bad names, bands or catalogues.
    """
    _check_bands(survey)
    groups: dict[str, list[Field]] = {}
    for field in _fields(survey["fields"]):
        name = f"{field.run}-{field.camcol}-{field.field // survey['shard_fields']:04d}"
        groups.setdefault(name, []).append(field)
    _check_catalogue(survey)
    _check_redshifts(survey)
    users = Counter(catalogue_kind(survey, name) for name in survey["fields"])
    return {name: _shard(survey, groups[name], users) for name in sorted(groups)}


def catalogue_kind(survey: Mapping[str, Any], field: str) -> str:
    """calibobj, photoobj, found (on the frame itself), none or a CSV's path: a field's catalogue.

    `survey` may be a survey's settings or a shard's; a plain string stands for all fields.
    """
    catalogue = survey.get("catalogue", "none")
    if isinstance(catalogue, str):
        return catalogue
    return catalogue.get(field, catalogue.get("default", "none"))


def files(shard: Mapping[str, Any]) -> list[dict[str, str]]:
    """Everything to fetch for a shard: rows of kind, field, band and url, in a fixed order.

    Frames come first, then catalogues, then redshifts where the survey asks for them and the field
    has a catalogue; these have a `form`. A catalogue of a whole run and camera column has an empty
    field; a CSV's url is its path.
    """
    fields = [parse_field(name) for name in shard["fields"]]
    rows = [
        _row("frame", field.name, band, url(shard, "frame", field, band=band))
        for field in fields
        for band in shard["bands"]
    ]
    for field in fields:
        for row in _catalogue_rows(shard, field):
            if row not in rows:
                rows.append(row)
    asked = REDSHIFTS in shard
    known = [field for field in fields if catalogue_kind(shard, field.name) != "none"]
    return rows + [redshift_row(shard, field) for field in known if asked]


def local_files(survey: Mapping[str, Any]) -> list[str]:
    """Paths of the CSV catalogues that a survey or shard names, each once."""
    kinds = (catalogue_kind(survey, name) for name in survey["fields"])
    return sorted({kind for kind in kinds if kind.endswith(".csv")})


def url(shard: Mapping[str, Any], kind: str, field: Field, /, **parts: str) -> str:
    """The address of a file by the survey's URL pattern.

    Raises FewskyError where the pattern is missing or uses a name that is not known.
    """
    pattern = shard["urls"].get(kind)
    if pattern is None:
        raise FewskyError(
            f"urls.{kind}: wanted a URL pattern; found none. See docs/data.md for it."
        )
    names = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
    if not names <= URL_KEYS[kind]:
        wanted = ", ".join(sorted(URL_KEYS[kind]))
        found = ", ".join(sorted(names - URL_KEYS[kind]))
        raise FewskyError(f"urls.{kind}: wanted only {{{wanted}}}; found {{{found}}}. Correct it.")
    return pattern.format(rerun=shard["rerun"], **field._asdict(), **parts)


def _row(kind: str, field: str, band: str, address: str) -> dict[str, str]:
    return {"kind": kind, "field": field, "band": band, "url": address}


def _catalogue_rows(shard: Mapping[str, Any], field: Field) -> list[dict[str, str]]:
    kind = catalogue_kind(shard, field.name)
    if kind in ("none", "found"):
        return []
    if kind == "photoobj":
        return [_row(kind, field.name, "", url(shard, kind, field))]
    if kind == "calibobj":
        halves = shard["calibobj_kinds"]
        return [
            _row(f"calibobj-{half}", "", "", url(shard, kind, field, kind=half)) for half in halves
        ]
    return [_row("csv", "", "", kind)]


def _shard(
    survey: Mapping[str, Any], fields: Iterable[Field], users: Mapping[str, int]
) -> dict[str, Any]:
    names = [field.name for field in sorted(fields)]
    kinds = {name: catalogue_kind(survey, name) for name in names}
    asked = survey.get(REDSHIFTS, NONE)
    used = {"frame", *kinds.values(), *([REDSHIFTS] if asked != NONE else [])}
    shard = {
        "fields": names,
        "bands": list(survey["bands"]),
        "rerun": survey["rerun"],
        "catalogue": kinds,
        "urls": {key: value for key, value in survey["urls"].items() if key in used},
    }
    if REDSHIFTS in used:
        shard[REDSHIFTS] = asked
    if "calibobj" in used:
        shard["calibobj_kinds"] = list(survey.get("calibobj_kinds", ["star", "gal"]))
    tables = sorted(kind for kind in used if kind.endswith(".csv"))
    if tables:
        shard["csv_fields"] = {table: users[table] for table in tables}
    return shard


def _fields(names: Iterable[str]) -> list[Field]:
    fields: dict[Field, None] = {}
    for name in names:
        field = parse_field(name)
        if field in fields:
            raise FewskyError(f"field '{name}': wanted each field once; found it twice. Drop one.")
        fields[field] = None
    return list(fields)


def _check_bands(survey: Mapping[str, Any]) -> None:
    bands = survey["bands"]
    strange = [band for band in bands if band not in BANDS]
    if strange or len(set(bands)) != len(bands):
        raise FewskyError(
            f"bands {', '.join(bands)}: wanted each of u, g, r, i, z at most once. Correct them."
        )
    reference = survey.get("reference_band", bands[0])
    if reference not in bands:
        raise FewskyError(
            f"reference_band '{reference}': wanted one of the survey's bands, {', '.join(bands)}. "
            "Correct it, or add the band."
        )


def _check_redshifts(survey: Mapping[str, Any]) -> None:
    asked = survey.get(REDSHIFTS, NONE)
    if asked not in (*TABLES, NONE):
        raise FewskyError(
            f"redshifts: wanted {', '.join(TABLES)} or none; found '{asked}'. Correct it."
        )


def _check_catalogue(survey: Mapping[str, Any]) -> None:
    catalogue = survey.get("catalogue", "none")
    named = {"default": catalogue} if isinstance(catalogue, str) else dict(catalogue)
    known = {"default", *survey["fields"]}
    for name, kind in named.items():
        if name not in known:
            raise FewskyError(
                f"catalogue: wanted 'default' or a field of this survey; found '{name}'. "
                "Correct it, or add the field."
            )
        if kind not in CATALOGUES and not kind.endswith(".csv"):
            raise FewskyError(
                f"catalogue of {name}: wanted calibobj, photoobj, found, none or a path ending "
                f"in .csv; "
                f"found '{kind}'. Correct it."
            )
