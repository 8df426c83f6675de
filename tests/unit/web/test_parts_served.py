"""Which processes `serve` keeps running."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import kinechain.web.serve as module
from kinechain.web.serve import Offer, run_server
from kinechain.workspace.place import Place


@pytest.mark.parametrize(("servers", "workers"), [(0, 1), (3, 0)])
def test_one_process_answers_with_sqlite_and_two_with_postgresql(
    place: Place, servers: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def note(parts: Sequence[Any], *rest: object) -> None:
        asked.extend(part.name for part in parts)

    monkeypatch.setattr(module, "supervise", note)
    url = "" if place.database.is_sqlite else place.url
    run_server(Offer(Path(place.folder), url, port=0, workers=workers, servers=servers), lambda line: None)
    count = servers or (1 if place.database.is_sqlite else 2)
    names = ["server", "server 2", "server 3"][:count]
    assert asked == [*names, *(["worker 1"] if workers else [])]
