"""What each stage from file to report costs in a warm process, on the example walk.

make bench
.venv/bin/python -m pytest benchmarks/bench_stages.py --benchmark-compare
"""

from importlib.resources import as_file, files
from pathlib import Path

import pytest

from kinechain.analysis import Assessment, assess
from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.care.person.person import Person
from kinechain.care.person.person_file import read_person
from kinechain.demonstration.demonstrate import write_recordings
from kinechain.demonstration.walk import Asymmetry
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.motion.trial import analyze_gait
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording
from kinechain.report.html import render_html
from kinechain.report.json import assessment_json
from kinechain.report.pdf import render_pdf


@pytest.fixture(scope="module")
def person() -> Person:
    with as_file(files("kinechain.demonstration") / "person.toml") as path:
        return read_person(path)


@pytest.fixture(scope="module")
def paths(person: Person, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_recordings(tmp_path_factory.mktemp("walk"), person, Asymmetry())


@pytest.fixture(scope="module")
def standing(paths: tuple[Path, Path]) -> Recording:
    return prepare_recording(read_recording(paths[0]))


@pytest.fixture(scope="module")
def walk(paths: tuple[Path, Path]) -> Recording:
    return prepare_recording(read_recording(paths[1]))


@pytest.fixture(scope="module")
def body(person: Person, standing: Recording, walk: Recording) -> Body:
    size = BodySize(mass_kg=person.mass_kg, height_m=person.height_m, sex=person.sex, age_years=person.age_years)
    return fit_body(size, static=standing, recording=walk)


@pytest.fixture(scope="module")
def assessment(person: Person, paths: tuple[Path, Path]) -> Assessment:
    return assess(person, [paths[1]], paths[0])


def test_read(benchmark, paths):
    benchmark(read_recording, paths[1])


def test_prepare(benchmark, paths):
    benchmark(prepare_recording, read_recording(paths[1]))


def test_fit(benchmark, standing, walk):
    benchmark(fit_body, BodySize(mass_kg=64.0, height_m=1.68, sex="female"), static=standing, recording=walk)


def test_solve(benchmark, body, walk):
    motion = benchmark(solve_motion, body, walk)
    assert motion.is_solved.all()


def test_analyze(benchmark, body, walk):
    benchmark(analyze_gait, body, walk)


def test_assess(benchmark, person, paths):
    benchmark.pedantic(assess, args=(person, [paths[1]], paths[0]), rounds=5, warmup_rounds=1)


def test_html(benchmark, assessment):
    benchmark.pedantic(render_html, args=(assessment,), rounds=5, warmup_rounds=1)


def test_pdf(benchmark, assessment):
    benchmark.pedantic(render_pdf, args=(assessment,), rounds=5, warmup_rounds=1)


def test_json(benchmark, assessment):
    benchmark(assessment_json, assessment)
