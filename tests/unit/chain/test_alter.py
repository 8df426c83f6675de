"""What every change does to a situation: nothing for nothing, the same on both sides, and hand calculations."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinechain.body.musculature import person_muscles
from kinechain.body.pose import segment_poses
from kinechain.body.skeleton import generic_body
from kinechain.chain.alter import ALTERATIONS, alter, co_contraction, nerve_posture, stance_shortening
from kinechain.chain.alter_ground import ARCH_PAD
from kinechain.chain.alter_muscles import share_left
from kinechain.chain.change import Change, kinds, parse_change
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.links import compute_links, link_index
from kinechain.chain.situation import ChainModel, Equilibrium, Pad, Situation
from kinechain.chain.stand import one_leg, standing_situation
from kinechain.chain.standing_model import chain_model
from kinechain.chain.unknowns import draw_unknowns
from kinechain.core.errors import SettingError
from kinechain.core.gravity import GRAVITY_M_S2

#: One of each kind, on the left where it has a side.
EXAMPLES = (
    "wedge left 5 raise=lateral",
    "lift left 10",
    "heel_height left 30",
    "pad left 4 region=forefoot_medial",
    "arch left 0.7",
    "orthosis left 0.8 posting=4 lift=5 stiffness=1.5",
    "footwear left category=heels_45",
    "body_mass 8",
    "pack 10",
    "carry left 5",
    "painful_region left 0.4 region=heel",
    "leg_length left 8",
    "weakness left 0.4 group=hip_abductors",
    "myotome left 0.6 root=L5",
    "stiffness left 2 joint=hip",
    "hip_rotation_stiffness left 3",
    "brace left 500 joint=knee",
    "guarding 2 co_contraction=0.1",
    "list left 4",
    "tightness left 10 group=hamstrings",
    "posterior_chain left 5",
    "nerve left 70",
    "foot_progression left 10",
    "pelvic_tilt 5",
    "lordosis 6",
    "knee_flexion left 8",
    "muscle_force left 150 group=triceps_surae",
)
#: Middle coordinates whose sign a mirror turns.
_TURNED = ("pelvis_ty", "_rotation", "_bending", "pelvis_obliquity")


@pytest.fixture(scope="module")
def model() -> ChainModel:
    body = generic_body("female")
    return chain_model(body, person_muscles(body))


@pytest.fixture(scope="module")
def situation(model: ChainModel) -> Situation:
    return standing_situation(model, draw_unknowns(3, 5))


@pytest.fixture(scope="module")
def best(model: ChainModel) -> Situation:
    return standing_situation(model)


def _differing(one: Situation, other: Situation) -> set[str]:
    return {f.name for f in fields(Situation) if not np.array_equal(getattr(one, f.name), getattr(other, f.name))}


def _neutral(text: str) -> Change:
    change = parse_change(text)
    return Change(change.kind, change.side, kinds()[change.kind].neutral, change.options)


def _swapped(name: str) -> str:
    return {"r": f"{name[:-1]}l", "l": f"{name[:-1]}r"}[name[-1]] if name[-2:] in ("_r", "_l") else name


def _mirror(names: tuple[str, ...]) -> tuple[list[int], np.ndarray]:
    """Return where each name has its mirror image, and the sign it takes."""
    sign = [-1.0 if n[-2:] not in ("_r", "_l") and n.endswith(_TURNED) else 1.0 for n in names]
    return [names.index(_swapped(n)) for n in names], np.array(sign)


def _mirrored(model: ChainModel, now: Situation) -> Situation:
    """Return the mirror image of a situation of a symmetric model."""
    place, sign = _mirror(model.inputs)
    free, turn = _mirror(model.free)
    segment = [model.tree.segments.index(_swapped(n)) for n in model.tree.segments]
    pad = [[p.name for p in model.pads].index(_swapped(p.name)) for p in model.pads]
    assert model.musculature is not None
    muscles = tuple(m.name for m in model.musculature.muscles)
    tissues = tuple(t.name for t in model.musculature.tissues)
    across = np.array([1.0, -1.0, 1.0])
    return replace(
        now,
        reference=now.reference[:, place] * sign,
        mass=now.mass[:, segment],
        centre=now.centre[:, segment] * across,
        stiffness=now.stiffness[:, free][:, :, free] * turn[:, None] * turn,
        spring_scale=now.spring_scale[:, free],
        spring_shift=now.spring_shift[:, free] * turn,
        tonic=now.tonic[:, free] * turn,
        pad_stiffness=now.pad_stiffness[:, pad],
        pad_shear=now.pad_shear[:, pad],
        pad_level=now.pad_level[:, pad],
        pad_anchor=now.pad_anchor[:, pad] * across,
        pad_normal=now.pad_normal[:, pad] * across,
        centre_target=now.centre_target * across[:2],
        direction_target=now.direction_target * across,
        strength=now.strength[:, [muscles.index(_swapped(n)) for n in muscles]],
        tissue_scale=now.tissue_scale[:, [tissues.index(_swapped(n)) for n in tissues]],
    )


def _rest(model: ChainModel, situation: Situation, *texts: str) -> Equilibrium:
    rest = solve_equilibrium(model, alter(model, situation, [parse_change(t) for t in texts]))
    assert rest.is_solved.all(), rest.reason
    return rest


def _moved(model: ChainModel, situation: Situation, name: str, *texts: str) -> float:
    """Return the median change of an input, deg."""
    rest = _rest(model, situation, *texts)
    column = model.input_index(name)
    return float(np.degrees(np.median(rest.inputs[:, column] - situation.reference[:, column])))


def test_there_is_an_example_of_every_kind_and_something_that_makes_it() -> None:
    assert {parse_change(t).kind for t in EXAMPLES} == set(kinds()) == set(ALTERATIONS)


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_neutral_amount_alters_nothing(model: ChainModel, situation: Situation, text: str) -> None:
    assert _differing(alter(model, situation, _neutral(text)), situation) == set()
    neutral = kinds()[parse_change(text).kind].neutral
    amounts = np.array([parse_change(text).amount, neutral, parse_change(text).amount])
    some = alter(model, situation, parse_change(text), amounts)
    assert _differing(some.case(1), situation.case(1)) == set()


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_change_alters_what_it_says_and_leaves_its_input(model: ChainModel, situation: Situation, text: str) -> None:
    before = {f.name: getattr(situation, f.name).copy() for f in fields(Situation)}
    change = parse_change(text)
    after = alter(model, situation, change)
    assert all(np.array_equal(getattr(situation, name), value) for name, value in before.items())
    could = set(kinds()[change.kind].alters)
    # What an example on a level floor, or without a part of it, has no need of.
    unneeded = {
        "wedge": {"reference"},
        "footwear": {"pad_stiffness", "pad_shear"},
        "body_mass": {"centre"},
        "foot_progression": {"pad_normal"},
    }
    assert _differing(after, situation) == could - unneeded.get(change.kind, set())
    assert np.allclose(after.stiffness, after.stiffness.transpose(0, 2, 1))
    assert np.allclose(np.linalg.norm(after.pad_normal, axis=-1), 1.0)
    assert np.allclose(np.linalg.norm(after.direction_target, axis=-1), 1.0)


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_amount_per_case_is_the_amount(model: ChainModel, situation: Situation, text: str) -> None:
    change = parse_change(text)
    low, high = change.limits
    amounts = np.clip(change.amount * np.array([0.5, 1.0, 1.1]), low, high)
    together = alter(model, situation, change, amounts)
    for case, amount in enumerate(amounts):
        alone = alter(model, situation.case(case), Change(change.kind, change.side, float(amount), change.options))
        assert _differing(together.case(case), alone) == set()


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_mirror_image_of_a_change_is_the_change_of_the_mirror_image(
    model: ChainModel, situation: Situation, text: str
) -> None:
    change = parse_change(text)
    if change.side not in ("left", "right"):
        other = change
    else:
        other = Change(change.kind, "right", change.amount, change.options)
    one = alter(model, _mirrored(model, situation), other)
    two = _mirrored(model, alter(model, situation, change))
    for field in fields(Situation):
        np.testing.assert_allclose(getattr(one, field.name), getattr(two, field.name), atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize(
    "text", [t for t in EXAMPLES if "both" in kinds()[parse_change(t).kind].sides and "carry" not in t]
)
def test_both_sides_are_the_left_and_then_the_right(model: ChainModel, situation: Situation, text: str) -> None:
    change = parse_change(text)
    sides = [Change(change.kind, side, change.amount, change.options) for side in ("left", "right", "both")]
    apart, together = alter(model, situation, sides[:2]), alter(model, situation, sides[2])
    for field in fields(Situation):
        np.testing.assert_allclose(getattr(together, field.name), getattr(apart, field.name), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lift left 10", "wedge left 5 raise=lateral"),
        ("lift left 10", "heel_height left 20"),
        ("body_mass 8", "lift right 5"),
        ("weakness left 0.4 group=gluteus_medius", "myotome left 0.5 root=S1"),
        ("weakness left 1 group=soleus", "weakness left 0.5 group=triceps_surae"),
        ("stiffness 2 joint=lumbar", "guarding 2"),
        ("stiffness left 2 joint=hip", "brace left 100 joint=knee"),
        ("tightness left 10 group=hamstrings", "posterior_chain left 4"),
        ("list left 4", "lordosis 5"),
        ("painful_region left 0.4 region=heel", "orthosis left stiffness=2"),
    ],
)
def test_order_does_not_matter_where_changes_act_apart(
    model: ChainModel, situation: Situation, one: str, other: str
) -> None:
    first, second = parse_change(one), parse_change(other)
    ahead, back = alter(model, situation, [first, second]), alter(model, situation, [second, first])
    for field in fields(Situation):
        np.testing.assert_allclose(getattr(ahead, field.name), getattr(back, field.name), rtol=1e-9, atol=1e-12)


def test_a_wedge_lifts_by_its_slope(model: ChainModel, best: Situation) -> None:
    level = replace(best, pad_anchor=best.pad_anchor * [1.0, 1.0, 0.0])
    pads = model.pads_of("left")
    ahead = level.pad_anchor[0, model.pads_of("left", "forefoot_medial", "forefoot_lateral")].mean(axis=0)
    ahead = ahead - level.pad_anchor[0, model.pads_of("left", "heel")].mean(axis=0)
    ahead /= np.linalg.norm(ahead)
    lateral = np.array([-ahead[1], ahead[0], 0.0])
    reach = level.pad_anchor[0, pads] @ lateral
    angle = np.radians(5.0)
    after = alter(model, level, parse_change("wedge left 5 raise=lateral")).pad_anchor[0, pads]
    from_thin_edge = reach - reach.min()
    np.testing.assert_allclose(after[:, 2], from_thin_edge * np.sin(angle), atol=1e-12)
    # On the slope itself: as high as the wedge is below it.
    now = after @ lateral - reach.min()
    np.testing.assert_allclose(after[:, 2], now * np.tan(angle), atol=1e-12)
    wide = alter(model, level, parse_change("wedge left 5 raise=lateral width=120 pivot=middle")).pad_anchor[0, pads]
    middle = 0.5 * (reach.min() + reach.max())
    np.testing.assert_allclose(wide[:, 2], (reach - middle) * np.sin(angle), atol=1e-12)
    thick = alter(model, level, parse_change("wedge left 5 raise=lateral width=120")).pad_anchor[0, pads]
    np.testing.assert_allclose(thick[:, 2] - wide[:, 2], 0.06 * np.sin(angle), atol=1e-12)
    other = model.pads_of("right")
    np.testing.assert_array_equal(
        alter(model, level, parse_change("wedge left 5 raise=lateral")).pad_anchor[0, other], level.pad_anchor[0, other]
    )


def test_the_edges_of_a_wedge_have_two_names(model: ChainModel, best: Situation) -> None:
    for raised, medial in (("lateral", "thin_edge"), ("medial", "thick_edge")):
        one = alter(model, best, parse_change(f"wedge left 6 raise={raised} pivot=medial_edge"))
        other = alter(model, best, parse_change(f"wedge left 6 raise={raised} pivot={medial}"))
        assert _differing(one, other) == set()
    with pytest.raises(SettingError, match="cannot turn about its medial edge"):
        alter(model, best, parse_change("wedge left 6 raise=heel pivot=medial_edge"))


def test_two_wedges_are_one_of_their_sum(model: ChainModel, best: Situation) -> None:
    twice = alter(model, best, [parse_change("wedge left 4 raise=lateral")] * 2)
    once = alter(model, best, parse_change("wedge left 8 raise=lateral"))
    np.testing.assert_allclose(twice.pad_normal, once.pad_normal, atol=1e-5)
    back = alter(model, twice, parse_change("wedge left -8 raise=lateral"))
    np.testing.assert_allclose(back.pad_normal, best.pad_normal, atol=1e-5)


def test_a_wedge_may_be_told_by_its_height(model: ChainModel, best: Situation) -> None:
    height = alter(model, best, parse_change("wedge left 10mm raise=lateral width=80"))
    angle = parse_change(f"wedge left {np.degrees(np.arcsin(10 / 80))} raise=lateral width=80")
    np.testing.assert_allclose(height.pad_anchor, alter(model, best, angle).pad_anchor, atol=1e-15)
    with pytest.raises(SettingError, match="60 mm is too high for 50 mm of sole"):
        alter(model, best, parse_change("wedge left 60mm raise=lateral width=50"))


def test_a_heel_wedge_leaves_the_rest_of_the_foot(model: ChainModel, best: Situation) -> None:
    after = alter(model, best, parse_change("wedge left 5 raise=medial region=heel"))
    moved = np.flatnonzero((after.pad_anchor != best.pad_anchor).any(axis=(0, 2)))
    assert set(moved) == set(model.pads_of("left", "heel"))
    by_name = {model.pads[i].name: after.pad_anchor[0, i, 2] - best.pad_anchor[0, i, 2] for i in moved}
    assert by_name["heel_medial_l"] > by_name["heel_back_l"] > by_name["heel_lateral_l"]


def test_heels_raise_the_heel_and_leave_the_ball(model: ChainModel, best: Situation) -> None:
    for seat in ("level", "sloped"):
        after = alter(model, best, parse_change(f"heel_height left 40 seat={seat}"))
        rise = (after.pad_anchor - best.pad_anchor)[0, :, 2]
        assert rise[model.pads_of("left", "heel")].mean() == pytest.approx(0.04, abs=2e-4)
        assert not rise[model.pads_of("left", "forefoot_medial", "forefoot_lateral", "toes")].any()
        assert 0.0 < rise[model.pads_of("left", "midfoot")].mean() < 0.04
        assert not rise[model.pads_of("right")].any()
        heel, ball = (
            [s.pad_anchor[0, model.pads_of("left", *regions)].mean(axis=0) for s in (best, after)]
            for regions in (("heel",), ("forefoot_medial", "forefoot_lateral"))
        )
        assert np.linalg.norm(heel[1] - ball[1]) == pytest.approx(np.linalg.norm(heel[0] - ball[0]), abs=2e-4)


def test_ankles_settle_on_a_heel_unless_told_otherwise(model: ChainModel, best: Situation) -> None:
    turned = alter(model, best, parse_change("heel_height 30")).reference - best.reference
    slope = -turned[0, model.input_index("ankle_dorsiflexion_l")]
    length = np.subtract(
        *(
            best.pad_anchor[0, model.pads_of("left", *r), :].mean(axis=0)
            for r in (("forefoot_medial", "forefoot_lateral"), ("heel",))
        )
    )
    assert np.sin(slope) * np.linalg.norm(length[:2]) == pytest.approx(0.03)
    assert turned[0, model.input_index("mtp_dorsiflexion_r")] == pytest.approx(slope, rel=1e-3)
    kept = alter(model, best, parse_change("heel_height 30 ankle=kept"))
    np.testing.assert_array_equal(kept.reference, best.reference)
    # Why they do: with the tone of the flat foot the ball hangs free, on a heel nobody falls off.
    ball = model.pads_of("left", "forefoot_medial", "forefoot_lateral")
    assert _rest(model, best, "heel_height 51 ankle=kept").pad_force[0, ball, 2].sum() < 1.0
    assert _rest(model, best, "heel_height 51").pad_force[0, ball, 2].sum() > 20.0


def test_lifts_pads_and_leg_lengths_are_what_they_say(model: ChainModel, best: Situation) -> None:
    rise = alter(model, best, parse_change("lift left 12")).pad_anchor - best.pad_anchor
    left = model.pads_of("left")
    np.testing.assert_allclose(rise[0, left], np.tile([0.0, 0.0, 0.012], (len(left), 1)), atol=1e-15)
    rise = alter(model, best, parse_change("pad left 3 region=toes")).pad_anchor - best.pad_anchor
    assert rise[0, :, 2].sum() == pytest.approx(0.003 * len(model.pads_of("left", "toes")))
    longer = alter(model, best, parse_change("leg_length left 10")).reference - best.reference
    assert longer[0, model.input_index("thigh_length_l")] == pytest.approx(0.005)
    assert longer[0].sum() == pytest.approx(0.01)
    thigh = alter(model, best, parse_change("leg_length left 10 segment=thigh")).reference - best.reference
    assert thigh[0, model.input_index("thigh_length_l")] == pytest.approx(0.01)


def test_an_insole_of_no_parts_is_no_insole(model: ChainModel, best: Situation) -> None:
    assert _differing(alter(model, best, parse_change("orthosis left")), best) == set()
    posting = alter(model, best, parse_change("orthosis left posting=4"))
    wedge = alter(model, best, parse_change("wedge left 4 raise=medial region=heel"))
    np.testing.assert_allclose(posting.pad_anchor, wedge.pad_anchor, atol=1e-15)
    lateral = alter(model, best, parse_change("orthosis left posting=-4"))
    wedge = alter(model, best, parse_change("wedge left 4 raise=lateral region=heel"))
    np.testing.assert_allclose(lateral.pad_anchor, wedge.pad_anchor, atol=1e-15)


def test_an_arch_support_needs_something_to_press_on(model: ChainModel, best: Situation) -> None:
    change = parse_change("orthosis left arch=6")
    bare = replace(model, pads=tuple(replace(p, name=p.name.replace(ARCH_PAD, "sole")) for p in model.pads))
    with pytest.raises(SettingError, match="no point under the left arch"):
        alter(bare, best, change)
    *others, last = model.pads
    assert last.side == "left"
    arched = replace(model, pads=(*others, Pad(f"{ARCH_PAD}_l", "left", "midfoot", "midfoot_l", last.position)))
    hanging = best.pad_level.copy()
    hanging[:, -1] = -0.01
    rise = alter(arched, replace(best, pad_level=hanging), change).pad_anchor - best.pad_anchor
    assert rise[0, -1, 2] == pytest.approx(0.016)
    in_the_air = replace(best, pad_level=np.full_like(best.pad_level, -1.0))
    assert _differing(alter(arched, in_the_air, change), in_the_air) == set()


def test_shoes_are_heels_of_the_height_somebody_measured(model: ChainModel, best: Situation) -> None:
    shoe = alter(model, best, parse_change("footwear category=heels_45"))
    heel = alter(model, best, parse_change("heel_height 45"))
    assert _differing(shoe, heel) == set()


def test_masses_add_up(model: ChainModel, situation: Situation) -> None:
    total = situation.mass.sum(axis=1)
    for text, gained in (
        ("body_mass 8", 8.0),
        ("body_mass -5%", -0.05 * total),
        ("body_mass 8 where=trunk", 8.0),
        ("pack 15%", 0.15 * total),
        ("pack 12", 12.0),
        ("carry 6", 6.0),
        ("carry left 6", 6.0),
    ):
        np.testing.assert_allclose(alter(model, situation, parse_change(text)).mass.sum(axis=1), total + gained)
    even = alter(model, situation, parse_change("body_mass 10%"))
    np.testing.assert_allclose(even.mass, 1.1 * situation.mass)
    hands = [model.tree.segments.index(f"hand_{s}") for s in "rl"]
    np.testing.assert_allclose(
        alter(model, situation, parse_change("carry 6")).mass[:, hands] - situation.mass[:, hands], 3
    )
    with pytest.raises(SettingError, match="cannot take more"):
        alter(model, situation, parse_change("body_mass -20 where=trunk"))


def test_a_pack_moves_the_centre_of_the_trunk_as_weights_do(model: ChainModel, situation: Situation) -> None:
    trunk = model.tree.segments.index("thorax")
    after = alter(model, situation, parse_change("pack 10 behind=220 up=50"))
    own, mass = situation.centre[:, trunk], situation.mass[:, trunk, None]
    by_hand = (mass * own + 10.0 * (own + np.array([-0.22, 0.0, 0.05]))) / (mass + 10.0)
    np.testing.assert_allclose(after.centre[:, trunk], by_hand)


def test_lengths_and_masses_are_those_of_the_person(model: ChainModel, best: Situation) -> None:
    size = np.array([1.1])
    for text, small in (
        ("lift left 11", "lift left 10"),
        ("pack 10", "pack 11"),
        ("leg_length left 11", "leg_length left 10"),
    ):
        theirs = alter(model, best, parse_change(text), size=size)
        ours = alter(model, best, parse_change(small.replace("pack 11", "pack 11 behind=181.818181818181818")))
        for field in fields(Situation):
            np.testing.assert_allclose(getattr(theirs, field.name), getattr(ours, field.name), rtol=1e-9, atol=1e-12)


def test_spared_regions_bear_less_at_the_same_depth(model: ChainModel, situation: Situation) -> None:
    after = alter(model, situation, parse_change("painful_region left 40% region=heel"))
    heel = model.pads_of("left", "heel")
    np.testing.assert_allclose(after.pad_stiffness[:, heel], 0.6 * situation.pad_stiffness[:, heel])
    np.testing.assert_array_equal(after.pad_anchor, situation.pad_anchor)
    before, now = _rest(model, situation), _rest(model, situation, "painful_region left 40% region=heel")
    assert (now.pad_force[:, heel, 2].sum(axis=1) < before.pad_force[:, heel, 2].sum(axis=1)).all()
    np.testing.assert_allclose(now.pad_force[..., 2].sum(axis=1), GRAVITY_M_S2 * situation.mass.sum(axis=1))


def test_what_walking_reads_of_a_change() -> None:
    changes = [
        parse_change("painful_region left 0.4 region=heel stance=6%"),
        parse_change("guarding 2 co_contraction=0.1"),
    ]
    assert stance_shortening(changes, "left") == pytest.approx(0.06)
    assert stance_shortening(changes, "right") == 0.0
    assert co_contraction(changes) == pytest.approx(0.1) and co_contraction(changes[:1]) == 0.0


def test_a_part_of_a_sum_is_left() -> None:
    weight = np.array([[2.0, 0.0], [6.0, 0.0]])
    left = share_left(weight, np.array([[1.0, 1.0]]), np.array([[0.5, 1.0]]))
    np.testing.assert_allclose(left, [[7.0 / 8.0, 1.0]])


def test_weak_muscles_are_those_of_the_group_the_side_and_the_root(model: ChainModel, situation: Situation) -> None:
    assert model.musculature is not None
    muscles = model.musculature.muscles
    after = alter(model, situation, parse_change("weakness left 0.4 group=gluteus_medius")).strength
    for i, muscle in enumerate(muscles):
        weak = muscle.group == "gluteus_medius" and muscle.name.endswith("_l")
        np.testing.assert_allclose(after[:, i], 0.6 if weak else 1.0)
    after = alter(model, situation, parse_change("myotome right 0.6 root=L5")).strength
    by_name = dict(zip((m.name for m in muscles), after[0], strict=True))
    assert by_name["edl_r"] == pytest.approx(1.0 - 0.6 / 2) and by_name["edl_l"] == 1.0
    assert by_name["glmed1_r"] == pytest.approx(1.0 - 0.6 / 3) and by_name["recfem_r"] == 1.0
    np.testing.assert_array_equal(
        alter(model, situation, parse_change("weakness both 1 group=back_extensors")).strength.min(axis=1), 0.0
    )


def test_weakness_at_the_same_drive_takes_moment_and_stiffness_of_its_joints_alone(
    model: ChainModel, best: Situation
) -> None:
    after = alter(model, best, parse_change("weakness left 1 group=plantarflexors"))
    ankle, other = model.free_index("ankle_dorsiflexion_l"), model.free_index("hip_adduction_l")
    assert best.tonic[0, ankle] < 0.0
    assert 0.0 >= after.tonic[0, ankle] > 0.3 * best.tonic[0, ankle]
    assert 0.0 < after.stiffness[0, ankle, ankle] < 0.7 * best.stiffness[0, ankle, ankle]
    assert after.tonic[0, other] == best.tonic[0, other]
    arch = model.free_index("midtarsal_dorsiflexion_l")
    assert after.tonic[0, arch] == best.tonic[0, arch]
    assert np.linalg.eigvalsh(after.stiffness[0])[0] >= min(np.linalg.eigvalsh(best.stiffness[0])[0], 0.0) - 1e-9


def test_a_body_without_muscles_has_none_to_weaken(best: Situation) -> None:
    bare = chain_model(generic_body("female"), muscles=False)
    with pytest.raises(SettingError, match="without muscles"):
        alter(bare, standing_situation(bare), parse_change("weakness left 0.4 group=soleus"))


@pytest.mark.parametrize(
    "text", ["stiffness 3 joint=lumbar", "stiffness left 3 joint=hip", "hip_rotation_stiffness 4", "guarding 3"]
)
def test_a_stiffer_joint_rests_where_it_did_and_answers_less(
    model: ChainModel, situation: Situation, text: str
) -> None:
    rest = _rest(model, situation, text)
    np.testing.assert_allclose(rest.inputs, situation.reference, atol=1e-6)


def test_stiff_hips_turn_less_on_a_wedge(model: ChainModel, best: Situation) -> None:
    free = _moved(model, best, "hip_rotation_l", "wedge both 5 raise=lateral")
    stiff = _moved(model, best, "hip_rotation_l", "hip_rotation_stiffness 4", "wedge both 5 raise=lateral")
    assert 0.0 < stiff < free


def test_a_joint_is_told_with_its_side(model: ChainModel, best: Situation) -> None:
    for text, part in (
        ("stiffness left 2 joint=lumbar", "the side of the lumbar is middle"),
        ("stiffness middle 2 joint=hip", "left, right or both"),
        ("stiffness left 2 joint=knee about=bending", "the knee of this body has no bending"),
    ):
        with pytest.raises(SettingError, match=part):
            alter(model, best, parse_change(text))


def test_amounts_are_checked(model: ChainModel, situation: Situation) -> None:
    lift = parse_change("lift left 5")
    for amounts, part in (
        (np.array([1.0, 2.0]), "do not belong to 3 cases"),
        (np.array([1.0, np.nan, 2.0]), "case 1 asks for nan"),
        (np.array([1.0, 2.0, 3000.0]), "case 2 asks for 3000"),
    ):
        with pytest.raises(SettingError, match=part):
            alter(model, situation, lift, amounts)
    with pytest.raises(SettingError, match="1 rows of amounts do not belong to 2 changes"):
        alter(model, situation, [lift, lift], [None])
    assert alter(model, situation, []) is situation


def test_the_posture_of_a_nerve_test_is_asked_and_no_load_altered(model: ChainModel, best: Situation) -> None:
    change = parse_change("nerve left 70 test=slr ankle=20")
    posture = nerve_posture(model, best, change)[0]
    assert posture[model.input_index("hip_flexion_l")] == pytest.approx(np.radians(70))
    assert posture[model.input_index("ankle_dorsiflexion_l")] == pytest.approx(np.radians(20))
    assert posture[model.input_index("hip_flexion_r")] == best.reference[0, model.input_index("hip_flexion_r")]
    slump = nerve_posture(model, best, parse_change("nerve left 90 test=slump"))[0]
    bent = sum(
        slump[model.input_index(n)] for n in model.inputs if n.endswith("_flexion") and n[0] in "lt" and n[1].isdigit()
    )
    assert slump[model.input_index("neck_flexion")] > 0.7
    assert bent == pytest.approx(np.radians(45), rel=0.3)
    with pytest.raises(SettingError, match="asks for no nerve"):
        nerve_posture(model, best, parse_change("lift left 5"))


def test_tightness_moves_the_exponential_of_the_group_alone(model: ChainModel, best: Situation) -> None:
    # By hand from riener1999, hip and knee straight: hip extensors exp(1.3403), 10 degrees earlier exp(0.0305 * 10).
    upright = best.reference.copy()
    for name in ("hip_flexion_l", "knee_flexion_l", "ankle_dorsiflexion_l"):
        upright[:, model.input_index(name)] = 0.0
    straight = replace(best, reference=upright)
    after = alter(model, straight, parse_change("tightness left 10 group=hamstrings"))
    hip, knee = model.free_index("hip_flexion_l"), model.free_index("knee_flexion_l")
    scale = best.spring_scale[0]
    gain = -np.exp(1.3403) * np.expm1(0.305)
    assert (after.tonic - best.tonic)[0, hip] == pytest.approx(scale[hip] * gain)
    assert (after.stiffness - best.stiffness)[0, hip, hip] == pytest.approx(-scale[hip] * gain * 0.0305 * 180 / np.pi)
    assert (after.tonic - best.tonic)[0, knee] == pytest.approx(scale[knee] * np.exp(1.8) * np.expm1(0.352))
    calf = alter(model, straight, parse_change("tightness left 10 group=calf"))
    ankle = model.free_index("ankle_dorsiflexion_l")
    gain = -np.exp(2.1016) * np.expm1(0.843)
    assert (calf.tonic - best.tonic)[0, ankle] == pytest.approx(scale[ankle] * gain)
    assert (calf.stiffness - best.stiffness)[0, ankle, ankle] > 0.0
    flexors = alter(model, straight, parse_change("tightness left 10 group=hip_flexors"))
    assert (flexors.tonic - best.tonic)[0, hip] == pytest.approx(scale[hip] * np.exp(1.4655) * np.expm1(0.75))


def test_the_posterior_line_couples_three_joints_and_leaves_the_sole(model: ChainModel, best: Situation) -> None:
    more = alter(model, best, parse_change("posterior_chain left 5")).stiffness[0] - best.stiffness[0]
    touched = {model.free[i] for i in np.flatnonzero(more.any(axis=0))}
    assert touched == {"hip_flexion_l", "knee_flexion_l", "ankle_dorsiflexion_l"}
    values = np.linalg.eigvalsh(more)
    assert values[-1] == pytest.approx(15.0) and np.abs(values[:-1]).max() < 1e-12
    np.testing.assert_allclose(_rest(model, best, "posterior_chain 5").inputs, best.reference, atol=1e-6)


def test_signs_of_what_comes_from_below(model: ChainModel, situation: Situation) -> None:
    everting, inverting = ("wedge left 6 raise=lateral",), ("wedge left 6 raise=medial",)
    assert _moved(model, situation, "subtalar_eversion_l", *everting) > 1.0
    assert _moved(model, situation, "subtalar_eversion_l", *inverting) < -1.0
    before, after = (
        compute_links(model, rest.inputs)[:, link_index("shank_rotation_left")]
        for rest in (_rest(model, situation), _rest(model, situation, "wedge both 6 raise=lateral"))
    )
    assert (after > before).all()
    # Obliquity is positive with the right side up.
    assert _moved(model, situation, "pelvis_obliquity", "lift left 10") < -1.0
    assert _moved(model, situation, "pelvis_obliquity", "leg_length right 10") > 1.0
    assert _moved(model, situation, "ankle_dorsiflexion_l", "heel_height 30") < -5.0
    assert _moved(model, situation, "ankle_dorsiflexion_l", "wedge both 8 raise=toe") > 4.0
    assert _moved(model, situation, "midtarsal_dorsiflexion_l", "arch both 0.7") > 0.1
    assert _moved(model, situation, "midtarsal_dorsiflexion_l", "arch both 1.5") < -0.1
    assert _moved(model, situation, "hip_rotation_l", "foot_progression both 10") > 5.0


def test_signs_of_what_comes_from_above(model: ChainModel, situation: Situation) -> None:
    assert _moved(model, situation, "pelvis_tilt", "pelvic_tilt 6") > 2.0
    assert _moved(model, situation, "pelvis_tilt", "tightness 10 group=hip_flexors") > 0.2
    assert _moved(model, situation, "pelvis_tilt", "tightness 10 group=hamstrings") < -0.1
    assert _moved(model, situation, "ankle_dorsiflexion_l", "muscle_force 200 group=triceps_surae") < -0.2
    assert _moved(model, situation, "l3_l4_flexion", "lordosis 10") < -0.2
    assert _moved(model, situation, "l3_l4_bending", "list left 5") < -0.3
    assert _moved(model, situation, "knee_flexion_l", "knee_flexion 8") > 4.0


def test_the_pelvis_drops_on_the_free_side_where_abductors_are_weak(model: ChainModel, best: Situation) -> None:
    standing = one_leg(model, best, "left")
    rest = solve_equilibrium(model, standing)
    weak = solve_equilibrium(model, alter(model, standing, parse_change("weakness left 0.3 group=hip_abductors")))
    assert rest.is_solved.all() and weak.is_solved.all(), (rest.reason, weak.reason)
    column = model.input_index("pelvis_obliquity")
    assert weak.inputs[0, column] < rest.inputs[0, column]
    assert weak.inputs[0, model.input_index("hip_adduction_l")] > rest.inputs[0, model.input_index("hip_adduction_l")]


def test_a_lift_and_the_pivot_of_a_wedge_raise_the_hip_as_a_free_body_has_it(
    model: ChainModel, best: Situation
) -> None:
    # Two straight legs under a stiff pelvis: one of them h longer turns the line of the hips by asin(h / distance).
    thigh = [model.tree.segments.index(f"femur_{side}") for side in "rl"]
    poses = segment_poses(model.body, np.array([[c.default for c in model.body.coordinates]]))[0]
    hips = float(np.linalg.norm(np.subtract(*(poses[i, :3, 3] for i in thigh))))
    lifted = -_moved(model, best, "pelvis_obliquity", "lift left 10")
    assert lifted == pytest.approx(np.degrees(np.arcsin(0.010 / hips)), rel=0.05)
    # A wedge about its thin edge carries its load half its width further up than one about its middle.
    thin, middle = (
        -_moved(model, best, "pelvis_obliquity", f"wedge left 4 raise=lateral width=90 pivot={pivot}")
        for pivot in ("thin_edge", "middle")
    )
    assert thin - middle == pytest.approx(np.degrees(np.arcsin(0.045 * np.sin(np.radians(4.0)) / hips)), rel=0.05)
    assert abs(middle) < 0.3 * thin


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(EXAMPLES), min_size=1, max_size=4), st.floats(0.9, 1.2))
def test_any_changes_together_leave_a_situation(
    model: ChainModel, situation: Situation, texts: list[str], size: float
) -> None:
    sizes = np.full(len(situation), size)
    after = alter(model, situation, [parse_change(t) for t in texts], size=sizes)
    assert all(np.isfinite(getattr(after, f.name)).all() for f in fields(Situation))
    assert (after.mass > 0.0).all() and (after.pad_stiffness > 0.0).all()
    assert ((after.strength >= 0.0) & (after.strength <= 1.0)).all()
    np.testing.assert_allclose(after.stiffness, after.stiffness.transpose(0, 2, 1), rtol=1e-12, atol=1e-9)
    np.testing.assert_array_equal(after.stiffness[:, :6], 0.0)
    np.testing.assert_array_equal(after.tonic[:, :6], 0.0)
