"""``kinechain serve``: the workspace in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["serve"]


def serve(
    database: Annotated[str, typer.Option(help="Address of the database; without it a SQLite file in --data.")] = "",
    data: Annotated[Path | None, typer.Option(help="Folder of data of this installation.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen at; 127.0.0.1 is this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 8642,
    workers: Annotated[int, typer.Option(min=0, max=16, help="Processes that analyse recordings.")] = 1,
    address: Annotated[str, typer.Option(help="Address people open, where a proxy stands in front.")] = "",
) -> None:
    """Open the workspace for clinicians and patients in a browser.

    Example: kinechain serve --data ~/clinic
    """
    from kinechain.web.serve import run_server

    run_server(data, database, host, port, workers, address)
