"""Moment arms of fitted people, whose hips a regression places and whose pelvis is sized by markers on the skin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from validation_tables import prepared, schreiber_people

from kinechain.body.body import Body
from kinechain.body.fit import fit_body
from kinechain.body.muscle import Musculature
from kinechain.body.musculature import person_muscles, template_muscles
from kinechain.body.paths import moment_arms
from kinechain.body.skeleton import generic_body

#: Arms of adduction upright, mm, of OpenSim 4.6 on Rajagopal2016.osim (`benchmarks/opensim_paths.py`): what the breadth
#: of the pelvis against the distance of the hips decides.
SIDEWAYS = {"recfem": -15, "sart": -18, "tfl": -53, "iliacus": -5, "glmed1": -51, "glmed2": -44, "semimem": 16}


def adduction_arms(body: Body, musculature: Musculature) -> dict[str, float]:
    """Return the arms of hip adduction upright, mm."""
    arms = 1000.0 * moment_arms(body, musculature, np.zeros((1, len(body.coordinates))))[0]
    column = [c.name for c in body.coordinates].index("hip_adduction_r")
    return {name: float(arms[musculature.names.index(f"{name}_r"), column]) for name in SIDEWAYS}


def test_the_hips_carry_the_muscles_of_the_pelvis_sideways(shared: Path) -> None:
    """Sized by breadth alone, rectus femoris lost its 15 mm of abduction; the hamstrings' 16 of adduction were 30."""
    for person, size in schreiber_people(shared):
        body = fit_body(size, static=prepared(shared / f"data/dev/schreiber_moissenet/{person}/{person}_ST.c3d"))
        hip = abs(body.joint_of("femur_r").parent_from_joint[1, 3])
        assert 0.078 < hip < 0.10
        found = adduction_arms(body, person_muscles(body))
        for name, arm in SIDEWAYS.items():
            assert found[name] == pytest.approx(arm, abs=6.5), (person, name)


def test_a_pelvis_whose_hips_grow_with_its_breadth_keeps_its_muscles() -> None:
    body = generic_body("female")
    own, template = person_muscles(body), template_muscles()
    breadth = body.segment("pelvis").scale[1]
    for muscle, source in zip(own.muscles, template.muscles, strict=True):
        for point, first in zip(muscle.path.points, source.path.points, strict=True):
            if point.segment == "pelvis":
                assert point.position[1] == pytest.approx(first.position[1] * breadth, abs=1e-12), muscle.name
