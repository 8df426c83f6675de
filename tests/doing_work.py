"""Work of the queue done at once, in the process of a test."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kinechain.workspace.place import Place


def do_work(place: Place, kinds: tuple[str, ...] = ("inspect", "assess")) -> list[str]:
    """Do every job that waits, as a worker would, and return the steps that were told."""
    from kinechain.core.errors import KinechainError
    from kinechain.store.jobs import Kept, fail, finish, lease
    from kinechain.workspace.worker import KINDS, ON_DONE, ON_FAILED

    steps: list[str] = []
    while (job := lease(place.database, "test", kinds, 60.0)) is not None:
        try:
            made = _named(KINDS[job.kind])(place, job, steps.append)
        except KinechainError as error:
            hook = ON_FAILED.get(job.kind)
            fail(place.database, job, str(error), _bound(place, hook) if hook else None)
            continue
        kept = [Kept(o.name, o.media_type, *place.files.put(o.content)) for o in made]
        finish(place.database, job, kept, _bound(place, ON_DONE[job.kind]))
    return steps


def _named(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _bound(place: Place, target: str) -> Any:
    return lambda connection, job: _named(target)(place, connection, job)
