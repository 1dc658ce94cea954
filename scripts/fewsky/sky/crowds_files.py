"""Files of the simulated Galaxy Zoo 2 in the archives' own formats, each marked SIMULATED."""

import gzip
import io
import zipfile
from collections.abc import Iterable

import numpy as np
import pandas as pd

from fewsky.sky.properties_files import TELLING, csv_bytes

MARK_NAME = "SIMULATED.txt"
VOTERS = 44  # people who judged an image, about the mean of the real ones
ANSWERS = ("a01_smooth", "a02_features_or_disk", "a03_star_or_artifact")
SHARES = {"E": (0.9, 0.08, 0.02), "S": (0.1, 0.88, 0.02), "A": (0.1, 0.05, 0.85)}


def zip_bytes(files: Iterable[tuple[str, bytes]]) -> bytes:
    """An archive of files, stored as they are, the same bytes each time.

    The first one, SIMULATED.txt, says what they are.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_info(MARK_NAME), f"{TELLING}\n")
        for name, content in files:
            archive.writestr(_info(name), content)
    return stream.getvalue()


def mapping_bytes(images: pd.DataFrame) -> bytes:
    """gz2_filename_mapping.csv: which object each picture shows."""
    table = images[["objid", "asset_id"]].copy()
    table.insert(1, "sample", "original")
    return csv_bytes(table)


def votes_bytes(images: pd.DataFrame) -> bytes:
    """gz2_hart16.csv.gz with the columns of the first question only.

    Of the votes, `fraction`, `weighted_fraction` and `debiased` are alike: there is no bias here.
    """
    first = images["gz2_class"].str[0]
    columns = {
        "dr7objid": images["objid"], "ra": images["ra"], "dec": images["dec"],
        "sample": "original", "gz2_class": images["gz2_class"],
        "total_classifications": VOTERS, "total_votes": VOTERS,
    }  # fmt: skip
    for k, answer in enumerate(ANSWERS):
        share = first.map({letter: shares[k] for letter, shares in SHARES.items()})
        counts = np.rint(share * VOTERS).astype(int)
        stem, part = f"t01_smooth_or_features_{answer}", (counts / VOTERS).round(3)
        columns |= {f"{stem}_count": counts, f"{stem}_weight": counts}
        columns |= {
            f"{stem}_{kind}": part for kind in ("fraction", "weighted_fraction", "debiased")
        }
        columns[f"{stem}_flag"] = (part >= 0.8).astype(int)
    return gzip.compress(csv_bytes(pd.DataFrame(columns)), compresslevel=6, mtime=0)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, 0o644 << 16
    return info
