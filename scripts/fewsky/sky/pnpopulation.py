"""Who stands in a simulated catalogue of planetary nebulae: codes, kinds, places, light."""

from collections.abc import Mapping
from zlib import crc32

import numpy as np
import pandas as pd
from astropy import units as u
from astropy.coordinates import SkyCoord

from fewsky.console import FewskyError
from fewsky.surveys.hash_kinds import kind_of

# Rejected codes of the catalogue (its column PNstat) that have a light of their own in mimics.py.
MIMICS = ("G", "G?", "HII", "iISM", "SNR", "RNe", "Sy*", "Em*", "star", "q")
TRUE = "T"
# Chance that an entry of an undecided code is a planetary nebula: likely, possible, candidate.
UNDECIDED = {"L": 0.85, "P": 0.5, "c": 0.35, "s": 0.3}
# Main classes of morphology, and how often each is drawn: S is unresolved.
SHAPES = {"E": 0.38, "R": 0.22, "B": 0.22, "A": 0.08, "S": 0.10}
POINTS = {"S", "Sy*", "Em*", "star"}
# Sizes against those of the nebulae, and degrees of |b| over which numbers fall by e.
SIZE = {"HII": 1.8, "iISM": 3.2, "SNR": 2.0, "RNe": 1.5, "G": 1.15, "G?": 0.8, "q": 1.2}
LATITUDE_DEG = {"HII": 3.5, "iISM": 4.5, "SNR": 5.0, "RNe": 8.0, "G": 16.0, "G?": 16.0}
PN_LATITUDE_DEG = 4.5
# Codes are dealt out in blocks, so that their shares hold in every stretch of the catalogue.
BLOCK = 20
FIRST_ID = 1001


def generator(seed: int, number: int, purpose: str) -> np.random.Generator:
    """Random numbers of one object and one purpose, the same whatever else is simulated."""
    return np.random.default_rng((seed, number, crc32(purpose.encode())))


def entries(settings: dict, survey: dict, seed: int) -> pd.DataFrame:
    """One row an entry of the catalogue, with what was catalogued and what is true.

    `ra`, `dec` are degrees (ICRS) as the table's digits give them, diameters arcsec of the major
    axis, `contrast` the brightest r light over the sky's, `angle` radians. `group` is the number
    of the entry whose neighbourhood this one shares. Raises FewskyError on codes without a kind.
    """
    _check(settings)
    table = pd.DataFrame([_entry(settings, survey, seed, n) for n in range(settings["objects"])])
    return table.assign(**_places(settings, survey, seed, table))


def _check(settings: dict) -> None:
    known = {TRUE, *UNDECIDED, *MIMICS}
    wrong = sorted(set(settings["shares"]) - known)
    has_mimic = any(settings["shares"].get(code, 0) > 0 for code in MIMICS)
    if wrong or not has_mimic or settings["shares"].get(TRUE, 0) <= 0:
        raise FewskyError(
            f"sky.hash.shares: wanted shares of T and of a rejected code, from {sorted(known)}; "
            f"found {settings['shares']}. Correct the keys."
        )


def _entry(settings: dict, survey: dict, seed: int, number: int) -> dict:
    rng = generator(seed, number, "entry")
    status, true_status = _codes(settings["shares"], settings["label_noise"], seed, number, rng)
    shape = _pick(rng, SHAPES) if true_status == TRUE else ""
    return {
        "number": number,
        "idPNMain": FIRST_ID + number,
        "status": status,
        "true_status": true_status,
        "true_kind": kind_of(true_status, shape),
        "shape": shape,
        **_light(settings, survey["field_arcsec"], shape or true_status, rng),
    }


def _codes(shares: Mapping, noise: float, seed: int, number: int, rng) -> tuple[str, str]:
    """The catalogued code and the true one: a wrong code stands for the other class."""
    block, place = divmod(number, BLOCK)
    order = generator(seed, block, "codes").permutation(BLOCK)
    status = _pick(rng, shares, (order[place] + rng.random()) / BLOCK)
    mimics = {code: shares[code] for code in MIMICS if shares.get(code, 0) > 0}
    wrong, other = rng.random() < noise, _pick(rng, mimics)
    if status in UNDECIDED:
        return status, TRUE if rng.random() < UNDECIDED[status] else other
    if not wrong:
        return status, status
    return status, other if status == TRUE else TRUE


