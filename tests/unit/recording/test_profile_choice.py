"""Which marker set is chosen, what is assumed on the way, and what a profile file may hold."""

import re
import time
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import geometric_person
from kinechain.core.errors import RecordingError, SettingError
from kinechain.recording.label_places import broken_places
from kinechain.recording.profile_choice import WORDS, choose_profile, starter_profile
from kinechain.recording.profiles import (
    INDEX,
    compile_index,
    find_profile,
    known_landmarks,
    match_labels,
    read_profiles,
    segment_of,
)

PLUG_IN_GAIT = tuple(f"{s}{x}" for x in "ASI PSI THI KNE TIB ANK HEE TOE".split() for s in "RL")


def sided(*stems: str) -> tuple[str, ...]:
    return tuple(stem.replace("*", side) for stem in stems for side in "RL")


SETS = {
    "plug_in_gait": (*PLUG_IN_GAIT, "C7", "T10", "CLAV", "STRN", "RBAK", *sided("*SHO", "*ELB", "*WRA", "*WRB")),
    "cgm2": (*PLUG_IN_GAIT, *sided("*THAP", "*THAD", "*TIAP", "*TIAD", "*KNM", "*MED", "*SMH", "*FMH", "*VMH")),
    "oxford_foot": (
        *PLUG_IN_GAIT,
        *sided("*PCA", "*CPG", "*LCA", "*STL", "*P1M", "*D1M", "*P5M", "*D5M", "*HLX", "*TTUB", "*HFIB", "*SHN"),
    ),
    "rizzoli": sided(
        *("*ASI", "*PSI", "*GT", "*LE", "*ME", "*HF", "*TT", "*LM", "*MM", "*CA", "*ST", "*PT", "*TN"),
        *("*FMB", "*FMH", "*SMB", "*SMH", "*VMB", "*VMH", "*PM"),
    ),
    "helen_hayes": ("V.Sacral", *sided("*.ASIS", "*.Thigh", "*.Knee", "*.Shank", "*.Ankle", "*.Heel", "*.Toe")),
    "davis_bars": ("sacrum", "c7", *(f"{s} {x}" for s in "rl" for x in
                   ("asis", "thigh", "bar 1", "knee 1", "knee 2", "bar 2", "mall", "met", "should"))),
    "isb_full_body": (
        *sided("*_IAS", "*_IPS", "*_TH1", "*_TH2", "*_SK1", "*_SK2", "*_FLE", "*_FME", "*_FAL", "*_TAM", "*_FCC"),
        *sided("*_FM1", "*_FM2", "*_FM5"),
    ),
    "optitrack": (
        *("WaistRFront", "WaistLFront", "WaistRBack", "WaistLBack", "HeadTop", "Chest"),
        *sided("*Thigh", "*KneeOut", "*Shin", "*AnkleOut", "*HeelBack", "*ForefootOut", "*ForefootIn", "*ToeTip"),
    ),
    "coda_pelvis": sided("*ASIS", "*PSIS", "*GTRO", "*LK", "*MK", "*LA", "*MA", "*HEEL", "*5MH", "*1MH", "*IC"),
    "opencap": (
        "C7", *("r.ASIS", "L.ASIS", "r.PSIS", "L.PSIS"),
        *(f"{s}_{x}" for s in ("r", "L") for x in ("knee", "mknee", "ankle", "mankle", "calc", "5meta", "toe")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_a_known_set_is_recognised_with_a_runner_up(name: str) -> None:
    choice = choose_profile(SETS[name])
    assert choice.match.profile.name == name
    assert choice.match.score > 0.98
    assert not choice.match.missing
    assert choice.runner_up[0] not in (name, "")
    assert choice.runner_up[1] < choice.match.score
    assert choice.notes[0].code == "markers.profile"
    assert choice.runner_up[0] in choice.notes[0].text


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    "habit",
    [
        lambda x: x.upper(),
        lambda x: x.lower(),
        lambda x: f"Subject01:{x}",
        lambda x: f"AB_{x}",
        lambda x: x.replace("_", " ").replace(".", "_"),
    ],
    ids=["upper", "lower", "subject", "prefix", "separators"],
)
def test_spelling_and_subject_prefixes_change_nothing(name: str, habit) -> None:
    labels = SETS[name]
    one, other = choose_profile(labels), choose_profile([habit(x) for x in labels])
    assert other.match.profile.name == name
    assert [y for _, y in other.match.landmarks] == [y for _, y in one.match.landmarks]
    assert [other.match.weight(habit(x)) for x in labels] == [one.match.weight(x) for x in labels]


@pytest.mark.parametrize("name", ["plug_in_gait", "cgm2", "oxford_foot"])
def test_the_side_may_stand_at_the_end(name: str) -> None:
    labels = [f"{x[1:]}_{x[0]}" if x[0] in "RL" and x not in ("RBAK",) else x for x in SETS[name]]
    match = choose_profile(labels).match
    assert match.profile.name == name
    found = dict(match.landmarks)
    assert found["ASI_R"] == "asis_r"
    assert found["HEE_L"] == "heel_l"
    assert match.weight("ASI_R") == 15.0


def test_the_files_sides_may_be_d_and_g() -> None:
    labels = [{"R": "D", "L": "G"}[x[0]] + x[1:] for x in PLUG_IN_GAIT]
    match = choose_profile(labels).match
    assert dict(match.landmarks)["DKNE"] == "lateral_femoral_epicondyle_r"
    assert dict(match.landmarks)["GKNE"] == "lateral_femoral_epicondyle_l"


def test_a_set_of_ones_own_words_is_read_and_said_to_be_assumed() -> None:
    stems = ("ASIS", "PSIS", "Knee Lateral", "Knee Medial", "Ankle Lateral", "Heel", "Fifth Metatarsal", "Shank 1")
    labels = [f"{side} {stem}" for stem in stems for side in ("Right", "Left")] + ["Wand 7"]
    choice = choose_profile(labels, recording="x.trc")
    assert choice.match.profile.name == WORDS
    assert 0.75 < choice.match.score < 0.9
    assert choice.match.unused == ("Wand 7",)
    assert choice.notes[0].kind == "assumed"
    said = next(n for n in choice.notes if n.code == "markers.label_words")
    assert "Left Knee Medial = left medial femoral epicondyle" in said.text
    assert said.place
    assert said.effect
    assert said.cure


def test_labels_that_a_known_set_lacks_are_read_as_words() -> None:
    choice = choose_profile([*PLUG_IN_GAIT, "LNAV", "RNAV", "RKneeMedial", "PT03"])
    assert choice.match.profile.name == "plug_in_gait"
    assert dict(choice.match.landmarks)["RNAV"] == "navicular_r"
    assert {g.label for g in choice.match.guessed} == {"LNAV", "RNAV", "RKneeMedial"}
    assert choice.match.unused == ("PT03",)
    assert choice.match.weight("RNAV") == 5.0
    assert choice.match.weight("PT03") == 0.0


def test_a_word_never_takes_the_place_of_a_named_landmark() -> None:
    found = dict(choose_profile([*PLUG_IN_GAIT, "Left Heel"]).match.landmarks)
    assert found["LHEE"] == "heel_l"
    assert "Left Heel" not in found


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (("M1", "M2", "PT03"), "none of them names a place on the body without doubt"),
        (("RTHI", "RKNE", "RSHA", "RANK", "RHEE", "RTOE", "LASI", "RASI"), "marks the right leg only"),
        (("LASI", "RASI", "C7", "T10", "RSHO", "LSHO"), "marks no leg"),
        (sided("*KNE", "*ANK", "*MT5", "*TRO"), "give a profile file of your own"),
    ],
)
def test_what_cannot_be_assessed_is_said_in_one_sentence(labels: tuple[str, ...], said: str) -> None:
    with pytest.raises(RecordingError, match=said) as caught:
        choose_profile(labels, recording="x.c3d")
    assert "x.c3d" in str(caught.value)
    assert "\n" not in str(caught.value)


