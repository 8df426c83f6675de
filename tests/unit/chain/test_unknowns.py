"""What is not known of a person has a best value, a spread and a source."""

import numpy as np
import pytest

from kinechain.chain.unknowns import best_unknowns, draw_unknowns, read_unknowns
from kinechain.core.errors import EvidenceError, SettingError
from kinechain.evidence.library import source


def test_best_values_are_those_of_the_file():
    best = best_unknowns(3)
    assert len(best) == 3
    assert best.of("lumbar_preload") == pytest.approx(1.33)
    assert best.of("subtalar_deviation_l") == pytest.approx(0.0)


def test_the_first_of_many_are_the_same_people_as_the_first_of_few():
    np.testing.assert_array_equal(draw_unknowns(5, 3).values, draw_unknowns(50, 3).values[:5])
    assert not np.array_equal(draw_unknowns(5, 3).values, draw_unknowns(5, 4).values)


@pytest.mark.parametrize("unknown", read_unknowns().values(), ids=lambda u: u.id)
def test_draws_spread_about_the_best_value_as_stated(unknown):
    drawn = draw_unknowns(4000, 1).of(unknown.columns[0])
    assert np.median(drawn) == pytest.approx(unknown.best, abs=0.1 * abs(unknown.at(np.ones(1))[0] - unknown.best))
    one = unknown.at(np.array([-1.0, 1.0]))
    inside = ((drawn >= one.min()) & (drawn <= one.max())).mean()
    assert inside == pytest.approx(0.683, abs=0.03)
    limits = unknown.at(np.array([-9.0, 9.0]))
    assert drawn.min() >= limits.min() and drawn.max() <= limits.max()


def test_sides_differ_by_the_part_of_the_variance_they_do_not_share():
    drawn, unknown = draw_unknowns(20000, 2), read_unknowns()["thigh_length"]
    right, left = drawn.of("thigh_length_r"), drawn.of("thigh_length_l")
    assert np.corrcoef(right, left)[0, 1] == pytest.approx(1.0 - unknown.apart, abs=0.02)


@pytest.mark.parametrize("unknown", read_unknowns().values(), ids=lambda u: u.id)
def test_every_source_can_be_looked_up_or_is_declared(unknown):
    from importlib.resources import files

    text = (files("kinechain.evidence") / "data" / "chain" / "unknowns.toml").read_text(encoding="utf-8")
    studies = (files("kinechain.evidence") / "data" / "chain" / "studies.toml").read_text(encoding="utf-8")
    assert unknown.note
    if unknown.source == "assumption" or f"[source.{unknown.source}]" in text or f'"{unknown.source}"' in studies:
        return
    assert source(unknown.source).level


def test_one_value_can_be_set():
    changed = best_unknowns(2).with_values("tone_frontal", np.array([0.1, 0.2]))
    np.testing.assert_allclose(changed.of("tone_frontal"), [0.1, 0.2])
    np.testing.assert_allclose(changed.of("tone_sagittal"), best_unknowns(2).of("tone_sagittal"))


def test_a_misspelt_unknown_is_refused_with_the_nearest_name():
    with pytest.raises(SettingError, match="tone_frontal"):
        best_unknowns().of("tone_frontl")


def test_nobody_cannot_be_drawn():
    with pytest.raises(SettingError, match="one at least"):
        draw_unknowns(0, 1)


def test_a_broken_entry_is_refused():
    from kinechain.chain.unknowns import _unknown

    with pytest.raises(EvidenceError, match="distribution"):
        _unknown("x", {"name": "x", "best": 1, "spread": 1, "unit": "1", "source": "assumption", "note": ""})
    with pytest.raises(EvidenceError, match="positive"):
        _unknown(
            "x",
            {
                "name": "x",
                "best": 1,
                "spread": 0,
                "unit": "1",
                "distribution": "normal",
                "source": "assumption",
                "note": "",
            },
        )
