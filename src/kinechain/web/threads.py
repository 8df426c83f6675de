"""Handlers that wait for a database or a disk run in a thread, so that the server goes on answering others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from anyio import to_thread

__all__ = ["in_thread"]

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def in_thread(handler: Callable[Arguments, Answer]) -> Callable[Arguments, Awaitable[Answer]]:
    """Return a handler as a coroutine whose body runs in a thread.

    Parameters
    ----------
    handler : callable

    Notes
    -----
    Litestar's own ``sync_to_thread`` loses the thread where two handlers share a path (seen in 2.25).
    """

    @wraps(handler)
    async def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
        return await to_thread.run_sync(partial(handler, *arguments, **named))

    return run
