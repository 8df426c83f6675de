"""What labels say in words, over the habits of laboratories."""

import pytest

from kinechain.recording.label_words import common_ends, read_label, read_labels, side_and_stem, side_letters
from kinechain.recording.profiles import segment_of

WORDS = {
    "asis": ("ASIS", "ASI", "Waist Front", "SIAS"),
    "psis": ("PSIS", "PSI", "Waist Back"),
    "iliac_crest": ("Iliac Crest", "IliacCrest"),
    "greater_trochanter": ("GTROC", "Greater Trochanter", "GTR", "TROCH"),
    "lateral_femoral_epicondyle": (
        "Knee Lat",
        "Knee",
        "KneeOut",
        "Lat Knee",
        "FLE",
        "LFC",
        "Lateral Femoral Epicondyle",
    ),
    "medial_femoral_epicondyle": ("Knee Med", "KneeIn", "Medial Knee", "FME", "KNEMED", "MKNE"),
    "fibula_head": ("FibHead", "Fibula Head", "HFIB"),
    "tibial_tuberosity": ("TibTub", "Tibial Tuberosity", "TTUB"),
    "lateral_malleolus": ("Ankle", "AnkleLat", "AnkleOut", "Lat Mal", "LMAL", "Lateral Malleolus"),
    "medial_malleolus": ("AnkleMed", "Med Ankle", "AnkleIn", "MMAL", "Medial Malleolus"),
    "heel": ("Heel", "HEE", "Calc", "HeelBack"),
    "heel_proximal": ("Upper Heel", "PCA"),
    "sustentaculum": ("STL", "Sustentaculum"),
    "navicular": ("NAV", "Navicular"),
    "metatarsal_1_head": ("MT1", "1MT", "1st Metatarsal Head", "FM1", "Toe Med"),
    "metatarsal_2_head": ("TOE", "MT2", "SMH", "2nd Met Head"),
    "metatarsal_5_head": ("MT5", "5MT", "Fifth Metatarsal", "VMH", "5meta", "Toe Lat", "ForefootOut"),
    "metatarsal_5_base": ("MT5 Base", "P5M", "Base of 5th Metatarsal"),
    "hallux_tip": ("Big Toe", "Hallux", "Great Toe"),
    "acromion": ("Shoulder", "ACR", "Acromion", "SHO"),
    "humeral_lateral_epicondyle": ("Elbow", "Elbow Lat", "ElbowOut"),
    "radial_styloid": ("Wrist Radius", "WRA"),
    "segment:femur": ("Thigh", "THI", "Thigh Front Low", "Lateral Thigh", "Upper Leg"),
    "segment:tibia": ("Shank", "TIB", "Shin", "Mid Shank", "Lower Leg"),
}
CASES = [(word, landmark) for landmark, words in WORDS.items() for word in words]


@pytest.mark.parametrize(("word", "landmark"), CASES)
def test_a_place_is_read_wherever_its_side_stands(word: str, landmark: str) -> None:
    flat, camel = word.replace(" ", ""), "".join(w[0].upper() + w[1:] for w in word.split())
    for side, long, short in (("r", "Right", "R"), ("l", "Left", "L")):
        spellings = (
            *(
                f"{short}_{word.replace(' ', '_')}",
                f"{short.lower()} {word.lower()}",
                f"{short}.{word.replace(' ', '.')}",
            ),
            *(
                f"{word} {short}",
                f"{word.replace(' ', '-')}-{long}",
                f"{long} {word}",
                f"{long}{camel}",
                f"{camel}_{short}",
            ),
            *(f"{long.upper()}_{flat.upper()}",),
        )
        for label in spellings:
            reading = read_label(label)
            assert reading is not None, label
            assert reading.landmark == f"{landmark}_{side}", label
            assert segment_of(reading.landmark)
            assert reading.weight > 0


@pytest.mark.parametrize(
    "label",
    [
        *("M1", "PT03", "0012", "Marker_7", "Channel101", "Point 3", "x", "", "CC1", "*52", "PBLeiden01_1"),
        *("RHJC", "V_R.MT2_Static", "MidASIS", "R.HeelGround", "L.AnkleJoint", "r_toe_proj", "CentreOfMass", "VRKN"),
        *("R.Hip", "RMED", "HEEL", "Knee", "LAnkleAngles", "RGroundReactionForce", "Wheelchair_L", "KneeMedLat_R"),
    ],
)
def test_what_names_no_place_without_doubt_is_not_read(label: str) -> None:
    assert read_label(label) is None


