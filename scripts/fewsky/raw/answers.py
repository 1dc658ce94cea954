"""How archives are asked, and what their answers mean: good, to be asked again, or no."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests
import urllib3

USER_AGENT = "fewsky/1 (Snakemake workflow; downloads once, resumes, keeps to a rate)"
TRANSIENT = {408, 425, 429}  # and every 5xx


@dataclass(frozen=True)
class Manners:
    """How an archive is asked. None of this can change a byte."""

    rate_per_s: float = 2.0
    timeout_s: float = 60.0
    tries: int = 6
    pause_s: float = 1.0  # before the second try; doubles with each further one
    longest_pause_s: float = 300.0
    user_agent: str = USER_AGENT


class Hiccup(Exception):
    """A failure that may pass: asked again. `wait_s` is what the server's Retry-After demands."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class Refused(Exception):
    """A failure that will not pass by asking again."""


def judge(response: requests.Response) -> None:
    """Raise Hiccup or Refused unless an answer brings what was asked for."""
    status = response.status_code
    if status in (200, 206):
        return
    reason = f"HTTP {status} {response.reason or ''}".strip()
    if status in TRANSIENT or status >= 500:
        raise Hiccup(reason, _retry_after(response.headers.get("Retry-After")))
    raise Refused(reason)


def _retry_after(text: str | None) -> float:
    if not text:
        return 0.0
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return 0.0


@contextmanager
def plainly(manners: Manners) -> Iterator[None]:
    """Turn what requests and urllib3 raise into Hiccup or Refused, in a few words."""
    try:
        yield
    except requests.TooManyRedirects:
        raise Refused("redirects that go in circles") from None
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
        raise Refused("an address that cannot be used") from None
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        raise Hiccup(f"no answer for {manners.timeout_s:g} s") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        unknown = "NameResolution" in repr(error)
        reason = "a host name that is not known" if unknown else "a dropped connection"
        raise Hiccup(reason) from None
