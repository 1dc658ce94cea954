"""A local HTTP server of a folder that misbehaves on demand, as archives do on bad days."""

import argparse
import gzip
import hashlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HTML = b"<!DOCTYPE html><html><head><title>Service unavailable</title></head></html>"
STATUS = {"404": 404, "429": 429, "500": 500, "503": 503}
FAULTS = (
    "drop", "cut", "stall", "drip", "truncate", "longer", "wrong", "html", "loop", "no-range",
    "changed", "other-host", "file-scheme", "gzip", "chunked", *STATUS,
)  # fmt: skip


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address) -> None:
        """A client that hangs up on a bad answer is what is wanted; other errors are printed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class MirrorServer:
    """Serve `folder` on loopback; a `with` block gives its address as `url`.

    `script` names the faults of a path's first requests, in order ("ok" for none); later requests
    are answered well. `share` is the probability of a random fault from `kinds`, drawn from the
    seed, the path and the count of requests for it, so that it does not depend on their order.
    `requests` lists (path, Range header, fault) as they came.
    """

    def __init__(
        self,
        folder: Path,
        script: Mapping[str, Sequence[str]] | None = None,
        share: float = 0.0,
        seed: int = 0,
        kinds: Sequence[str] = FAULTS,
        stall_s: float = 2.0,
        retry_after: str | None = None,
        ranges: bool = True,
        port: int = 0,
    ) -> None:
        self.folder, self.script, self.share, self.seed = Path(folder), script or {}, share, seed
        self.kinds, self.stall_s, self.retry_after = tuple(kinds), stall_s, retry_after
        self.ranges = ranges
        self.requests: list[tuple[str, str | None, str]] = []
        self.times: list[float] = []
        self.resumed = 0  # bytes that a client had already and was not sent again
        self.counts: Counter[str] = Counter()
        self.guard = threading.Lock()
        handler = type("Handler", (_Handler,), {"mirror": self})
        self.server = _Server(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "MirrorServer":
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def fault(self, path: str, span: str | None) -> str:
        """The fault of this request, noted in `requests`."""
        with self.guard:
            count = self.counts[path]
            self.counts[path] += 1
            planned = self.script.get(path, ())
            name = planned[count] if count < len(planned) else self._drawn(path, count)
            self.requests.append((path, span, name))
            self.times.append(time.monotonic())
        return name

    def _drawn(self, path: str, count: int) -> str:
        text = f"{self.seed} {path} {count}".encode()
        numbers = hashlib.sha256(text).digest()
        if int.from_bytes(numbers[:4], "big") >= self.share * 2**32:
            return "ok"
        return self.kinds[int.from_bytes(numbers[4:8], "big") % len(self.kinds)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mirror: MirrorServer

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        span = self.headers.get("Range")
        fault = self.mirror.fault(self.path, span)
        file = self.mirror.folder / self.path.lstrip("/")
        if fault == "drop":
            self.close_connection = True
        elif fault == "loop":
            self._answer(302, b"", {"Location": self.path})
        elif fault == "file-scheme":
            self._answer(302, b"", {"Location": "file:///etc/passwd"})
        elif fault == "other-host":
            place = f"http://localhost:{self.mirror.server.server_port}{self.path}"
            self._answer(302, b"", {"Location": place})
        elif fault in STATUS:
            extra = {"Retry-After": self.mirror.retry_after} if self.mirror.retry_after else {}
            self._answer(STATUS[fault], HTML, extra)
        elif fault == "html":
            self._answer(200, HTML)
        elif not file.is_file():
            self._answer(404, HTML)
        else:
            self._file(file.read_bytes(), span, fault)

    def _file(self, whole: bytes, span: str | None, fault: str) -> None:
        tag = f'"{hashlib.sha256(whole).hexdigest()[:16]}{"-new" if fault == "changed" else ""}"'
        start = 0
        honoured = self.mirror.ranges and fault != "no-range"
        if span and honoured and self.headers.get("If-Range", tag) == tag:
            start = int(span.removeprefix("bytes=").rstrip("-"))
            if start >= len(whole):
                self._answer(416, b"", {"Content-Range": f"bytes */{len(whole)}"})
                return
            with self.mirror.guard:
                self.mirror.resumed += start
        headers = {"ETag": tag}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(whole) - 1}/{len(whole)}"
        self._send(206 if start else 200, whole[start:], headers, fault)

    def _send(self, status: int, body: bytes, headers: dict, fault: str) -> None:
        half = len(body) // 2
        if fault == "truncate":
            body = body[:half]
        elif fault == "wrong":
            body = (
                body[:half]
                + bytes(255 - byte for byte in body[half : half + 64])
                + body[half + 64 :]
            )
        elif fault == "gzip":
            body, headers = gzip.compress(body, mtime=0), {**headers, "Content-Encoding": "gzip"}
        elif fault == "chunked":
            self._chunks(status, body, headers)
            return
        length = len(body) + (1000 if fault == "longer" else 0)
        self._head(status, length, headers)
        if fault in ("cut", "stall", "longer"):
            self.wfile.write(body[:half] if fault != "longer" else body)
            self.wfile.flush()
            time.sleep(self.mirror.stall_s if fault == "stall" else 0)
            self.close_connection = True
        elif fault == "drip":
            self._drip(body)
        else:
            self.wfile.write(body)

    def _chunks(self, status: int, body: bytes, headers: dict) -> None:
        """A body in pieces, whose length no header tells."""
        self.send_response(status)
        for name, value in {"Transfer-Encoding": "chunked", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        for start in range(0, len(body), 5000):
            piece = body[start : start + 5000]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def _drip(self, body: bytes) -> None:
        until = time.monotonic() + self.mirror.stall_s
        self.close_connection = True
        try:
            for start in range(0, len(body), 4):
                if time.monotonic() > until:
                    return
                self.wfile.write(body[start : start + 4])
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self._head(status, len(body), dict(headers or {}))
        self.wfile.write(body)

    def _head(self, status: int, length: int, headers: dict) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=0.3, help="probability of a fault")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    server = MirrorServer(options.folder, share=options.share, seed=options.seed, port=options.port)
    print(f"serving {options.folder} at {server.url}", flush=True)
    server.server.serve_forever()


if __name__ == "__main__":
    main()