def standing(names: dict[str, str]) -> tuple[list[str], np.ndarray]:
    """Return labels and positions (5, marker, 3) of a person of plain geometry; names maps a label to a landmark."""
    at = geometric_person.stand()
    return list(names), np.repeat(np.array([[at[landmark] for landmark in names.values()]]), 5, axis=0)


def marked(*stems: str) -> dict[str, str]:
    return {f"{stem}_{s}": f"{stem}_{s}" for stem in stems for s in "rl"}


LEG = ("asis", "psis", "lateral_femoral_epicondyle", "medial_femoral_epicondyle", "fibula_head", "lateral_malleolus",
       "medial_malleolus", "heel", "metatarsal_1_head", "metatarsal_5_head")  # fmt: skip


def test_no_rule_of_place_is_broken_by_a_person() -> None:
    labels, positions = standing(marked(*LEG))
    points = positions.transpose(1, 0, 2)
    asked, broken = broken_places(tuple(labels), points)
    assert asked > 15
    assert broken == ()
    asked, broken = broken_places(tuple(labels), 1000 * points[:, :, [2, 0, 1]])
    assert broken == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [("medial_malleolus_r", "medial_femoral_epicondyle_r"), ("heel_l", "lateral_femoral_epicondyle_l")],
)
def test_exchanged_joints_break_rules_of_place(first: str, second: str) -> None:
    labels, positions = standing(marked(*LEG))
    exchanged = {first: second, second: first}
    names = tuple(exchanged.get(label, label) for label in labels)
    assert any(first in clause for clause in broken_places(names, positions.transpose(1, 0, 2))[1])


