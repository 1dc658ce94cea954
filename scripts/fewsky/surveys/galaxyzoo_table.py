"""Galaxy Zoo 2's list, votes and archive of pictures, read and checked."""

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.raw.payload import describe, read_unpacked
from fewsky.surveys.asked_table import demand_columns, numbers, positions
from fewsky.surveys.folder_images import read_picture
from fewsky.surveys.galaxyzoo import asset_of, label_of, object_id
from fewsky.surveys.object_table import finish, table_error

MAPPING = ("objid", "sample", "asset_id")
PLACES = ("dr7objid", "ra", "dec", "gz2_class")
# Columns of the votes that are kept, and what they are called here; shares are debiased ones.
ANSWERS = "t01_smooth_or_features_"
SHARES = {
    "total_classifications": "votes",
    f"{ANSWERS}a01_smooth_debiased": "p_smooth",
    f"{ANSWERS}a02_features_or_disk_debiased": "p_features",
    f"{ANSWERS}a03_star_or_artifact_debiased": "p_artefact",
}
PICTURE = re.compile(r"(?:.*/)?images/(\d+)\.jpg")
LARGEST_MEMBER = 16_000_000  # bytes of one picture; those of 424 px have some 20,000
MOST_MEMBERS = 1_000_000
GONE = "Delete it and run again."


# --- objects ------------------------------------------------------------------------------------
def select_objects(files: pd.DataFrame, store: Path, settings: Mapping[str, Any]) -> pd.DataFrame:
    """The drawn galaxies with the columns of objects.csv, then votes and their debiased shares.

    Drawn from all that have a position, votes and a picture are settings["number"], by a digest
    with the seed. `label` is the class of Galaxy10 that the votes stand for, `status` their own
    shorthand, `name` the object in SDSS DR7. Raises FewskyError, one line, on files that are no
    such tables or archive and on too few galaxies.
    """
    paths = {row.kind: Path(store) / row.path for row in files.itertuples()}
    shown = _mapping(paths["mapping"])
    seen = _votes(paths["votes"])
    with opened(paths["packed"]) as archive:
        held = set(members(archive, paths["packed"].name))
    table = shown.merge(seen, on="objid", how="inner", validate="one_to_one")
    whole = table["asset_id"].isin(held)
    objects = table[whole].assign(object_id=[object_id(k) for k in table["asset_id"][whole]])
    say(f"{len(seen):,} galaxies with votes, {len(objects):,} of them with a picture")
    chosen = _drawn(paths["votes"].name, objects, settings)
    return finish(chosen, tuple(SHARES.values()))


def _mapping(path: Path) -> pd.DataFrame:
    """Which object a picture shows: objid and asset_id, one picture an object.

    Of several, the one of the sample `original` is taken, then that of the lowest number.
    """
    table = _csv(path, MAPPING)
    bad = ~table["asset_id"].str.fullmatch(r"\d{1,12}")
    if bad.any():
        raise table_error(
            path.name, "whole numbers in asset_id", f"'{table['asset_id'][bad].iloc[0]}'"
        )
    again = table["asset_id"].duplicated()
    if again.any():
        raise table_error(
            path.name, "each asset_id once", f"{table['asset_id'][again].iloc[0]} twice"
        )
    table = table.assign(other=table["sample"] != "original", asset=table["asset_id"].astype(int))
    first = table.sort_values(["other", "asset"]).drop_duplicates("objid")
    return first[["objid", "asset_id"]].reset_index(drop=True)


def _votes(path: Path) -> pd.DataFrame:
    """One row a galaxy: objid as name, place in degrees, label, shorthand and shares of votes."""
    table = _csv(path, (*PLACES, *SHARES)).drop_duplicates("dr7objid", ignore_index=True)
    classes = table["gz2_class"].str.strip()
    labels = classes.map({word: label_of(word) for word in classes.unique()})
    strange = (labels == "") & (classes != "")
    if strange.all():
        found = f"'{classes.iloc[0]}'"
        raise table_error(path.name, "classes as Er, Sen or SBc2m in gz2_class", found)
    if strange.any():
        say(
            f"warning: {int(strange.sum()):,} classes are not read, as '{classes[strange].iloc[0]}'"
        )
    told = {"objid": table["dr7objid"], "name": table["dr7objid"], "status": classes}
    shares = numbers(path.name, table, tuple(SHARES)).rename(columns=SHARES)
    return pd.DataFrame({**told, "label": labels, **positions(path.name, table), **shares})


