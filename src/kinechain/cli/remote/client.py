"""The workspace that the command line talks to: one address, one token, and what became of each request."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from kinechain import __version__
from kinechain.core.errors import InputError, SettingError
from kinechain.core.text import printable

__all__ = ["ADDRESS", "TOKEN", "RefusedError", "Workspace", "open_workspace"]

#: Variables of the environment.
ADDRESS, TOKEN = "KINECHAIN_SERVER", "KINECHAIN_TOKEN"

#: Seconds to connect, and between two signs of life: a first what-if may take most of a minute.
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
#: Seconds before a request that may be sent twice is sent again.
WAITS = (0.5, 2.0)
#: A server that asks for longer is not waited for, s.
LONGEST_WAIT = 30.0
#: What passes by itself: too many requests, a proxy without its server.
PASSING = frozenset({429, 502, 503, 504})
LONGEST_TOKEN, LONGEST_SHOWN = 200, 80

#: What is sent: JSON, or a function that gives the bytes anew for each try, and how many they are.
Bytes = tuple[Callable[[], Iterator[bytes]], int]


class RefusedError(InputError):
    """The workspace refused a request; ``status`` is the one of HTTP."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True)
class Workspace:
    """A workspace elsewhere, as somebody with a token sees it.

    Attributes
    ----------
    address : str
        Scheme, host and port.
    client : httpx.Client
        Carries the token to this address alone.
    """

    address: str
    client: httpx.Client

    def ask(self, path: str, **query: str) -> Any:
        """Return what stands under a path of the API.

        Parameters
        ----------
        path : str
            Without ``/api``.
        query : str
        """
        return self._request("GET", path, query=query, is_repeatable=True)

    def send(self, method: str, path: str, document: Any = None, *, is_repeatable: bool = False) -> Any:
        """Send a document, and return the answer.

        Parameters
        ----------
        method : 'POST', 'PUT' or 'DELETE'
        path : str
        document : values of JSON, optional
        is_repeatable : bool
            Whether the same request twice is the same as once; only then is one sent again that got no answer.

        Raises
        ------
        RefusedError
            If the workspace refuses; the sentence is its own.
        InputError
            If it does not answer, or not as a workspace does.
        """
        return self._request(method, path, document=document, is_repeatable=is_repeatable)

    def hand_in(self, path: str, content: Bytes, **query: str) -> Any:
        """Send a file as it is; the same file twice is kept once.

        Parameters
        ----------
        path : str
        content : function to an iterator of bytes, and their number
        query : str
        """
        return self._request("POST", path, query=query, content=content, is_repeatable=True)

    def _request(self, method: str, path: str, *, is_repeatable: bool, **parts: Any) -> Any:
        waits = WAITS if is_repeatable else ()
        for wait in (*waits, None):
            try:
                answer = self.client.request(method, f"/api{path}", **_carried(**parts))
            except httpx.RequestError as error:
                if wait is None or _is_mistrusted(error):
                    raise InputError(self._unanswered(error, is_repeatable or method == "GET")) from None
            else:
                if wait is None or answer.status_code not in PASSING:
                    return self._read(answer)
                wait = max(wait, _asked_wait(answer))
            time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _unanswered(self, error: httpx.RequestError, is_repeatable: bool) -> str:
        """Return why there is no answer; the words of the library may hold what was sent."""
        if _is_mistrusted(error):
            return (
                f"the certificate of {self.address} is not one this machine trusts; if an authority of the clinic "
                "signed it, name that authority's file in SSL_CERT_FILE"
            )
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return f"{self.address} cannot be reached; is the workspace open, and is this its address?"
        doubt = "" if is_repeatable else "; whether it was done is not known, so look before you repeat it"
        return f"{self.address} gave no answer ({type(error).__name__}){doubt}"

    def _read(self, answer: httpx.Response) -> Any:
        status = answer.status_code
        if 300 <= status < 400:
            raise RefusedError(
                f"{self.address} sends on to another address, and the token goes to no other; name the right one in "
                f"{ADDRESS} or --server",
                status,
            )
        if status == 401:
            raise RefusedError(
                f"{self.address} does not know this token: it is mistyped, has ended or was revoked; make one there on "
                f"the page Account and put it into {TOKEN}",
                status,
            )
        try:
            told = answer.json() if answer.content else None
        except ValueError:
            told = NotImplemented
        if status >= 400:
            sentence = told.get("error") if isinstance(told, Mapping) else None
            raise RefusedError(str(sentence or f"{self.address} answered {status} and no reason"), status)
        if told is NotImplemented:
            raise InputError(f"{self.address} answered with something else than JSON; is a kinechain workspace there?")
        return told


