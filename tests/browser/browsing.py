"""What browser tests look with: pages that forgive nothing (no fault in the console, no request to elsewhere)."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent
SCREENS = HERE.parents[1] / "out" / "screens"
PATIENCE_MS = 15_000
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Drawing in three dimensions by the processor; nothing that would call home.
ARGUMENTS = (
    *("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def found_chromium() -> str:
    """Return the path of the browser of this machine, '' if there is none."""
    named = os.environ.get("KINECHAIN_CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), "")
    return found if Path(found).is_file() else ""


@dataclass(frozen=True)
class Running:
    """A workspace that is being served, with the example clinic in it."""

    address: str
    folder: Path
    home: Path
    email: str
    password: str
    process: subprocess.Popen[str] = field(repr=False)

    def place(self) -> Any:
        """Open the same data in this process."""
        from kinechain.workspace.place import open_place

        return open_place(self.folder, address=self.address)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Running]:
    """Serve the example clinic with one worker, as the command does; it must end well and complain of nothing."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KINECHAIN_")} | {
        "KINECHAIN_HOME": str(folder / "home"),
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    command = [sys.executable, "-m", "kinechain.cli", "serve", "--demo", "--data", str(folder / "data"), "--port", "0"]
    with (folder / "stderr.txt").open("w") as complaints:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True, env=environment)
    said = ""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            said += line
            if "Ctrl+C" in line:
                break
        found = re.search(r"(http://127[.\d:]+)[\s\S]*e-mail (\S+), password (\S.*)", said)
        assert found, f"{said}\n{(folder / 'stderr.txt').read_text()}"
        yield Running(found[1], folder / "data", folder / "home", found[2], found[3].strip(), process)
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        code = process.wait(60)
    complained = (folder / "stderr.txt").read_text()
    assert (code, complained) == (0, ""), complained


class Watched:
    """Opens pages whose faults are collected, and says them at the end of the test."""

    def __init__(self, browser: Any, served: Running) -> None:
        self.browser, self.served = browser, served
        self.faults: list[str] = []
        self.allowed: list[str] = []
        self.contexts: list[Any] = []

    def context(self, width: int = 1280, height: int = 900, *, dark: bool = False, touch: bool = False) -> Any:
        """Return a browser of somebody new."""
        made = self.browser.new_context(
            base_url=self.served.address,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            has_touch=touch,
            is_mobile=touch,
            locale="en-GB",
            accept_downloads=True,
        )
        made.set_default_timeout(PATIENCE_MS)
        made.on("page", self._watch)
        self.contexts.append(made)
        return made

    def page(self, width: int = 1280, height: int = 900, *, dark: bool = False, touch: bool = False) -> Any:
        """Return a page of somebody new."""
        return self.context(width, height, dark=dark, touch=touch).new_page()

    def allow(self, pattern: str) -> None:
        """Expect faults that match a pattern, such as those of being offline."""
        self.allowed.append(pattern)

    def _watch(self, page: Any) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"script of {page.url}: {error}"))
        page.on("request", self._asked)
        page.on("requestfailed", self._failed)
        page.on("dialog", lambda dialog: dialog.accept())

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _asked(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and not request.url.startswith(self.served.address):
            self.faults.append(f"request to elsewhere: {request.url}")

    def _failed(self, request: Any) -> None:
        # A download or a page left early is no failure.
        if "ERR_ABORTED" not in str(request.failure):
            self.faults.append(f"request failed: {request.url} {request.failure}")

    def close(self) -> None:
        """Close every page and fail if one had a fault."""
        for context in self.contexts:
            context.close()
        # Drawing without a graphics card is slow, and the browser says so; it is so for this machine alone.
        allowed = [*self.allowed, r"GPU stall|GL Driver Message|swiftshader|Automatic fallback to software"]
        standing = [fault for fault in self.faults if not any(re.search(item, fault) for item in allowed)]
        assert not standing, "\n".join(standing)


def sign_in(page: Any, served: Running) -> None:
    """Sign in as the clinician of the example clinic, by the form."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(served.email)
    page.get_by_label("Password").fill(served.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/patients")


#: How many colours a drawing has, and how much of it is not empty.
LOOK = """canvas => {
  const flat = document.createElement("canvas");
  flat.width = canvas.width; flat.height = canvas.height;
  const pen = flat.getContext("2d");
  pen.drawImage(canvas, 0, 0);
  const pixels = pen.getImageData(0, 0, flat.width, flat.height).data;
  const colours = new Set(); let filled = 0;
  for (let k = 0; k < pixels.length; k += 4) {
    if (pixels[k + 3]) { filled += 1; colours.add((pixels[k] << 16) | (pixels[k + 1] << 8) | pixels[k + 2]); }
  }
  return { colours: colours.size, filled: filled / (pixels.length / 4) };
}"""

#: Where the cursors of the curves stand.
CURSORS = "[...document.querySelectorAll('.chart .at')].map((e) => (e.hidden ? '' : e.style.transform)).join()"


def until(page: Any, wanted: str | Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until a script says yes; the policy of the pages forbids the browser to do so by itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if page.evaluate(wanted) if isinstance(wanted, str) else wanted():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"waited {seconds:g} s for {wanted}")


AXE = (HERE / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def inaccessible(page: Any, only: Sequence[str] = ()) -> list[str]:
    """Return what axe-core calls serious or critical on a page as it stands; by some of its rules alone, if named."""
    page.evaluate(f"window.axe ? 0 : (() => {{ {AXE}\nreturn 0; }})()")
    asked = {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": RULES}
    found = page.evaluate("asked => axe.run(document, { runOnly: asked, resultTypes: ['violations'] })", asked)
    return [
        f"{item['id']} ({item['impact']}): {item['help']}; "
        + "; ".join(
            f"{node['html'][:160]} {node['any'][0]['message'][:160] if node['any'] else ''}"
            for node in item["nodes"][:3]
        )
        for item in found["violations"]
        if item["impact"] in ("serious", "critical")
    ]


def check_accessible(page: Any) -> None:
    """Fail if a page has a serious fault for somebody who cannot see, or not well, or uses no mouse."""
    faults = inaccessible(page)
    assert not faults, f"{page.url}\n" + "\n".join(faults)


def shoot(page: Any, name: str) -> None:
    """Keep a picture of a page in out/screens where KINECHAIN_SCREENS is set."""
    if os.environ.get("KINECHAIN_SCREENS"):
        SCREENS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENS / f"{name}.png", full_page=True, animations="disabled")


def too_wide(page: Any) -> str:
    """Return what sticks out of a page to the right, '' if nothing does."""
    return str(
        page.evaluate(
            """() => {
              const wide = document.documentElement.clientWidth;
              if (document.documentElement.scrollWidth <= wide) return "";
              const found = [...document.body.querySelectorAll("*")].filter((e) => {
                const box = e.getBoundingClientRect();
                return box.width && box.right > wide + 1;
              });
              return found.slice(0, 4).map((e) => e.outerHTML.slice(0, 120)).join(" | ") || "scrolls sideways";
            }"""
        )
    )
