"""The body of a request as a stream to read from a thread; few at a time, and none that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from anyio import fail_after, from_thread, to_thread
from litestar import Request

from kinechain.core.errors import FileError

__all__ = ["RequestBody", "take_in"]

Answer = TypeVar("Answer")

#: How long a body may stand still, s; a phone between two cells is back by then.
LONGEST_PAUSE_S = 60.0


async def take_in(request: Request[Any, Any, Any], work: Callable[[RequestBody], Answer]) -> Answer:
    """Do work that reads the body of a request, in a thread, where not too many do so already.

    Parameters
    ----------
    request : Request
    work : callable
        Gets the body.
    """
    body = RequestBody(aiter(request.stream()))
    return await to_thread.run_sync(work, body, limiter=request.app.state.uploads)


class RequestBody:
    """The body of a request as a stream to read from a thread, so that nothing of it waits in memory or on disk.

    Parameters
    ----------
    parts : async iterator of bytes
    """

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts, self._held = parts, b""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; b'' at the end.

        Parameters
        ----------
        size : int
            At most so many; all that came together where negative.
        """
        while not self._held:
            part = from_thread.run(self._next)
            if part is None:
                return b""
            self._held = part
        given = self._held if size < 0 else self._held[:size]
        self._held = self._held[len(given) :]
        return given

    async def _next(self) -> bytes | None:
        try:
            with fail_after(LONGEST_PAUSE_S):
                return await anext(self._parts, None)
        except TimeoutError as error:
            raise FileError("this file stopped coming in; look at the connection and send it again") from error
