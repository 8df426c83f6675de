"""A running workspace and a real browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import ARGUMENTS, Running, Watched, found_chromium

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
    folder = tmp_path_factory.mktemp("served")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KINECHAIN_")} | {
        "KINECHAIN_HOME": str(folder / "home"),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "kinechain.cli", "serve", "--demo", "--data", str(folder / "data"), "--port", "0"]
    with (folder / "stderr.txt").open("w") as complaints:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True, env=environment)
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if "Ctrl+C" in line:
            break
    found = re.search(r"(http://127[.\d:]+)[\s\S]*e-mail (\S+), password (\S.*)", said)
    assert found, f"{said}\n{(folder / 'stderr.txt').read_text()}"
    running = Running(found[1], folder / "data", folder / "home", found[2], found[3].strip(), process)
    yield running
    process.send_signal(signal.SIGINT)
    process.stdout.close()
    assert process.wait(20) == 0, (folder / "stderr.txt").read_text()
    complained = (folder / "stderr.txt").read_text()
    assert not complained, complained


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
