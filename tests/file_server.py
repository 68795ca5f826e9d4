"""A web server on this machine that serves one file well or badly."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MARK = '"version-1"'


@dataclass
class Shop:
    """What the server does with the next requests."""

    data: bytes
    mark: str = MARK
    """Its ETag; empty for none."""
    ranges: bool = True
    status: int = 200
    kind: str = "application/octet-stream"
    cut_after: int | None = None
    """Break the connection after so many bytes of the answer."""
    claims: int | None = None
    """A Content-Length that is a lie."""
    goes_to: str = ""
    """A redirect's target."""
    stalls: bool = False
    """Say nothing after the first half."""
    requests: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(shop: Shop) -> Iterator[Shop]:
    """Serve at shop.url until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.requests.append({**{key.lower(): value for key, value in self.headers.items()}, "path": self.path})
            _answer(self, shop)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_address[1]}/files/model.weights"
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(handler: BaseHTTPRequestHandler, shop: Shop) -> None:
    if shop.goes_to and handler.path != "/there":
        handler.send_response(302)
        handler.send_header("Location", shop.goes_to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    if shop.status != 200:
        handler.send_error(shop.status)
        return
    start = _start(handler, shop)
    if start is not None and start >= len(shop.data):
        handler.send_response(416)
        handler.send_header("Content-Range", f"bytes */{len(shop.data)}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    body = shop.data[start or 0 :]
    handler.send_response(200 if start is None else 206)
    if start is not None:
        handler.send_header("Content-Range", f"bytes {start}-{len(shop.data) - 1}/{len(shop.data)}")
    if shop.mark:
        handler.send_header("ETag", shop.mark)
    handler.send_header("Content-Type", shop.kind)
    handler.send_header("Content-Length", str(len(body) if shop.claims is None else shop.claims))
    handler.end_headers()
    if shop.stalls:
        handler.wfile.write(body[: len(body) // 2])
        time.sleep(5)
    handler.wfile.write(body if shop.cut_after is None else body[: shop.cut_after])
    if shop.cut_after is not None:
        handler.close_connection = True


def _start(handler: BaseHTTPRequestHandler, shop: Shop) -> int | None:
    wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    condition = handler.headers.get("If-Range")
    if wanted is None or not shop.ranges or (condition is not None and condition != shop.mark):
        return None
    return int(wanted[1])
