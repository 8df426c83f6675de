"""What a change does to frames of a walk made from the project's own body: nothing for nothing, signs, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.musculature import person_muscles
from kinechain.body.skeleton import generic_body
from kinechain.chain.change import parse_change
from kinechain.chain.respond import Response
from kinechain.chain.respond_walking import respond_walking
from kinechain.chain.situation import ChainModel
from kinechain.chain.standing_model import chain_model
from kinechain.chain.targets import TARGETS, target_index
from kinechain.chain.unknowns import draw_unknowns
from kinechain.core.errors import RecordingError, SettingError
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.demonstration.demonstrate import _curves
from kinechain.demonstration.walk import Asymmetry, synthesize_walk
from kinechain.loads.analyze_loads import analyze_loads
from kinechain.loads.loads import Loads
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.recording.recording import Recording

DRAWS = 3


@pytest.fixture(scope="module")
def body() -> Body:
    generic = generic_body("female")
    return generic.with_markers(generic.landmarks)


@pytest.fixture(scope="module")
def walk(body: Body) -> tuple[GaitTrial, Loads]:
    even = Asymmetry(0.0, 0.0, 0.0, marker_noise_mm=0.0, soft_tissue_mm=0.0, gaps=0)
    markers = synthesize_walk(body, body.landmarks, _curves(body), even, duration_s=3.5)
    trial = analyze_gait(body, Recording("walk", "0", "C3D", markers, (), is_world=True, task="walking"))
    return trial, analyze_loads(body, person_muscles(body), trial)


@pytest.fixture(scope="module")
def model(body: Body) -> ChainModel:
    return chain_model(body)


def responded(model: ChainModel, body: Body, walk: tuple[GaitTrial, Loads], text: str) -> Response:
    return respond_walking(model, body, *walk, [parse_change(text)], draw_unknowns(DRAWS, 2), workers=1)


@pytest.fixture(scope="module")
def everted(model: ChainModel, body: Body, walk: tuple[GaitTrial, Loads]) -> Response:
    return responded(model, body, walk, "wedge both 5 raise=lateral")


def test_no_change_does_nothing_to_a_walk(model: ChainModel, body: Body, walk: tuple[GaitTrial, Loads]) -> None:
    response = responded(model, body, walk, "wedge both 0 raise=lateral")
    assert response.phase == "walking"
    assert not response.link_changes.any()
    known = np.isfinite(response.target_changes)
    assert known[:, target_index("knee_contact_left")].all()
    assert not response.target_changes[known].any()


def test_peaks_without_a_change_are_those_of_the_walk(everted: Response, walk: tuple[GaitTrial, Loads]) -> None:
    _, loads = walk
    for side in ("left", "right"):
        found = everted.before[f"knee_contact_{side}"]
        # Passive muscle presses in the loads of the walk and does not here; frames are a few of the stance.
        assert found.value == pytest.approx(np.nanmax(loads.reaction(f"knee_{side[0]}").resultant_n), rel=0.35)  # type: ignore[union-attr]
        ground = np.nanmax(loads.ground.foot(side).region_force[..., 2].sum(axis=1))  # type: ignore[arg-type]
        heel = everted.before[f"plantar_load_heel_{side}"]
        assert 0.0 < heel.value < ground  # type: ignore[union-attr]


def test_an_everting_wedge_everts_the_heel_and_unloads_the_inside_of_the_knee(everted: Response) -> None:
    for side in ("left", "right"):
        assert everted.links[f"calcaneus_eversion_{side}"].low > 0.0
        assert everted.targets[f"knee_adduction_moment_{side}"].high < 0.0  # type: ignore[union-attr]
        assert everted.targets[f"plantar_load_forefoot_lateral_{side}"].value > 0.0  # type: ignore[union-attr]


def test_an_inverting_wedge_does_the_opposite(
    model: ChainModel, body: Body, walk: tuple[GaitTrial, Loads], everted: Response
) -> None:
    inverted = responded(model, body, walk, "wedge both 5 raise=medial")
    for name in ("calcaneus_eversion_left", "subtalar_eversion_right", "thigh_rotation_left"):
        assert inverted.links[name].value * everted.links[name].value < 0.0
    assert inverted.targets["knee_adduction_moment_left"].low > 0.0  # type: ignore[union-attr]


def test_the_same_seed_gives_the_same_response_and_another_another(
    model: ChainModel, body: Body, walk: tuple[GaitTrial, Loads], everted: Response
) -> None:
    change, people = [parse_change("wedge both 5 raise=lateral")], draw_unknowns(DRAWS, 2)
    again, other = (respond_walking(model, body, *walk, change, people, seed=s, workers=1) for s in (0, 1))
    assert np.array_equal(again.link_changes, everted.link_changes)
    assert not np.array_equal(other.link_changes, everted.link_changes)


def test_what_is_behaviour_is_said_and_not_computed(
    model: ChainModel, body: Body, walk: tuple[GaitTrial, Loads]
) -> None:
    spared = responded(model, body, walk, "painful_region left 0.5 region=heel stance=10")
    assert spared.targets["plantar_load_heel_left"].high < 0.0  # type: ignore[union-attr]
    assert any("10 % shorter" in note and "not computable" in note for note in spared.notes)
    assert "behaviour" in spared.adaptation.reason


def test_a_walk_without_known_ground_or_without_a_change_is_refused(
    model: ChainModel, body: Body, walk: tuple[GaitTrial, Loads]
) -> None:
    trial, loads = walk
    lost = replace(loads, moments=replace(loads.moments, values=np.full_like(loads.moments.values, np.nan)))
    with pytest.raises(RecordingError, match="known ground reaction"):
        respond_walking(model, body, trial, lost, [parse_change("lift left 5")], draw_unknowns(2, 0), workers=1)
    with pytest.raises(SettingError, match="needs a change"):
        respond_walking(model, body, trial, loads, [], draw_unknowns(2, 0))


def test_every_frame_bears_what_the_walk_put_on_the_sole(everted: Response, body: Body) -> None:
    heels = [everted.before[t.id] for t in TARGETS if t.site == "sole" and t.side == "left"]
    # Peaks of the regions come at different times: together they are more than the weight of the body.
    assert sum(e.value for e in heels) > body.mass_kg * GRAVITY_M_S2  # type: ignore[union-attr]
