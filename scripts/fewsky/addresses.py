"""Addresses that may be written into logs and records: those without a password or a token."""

import re
from typing import Any

from fewsky.console import FewskyError

SECRET = re.compile(
    r"://[^/?#\s]*@|[?&;]((?:access_?)?token|(?:api_?)?key|apikey|auth|password|passwd|pwd|secret|"
    r"sig|signature|x-amz-\w+)=", re.IGNORECASE)  # fmt: skip


def check_secrets(value: Any, where: str = "config") -> None:
    """Raise FewskyError where an address holds a password or a token, without repeating it.

    Addresses are written into lists, logs and provenance records, which are there to be published.
    """
    if isinstance(value, dict):
        for key, item in value.items():
            check_secrets(item, f"{where}: {key}" if where == "config" else f"{where}.{key}")
    elif isinstance(value, list):
        for item in value:
            check_secrets(item, where)
    elif isinstance(value, str) and (found := SECRET.search(value)):
        kind = f"a {found[1].lower()}" if found[1] else "a password"
        raise FewskyError(
            f"{where}: wanted an address without a password or token, since it is written into "
            f"logs and records; found one with {kind}. Download by hand into the mirror instead."
        )
