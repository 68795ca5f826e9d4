"""Asking another machine for a file: https alone, and one sentence for whatever goes wrong. Only a download that a
person asked for comes here."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import urlsplit

from yolor_studio import __version__
from yolor_studio.core.errors import ModelError

Answer = http.client.HTTPResponse
_PATIENCE_S = 20.0
"""How long a machine may say nothing."""
_THIS_MACHINE = ("127.0.0.1", "::1")
_GONE = (404, 410)
PART = 206
"""The status of an answer that begins where it was asked to."""
_NOTHING_LEFT = 416


class NothingLeft(Exception):
    """The file ends before the range that was asked for; the argument is the server's Content-Range."""


def host_of(url: str) -> str:
    """The machine that an address names."""
    return urlsplit(url).hostname or url


def check_address(url: str, *, local: bool) -> None:
    """Raise ModelError unless the address is https; with `local` plain http on this very machine will do, for tests."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (local and parts.scheme == "http" and parts.hostname in _THIS_MACHINE):
        return
    raise ModelError(
        f"The download leads to {url[:120]}, which is not https: what comes from there could be anybody's. "
        "Nothing was taken from it."
    )


def ask(url: str, headers: Mapping[str, str], *, local: bool, kept: str) -> Answer:
    """Open an address; `kept` is the sentence about what a person still has, for the errors.

    The answer's status is 200 or 206. Raises NothingLeft where the file ends before the range that was asked for, and
    ModelError otherwise.
    """
    check_address(url, local=local)
    request = urllib.request.Request(url, headers={"User-Agent": f"yolor-studio/{__version__}", **headers})
    try:
        return _opener(local).open(request, timeout=_PATIENCE_S)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == _NOTHING_LEFT:
                raise NothingLeft(error.headers.get("Content-Range", "")) from None
            raise ModelError(_refused(url, error, kept)) from None
    except urllib.error.URLError as error:
        raise ModelError(broken(url, error.reason, kept)) from None
    except (OSError, http.client.HTTPException) as error:
        raise ModelError(broken(url, error, kept)) from None


def broken(url: str, reason: object, kept: str) -> str:
    """What to tell a person when the connection could not be made or broke."""
    host = host_of(url)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"{host} could not prove that it is {host} ({reason.verify_message}). {kept}"
    if isinstance(reason, TimeoutError):
        return f"{host} said nothing for {_PATIENCE_S:.0f} seconds. {kept} Try again later."
    what = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return f"{host} cannot be reached ({what}). {kept} Try again when there is a connection."


def _refused(url: str, error: urllib.error.HTTPError, kept: str) -> str:
    name = url.rsplit("/", 1)[-1]
    if error.code in _GONE:
        return (
            f"{host_of(url)} has no {name} at this address any more ({error.code}). {kept} If you have the file from "
            f"elsewhere: yolor-studio models add {name}"
        )
    return f"{host_of(url)} did not give {name} ({error.code} {error.reason}). {kept} Try again later."


def _opener(local: bool) -> urllib.request.OpenerDirector:
    """No file, ftp or data addresses, and redirects only to where a download may start."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(local),
    ):
        opener.add_handler(handler)
    return opener


class _Redirects(urllib.request.HTTPRedirectHandler):
    def __init__(self, local: bool) -> None:
        self._local = local

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        try:
            check_address(newurl, local=self._local)
        except ModelError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)