def _pick(rng: np.random.Generator, shares: Mapping, place: float | None = None) -> str:
    codes, weights = list(shares), np.array(list(shares.values()), dtype=float)
    place = rng.random() if place is None else place
    return codes[int(np.searchsorted(np.cumsum(weights), place * weights.sum(), side="right"))]


def _light(settings: dict, field: float, code: str, rng: np.random.Generator) -> dict:
    """Size, shape and brightness, drawn alike for all kinds and then made to suit each."""
    low, high = settings["diameter_shares"]
    share = low * (high / low) ** rng.random()
    faint, bright = settings["contrasts"]
    contrast = faint * (bright / faint) ** rng.random()
    # Small nebulae are young and bright.
    contrast *= (np.sqrt(low * high) / share) ** 0.5
    point = code in POINTS
    flat = {"R": (0.9, 1.0), "B": (0.35, 0.65), "G": (0.25, 0.95), "G?": (0.25, 0.95)}
    return {
        "diameter_arcsec": 0.0 if point else share * SIZE.get(code, 1.0) * field,
        "axis_ratio": 1.0 if point else rng.uniform(*flat.get(code, (0.6, 0.95))),
        "angle": rng.uniform(0, np.pi),
        "contrast": contrast,
        "mag_r": rng.uniform(13.0, 19.0),
    }


def _places(settings: dict, survey: dict, seed: int, table: pd.DataFrame) -> dict:
    codes = table["true_status"]
    glon, glat = np.array([_galactic(seed, n, code) for n, code in enumerate(codes)]).T
    sky = SkyCoord(l=glon * u.deg, b=glat * u.deg, frame="galactic").icrs
    group = np.array([_group(settings, seed, number) for number in range(len(table))])
    offset = np.array([_offset(survey, seed, number) for number in range(len(table))])
    paired = group != np.arange(len(table))
    near = sky[group].directional_offset_by(
        np.where(paired, offset[:, 0], 0) * u.deg, np.where(paired, offset[:, 1], 0) * u.arcsec
    )
    sky = SkyCoord(np.where(paired, near.ra, sky.ra), np.where(paired, near.dec, sky.dec))
    ra, dec = rounded(sky.ra.deg, sky.dec.deg)
    galactic = SkyCoord(ra * u.deg, dec * u.deg).galactic
    return {"ra": ra, "dec": dec, "glon": galactic.l.deg, "glat": galactic.b.deg, "group": group}


def rounded(ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions in the table's digits: 0.01 s of time and 0.1 arcsec.

    Right ascensions halfway between two fifth decimals of a degree are moved by one step, so that
    nobody's way of adding up hours and minutes can round them to another name of a file.
    """
    step = np.round(ra * 24000).astype(int)
    step = (step + (step % 6 == 3)) % (360 * 24000)
    return step / 24000, np.round(dec * 36000) / 36000


def _galactic(seed: int, number: int, code: str) -> tuple[float, float]:
    rng = generator(seed, number, "place")
    towards_centre = rng.random() < 0.45
    glon = rng.laplace(0, 25) if towards_centre else rng.uniform(-180, 180)
    scale = LATITUDE_DEG.get(code, PN_LATITUDE_DEG)
    glat = rng.choice([-1, 1]) * (0.3 + rng.exponential(scale))
    return glon % 360, float(np.clip(glat, -80, 80))


def _group(settings: dict, seed: int, number: int) -> int:
    alone = generator(seed, number, "pair").random() >= settings["pair_share"]
    return number if number % 2 == 0 or alone else number - 1


def _offset(survey: dict, seed: int, number: int) -> tuple[float, float]:
    """Position angle, degrees, and distance, arcsec, of an entry from the one it stands beside."""
    rng = generator(seed, number, "offset")
    return rng.uniform(0, 360), min(survey["field_arcsec"], 60) * rng.uniform(0.3, 0.8)
