"""What the name of an extra input says of the catalogue; nothing heavy."""

import re


def column_of(name: str) -> str:
    """The catalogue column behind an extra input such as log10(redshift) or known(redshift)."""
    found = re.fullmatch(r"(?:log10|known)\((.+)\)", name)
    return column_of(found[1]) if found else name
