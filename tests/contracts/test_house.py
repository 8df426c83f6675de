"""Promises of the repository itself."""

import os
import re
import subprocess
import tempfile
import tomllib
import zipfile
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]

#: Built from parts, so that this file does not hold them itself.
REGISTRIES = tuple(
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("anaconda", "org"), ("npmjs", "org"))
)
#: The folder this checkout lies in and the home folder, unless every machine has them; not as a part of an address.
OWN_FOLDERS = {HOUSE.parent, Path.home()} - {Path("/"), Path("/tmp"), Path(tempfile.gettempdir())}
MACHINE_PATHS = re.compile("|".join(rf"(?<![\w.:/-]){re.escape(str(folder))}/\w" for folder in OWN_FOLDERS) or "(?!)")


def tracked() -> list[Path]:
    """Return every tracked text file."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=HOUSE, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        if os.environ.get("CI"):
            pytest.fail("git cannot list the tracked files")
        pytest.skip("not a git checkout")
    paths = (HOUSE / name for name in listed.decode().split("\0") if name)
    return [
        p
        for p in paths
        if p.is_file() and p.suffix not in {".png", ".webp", ".ttf", ".woff2", ".parquet", ".c3d", ".ico"}
    ]


def test_no_tracked_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    faults = []
    for path in tracked():
        text = path.read_text(encoding="utf-8")
        faults += [f"{path.relative_to(HOUSE)}: {host}" for host in REGISTRIES if host in text]
        faults += [f"{path.relative_to(HOUSE)}: {found[0]}" for found in MACHINE_PATHS.finditer(text)]
    assert not faults


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_hashes_and_names_no_address(name: str) -> None:
    text = (HOUSE / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text and "--find-links" not in text
    packages = re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE)
    assert len(packages) > 20
    assert text.count("--hash=sha256:") >= len(packages)
    assert not {"opensim", "mobgap", "dask", "torch"} & set(packages)


def test_every_direct_dependency_is_locked() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = (HOUSE / "requirements.lock").read_text(encoding="utf-8")
    dev = (HOUSE / "requirements-dev.lock").read_text(encoding="utf-8")
    extras = project["optional-dependencies"]
    for wanted, lock in (
        (project["dependencies"], core),
        (project["dependencies"] + extras["dev"] + extras["build"], dev),
    ):
        for requirement in wanted:
            name = re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-").replace(".", "-")  # type: ignore[index]
            assert re.search(rf"^{name}==", lock, re.MULTILINE), name


def test_the_licence_ledger_names_exactly_the_locked_packages() -> None:
    ledger = (HOUSE / "docs" / "licences.md").read_text(encoding="utf-8")
    lock = (HOUSE / "requirements-dev.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \| [^|]+ \|$", ledger, re.MULTILINE)) == locked


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in [HOUSE / "README.md", HOUSE / "CONTRIBUTING.md", *(HOUSE / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert not broken


def test_the_example_in_the_readme_is_a_valid_person_file(tmp_path: Path) -> None:
    from kinechain.care.person.person_file import read_person

    example = (HOUSE / "README.md").read_text(encoding="utf-8").split("```toml\n", 1)[1].split("```", 1)[0]
    for name in ("standing.c3d", "walk1.c3d", "walk2.c3d"):
        (tmp_path / name).write_bytes(b"")
    path = tmp_path / "person.toml"
    path.write_text(example, encoding="utf-8")
    assert read_person(path).exam


def test_a_wheel_holds_every_data_file(tmp_path: Path) -> None:
    import sys

    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    options = ["--disable-pip-version-check", "-C", "wheel.cmake=false", "-C", "build-dir="]
    subprocess.run([*build, *options, "--wheel-dir", str(tmp_path), str(HOUSE)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    source = HOUSE / "src"
    wanted = {str(path.relative_to(source)) for path in tracked() if path.is_relative_to(source / "kinechain")}
    assert wanted <= held, sorted(wanted - held)


def test_the_page_on_json_names_every_key_of_the_schema() -> None:
    from kinechain.report.json import read_schema

    page = (HOUSE / "docs" / "assessment_json.md").read_text(encoding="utf-8")
    properties = read_schema()["properties"]
    named = set(re.findall(r"`(\w+)(?:\[\])?`", page))
    assert set(properties) <= named
    for key in ("person", "screen", "recordings", "provenance"):
        assert set(properties[key]["properties"]) <= named, key
    for key in ("measures", "not_measured"):
        assert set(properties[key]["items"]["properties"]) <= named, key


def test_every_test_file_has_a_name_of_its_own() -> None:
    names = [path.name for path in (HOUSE / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
