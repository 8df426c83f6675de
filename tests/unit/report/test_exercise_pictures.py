"""The pictures of the exercises: complete, plausible, mirrored, and within the page's policy."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from kinechain.core.errors import SettingError
from kinechain.evidence.clinical import exercises
from kinechain.report.exercise_body import FIGURES
from kinechain.report.exercise_chain import Part, place_frames
from kinechain.report.exercise_pictures import exercise_picture, exercise_variants, place_figure
from kinechain.report.exercise_poses import Panel, drawn_exercises, pictures_of
from kinechain.report.exercise_shapes import Camera, Disc, skin_path
from kinechain.report.page import static_text

EVERY = [(name, variant) for name in drawn_exercises() for variant in pictures_of(name)]
#: Units of the picture for each m in the tallest panel.
UNITS_FOR_ONE_METRE = 250.0
#: What joints of healthy adults can do, degrees, rounded outwards.  Spine and neck are sums over the whole region.
RANGES = {
    "hip": {"flexion": (-30, 125), "abduction": (-30, 50), "rotation": (-65, 45)},
    "knee": {"flexion": (0, 140)},
    "ankle": {"dorsiflexion": (-62, 32), "inversion": (-25, 35)},
    "toes": {"extension": (-5, 75)},
    "shoulder": {"flexion": (-60, 180), "abduction": (-45, 180), "rotation": (-100, 100)},
    "elbow": {"flexion": (-1, 150)},
    "wrist": {"extension": (-85, 95), "deviation": (-30, 30)},
    "lumbar": {"flexion": (-35, 55), "side": (-35, 35), "rotation": (-15, 15)},
    "thoracic": {"flexion": (-30, 45), "side": (-30, 30), "rotation": (-35, 35)},
    "neck": {"flexion": (-65, 60), "side": (-40, 40), "rotation": (-75, 75)},
    "heel": {"pitch": (-20, 45)},
    "shank": {"dorsiflexion": (-45, 30)},
    "arch": {"lift": (-5, 25)},
    "toe": {"extension": (-20, 75)},
    "tip": {"flexion": (-5, 60)},
}


def panels() -> list[tuple[str, Panel]]:
    return [
        (f"{name} {variant} {k}", panel)
        for name, variant in EVERY
        for k, panel in enumerate(pictures_of(name)[variant].panels)
    ]


PANELS = panels()
NAMES = [name for name, _ in PANELS]


def numbers_of(svg: str, group: str) -> list[list[float]]:
    """Return the numbers of every path of a class."""
    found = re.findall(rf'<path class="{group}[^"]*" d="([^"]+)"', svg)
    return [[float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", data)] for data in found]


def test_every_exercise_of_the_library_is_drawn() -> None:
    assert set(drawn_exercises()) == set(exercises())
    assert all("" in pictures_of(name) for name in drawn_exercises())


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_a_variant_draws_a_line_of_the_library(name: str, variant: str) -> None:
    line, row = pictures_of(name)[variant].line, exercises()[name]
    said = " / ".join([row.setup, *row.cues, *row.progression, *row.regressions])
    assert bool(line) == bool(variant)
    assert line in said


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_the_picture_is_sound_and_keeps_the_policy(name: str, variant: str) -> None:
    figure = exercise_picture(name, "right", None, variant)
    root = ElementTree.fromstring(figure.svg)
    assert root.get("role") == "img"
    assert root[0].tag.endswith("title") and root[0].text == figure.title
    assert figure.title in figure.alt and len(figure.alt) > len(figure.title) + 20
    assert not re.search(r"style=|<style|<script|href|\son\w+=|\b(nan|inf)\b", figure.svg)
    assert len(figure.svg) < 120_000


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_everything_lies_inside_the_view_box(name: str, variant: str, side: str) -> None:
    svg = exercise_picture(name, side, None, variant).svg
    _, _, width, height = (float(n) for n in re.search(r'viewBox="([^"]+)"', svg)[1].split())  # type: ignore[index]
    for data in re.findall(r' d="([^"]+)"', svg):
        points = re.findall(r"(-?[\d.]+) (-?[\d.]+)(?=[MLACZ ]|$)", re.sub(r"A[\d.]+ [\d.]+ 0 [01] 1 ", "L", data))
        table = np.array([[float(x), float(y)] for x, y in points])
        assert np.isfinite(table).all()
        assert (table >= -0.5).all() and (table <= [width + 0.5, height + 0.5]).all()


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_left_is_the_mirror_image_of_right(name: str, variant: str) -> None:
    """Panel by panel: what is at x in a panel of one is as far from its other edge in the other."""
    left, right = (exercise_picture(name, side, None, variant).svg for side in ("left", "right"))
    frames = [
        [float(n) for n in found]
        for found in re.findall(r'class="ex-panel" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', right)
    ]
    assert re.findall(r'class="ex-panel"[^>]+', left) == re.findall(r'class="ex-panel"[^>]+', right)
    pieces = [re.split(r'<rect class="ex-panel"', svg)[1:] for svg in (left, right)]
    for (x, _, width), one, other in zip(frames, *pieces, strict=True):
        for first, second in zip(extents(one), extents(other), strict=True):
            assert first == pytest.approx((2 * x + width - second[1], 2 * x + width - second[0]), abs=1.6)


def extents(piece: str) -> list[tuple[float, float]]:
    """Return the least and greatest x among the corners of every filled skin."""
    found = re.findall(r'<path class="(?:ex-near|ex-far|ex-accent)[^"]*" d="([^"]+)"', piece)
    assert found
    result = []
    for data in found:
        xs = [float(x) for x in re.findall(r"(-?[\d.]+) -?[\d.]+(?=[MLAZ]|$)", data)]
        result.append((min(xs), max(xs)))
    return result


@pytest.mark.parametrize("side", ["left", "right", "both"])
def test_the_side_stands_in_the_picture(side: str) -> None:
    figure = exercise_picture("clamshell", side)
    assert f">{side.upper()} side" in figure.svg and side.upper() in figure.title
    assert "side" not in exercise_picture("walking_programme").title


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=NAMES)
def test_what_stands_on_something_touches_it(name: str, panel: Panel) -> None:
    placed = place_figure(panel.figure, panel.pose, panel.contacts[0], panel.at)
    for contact in panel.contacts:
        gap = abs(placed.lowest(contact.part) - contact.height) * UNITS_FOR_ONE_METRE
        assert gap < (1.0 if panel.figure == "person" else 0.6), (contact.part, gap)


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=NAMES)
def test_nothing_sinks_into_the_floor(name: str, panel: Panel) -> None:
    placed = place_figure(panel.figure, panel.pose, panel.contacts[0], panel.at)
    sunk = {part.name: -placed.lowest(part.name) for part in FIGURES[panel.figure].parts}
    assert max(sunk.values()) < 0.02, max(sunk, key=lambda part: sunk[part])


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=NAMES)
def test_joints_stay_within_what_people_can_do(name: str, panel: Panel) -> None:
    for joint, angles in panel.pose.items():
        if joint == "pelvis":
            continue
        bounds = RANGES[re.sub(r"^(right|left)_|_\d$", "", joint)]
        for direction, angle in angles.items():
            low, high = bounds[direction]
            assert low <= angle <= high, (joint, direction, angle)


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_segments_keep_their_length_in_every_panel(name: str, variant: str) -> None:
    for panel in pictures_of(name)[variant].panels:
        chain = FIGURES[panel.figure]
        rest, posed = place_frames(chain, {}), place_frames(chain, panel.pose)
        for frame in chain.frames[1:]:
            lengths = [np.linalg.norm(p[frame.name][1] - p[frame.parent][1]) for p in (rest, posed)]
            assert lengths[0] == pytest.approx(lengths[1])


def test_the_figure_is_the_same_on_both_sides() -> None:
    chain = FIGURES["person"]
    parts = {part.name: part for part in chain.parts}

    def mirrored(part: Part) -> list[tuple[str, tuple[float, float, float]]]:
        return [(b.frame.replace("right_", "left_"), (b.at[0], -b.at[1], b.at[2])) for b in part.beads]

    for name, part in parts.items():
        if name.startswith("right_"):
            assert mirrored(part) == [(b.frame, b.at) for b in parts[name.replace("right_", "left_")].beads]


def test_joints_bend_the_way_of_a_body() -> None:
    chain = FIGURES["person"]
    knee = place_frames(chain, {"right_knee": {"flexion": 60.0}})
    assert knee["right_foot"][1][0] < -0.2
    hip = place_frames(chain, {"right_hip": {"flexion": 60.0}})
    assert hip["right_shank"][1][0] > 0.2
    apart = place_frames(chain, {"right_hip": {"abduction": 30.0}, "left_hip": {"abduction": 30.0}})
    assert apart["right_shank"][1][1] < -0.2 and apart["left_shank"][1][1] > 0.2
    elbow = place_frames(chain, {"left_elbow": {"flexion": 90.0}})
    assert elbow["left_hand"][1][0] > 0.2
    bow = place_frames(chain, {"lumbar": {"flexion": 40.0}})
    assert bow["head"][1][0] > 0.1


def test_a_skin_is_the_tightest_outline() -> None:
    data = skin_path([Disc(0.0, 0.0, 10.0), Disc(100.0, 0.0, 10.0)])
    assert data.count("A") == 2 and data.count("L") == 1
    assert skin_path([Disc(0.0, 0.0, 10.0), Disc(1.0, 0.0, 2.0)]).count("A") == 2


def test_the_camera_sees_the_right_side_first() -> None:
    points = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    seen = Camera().seen(points)
    assert seen[0, 0] == pytest.approx(1.0) and seen[1, 2] < 0
    assert Camera(is_mirrored=True).seen(points)[0, 0] == pytest.approx(-1.0)


def test_the_style_sheet_knows_every_class() -> None:
    style = static_text("exercise.css")
    drawn = "".join(exercise_picture(name, "left", None, variant).svg for name, variant in EVERY)
    classes = {one for found in re.findall(r'class="([^"]+)"', drawn) for one in found.split()}
    assert {one for one in classes if f".{one}" not in style} <= {"ex-light"}
    named, known = set(re.findall(r"var\((--[\w-]+)\)", style)), re.findall(r"(--[\w-]+):", style)
    assert named == set(known) and all(known.count(one) == 3 for one in named)


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(SettingError, match="no poses are drawn for 'handstand'"):
        exercise_picture("handstand")
    with pytest.raises(SettingError, match="no side 'middle'"):
        exercise_picture("bridge", "middle")
    with pytest.raises(SettingError, match="not drawn as 'upside_down'"):
        exercise_picture("bridge", "left", None, "upside_down")
    with pytest.raises(SettingError, match="no joint 'tail'"):
        place_frames(FIGURES["person"], {"tail": {"flexion": 1.0}})
    with pytest.raises(SettingError, match="has no 'twist'"):
        place_frames(FIGURES["person"], {"right_knee": {"twist": 1.0}})


def test_variants_name_the_line_they_draw() -> None:
    assert exercise_variants("calf_raise") == {"single_leg": "Single leg", "seated": "Seated"}
