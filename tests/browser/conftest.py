"""A running workspace and a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import ARGUMENTS, Running, Watched, found_chromium, serving

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


def lacking(reason: str) -> None:
    """Skip, or fail where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the browser."""
    found = found_chromium()
    if not found:
        lacking("no Chromium: apt install chromium, or name one in KINECHAIN_CHROMIUM")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """Return the browser; for one module, because its event loop would be in the way of other tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        launched = started.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve the example clinic with one worker, as the command does."""
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def watched(browser: Any, served: Running) -> Iterator[Watched]:
    """Return what opens pages."""
    made = Watched(browser, served)
    yield made
    made.close()


@pytest.fixture
def page(watched: Watched) -> Any:
    """Return one page of nobody, wide and light."""
    return watched.page()
