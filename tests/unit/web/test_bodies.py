"""Bodies that come in slowly, or not at all, hold up nobody but their sender."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from anyio import CapacityLimiter, to_thread

from kinechain.core.errors import FileError
from kinechain.web import bodies
from kinechain.web.app import UPLOADS_AT_ONCE
from kinechain.web.bodies import RequestBody, take_in


class Slow:
    """A request whose body stands still until it is let go on."""

    def __init__(self, limiter: CapacityLimiter, go_on: anyio.Event) -> None:
        self.app: Any = SimpleNamespace(state=SimpleNamespace(uploads=limiter))
        self._go_on = go_on

    async def stream(self) -> AsyncIterator[bytes]:
        yield b"one "
        await self._go_on.wait()
        yield b"two"


def read(body: RequestBody) -> bytes:
    return b"".join(iter(lambda: body.read(3), b""))


def test_many_slow_bodies_leave_threads_for_the_others() -> None:
    async def run() -> list[bytes]:
        limiter, go_on, found = CapacityLimiter(UPLOADS_AT_ONCE), anyio.Event(), []

        async def one() -> None:
            request: Any = Slow(limiter, go_on)
            found.append(await take_in(request, read))

        async with anyio.create_task_group() as group:
            for _ in range(60):
                group.start_soon(one)
            while limiter.available_tokens:
                await anyio.sleep(0.01)
            with anyio.fail_after(10):
                assert await to_thread.run_sync(lambda: "a page") == "a page"
            go_on.set()
        return found

    assert anyio.run(run) == [b"one two"] * 60


def test_a_body_that_stands_still_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LONGEST_PAUSE_S", 0.05)

    async def run() -> None:
        request: Any = Slow(CapacityLimiter(1), anyio.Event())
        with pytest.raises(FileError, match="stopped coming in"):
            await take_in(request, read)

    anyio.run(run)