def plug_in_gait_points(**other: str) -> dict[str, np.ndarray]:
    """Return a person of plain geometry under Plug-in Gait's labels, some of them at another landmark."""
    at = geometric_person.stand()
    stems = {"ASI": "asis", "PSI": "psis", "KNE": "lateral_femoral_epicondyle", "ANK": "lateral_malleolus"}
    stems |= {"HEE": "heel", "TOE": "metatarsal_2_head", "MED": "medial_malleolus"} | other
    points = {f"{s.upper()}{k}": at[f"{v}_{s}"] for k, v in stems.items() for s in "rl"}
    for label, above, below in (("THI", "ASI", "KNE"), ("TIB", "KNE", "ANK")):
        points |= {f"{s}{label}": 0.5 * (points[f"{s}{above}"] + points[f"{s}{below}"]) for s in "RL"}
    return points


def test_broken_places_are_a_defect_with_its_label() -> None:
    points = plug_in_gait_points()
    choice = choose_profile(list(points), positions=np.array([list(points.values())]))
    assert not [n for n in choice.notes if n.code == "markers.place"]
    points["RHEE"] = points["RKNE"] + 0.01
    choice = choose_profile(list(points), positions=np.array([list(points.values())]))
    note = next(n for n in choice.notes if n.code == "markers.place")
    assert note.kind == "defect"
    assert note.place == "RHEE"


def test_a_marker_called_medial_belongs_to_the_joint_where_it_stands() -> None:
    ankle, knee = plug_in_gait_points(), plug_in_gait_points(MED="medial_femoral_epicondyle")
    found = [choose_profile(list(p), positions=np.array([list(p.values())])) for p in (ankle, knee)]
    assert [dict(c.match.landmarks)["LMED"] for c in found] == ["medial_malleolus_l", "medial_femoral_epicondyle_l"]
    assert [[n.place for n in c.notes if n.code == "markers.place_moved"] for c in found] == [[], ["RMED, LMED"]]
    assert found[1].match.weight("LMED") == found[0].match.weight("LMED")
    assert not [n for n in found[1].notes if n.code == "markers.place"]


