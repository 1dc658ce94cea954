"""A sound small file of every format that is read, by the demo sky's own writers, with its reader.

Broken input (`corpus`) and fuzzed input (`fuzz`) begin with these.
"""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from fewsky.boxes.table import make_boxes
from fewsky.boxes.voc import write_voc
from fewsky.boxes.voc_folder import read_folder
from fewsky.commands.predict import configured
from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.files import load_arrays, load_json, load_table, save_arrays, save_json, save_table
from fewsky.models.samples import labelled
from fewsky.networks.published import tensors_of
from fewsky.raw.answers import Hiccup, Refused
from fewsky.raw.sia import image_of
from fewsky.sky.crowds_files import mapping_bytes, votes_bytes, zip_bytes
from fewsky.sky.galaxies import file_bytes
from fewsky.sky.properties_files import fits_bytes, jpeg_bytes, place_cards, png_bytes, tgz_bytes
from fewsky.sky.sdss import ARCHIVE, simulate_run
from fewsky.surveys import efigi_file, folder, folder_images, galaxy10_file, galaxyzoo_table
from fewsky.surveys.catalogue_table import read_csv_catalogue
from fewsky.surveys.galaxy10 import CLASSES
from fewsky.surveys.hash_catalogue import read_objects
from fewsky.surveys.hash_plates import read_plate
from fewsky.surveys.mergers_table import select_objects as select_mergers
from fewsky.surveys.sdss_catalogues import read_calibobj, read_photoobj
from fewsky.surveys.sdss_frames import read_frame
from fewsky.surveys.splus_images import read_cutout
from tests.conftest import ROOT

BANDS = ["red", "green", "blue"]
FRAME = "frame-r-008162-6-0080.fits.bz2"
PHOTOOBJ = "photoObj-008162-6-0080.fits"
SWEEP = "calibObj-008162-6-star.fits.gz"
SKY = {
    "rows": 96, "columns": 96, "overlap_rows": 24, "pixel_arcsec": 0.396,
    "stars_per_mpix": 2000.0, "galaxies_per_mpix": 2000.0, "faintest_mag": 22.0,
    "companion_share": 0.0, "bright_star_mag": 14.0, "psf_beta": 3.5, "psf_ellipticity": 0.02,
    "seeing_drift": 0.0,
}  # fmt: skip
RUN = {
    "run": 8162, "camcol": 6, "fields": [80], "ra_start": 325.0, "dec": 27.0,
    "psf_fwhm": dict.fromkeys("ugriz", 1.3), "noise": dict.fromkeys("ugriz", 0.03),
    "depth": 1.0, "ebv": 0.05, "star_factor": 1.0, "galaxy_factor": 1.0, "size_factor": 1.0,
}  # fmt: skip
COUNTS = dict.fromkeys(CLASSES["sdss"], 1)
GALAXIES = pd.DataFrame({
    "objid": [587722981741363294, 587722981741363295, 587722981741363296], "asset_id": [3, 5, 7],
    "ra": [10.0, 20.0, 30.0], "dec": [1.5, 2.5, 3.5], "gz2_class": ["Er", "SBc2m", "A"],
})  # fmt: skip
VOTABLE = """<?xml version="1.0"?>
<VOTABLE><RESOURCE><TABLE><FIELD name="access_url"/><FIELD name="obs_bandpass"/><DATA><TABLEDATA>
<TR><TD>https://splus.example.org/a.fits</TD><TD>F378</TD></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""


class Sound(NamedTuple):
    """A format: its word in tables, the files of a sound input, and the call that reads them."""

    format: str
    files: dict[str, bytes]
    read: Callable[[Path], object]
    fuzzed: str  # the file that is broken


@cache
def sounds() -> dict[str, Sound]:
    """Every format by a short name."""
    made = [*_of_sdss(), *_of_pictures(), *_of_archives(), *_of_tables(), *_of_results()]
    return {sound_name: sound for sound_name, sound in made}


def put(sound: Sound, folder: Path, **changed: bytes | None) -> Path:
    """Write an input's files into a folder; `changed` replaces the file that is broken, or more."""
    for name, content in {**sound.files, **changed}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            (folder / name).write_bytes(content)
    return folder


def rows(*items: tuple[str, str]) -> pd.DataFrame:
    """A list of downloaded files, as readers are given it."""
    return pd.DataFrame([{"kind": kind, "path": path, "url": path} for kind, path in items])


def pixels(side: int = 16, seed: int = 0) -> np.ndarray:
    """A colour picture `(y, x, 3)`."""
    return np.random.default_rng(seed).integers(0, 255, (side, side, 3)).astype(np.uint8)


