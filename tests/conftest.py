"""Where the tests find the shared recordings and models."""

import os
from pathlib import Path

import pytest

pytest_plugins = ("private_postgres", "web_fixtures")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared recordings beside this checkout."""
    folder = Path(os.environ.get("KINECHAIN_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "data").is_dir():
        reason = f"no shared recordings at {folder}; set KINECHAIN_SHARED to the folder that holds data/ and models/"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