def _drawn(name: str, objects: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """As many as `number` says, in shards; those whose digest with the seed is lowest."""
    objects = objects[~objects["object_id"].isin({str(x) for x in settings["exclude"]})]
    if len(objects) < settings["number"]:
        raise FewskyError(
            f"{name}: wanted {settings['number']:,} galaxies with votes and a picture; found "
            f"{len(objects):,}. Lower number."
        )
    ranks = [
        hashlib.sha256(f"{settings['seed']} {item}".encode()).hexdigest()
        for item in objects["object_id"]
    ]
    first = np.argsort(np.array(ranks), kind="stable")[: settings["number"]]
    chosen = objects.iloc[first].sort_values("object_id", ignore_index=True)
    shards = np.arange(len(chosen)) // settings["shard_objects"]
    say(f"{len(objects):,} galaxies, {len(chosen):,} drawn")
    return chosen.assign(shard=[f"part-{k:02d}" for k in shards])


def _csv(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Some columns of a CSV as text; lines that begin with # are left out."""
    content = read_unpacked(path)
    if content.lstrip()[:1] == b"<":
        raise table_error(path.name, "a table with a line of column names", describe(content))
    try:
        table = pd.read_csv(
            io.BytesIO(content), dtype=str, keep_default_na=False, comment="#",
            usecols=lambda name: name.strip() in columns, encoding_errors="replace",
        )  # fmt: skip
    except (ValueError, pd.errors.ParserError) as error:
        raise table_error(path.name, "a table with a line of column names", str(error)) from None
    table.columns = [str(name).strip() for name in table.columns]
    demand_columns(path.name, table, columns)
    if len(table) == 0:
        raise table_error(path.name, "rows", "only the line of column names")
    return table[list(columns)]


# --- pictures -----------------------------------------------------------------------------------
def read_images(path: Path, names: Iterable[str], bands: list[str]) -> Iterator[np.ndarray]:
    """Yield the pictures of some objects, each `(3, y, x)` float32 in 0..255, in their order.

    Nothing is unpacked to disk. Raises FewskyError, one line, where the archive lacks one or is
    broken, where one unpacks to more than LARGEST_MEMBER bytes or is no square colour picture.
    """
    name = Path(path).name
    with opened(path) as archive:
        held = members(archive, name)
        for item in names:
            found = held.get(asset_of(item))
            if found is None:
                wanted = f"images/{asset_of(item)}.jpg"
                raise FewskyError(f"{name}: wanted {wanted}; found none. {GONE}")
            content = _content(archive, found, name)
            yield read_picture(io.BytesIO(content), f"{name}, {found.filename}", bands)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Yield an open archive; what zipfile raises on it becomes one line."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError:
        raise FewskyError(f"{path}: wanted an archive; found none. Download it again.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        # RuntimeError is what it raises on members with a password.
        found = " ".join(str(error).split())
        raise FewskyError(
            f"{Path(path).name}: wanted a whole .zip; found {found}. {GONE}"
        ) from None


def members(archive: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    """The pictures images/NUMBER.jpg of an archive by their numbers, in whichever folder.

    Raises FewskyError on names that lead out of the archive, on a number that repeats, and on more
    than MOST_MEMBERS files.
    """
    listed = archive.infolist()
    if len(listed) > MOST_MEMBERS:
        raise _bad(name, f"at most {MOST_MEMBERS:,} files", f"{len(listed):,}")
    held: dict[str, zipfile.ZipInfo] = {}
    for member in listed:
        place = PurePosixPath(member.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts:
            raise _bad(name, "names within the archive", f"'{member.filename}'")
        found = PICTURE.fullmatch(member.filename)
        if found and found[1] in held:
            raise _bad(name, "each picture once", f"{member.filename} twice")
        if found and not place.name.startswith("."):
            held[found[1]] = member
    return held


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    """A member's bytes, never more than LARGEST_MEMBER, whatever its header says."""
    with archive.open(member) as stream:
        content = stream.read(LARGEST_MEMBER + 1)
    if len(content) > LARGEST_MEMBER:
        raise _bad(
            name, f"pictures of at most {LARGEST_MEMBER:,} bytes", f"{member.filename} of more"
        )
    return content


def _bad(name: str, wanted: str, found: str) -> FewskyError:
    return FewskyError(f"{name}: wanted {wanted}; found {found}. {GONE}")