# --- SDSS -----------------------------------------------------------------------------------------
def _of_sdss():
    with tempfile.TemporaryDirectory() as mirror:
        simulate_run(SKY, RUN, mirror, seed=3)
        base = Path(mirror) / ARCHIVE
        frame = (base / "photoObj/frames/301/8162/6" / FRAME).read_bytes()
        photoobj = (base / "photoObj/301/8162/6" / PHOTOOBJ).read_bytes()
        sweep = (base / "sweeps/dr13_final/301" / SWEEP).read_bytes()
    yield "frame", Sound("FITS frame", {FRAME: frame}, lambda f: read_frame(f / FRAME), FRAME)
    yield (
        "photoobj",
        Sound("photoObj", {PHOTOOBJ: photoobj}, lambda f: read_photoobj(f / PHOTOOBJ), PHOTOOBJ),
    )
    yield (
        "calibobj",
        Sound("calibObj", {SWEEP: sweep}, lambda f: read_calibobj(f / SWEEP, None), SWEEP),
    )


# --- pictures -------------------------------------------------------------------------------------
def _of_pictures():
    plane = np.random.default_rng(1).normal(100, 5, (32, 32)).astype(np.float32)
    contents = {
        "a.png": ("PNG", png_bytes(pixels())),
        "a.jpg": ("JPEG", jpeg_bytes(pixels())),
    }
    for name, (kind, content) in contents.items():
        yield kind.lower(), Sound(kind, {name: content}, _picture(name, BANDS), name)
    grey = fits_bytes(plane, {})
    yield "fits", Sound("FITS picture", {"a.fits": grey}, _picture("a.fits", ["r"]), "a.fits")
    plate = fits_bytes(plane, {"FIELDNUM": 843, **place_cards(10.5, -1.0, 32, 0.67)})
    yield "plate", Sound("FITS plate", {"p.fits": plate}, lambda f: read_plate(f / "p.fits"),
                         "p.fits")  # fmt: skip
    cut = fits_bytes(plane, {"MAGZP": 20.0})
    yield "splus", Sound("FITS cut-out", {"s.fits": cut},
                         lambda f: read_cutout({"r": f / "s.fits"}, ["r"]), "s.fits")  # fmt: skip


def _picture(name: str, bands: list[str]):
    return lambda folder: folder_images.read_picture(folder / name, name, bands)


# --- archives -------------------------------------------------------------------------------------
def _of_archives():
    table = pd.DataFrame({"label": list(CLASSES["sdss"])})
    images = np.stack([pixels(8, k) for k in range(len(table))])
    told = {"release": "sdss", "field_arcsec": 4.0}
    yield (
        "galaxy10",
        Sound("HDF5", {"g.h5": file_bytes(images, table, told)}, read_galaxy10, "g.h5"),
    )
    pictures = ((f"images/{k}.jpg", jpeg_bytes(pixels(16, k))) for k in GALAXIES["asset_id"])
    files = {"i.zip": zip_bytes(pictures), "m.csv": mapping_bytes(GALAXIES),
             "v.csv.gz": votes_bytes(GALAXIES)}  # fmt: skip
    for name, file in (("zip", "i.zip"), ("mapping", "m.csv"), ("votes", "v.csv.gz")):
        yield name, Sound(f"Galaxy Zoo {name}", files, read_galaxyzoo, file)
    names = ("PGC0000001", "PGC0000002")
    texts = {efigi_file.ATTRIBUTES: b"head\n" * 3 + b"PGC0000002 -5 -6 -4\nPGC0000001 10 9 11\n",
             efigi_file.PLACES: b"PGC0000001 10.5 -1.25 0.01 0.02\n"}  # fmt: skip
    files = {"png.tgz": tgz_bytes({f"png/{name}.png": png_bytes(pixels()) for name in names}),
             "tables.tgz": tgz_bytes(texts)}  # fmt: skip
    for name, file in (("efigi", "png.tgz"), ("efigi-tables", "tables.tgz")):
        yield name, Sound("TGZ of EFIGI", files, read_efigi, file)


def read_galaxy10(folder: Path):
    settings = {"release": "sdss", "counts": COUNTS, "shard_objects": 100}
    objects = galaxy10_file.select_objects(rows(("packed", "g.h5")), folder, settings)
    return list(galaxy10_file.read_images(folder / "g.h5", objects["object_id"], BANDS))


def read_galaxyzoo(folder: Path):
    listed = rows(("packed", "i.zip"), ("mapping", "m.csv"), ("votes", "v.csv.gz"))
    settings = {"number": 3, "seed": 0, "exclude": [], "shard_objects": 10}
    objects = galaxyzoo_table.select_objects(listed, folder, settings)
    return list(galaxyzoo_table.read_images(folder / "i.zip", objects["object_id"], BANDS))


def read_efigi(folder: Path):
    listed = rows(("packed", "png.tgz"), ("tables", "tables.tgz"))
    objects = efigi_file.select_objects(listed, folder, {"exclude": []})
    return list(efigi_file.read_images(folder / "png.tgz", objects["object_id"], BANDS))


