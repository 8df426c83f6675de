"""One command that opens the workspace: the server, and the workers beside it."""

from __future__ import annotations

from pathlib import Path

import uvicorn

from kinechain.web.app import create_app
from kinechain.workspace.place import open_place

__all__ = ["run_server"]


def run_server(folder: Path | None, url: str, host: str, port: int, workers: int, address: str) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    folder : Path or None
    url : str
        Of the database; '' for SQLite in the folder.
    host : str
    port : int
    workers : int
    address : str
        '' for what host and port make.
    """
    place = open_place(folder, url, address or f"http://{host}:{port}")
    uvicorn.run(create_app(place), host=host, port=port, log_level="warning", access_log=False, server_header=False)
