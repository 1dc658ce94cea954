"""The words for a printed claim, and the one that several findings come to; nothing heavy."""

HOLDS = "holds"
SPREAD = "holds within the spread"
SLIP = "slip"
FAILS = "does not hold"
UNTOLD = "cannot be told"
OPEN = "cannot be decided without the archive"
VERDICTS = (HOLDS, SPREAD, SLIP, FAILS, UNTOLD, OPEN)
NOT_RUN = "not run here"


def joined(derived: str | None, found: str | None) -> str:
    """The verdict on a claim from that of its arithmetic or reading, and that of runs on real data.

    A slip of arithmetic stays one whatever runs find. Else runs decide, where a claim names any
    (`found`, OPEN where there are none on real data); else arithmetic.
    """
    if derived == SLIP or found is None:
        return derived or OPEN
    return found