def test_a_near_tie_with_another_meaning_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "twin.toml"
    path.write_text(
        '[sided]\nasis = ["*ASI"]\nmetatarsal_5_head = ["*TOE"]\nheel = ["*HEE"]\n'
        '[required]\nsided = [["asis"], ["heel"]]\n'
    )
    plug_in_gait, twin = find_profile("plug_in_gait"), find_profile(str(path))
    monkeypatch.setattr("kinechain.recording.profile_choice.read_profiles", lambda: (plug_in_gait, twin))
    labels = (*PLUG_IN_GAIT, *sided("*.XYZ"))
    choice = choose_profile(labels)
    assert choice.match.profile.name == "plug_in_gait"
    notes = [n for n in choice.notes if n.code == "markers.profile_close"]
    assert [n.place for n in notes] == ["RTOE, LTOE"]
    assert "right metatarsal 2 head or right metatarsal 5 head" in notes[0].text


def test_an_asked_profile_is_taken_and_nothing_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "mine"\n[sided]\nasis = ["hip*"]\n')
    choice = choose_profile(("hipR", "hipL", "R Knee Lateral"), str(path))
    assert dict(choice.match.landmarks) == {"hipR": "asis_r", "hipL": "asis_l"}
    with pytest.raises(RecordingError, match="names none of the labels of x"):
        choose_profile(("a", "b"), str(path), "x.trc")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[sided]\nasis = ["hip"]\n', "needs a \\* where R or L stands"),
        ('[midline]\nsacrum = ["*SAC"]\n', "has a \\*, which only"),
        ('[sided]\nasis = ["*A"]\npsis = ["*a"]\n', "gives the label 'ra' to 'asis_r' and to 'psis_r'"),
        ("sided = 3\n", r"\[sided\] must be a table"),
        ('side_letters = ["R"]\n[sided]\nasis = ["*A"]\n', "side_letters must be two different texts"),
        ('title = "empty"\n', "names no label"),
        ('[sided]\nasis = ["*A"]\n[required]\nsided = ["asis"]\n', "a list of lists of landmarks"),
        ('[sided]\nasis = ["*A"]\n[required]\nsided = [["asiss"]]\n', "unknown landmark 'asiss'.*Did you mean"),
        ('[sided]\nasis = { labels = ["*A"], weight = -1 }\n', "the weight must be a number of at least 0"),
        ('[sided]\nasis = [1, 2]\n', "a list of labels is expected"),
        ("\x00", "not a valid marker-set profile"),
    ],
)  # fmt: skip
def test_every_fault_of_a_profile_file_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(SettingError, match=said) as caught:
        find_profile(str(path))
    assert "mine" in str(caught.value)


@pytest.mark.parametrize("name", [*SETS, "words"])
def test_a_starter_profile_reads_back_as_it_was_guessed(tmp_path: Path, name: str) -> None:
    labels = SETS.get(
        name, ("R Knee Lat", "L Knee Lat", 'odd "one"', "back\\slash", "M7", "C7", "R Thigh 1", "R Thigh 2")
    )
    text = starter_profile(labels)
    tomllib.loads(text)
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    match = match_labels(find_profile(str(path)), labels)
    known = dict(match.landmarks)
    if name in SETS:
        best = choose_profile(labels).match
        assert known == dict(best.landmarks)
        assert [match.weight(x) for x in known] == [best.weight(x) for x in known]
    else:
        assert known["R Knee Lat"] == "lateral_femoral_epicondyle_r"
        assert set(labels) - set(known) == {'odd "one"', "back\\slash", "M7"}
    assert all(segment_of(landmark) for landmark in known.values())
    for label in labels:
        assert label in known or label.replace("\\", "\\\\").replace('"', '\\"') in text


def test_a_choice_takes_no_longer_than_a_blink() -> None:
    labels = [*SETS["oxford_foot"], "Wand 7"]
    positions = np.random.default_rng(0).normal(size=(2000, len(labels), 3))
    read_profiles()
    choose_profile(labels, positions=positions)
    spent = []
    for _ in range(5):
        start = time.process_time()
        choose_profile(labels, positions=positions)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.010


