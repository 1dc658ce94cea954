"""One file over HTTP: resumed by Range, asked for again with growing pauses, checked at the end."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from fewsky.console import FewskyError, say
from fewsky.files import load_json, save_json
from fewsky.raw.answers import Hiccup, Manners, Refused, judge, plainly
from fewsky.raw.forms import answer
from fewsky.raw.pace import hold_off, take_turn
from fewsky.raw.payload import BadBytes, Payload

SLOWEST_BYTES_PER_S = 1000  # below this a connection counts as stalled
CHUNK = 1 << 16


def download(
    url: str,
    part: Path,
    check: Callable[[Path], Payload],
    manners: Manners,
    paces: Path,
    form: Mapping[str, Any] | None = None,
) -> Payload:
    """Fetch a URL into `part` and return what `check` found in it.

    With a `form` the URL is a name only: each try sends the form and fetches the file that the
    answer links. Bytes of an earlier try are kept and continued where the server can; bytes that
    fail the check are thrown away. Raises FewskyError, one line with file, URL and reason, when
    tries run out.
    """
    name, reason = part.name.removesuffix(".part"), "nothing"
    for attempt in range(manners.tries):
        try:
            address = url if form is None else answer(form, manners, paces)
            take_turn(paces, urlsplit(address).netloc, manners.rate_per_s)
            receive(address, part, manners)
            return check(part)
        except Refused as error:
            discard(part)
            raise FewskyError(f"{name}: wanted {url}; found {error}. {_advice()}") from None
        except (Hiccup, BadBytes) as error:
            reason, wait_s = _taken(error, part)
        _pause(url, attempt, wait_s, reason, manners, paces)
    raise FewskyError(
        f"{name}: wanted {url}; found {reason}, at the last of {manners.tries} tries. {_advice()}"
    )


def _advice() -> str:
    return "Run again later, or put the file into the mirror."


def _taken(error: Exception, part: Path) -> tuple[str, float]:
    if isinstance(error, BadBytes):
        discard(part)
        return error.reason, 0.0
    return str(error), error.wait_s


def _pause(
    url: str, attempt: int, wait_s: float, reason: str, manners: Manners, paces: Path
) -> None:
    if attempt + 1 == manners.tries:
        return
    if wait_s > manners.longest_pause_s:
        raise FewskyError(
            f"{url}: wanted an answer; found {reason} and a wish to wait {wait_s:.0f} s. "
            "Run again after that."
        )
    pause = min(manners.pause_s * 2**attempt, manners.longest_pause_s)
    say(f"{Path(urlsplit(url).path).name}: {reason}; asking again in {max(pause, wait_s):g} s")
    if wait_s:
        hold_off(paces, urlsplit(url).netloc, wait_s)
    time.sleep(pause)


def receive(url: str, part: Path, manners: Manners) -> None:
    """Append the missing bytes of a URL to `part`, or write it anew where they do not fit."""
    have, known = _state(part, url)
    if known.get("total") == have > 0:
        return
    headers = {"User-Agent": manners.user_agent, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if known.get("validator"):
            headers["If-Range"] = known["validator"]
    with plainly(manners), requests.Session() as session:
        session.max_redirects = 5
        limits = (manners.timeout_s, manners.timeout_s)
        with session.get(url, headers=headers, stream=True, timeout=limits) as response:
            if response.status_code == 416:
                discard(part)
                raise Hiccup("a server that refuses to continue the file (HTTP 416)")
            judge(response)
            have, total = _place(response, part, url, have, known)
            _write(response.raw, part, have, total, manners)


def publish(part: Path, target: Path) -> None:
    """Give a whole and verified file its name."""
    os.replace(part, target)
    _notes(part).unlink(missing_ok=True)


def discard(part: Path) -> None:
    """Remove a partial file and what is known about it."""
    part.unlink(missing_ok=True)
    _notes(part).unlink(missing_ok=True)


def _notes(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _state(part: Path, url: str) -> tuple[int, dict]:
    """Bytes that can be continued, and what the server said of the file when they came."""
    if not part.exists() or not _notes(part).exists():
        return 0, {}
    known = load_json(_notes(part))
    return (part.stat().st_size, known) if known["url"] == url else (0, {})


def _place(
    response: requests.Response, part: Path, url: str, have: int, known: dict
) -> tuple[int, int | None]:
    """Where the answer's bytes belong, and the whole file's size if the server says it."""
    if response.status_code == 206:
        start, total = _content_range(response.headers.get("Content-Range", ""))
        if start != have or total != known.get("total", total):
            discard(part)
            raise Hiccup("a file that changed at the archive, or other bytes than asked for")
        return have, total
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isdigit() else None
    validator = response.headers.get("ETag", "")
    if not validator or validator.startswith("W/"):
        validator = response.headers.get("Last-Modified", "")
    discard(part)
    save_json({"url": url, "total": total, "validator": validator}, _notes(part))
    return 0, total


def _content_range(text: str) -> tuple[int, int | None]:
    try:
        span, total = text.removeprefix("bytes ").split("/")
        return int(span.split("-")[0]), int(total) if total.isdigit() else None
    except ValueError:
        return -1, None


def _write(raw, part: Path, have: int, total: int | None, manners: Manners) -> None:
    raw.enforce_content_length = False  # what is missing is counted here
    started, got = time.monotonic(), 0
    with open(part, "ab" if have else "wb") as stream:
        while chunk := raw.read1(CHUNK, decode_content=False):
            try:
                stream.write(chunk)
            except OSError as error:
                error.filename = error.filename or str(part)
                raise
            got += len(chunk)
            elapsed = time.monotonic() - started
            if elapsed > manners.timeout_s and got < SLOWEST_BYTES_PER_S * elapsed:
                raise Hiccup(f"less than {SLOWEST_BYTES_PER_S} bytes a second")
    if total is not None and have + got != total:
        raise Hiccup(f"a connection that ended at {have + got:,} of {total:,} bytes")
