"""A simulated table pnmain.dat of catalogue V/163, and the ReadMe that describes its bytes."""

import numpy as np
import pandas as pd

from fewsky.sky.pnpopulation import SHAPES, TRUE, generator

# Columns of V/163 that say who an object is: first byte, width, FITS-like format, unit, label,
# explanation. A question mark allows a blank.
COLUMNS = (
    (1, 5, "I5", "---", "idPNMain", "[1,99999] Number in HASH"),
    (7, 10, "A10", "---", "PNG", "PN G designation"),
    (18, 2, "I2", "h", "RAh", "Right ascension (J2000)"),
    (21, 2, "I2", "min", "RAm", "Right ascension (J2000)"),
    (24, 5, "F5.2", "s", "RAs", "Right ascension (J2000)"),
    (30, 1, "A1", "---", "DE-", "Sign of the declination (J2000)"),
    (31, 2, "I2", "deg", "DEd", "Declination (J2000)"),
    (34, 2, "I2", "arcmin", "DEm", "Declination (J2000)"),
    (37, 4, "F4.1", "arcsec", "DEs", "Declination (J2000)"),
    (42, 9, "F9.5", "deg", "Glon", "Galactic longitude"),
    (52, 9, "F9.5", "deg", "Glat", "Galactic latitude"),
    (62, 9, "A9", "---", "Catalogue", "Catalogue of origin"),
    (72, 12, "A12", "---", "Name", "Usual name"),
    (85, 4, "A4", "---", "PNstat", "Status of the object"),
    (90, 6, "A6", "---", "domain", "Galaxy or Magellanic Cloud"),
    (97, 1, "A1", "---", "morphMainClass", "? Main class of morphology"),
    (99, 4, "A4", "---", "morphSubClass", "? Subclass of morphology"),
    (104, 6, "F6.1", "arcsec", "MajDiam", "? Major diameter"),
    (111, 6, "F6.1", "arcsec", "MinDiam", "? Minor diameter"),
)
WIDTH = 116
SUBCLASSES = ("", "a", "m", "p", "r", "s", "ar", "mr", "ps")
RULE = "-" * 80


def catalogue_bytes(table: pd.DataFrame, seed: int) -> bytes:
    """pnmain.dat: one line an entry of `pnpopulation.entries`, as COLUMNS says."""
    lines = []
    for entry in table.itertuples():
        values = _values(entry, generator(seed, entry.number, "catalogue"))
        line = [" "] * WIDTH
        for (start, width, kind, _, label, _), text in zip(COLUMNS, values, strict=True):
            if len(text) > width:
                raise ValueError(f"{label}: '{text}' is longer than {width} bytes")
            text = text.ljust(width) if kind.startswith("A") else text.rjust(width)
            line[start - 1 : start - 1 + width] = text
        lines.append("".join(line))
    return ("\n".join(lines) + "\n").encode("ascii")


def _values(entry, rng: np.random.Generator) -> list[str]:
    major, minor = _diameters(entry, rng)
    shape, subclass = _morphology(entry, rng)
    return [
        str(entry.idPNMain), _png(entry.glon, entry.glat), *_sexagesimal(entry.ra, entry.dec),
        f"{entry.glon:.5f}", f"{entry.glat:.5f}", "SIMULATED", f"Sim {entry.idPNMain}",
        entry.status, "Galaxy", shape, subclass, major, minor,
    ]  # fmt: skip


def _png(glon: float, glat: float) -> str:
    # Designations are cut off, not rounded, to a tenth of a degree.
    sign = "-" if glat < 0 else "+"
    return f"{np.floor(glon * 10) / 10:05.1f}{sign}{np.floor(abs(glat) * 10) / 10:04.1f}"


def _sexagesimal(ra: float, dec: float) -> list[str]:
    """RAh RAm RAs DE- DEd DEm DEs, to 0.01 s and 0.1 arcsec."""
    right, down = round(ra * 24000), round(abs(dec) * 36000)
    return [
        f"{right // 360000:02d}", f"{right // 6000 % 60:02d}", f"{right % 6000 / 100:05.2f}",
        "-" if dec < 0 else "+",
        f"{down // 36000:02d}", f"{down // 600 % 60:02d}", f"{down % 600 / 10:04.1f}",
    ]  # fmt: skip


def _diameters(entry, rng: np.random.Generator) -> tuple[str, str]:
    """Diameters as somebody measured them, a tenth off; points and some others have none."""
    unmeasured, error = rng.random() < 0.15, np.exp(rng.normal(0, 0.1))
    if unmeasured or entry.diameter_arcsec == 0:
        return "", ""
    major = entry.diameter_arcsec * error
    return f"{major:.1f}", f"{major * entry.axis_ratio:.1f}"


def _morphology(entry, rng: np.random.Generator) -> tuple[str, str]:
    """Classes of what was catalogued as a nebula: the true one, or a guess where there is none."""
    guess, subclass = rng.choice(list(SHAPES)), rng.choice(SUBCLASSES)
    if entry.status not in (TRUE, "L", "P"):
        return "", ""
    return entry.shape or guess, subclass


def readme_bytes(rows: int) -> bytes:
    """The ReadMe: what the file is, and which bytes hold what, as CDS describes its tables."""
    head = [
        "V/163      SIMULATED catalogue of planetary nebulae                  (fewsky demo sky)",
        "=" * 80,
        "SIMULATED by fewsky in the layout of the HASH catalogue at CDS: not observed.", "",
        "File Summary:", RULE, " FileName    Lrecl  Records  Explanations", RULE,
        "ReadMe          80        .  This file",
        f"pnmain.dat    {WIDTH:4d}   {rows:6d}  SIMULATED main table", RULE, "",
        "Byte-by-byte Description of file: pnmain.dat", RULE,
        "   Bytes Format Units   Label            Explanations", RULE,
    ]  # fmt: skip
    body = [
        f"{_bytes(start, width)} {kind:6s} {unit:7s} {label:16s} {text}"
        for start, width, kind, unit, label, text in COLUMNS
    ]
    return ("\n".join([*head, *body, RULE, "", "=" * 80]) + "\n").encode("ascii")


def _bytes(start: int, width: int) -> str:
    return f"{start:4d}-{start + width - 1:4d}" if width > 1 else f"{start:9d}"
