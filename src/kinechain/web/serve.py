"""One command that opens the workspace: the server, and the workers beside it."""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinechain.core.errors import InputError, SettingError
from kinechain.store.troubles import told
from kinechain.web.supervise import CONTEXT, Opening, Part, supervise
from kinechain.workspace.place import Place, data_folder, open_place
from kinechain.workspace.starting import start_address

__all__ = ["Offer", "run_server"]

#: Requests beyond so many open connections are refused at once; a clinic's own proxy may wait for longer.
MOST_CONNECTIONS = 2_000
#: Bytes of a request's line and headers.
LONGEST_HEAD = 32_768
#: How long the server may take to answer for the first time, s.
LONGEST_START_S = 60.0
#: Between two looks for cycles among everything in memory, s; and so many looks among the younger before one, by count.
COLLECT_S, NEVER = 900.0, 1_000_000
#: How long one thread computes while others wait, s.
SWITCH_S = 0.001


@dataclass(frozen=True)
class Offer:
    """What a server is asked to be.

    Attributes
    ----------
    folder : Path or None
        None for the folder of data of this installation.
    url : str
        Of the database; '' for SQLite in the folder.
    host : str
    port : int
        0 for any that is free.
    workers : int
    servers : int
        Processes that answer; 0 for one with SQLite, where one writes at a time, and two with PostgreSQL.
    address : str
        '' for what host and port make.
    """

    folder: Path | None = None
    url: str = ""
    host: str = "127.0.0.1"
    port: int = 8642
    workers: int = 1
    servers: int = 0
    address: str = ""


def run_server(
    offer: Offer,
    say: Callable[[str], None],
    fill: Callable[[Place], list[str]] | None = None,
    *,
    is_opened: bool = False,
) -> None:
    """Serve until told to end.

    Parameters
    ----------
    offer : Offer
    say : callable
        Prints a line.
    fill : callable, optional
        Puts something into the place before it opens, and returns lines to print.
    is_opened : bool
        Whether a browser is opened.

    Raises
    ------
    SettingError
        If host or port cannot be had, or the address is none.
    InputError
        If the folder cannot be written, or the database not opened.
    """
    _check_address(offer.address)
    with _listening(offer.host, offer.port) as listening:
        address = offer.address or _address(listening)
        place = _opened(offer, address)
        with told():
            lines = [*(fill(place) if fill else []), *_first_steps(place)]
        count = offer.servers or (1 if place.database.is_sqlite else 2)
        place.database.close()
        ready = CONTEXT.Event()
        asked = (str(place.folder), place.url, address)
        names = ["server", *(f"server {number}" for number in range(2, count + 1))]
        parts = [Part(name, _serve_pages, (*asked, listening, ready)) for name in names]
        parts += [Part(f"worker {number}", _work, (*asked, number)) for number in range(1, offer.workers + 1)]

        def late() -> None:
            raise InputError(f"the server did not answer within {LONGEST_START_S:.0f} s; what it said stands above")

        def done() -> None:
            for line in [*_welcome(place, address, offer), *lines, "Stop with Ctrl+C."]:
                say(line)
            if is_opened and _has_desktop():
                webbrowser.open(address)

        supervise(parts, say, Opening(ready.is_set, done, late, LONGEST_START_S))


def _check_address(address: str) -> None:
    if address and not address.startswith(("https://", "http://")):
        raise SettingError(f"--address begins with https:// (or http:// while trying things out), not '{address}'")


def _listening(host: str, port: int) -> socket.socket:
    """Return the socket, held here so that nobody is refused while the server starts again."""
    try:
        family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise SettingError(f"--host '{host}' is no address of this machine; 127.0.0.1 always is") from error
    # Named as TCP, for only then are small answers sent at once; otherwise each waits 40 ms for the other side.
    made = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(where)
        made.listen(2048)
    except OSError as error:
        made.close()
        reason = (
            "is taken by another program" if error.errno in (48, 98, 10048) else f"cannot be had ({error.strerror})"
        )
        raise SettingError(f"port {port} at {host} {reason}; choose another with --port") from error
    return made


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _opened(offer: Offer, address: str) -> Place:
    folder = offer.folder or data_folder()
    try:
        return open_place(offer.folder, offer.url, address)
    except OSError as error:
        raise InputError(
            f"the folder of data {folder} cannot be used: {error.strerror or error}; choose another with --data"
        ) from error


def _has_desktop() -> bool:
    """Whether a browser with windows can open; one within this terminal would take it over."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _first_steps(place: Place) -> list[str]:
    address = start_address(place)
    return [f"Nobody has an account yet. Make the first one here, once: {address}"] if address else []


def _welcome(place: Place, address: str, offer: Offer) -> list[str]:
    where = "SQLite in this folder" if place.database.is_sqlite else "PostgreSQL"
    lines = [
        f"The workspace is open: {address}",
        f"Data lies in {place.folder} ({where}); keep it private, and back it up: kinechain backup --help",
    ]
    if offer.host not in ("127.0.0.1", "::1", "localhost") and not place.is_secure:
        lines.append(
            "Others on the network reach it without encryption: put https in front and name it with --address "
            "(docs/web.md)."
        )
    return lines


def _serve_pages(folder: str, url: str, address: str, listening: socket.socket, ready: Any) -> None:
    """Be the server."""
    import uvicorn

    from kinechain.web.app import create_app

    place = open_place(Path(folder), url, address)
    application = create_app(place)
    _collect_seldom()
    # A thread that had to wait for the database goes on sooner: a request does so twenty times.
    sys.setswitchinterval(SWITCH_S)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready.set()

    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        # Whom a request came from is what the connection says, unless a proxy on this machine was announced.
        proxy_headers=place.is_secure,
        forwarded_allow_ips="127.0.0.1",
        http="h11",
        h11_max_incomplete_event_size=LONGEST_HEAD,
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=5,
    )
    Server(config).run(sockets=[listening])


def _collect_seldom() -> None:
    """Look seldom for cycles among everything that is in memory: with patients there, all wait half a second for it.

    What is young is looked at as ever, and what nothing refers to is let go at once anyhow.
    """
    gc.collect()
    gc.freeze()
    youngest, younger, _ = gc.get_threshold()
    gc.set_threshold(youngest, younger, NEVER)

    def look() -> None:
        while True:
            time.sleep(COLLECT_S)
            gc.collect()

    threading.Thread(target=look, name="collect", daemon=True).start()


def _work(folder: str, url: str, address: str, number: int) -> None:
    """Be a worker."""
    from kinechain.workspace.worker import run_worker

    run_worker(open_place(Path(folder), url, address))
