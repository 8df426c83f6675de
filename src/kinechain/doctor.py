"""Whether this installation works, and what cures it where it does not."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from kinechain import __version__
from kinechain.core.errors import KinechainError

__all__ = ["Check", "examine_installation"]

#: What the core needs, by import name.
PACKAGES = ("numpy", "scipy", "mujoco", "ezc3d", "pyarrow", "jinja2", "typst")
DISTRIBUTIONS = {"mujoco": "mujoco", "jinja2": "Jinja2"}
REINSTALL = "install again: python -m pip install --force-reinstall"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
    state : 'works', 'slow' or 'fault'
        'slow' works with the same results and takes longer.
    found : str
    cure : str
        What to do; empty where nothing is wrong.
    """

    name: str
    state: str
    found: str
    cure: str = ""


def examine_installation(packages: tuple[str, ...] = PACKAGES) -> tuple[Check, ...]:
    """Look at Python, the kernels, every package, the bundled data and the disk.

    Parameters
    ----------
    packages : tuple of str
        Import names.
    """
    looks: list[Callable[[], Check]] = [_python, _self, _kernels]
    return (*(look() for look in looks), *(_package(name) for name in packages), _data(), _disk())


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("Python", "works", found)


def _self() -> Check:
    try:
        installed = version("kinechain")
    except PackageNotFoundError:
        return Check(
            "kinechain", "fault", "not installed", "run `make install` in the checkout, or pip install kinechain"
        )
    if installed != __version__:
        return Check("kinechain", "fault", f"{installed} installed, {__version__} running", "run `make install` again")
    return Check("kinechain", "works", installed)


def _kernels() -> Check:
    try:
        import_module("kinechain._kernels")
    except ImportError as error:
        cure = "install a C++ compiler (Debian: apt install g++), then `make install`; results stay the same"
        return Check("kernels", "slow", f"Python ({error})", cure)
    return Check("kernels", "works", "compiled")


def _package(name: str) -> Check:
    distribution = DISTRIBUTIONS.get(name, name)
    try:
        import_module(name)
        return Check(name, "works", version(distribution))
    except (ImportError, OSError) as error:
        return Check(name, "fault", str(error).splitlines()[0], f"{REINSTALL} {distribution}")


def _data() -> Check:
    from kinechain.care.person.exam import read_exam_definitions
    from kinechain.care.screening.red_flags import read_red_flags

    try:
        found = f"{len(read_red_flags())} danger signs, {len(read_exam_definitions())} examination items"
    except (KinechainError, OSError, KeyError) as error:
        return Check("bundled data", "fault", str(error), f"{REINSTALL} kinechain")
    return Check("bundled data", "works", found)


def _disk() -> Check:
    folder = Path(tempfile.gettempdir())
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"kinechain")
    except OSError as error:
        return Check(
            "temporary files",
            "fault",
            f"{folder}: {error.strerror}",
            "free some space, or set TMPDIR to a folder that can be written",
        )
    return Check("temporary files", "works", str(folder))
