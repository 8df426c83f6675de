"""The body of a request as a stream to read from a thread."""

from __future__ import annotations

from collections.abc import AsyncIterator

from anyio import from_thread

__all__ = ["RequestBody"]


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
        return await anext(self._parts, None)
