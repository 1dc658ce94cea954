"""A service that is asked instead of giving files: by a form, a query or an address to be made.

A form answers with a page that links the file, Simple Image Access with a table of addresses.
"""

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from fewsky.raw.answers import Hiccup, Manners, judge, plainly
from fewsky.raw.pace import take_turn
from fewsky.raw.payload import describe
from fewsky.raw.sia import image_of

LARGEST_PAGE = 1 << 20  # bytes of an answer that are looked at


def answer(form: Mapping[str, Any], manners: Manners, paces: Path) -> str:
    """Ask for a file and return the address that it is then fetched from.

    `form` has that address; or url, fields and band, for a query in Simple Image Access whose
    answer has an image of the band; or url, fields and link, for a form whose page links an address
    of that ending. Raises Hiccup where the answer names none, since a busy service says so in a
    page too, and Refused where the service says no.
    """
    if "address" in form:
        return form["address"]
    take_turn(paces, urlsplit(form["url"]).netloc, manners.rate_per_s)
    headers = {"User-Agent": manners.user_agent, "Accept-Encoding": "identity"}
    limits = (manners.timeout_s, manners.timeout_s)
    with plainly(manners), requests.Session() as session:
        session.max_redirects = 5
        fields = {"params" if "band" in form else "data": form["fields"]}
        with session.request(
            "GET" if "band" in form else "POST",
            form["url"],
            **fields,
            headers=headers,
            stream=True,
            timeout=limits,
        ) as response:
            judge(response)
            page = response.raw.read(LARGEST_PAGE, decode_content=True)
            base = response.url
    if "band" in form:
        return image_of(page, form["band"])
    found = link_of(page, base, form["link"])
    if found is None:
        raise Hiccup(f"{_said(page)} without a link to a {form['link']} file")
    return found


def link_of(page: bytes, base: str, ending: str) -> str | None:
    """The first address in a page that ends with `ending`, or None.

    Addresses stand in quotes, between blanks or between tags; relative ones are of `base`. Only
    http and https are followed.
    """
    text = page.decode("utf-8", "replace")
    pattern = r"[^\s\"'<>=]+" + re.escape(ending) + r"(?![\w.])"
    for found in re.findall(pattern, text):
        address = urljoin(base, unescape(found))
        if urlsplit(address).scheme in ("http", "https") and urlsplit(address).hostname:
            return address
    return None


def _said(page: bytes) -> str:
    """What a page says, in a few words: its title and the beginning of its text."""
    text = page.decode("utf-8", "replace")
    shown = re.sub(r"(?is)<(script|style|title).*?</\1>|<[^>]*>", " ", text)
    words = " ".join(re.sub(r"[^ -~]", " ", unescape(shown)).split())[:80]
    return f"{describe(page[:4096])} that says '{words}'" if words else describe(page[:4096])