def test_a_label_of_any_length_is_read_or_not_read() -> None:
    for label in ("Rknee" * 2000, "_" * 10_000, "R" + "x" * 10_000, "\udc80R_KNEE", "R\x00KNEE"):
        assert read_label(label) is None or len(label) < 10


def test_the_two_sides_of_a_body_mirror_each_other() -> None:
    for word, landmark in CASES:
        right, left = (read_label(f"{s}_{word.replace(' ', '_')}") for s in "RL")
        assert right is not None
        assert left is not None
        assert right.landmark == f"{landmark}_r"
        assert left.landmark == f"{landmark}_l"


def test_two_letter_codes_count_only_beside_their_counterpart() -> None:
    assert read_labels(["RLM"]) == {}
    read = read_labels(["RLM", "RMM", "LLM"])
    assert read["RLM"].landmark == "lateral_malleolus_r"
    assert read["RMM"].landmark == "medial_malleolus_r"
    assert "LLM" not in read
    assert read_labels(["RLK", "RLA"])["RLA"].landmark == "lateral_malleolus_r"


def test_numbered_clusters_count_only_together() -> None:
    read = read_labels(["RT1", "RT2", "RT3", "RS1", "RS2", "LSK1", "LSK2", "T1"])
    assert {k: r.landmark for k, r in read.items()} == {
        **dict.fromkeys(("RT1", "RT2", "RT3"), "segment:femur_r"),
        **dict.fromkeys(("LSK1", "LSK2"), "segment:tibia_l"),
        "T1": "segment:thorax",
    }


def test_codes_of_a_set_are_read_beside_each_other() -> None:
    foot = ["R1ST", "R2ND", "R5TH", "RTOE", "RPHE", "RDHE", "RLHE"]
    found = {x: r.landmark for x, r in read_labels(foot).items()}
    assert found == {
        "R1ST": "metatarsal_1_head_r",
        "R2ND": "metatarsal_2_head_r",
        "R5TH": "metatarsal_5_head_r",
        "RTOE": "toe_2_tip_r",
        "RPHE": "heel_proximal_r",
        "RDHE": "heel_r",
        "RLHE": "calcaneus_lateral_r",
    }
    assert {x: r.landmark for x, r in read_labels(["RTOE", "RLHE", "R2ND"]).items()} == {
        "RTOE": "metatarsal_2_head_r",
        "RLHE": "humeral_lateral_epicondyle_r",
    }


def test_a_patella_tracks_nothing() -> None:
    reading = read_label("R_Patella")
    assert reading is not None
    assert reading.weight == 0.0


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("Left_ASI", ("l", "asi")),
        ("ASI.L", ("l", "asi")),
        ("ASIL", ("l", "asi")),
        ("LASI", ("", "lasi")),
        ("heel", ("", "heel")),
        ("WaistRFront", ("r", "waistfront")),
    ],
)
def test_side_and_stem(label: str, found: tuple[str, str]) -> None:
    assert side_and_stem(label) == found


def test_what_stands_before_most_labels_is_taken_off() -> None:
    names = ("LASI", "RASI", "LPSI", "RPSI", "LKNE", "RKNE", "LANK")
    labels = [f"251112_KUO_{x}" for x in names]
    assert list(common_ends(labels).values()) == list(names)
    assert list(common_ends([*labels, "ghost"]).values())[-1] == "ghost"
    assert common_ends([f"{x}_study" for x in names] + ["Neck"])["LASI_study"] == "LASI"
    assert common_ends([f"{x}_lat" for x in names])["LASI_lat"] == "LASI_lat"
    one_leg = [f"R_{x}" for x in ("ASI", "PSI", "KNE", "ANK", "HEE", "TOE")]
    assert list(common_ends(one_leg).values()) == one_leg


def test_other_letters_for_the_sides() -> None:
    labels = [f"{s}{x}" for s in "DG" for x in ("ASI", "PSI", "KNE", "ANK", "HEE")] + ["SACR"]
    found = side_letters(labels)
    assert found["DASI"] == "RASI"
    assert found["GHEE"] == "LHEE"
    assert found["SACR"] == "SACR"
    ends = [f"{x}{s}" for s in "DG" for x in ("EIAS", "EIPS", "GENOU", "TALON")]
    assert side_letters(ends)["GENOUG"] == "GENOU_L"
    assert side_letters(["DASI", "GASI", "C7"])["DASI"] == "DASI"
    assert side_letters(["RASI", "LASI", "RKNE", "LKNE", "DASI", "GASI"])["DASI"] == "DASI"