# --- tables and text ------------------------------------------------------------------------------
CSV = b"object_id,ra,dec,label\na,336.66,-0.93,star\nb,336.67,-0.93,galaxy\n"
PIXELS = b"x,y,label,field\n3,4,star,94-1-12\n5,6,galaxy,94-1-12\n"
POSITIONS = b"ra,dec\n336.66,-0.93\n336.67,-0.93\n"
CATALOG = b"object_id,file,label,ra,dec\na,a.png,nebula,10,1\nb,b.png,galaxy,11,2\n"
EXPORT = (b"idPNMain,PNstat,RAJ2000,DECJ2000,Name,morphMainClass,MajDiam\n"
          b"7,T,01:00:00.0,-00:30:00.0,A 1,B,20\n9,G,03:00:00.0,+02:29:59,A 3,E,5\n")  # fmt: skip
MERGERS = b"ra,dec,label\n10,1,merger\n11,2,non-merger\n"


def _of_tables():
    yield "csv", Sound("CSV catalogue", {"c.csv": CSV}, lambda f: read_csv_catalogue(f / "c.csv"),
                       "c.csv")  # fmt: skip
    yield "csv-pixels", Sound("CSV catalogue", {"c.csv": PIXELS},
                              lambda f: read_csv_catalogue(f / "c.csv"), "c.csv")  # fmt: skip
    yield "positions", Sound("CSV of positions", {"c.csv": POSITIONS},
                             lambda f: read_csv_catalogue(f / "c.csv", False), "c.csv")  # fmt: skip
    yield "catalog", Sound("CSV of a folder", {"catalog.csv": CATALOG}, read_catalog, "catalog.csv")
    yield "hash", Sound("CSV of HASH", {"h.csv": EXPORT},
                        lambda f: read_objects(rows(("table", "h.csv")), f), "h.csv")  # fmt: skip
    settings = {"exclude": [], "per_class": 1, "seed": 0, "shard_objects": 10}
    yield "mergers", Sound("CSV of mergers", {"t.csv": MERGERS},
                           lambda f: select_mergers(rows(("catalogue", "t.csv")), f, settings),
                           "t.csv")  # fmt: skip
    yield "votable", Sound("VOTable", {"v.xml": VOTABLE.encode()}, read_votable, "v.xml")
    yield "voc", Sound("VOC XML", {"gz2-1.xml": _voc()}, read_voc, "gz2-1.xml")
    text = (ROOT / "config.yaml").read_bytes()
    yield "config", Sound("config YAML", {"config.yaml": text}, read_config, "config.yaml")


def read_catalog(place: Path):
    objects = folder_images.select_objects(rows(("catalogue", "catalog.csv")), place, {})
    return folder.files({"folder": str(place)}, objects.to_dict("records"))


def read_config(place: Path):
    return resolve(configured(["--configfile", str(place / "config.yaml")]))


def read_voc(place: Path):
    images = pd.DataFrame([{"image": "gz2-1", "file": "gz2-1.png", "width": 64, "height": 48}])
    return read_folder(place, images, ["galaxy"])


def read_votable(place: Path):
    try:
        return image_of((place / "v.xml").read_bytes(), "f378")
    except (Hiccup, Refused) as error:  # `download` makes a line of them
        raise FewskyError(f"v.xml: wanted a table of images; found {error}.") from None


def _voc() -> bytes:
    boxes = make_boxes("gz2-1", np.array([[8, 8, 30, 20], [1, 2, 60, 40]]), label="galaxy",
                       source="catalogue")  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        write_voc(Path(place) / "a.xml", "gz2-1.png", 64, 48, boxes)
        return (Path(place) / "a.xml").read_bytes()


# --- results --------------------------------------------------------------------------------------
def _of_results():
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, np.float32)}
    manifest = pd.DataFrame({"object_id": ["x", "y"], "label": ["star", "galaxy"],
                             "part": ["pool", "test"], "fold": [0, 0]})  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        base = Path(place)
        save_arrays(arrays, base / "w.safetensors")
        torch.save({name: torch.tensor(array) for name, array in arrays.items()}, base / "w.pth")
        save_table(manifest, base / "m.parquet")
        save_table(manifest, base / "m.csv")
        save_json({"a": [1, 2.5, None]}, base / "p.json")
        made = {path.name: path.read_bytes() for path in base.iterdir()}
    calls = {
        "w.safetensors": ("safetensors", load_arrays),
        "w.pth": ("weights .pth", lambda path: tensors_of(path, "timm-resnet50")),
        "m.parquet": ("Parquet", load_table),
        "m.csv": ("manifest CSV", read_manifest),
        "p.json": ("JSON", load_json),
    }
    for name, (kind, call) in calls.items():
        short = {"m.csv": "manifest"}.get(name, name.rpartition(".")[2])
        yield short, Sound(kind, {name: made[name]}, _reading(call, name), name)


def _reading(call, name: str):
    return lambda folder: call(folder / name)


def read_manifest(path: Path):
    catalog = pd.DataFrame({"object_id": ["x", "y"]})
    return labelled(catalog, load_table(path, dtype={"object_id": str}), ["star", "galaxy"])