#: Sets of laboratories that follow no published naming: (labels, how many of them have a meaning).
HABITS = {
    "words": ([f"{s} {x}" for s in ("Right", "Left") for x in (
        "Anterior Superior Iliac Spine", "Posterior Superior Iliac Spine", "Lateral Knee", "Medial Knee",
        "Lateral Ankle", "Medial Ankle", "Heel", "5th Metatarsal Head", "1st Metatarsal Head", "Thigh 1",
        "Shank 1")], 22),
    "side at the end": ([f"{x}_{s}" for x in (
        "ASIS", "PSIS", "KNEE_LAT", "KNEE_MED", "ANK_LAT", "HEEL", "MTH5", "MTH1", "TH1", "TH2") for s in "RL"], 20),
    "Spanish": ([f"{x} {s}" for x in (
        "ASIS", "PSIS", "rodilla lateral", "rodilla medial", "tobillo", "talon", "metatarsal 5", "muslo 1")
        for s in ("derecha", "izquierda")], 16),
    "French letters": ([f"{x}{s}" for x in ("EIAS", "EIPS", "GENOU", "CHEVILLE", "TALON", "ORTEIL") for s in "DG"], 12),
    "clusters": (list(sided("*ASIS", "*PSIS", "*T1", "*T2", "*T3", "*S1", "*S2", "*S3", "*HEE", "*TOE")), 20),
    "short codes": (list(sided("*ASIS", "*PSIS", "*KL", "*KM", "*AL", "*AM", "*FL", "*FM", "*H")), 18),
    "a study's own ending": ([f"{x}_study" for x in (
        *(f"{s}.{x}" for s in "rL" for x in ("ASIS", "PSIS")),
        *(f"{s}_{x}" for s in "rL" for x in ("knee", "mknee", "ankle", "calc", "toe", "5meta")))], 16),
}  # fmt: skip


@pytest.mark.parametrize("name", HABITS)
def test_sets_that_nobody_published_are_read(name: str) -> None:
    labels, count = HABITS[name]
    match = choose_profile(labels, recording=name).match
    assert len(match.landmarks) == count
    landmarks = {y for _, y in match.landmarks}
    for one in ("asis", "psis", "heel"):
        assert {f"{one}_r", f"{one}_l"} <= landmarks
    assert {x[:-2] for x in landmarks if x.endswith("_r")} == {x[:-2] for x in landmarks if x.endswith("_l")}


def test_two_people_in_one_recording_are_not_mixed() -> None:
    labels = [f"{who}:{x}" for who in ("Ann", "Bob") for x in PLUG_IN_GAIT]
    with pytest.raises(RecordingError, match="two people") as caught:
        choose_profile(labels, recording="x.c3d")
    assert "Ann" not in str(caught.value)
    assert choose_profile([*PLUG_IN_GAIT, *labels[:16]]).match.profile.name == "plug_in_gait"


def test_joint_centres_of_a_video_are_no_markers() -> None:
    labels = [f"{s}{x}" for s in "RL" for x in ("Hip", "Knee", "Ankle", "Heel", "BigToe", "Shoulder")]
    with pytest.raises(RecordingError, match="key points of a video"):
        choose_profile([*labels, "Nose", "Neck"])


def test_the_index_holds_what_the_files_hold() -> None:
    index = files("kinechain.recording") / "labels" / INDEX
    assert index.read_text("utf-8") == compile_index(), "a marker set was changed: run `make labels`"


PAGE = Path(__file__).parents[3] / "docs" / "marker_sets.md"


def test_the_page_lists_every_profile_and_every_landmark() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == {p.name for p in read_profiles()}
    listed = text[text.index("The landmarks are:") :]
    assert set(known_landmarks()) <= set(re.findall(r"`([a-z0-9_]+)`", listed))
    assert all(segment_of(x) for x in re.findall(r"`(segment:\w+)`", listed))


def test_the_profile_on_the_page_is_one(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "mine.toml"
    path.write_text(example, encoding="utf-8")
    choice = choose_profile(("RASI", "L_ASIS", "RHEE", "LHEE", "RTHI", "SACR", "R Knee"), str(path))
    assert len(choice.match.landmarks) == 6
    assert choice.match.unused == ("R Knee",)
