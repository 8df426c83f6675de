"""``kinechain serve``: the workspace in a browser."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["serve"]


def serve(
    database: Annotated[str, typer.Option(help="Address of the database; without it a SQLite file in --data.")] = "",
    data: Annotated[Path | None, typer.Option(help="Folder of data of this installation.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen at; 127.0.0.1 is this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 for any that is free.")] = 8642,
    workers: Annotated[int, typer.Option(min=0, max=16, help="Processes that analyse recordings.")] = 1,
    servers: Annotated[
        int,
        typer.Option(min=0, max=16, help="Processes that answer; 0 for one with SQLite and two with PostgreSQL."),
    ] = 0,
    address: Annotated[str, typer.Option(help="Address people open, where a proxy stands in front.")] = "",
    demo: Annotated[
        bool,
        typer.Option("--demo", help="An example clinic with three made-up patients; gone at the end without --data."),
    ] = False,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in the browser of this machine.")] = False,
) -> None:
    """Open the workspace for clinicians and patients in a browser.

    Example: kinechain serve --data ~/clinic
    """
    from kinechain.web.serve import Offer, run_server

    if not demo:
        run_server(Offer(data, database, host, port, workers, servers, address), typer.echo, is_opened=open_browser)
        return
    from kinechain.workspace.example_clinic import fill_example

    with tempfile.TemporaryDirectory(prefix="kinechain-") as passing:
        folder = data or Path(passing)
        # A key that is made while trying things out must not be one that counts for real people.
        os.environ.setdefault("KINECHAIN_HOME", str((folder / "home").absolute()))
        offer = Offer(folder, database, host, port, workers, servers, address)
        run_server(offer, typer.echo, fill_example, is_opened=open_browser)