def _carried(document: Any = None, query: Mapping[str, str] | None = None, content: Bytes | None = None) -> Any:
    """Return the parts of one try, as the library names them."""
    carried: dict[str, Any] = {"params": {key: value for key, value in (query or {}).items() if value}}
    if document is not None:
        carried["json"] = document
    if content is not None:
        begin, size = content
        # A stated length: the workspace refuses what is too large before anything of it is sent.
        head = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        carried |= {"content": begin(), "headers": head}
    return carried


def _is_mistrusted(error: BaseException | None) -> bool:
    """Tell whether a certificate is why there is no connection."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _asked_wait(answer: httpx.Response) -> float:
    with suppress(ValueError):
        asked = float(answer.headers.get("retry-after", "0"))
        if asked <= LONGEST_WAIT:
            return asked
    return 0.0


@contextmanager
def open_workspace(given: str) -> Iterator[Workspace]:
    """Open the way to a workspace; nothing is sent yet.

    Parameters
    ----------
    given : str
        Its address, such as ``https://clinic.example``.

    Raises
    ------
    SettingError
        If there is no address or no token, or the token would be sent where others can read it.
    """
    address, is_plain = _checked_address(given)
    headers = {
        "Authorization": f"Bearer {_token()}",
        "Accept": "application/json",
        "User-Agent": f"kinechain/{__version__}",
    }
    # A proxy of the environment may carry what is sealed, and nothing that is not.
    try:
        client = httpx.Client(
            base_url=address, headers=headers, timeout=TIMEOUT, follow_redirects=False, trust_env=not is_plain
        )
    except httpx.InvalidURL as error:
        shown = printable(given)[:LONGEST_SHOWN]
        raise SettingError(f"'{shown}' is no address; write it such as https://clinic.example") from error
    with client:
        yield Workspace(address, client)


def _checked_address(given: str) -> tuple[str, bool]:
    """Return the address in its plain form, and whether it is one without TLS."""
    shown = printable(given)[:LONGEST_SHOWN]
    if not given.strip():
        raise SettingError(f"no workspace is named: give --server https://HOST, or set {ADDRESS}")
    try:
        parts = urlsplit(given.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise SettingError(f"'{shown}' is no address; write it such as https://clinic.example") from error
    if parts.username is not None or parts.password is not None:
        raise SettingError(f"an address holds no name and no password; the token stands in {TOKEN}")
    if parts.scheme not in ("http", "https") or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingError(f"'{shown}' is no address of a workspace; write it such as https://clinic.example")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise SettingError(
            f"'{shown}' is not encrypted, and others on the way could read the token and what is sent; use https"
        )
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}{f':{port}' if port else ''}", parts.scheme == "http"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token() -> str:
    """Return the token; what is wrong with it is said without it."""
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise SettingError(f"there is no token: make one in the workspace on the page Account, and put it into {TOKEN}")
    if len(token) > LONGEST_TOKEN or not re.fullmatch(r"[A-Za-z0-9_-]+", token):
        raise SettingError(f"{TOKEN} holds no token of a workspace: letters, digits, '-' and '_'; copy it again")
    return token
