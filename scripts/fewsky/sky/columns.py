"""Columns of photoObj and of the sweeps: names, types, order. Vectors are u, g, r, i, z."""

import numpy as np

# Bits of photo's FLAGS.
EDGE, BLENDED, CHILD, SATURATED, BINNED1 = 1 << 2, 1 << 3, 1 << 4, 1 << 18, 1 << 28
_V, _J = (">f4", 5), (">i4", 5)


def _fluxes(name: str, magnitude: str = "") -> dict:
    table = {name: _V, f"{name}_IVAR": _V}
    return table | ({magnitude: _V, f"{magnitude}ERR": _V} if magnitude else {})


PHOTOOBJ = {
    "OBJID": "S19", "PARENTID": "S19", "FIELDID": "S19", "SKYVERSION": "u1", "MODE": "u1",
    "CLEAN": "u1", "RUN": ">i2", "RERUN": "S3", "CAMCOL": "u1", "FIELD": ">i2", "ID": ">i2",
    "PARENT": ">i2", "NCHILD": ">i2", "OBJC_TYPE": ">i4", "OBJC_PROB_PSF": ">f4",
    "OBJC_FLAGS": ">i4", "OBJC_FLAGS2": ">i4", "OBJC_ROWC": ">f4", "OBJC_COLC": ">f4",
    "ROWC": _V, "COLC": _V, "PETROTHETA": _V, "PETROTH50": _V, "PETROTH90": _V, "THETA_DEV": _V,
    "AB_DEV": _V, "THETA_EXP": _V, "AB_EXP": _V, "FRACDEV": _V, "FLAGS": _J, "FLAGS2": _J,
    "TYPE": _J, "PROB_PSF": _V, "PSP_STATUS": _J, "PIXSCALE": _V, "RA": ">f8", "DEC": ">f8",
    "PSF_FWHM": _V, "MJD": ">i4", "EXTINCTION": _V, "SKYFLUX": _V,
    **_fluxes("PSFFLUX", "PSFMAG"), **_fluxes("FIBERFLUX", "FIBERMAG"),
    **_fluxes("CMODELFLUX", "CMODELMAG"), **_fluxes("MODELFLUX", "MODELMAG"),
    **_fluxes("PETROFLUX", "PETROMAG"), **_fluxes("DEVFLUX"), **_fluxes("EXPFLUX"),
    "APERFLUX": (">f4", (5, 8)), "APERFLUX_IVAR": (">f4", (5, 8)), "CALIB_STATUS": _J,
    "NMGYPERCOUNT": _V, "RESOLVE_STATUS": ">i4", "THING_ID": ">i4", "NOBSERVE": ">i4",
    "NDETECT": ">i4", "SCORE": ">f4",
}  # fmt: skip

_HEAD = "RUN RERUN CAMCOL FIELD ID OBJC_TYPE OBJC_FLAGS OBJC_FLAGS2 "
_PLACE = "FLAGS FLAGS2 PSP_STATUS RA DEC PSF_FWHM EXTINCTION "
_FLUX = "PSFFLUX PSFFLUX_IVAR FIBERFLUX FIBERFLUX_IVAR MODELFLUX MODELFLUX_IVAR "
_GALAXY_FLUX = "PETROFLUX PETROFLUX_IVAR DEVFLUX DEVFLUX_IVAR EXPFLUX EXPFLUX_IVAR "
_TAIL = "CALIB_STATUS NMGYPERCOUNT RESOLVE_STATUS THING_ID NDETECT"
# The halves of the sweeps place the same columns differently, as in the archive.
SWEEP = {
    "star": f"{_HEAD} OBJC_ROWC ROWC COLC {_PLACE} SKYFLUX {_FLUX} {_TAIL}".split(),
    "gal": (
        f"{_HEAD} ROWC COLC PETROTH50 PETROTH90 THETA_DEV THETA_EXP FRACDEV {_PLACE} {_FLUX} "
        f"{_GALAXY_FLUX} {_TAIL}"
    ).split(),
}


def empty(count: int) -> np.ndarray:
    """A photoObj table of `count` rows of zeros."""
    kinds = [(n, *kind) if isinstance(kind, tuple) else (n, kind) for n, kind in PHOTOOBJ.items()]
    return np.zeros(count, dtype=kinds)
