"""Spoilt files of coordinates and external loads end in moments or in one sentence, never in another error."""

import re
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinechain.core.errors import KinechainError
from kinechain.loads.external_loads import AppliedForce, ExternalLoads, read_external_loads, write_external_loads
from kinechain.loads.model_dynamics import model_inverse_dynamics, read_coordinates, write_moments
from kinechain.motion.motion import Motion
from kinechain.motion.motion_file import write_motion
from toy_bodies import leg, leg_values

FRAMES = 24
TOKENS = (
    "nan",
    "0",
    "-100",
    "",
    "inf",
    "1e300",
    "-1e308",
    "abc",
    "1,5",
    "pelvis",
    "time",
    "\t",
    "\n",
    "é",
    "<a>",
    "yes",
)
BODY = leg()


def files(folder: Path) -> dict[str, Path]:
    generator = np.random.default_rng(0)
    swing = np.linspace(0.2, 1.2, FRAMES)
    values = leg_values(FRAMES, tx=0.01 * np.arange(FRAMES), knee=swing, ankle=0.2 * np.sin(swing))
    names = tuple(c.name for c in BODY.coordinates)
    motion = Motion(names, values, 100.0, 0.0, (), np.empty((FRAMES, 0)), np.ones(FRAMES), BODY.hash)
    write_motion(BODY, motion, folder / "walk.mot")
    force = AppliedForce("right", "foot", *(generator.normal(size=(FRAMES, 3)) for _ in range(3)))
    xml, mot = write_external_loads(ExternalLoads(np.arange(FRAMES) / 100, (force,)), folder / "grf.xml")
    return {"motion": folder / "walk.mot", "xml": xml, "forces": mot}


def spoil(path: Path, places: list[float], tokens: list[str]) -> None:
    parts = re.split(r"([\s<>=\"]+)", path.read_text(encoding="utf-8"))
    words = [i for i, part in enumerate(parts) if part and not part.isspace()]
    for place, token in zip(places, tokens, strict=True):
        parts[words[int(place * (len(words) - 1))]] = token
    path.write_text("".join(parts), encoding="utf-8")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    which=st.sampled_from(["motion", "xml", "forces"]),
    swaps=st.lists(st.tuples(st.floats(0, 1), st.sampled_from(TOKENS)), min_size=1, max_size=3),
)
def test_a_spoilt_file_gives_moments_or_one_sentence(which, swaps):
    with tempfile.TemporaryDirectory() as made:
        paths = files(Path(made))
        spoil(paths[which], [s[0] for s in swaps], [s[1] for s in swaps])
        try:
            motion = read_coordinates(paths["motion"], BODY)
            result = model_inverse_dynamics(BODY, motion, read_external_loads(paths["xml"]))
            write_moments(BODY, result, Path(made) / "moments.sto")
        except KinechainError as fault:
            assert "\n" not in str(fault)
            assert len(str(fault)) < 600
            return
        assert result.forces.inputs.shape[1] == len(result.dynamics.inputs)


@settings(max_examples=30, deadline=None)
@given(cut=st.floats(0, 1), which=st.sampled_from(["motion", "xml", "forces"]))
def test_a_file_that_breaks_off_does_too(cut, which):
    with tempfile.TemporaryDirectory() as made:
        paths = files(Path(made))
        data = paths[which].read_bytes()
        paths[which].write_bytes(data[: int(cut * len(data))])
        try:
            motion = read_coordinates(paths["motion"], BODY)
            model_inverse_dynamics(BODY, motion, read_external_loads(paths["xml"]))
        except KinechainError as fault:
            assert "\n" not in str(fault)
