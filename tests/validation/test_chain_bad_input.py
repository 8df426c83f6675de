"""What is handed to the commands of the chain by mistake: one clear sentence and exit code 2, nothing lost."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from care_people import CALM
from kinechain.analysis import Settings, assess, try_changes
from kinechain.care.person.person import Person
from kinechain.care.person.person_file import read_person
from kinechain.chain import person_chain
from kinechain.chain.alter import alter
from kinechain.chain.change import Change, parse_change
from kinechain.chain.experiments import MOST_PEOPLE
from kinechain.chain.person_chain import ChainSettings
from kinechain.chain.respond import MOST_CHANGES, respond
from kinechain.core.errors import InputError, SettingError
from kinechain.report.json import assessment_json

Call = Callable[..., tuple[int, str, str]]

FACTS = {"pseudonym": '"P-017"', "sex": '"female"', "age_years": "52", "height_m": "1.68", "mass_kg": "71.5"}
LIFT = ("--change", "lift left 5")
FEW = ("--draws", "20")

EXPERIMENT = """[[experiment]]
key = "mine"
title = "a wedge"
study = "mine"
citation = "nobody 2026"
label = "predicted"
grade = "A"
people = { n = 20, sex = "female" }
changes = ["wedge both 5 raise=lateral"]
outputs = ["pelvis_tilt"]
published = { text = "it tilts", value = 1.0, unit = "deg", sd = 0.5 }
rule = { kind = "inside" }
"""


@pytest.fixture
def person(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a person whose danger signs are all answered 'no', but for what it is given."""

    def _person(answers: dict[str, str] | None = None, exam: str = "", **facts: str | None) -> Path:
        about = {key: value for key, value in {**FACTS, **facts}.items() if value is not None}
        signs = {**CALM, **(answers or {})}
        path = tmp_path / "person.toml"
        lines = ["[person]", *(f"{key} = {value}" for key, value in about.items()), "[screen]"]
        lines += [f'{key} = "{answer}"' for key, answer in signs.items()]
        path.write_text("\n".join([*lines, "[exam]", exam]) + "\n", encoding="utf-8")
        return path

    return _person


def assert_refused(answer: tuple[int, str, str], *words: str) -> None:
    code, out, said = answer
    assert code == 2, said
    assert out == ""
    assert said.startswith("kinechain: ")
    assert "\n" not in said, said
    assert len(said) < 1500
    for word in words:
        assert word.lower() in said.lower(), said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([""], ("nothing", "wedge left 5")),
        (["\n"], ("nothing",)),
        (["\x1b[31mwedge"], ("no change", "?[31mwedge")),
        (["--help"], ("no change",)),
        (["wedge left nan raise=lateral"], ("number", "nan")),
        (["wedge left 1e308 raise=lateral"], ("-35 to 35",)),
        (["wedge left 5 raise=lateral raise=medial"], ("twice",)),
        (["wedge left 5 raise=lateral", "wedge middle 5 raise=lateral"], ("side", "middle")),
        (["wedge left 60mm raise=lateral width=20"], ("too high",)),
        (["stiffness middle 2 joint=hip"], ("side", "left")),
        (["brace middle 5 joint=l5_s1 about=eversion"], ("eversion",)),
        (["body_mass -60", "body_mass -60"], ("leaves nothing",)),
        (["body_mass -60 where=trunk"], ("weighs",)),
        (["wedge both 35 raise=toe"], ("do not stand", "smaller")),
        (["lift left 5"] * (MOST_CHANGES + 1), (str(MOST_CHANGES), "together")),
    ],
)
def test_changes_that_are_none_or_make_the_body_fall(
    call: Call, person: Callable[..., Path], changes: list[str], words: tuple[str, ...]
) -> None:
    told = [word for change in changes for word in ("--change", change)]
    assert_refused(call("whatif", person(), *told, *FEW), *words)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"age_years": None}, ("age is not known",)),
        ({"age_years": "17.9"}, ("no what-ifs",)),
        ({"mass_kg": "650", "height_m": "0.4"}, ("650.0 kg", "0.40 m", "check both")),
        ({"mass_kg": "2", "height_m": "2.8"}, ("2.0 kg", "check both")),
        ({"foot_length_m": "0.05"}, ("length of the foot",)),
        ({"mass_kg": "nan"}, ("mass_kg",)),
    ],
)
def test_people_who_get_no_what_if(
    call: Call, person: Callable[..., Path], facts: dict[str, str | None], words: tuple[str, ...]
) -> None:
    assert_refused(call("whatif", person(**facts), *LIFT, *FEW), *words)


@pytest.mark.parametrize("answer", ["yes", "unknown"])
def test_danger_signs_come_before_what_ifs(call: Call, person: Callable[..., Path], answer: str) -> None:
    assert_refused(call("whatif", person({"ces_bladder": answer}), *LIFT, *FEW), "no what-ifs", "danger sign")


def test_files_that_do_not_go_together(call: Call, person: Callable[..., Path], tmp_path: Path) -> None:
    known = person()
    other = tmp_path / "other.toml"
    other.write_text(known.read_text())
    assert_refused(call("whatif", known, other, *LIFT), "one person at a time")
    assert_refused(call("whatif", tmp_path / "gone.toml", *LIFT), "there is no file")
    assert_refused(call("whatif", tmp_path, *LIFT), "folder")
    assert_refused(call("whatif", known), "--change")
    for option, value in (("--seed", "-1"), ("--draws", "0"), ("--draws", "1e9"), ("--seed", "nan")):
        assert_refused(call("whatif", known, *LIFT, option, value), option.strip("-"))


def test_a_what_if_as_json_is_json_alone_and_names_nobody(
    call: Call, person: Callable[..., Path], tmp_path: Path
) -> None:
    path = person(pseudonym='"Q-4711"')
    code, out, said = call("whatif", path, *LIFT, *FEW, "--json")
    assert code == 0, said
    json.loads(out, parse_constant=pytest.fail)
    for private in ("Q-4711", tmp_path.name, "person.toml", "52"):
        assert private not in said
    assert "Q-4711" not in out and str(tmp_path) not in out


@pytest.mark.parametrize("name", ["unnamed_markers.trc", "MyCube_not_a_person.c3d", "emg_only_no_points.c3d"])
def test_a_standing_trial_of_nobody(call: Call, person: Callable[..., Path], shared: Path, name: str) -> None:
    odd = shared / "data/broken/odd" / name
    assert_refused(call("whatif", person(), "--static", odd, *LIFT, *FEW), name)


def test_a_what_if_says_what_it_rests_on(call: Call, person: Callable[..., Path], shared: Path) -> None:
    code, out, said = call("whatif", person(), *LIFT, *FEW)
    assert code == 0 and "No recording: a body of the stated size" in out, said
    static = shared / "data/broken/axes/biobuddy_static.c3d"
    code, out, said = call("whatif", person(height_m="1.20", mass_kg="45"), "--static", static, *LIFT, *FEW)
    assert code == 0 and "of the stated height of 1.20 m: check the height" in out, said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('key = "mine"', 'key = "mine"\nkye = 1', ("kye", "key")),
        ('title = "a wedge"', 'title = "a"\ntitle = "b"', ("TOML",)),
        ("[[experiment]]", "[[experiments]]", ("experiments",)),
        ("pelvis_tilt", "pelvis_tlt", ("pelvis_tlt", "pelvis_tilt")),
        ("raise=lateral", "raise=nose", ("nose", "lateral")),
        ("n = 20", "n = 0", ("1 to",)),
        ("n = 20", f"n = {MOST_PEOPLE + 1}", (str(MOST_PEOPLE),)),
        ("n = 20", f"n = {'9' * 5000}", ("TOML",)),
        ("n = 20", "n = 20, age = -5.0", ("age",)),
        ("value = 1.0", "value = inf", ("value", "number")),
        ('{ kind = "inside" }', '{ kind = "relative", tolerance = -1.0 }', ("tolerance",)),
        ('{ kind = "inside" }', '{ kind = "standard errors", times = 0.0 }', ("times",)),
        ('label = "predicted"', 'label = "predicted"\nmeasure = "slope"\ndoses = [0]', ("doses",)),
        (EXPERIMENT, "", ("no experiment",)),
        (EXPERIMENT, "a=" + "[" * 5000, ("TOML",)),
        (EXPERIMENT, "\x00\x01", ("TOML",)),
    ],
)
def test_a_file_of_experiments_with_a_wrong_token(
    call: Call, tmp_path: Path, old: str, new: str, words: tuple[str, ...]
) -> None:
    assert old in EXPERIMENT
    path = tmp_path / "mine.toml"
    path.write_text(EXPERIMENT.replace(old, new, 1), encoding="utf-8")
    assert_refused(call("validate", path, "--json"), "mine.toml", *words)


def test_experiments_that_are_not_there(call: Call, tmp_path: Path) -> None:
    assert_refused(call("validate", "Pinto2088"), "Pinto2008")
    assert_refused(call("validate", "gone.toml"), "gone.toml", "no such file")
    assert_refused(call("validate", tmp_path), "no experiment")
    (tmp_path / "binary.toml").write_bytes(bytes(range(256)))
    assert_refused(call("validate", "binary.toml"), "binary.toml", "UTF-8")


def test_the_words_of_a_file_of_experiments_steer_no_terminal(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(EXPERIMENT.replace("a wedge", "\\u001b[31ma wedge").replace('"mine"', '"m\\nine"', 1))
    code, out, _ = call("validate", path)
    assert code in (0, 1)
    assert all(line.isprintable() for line in out.split("\n")), out
    code, out, _ = call("validate", path, "--json")
    assert json.loads(out, parse_constant=pytest.fail)["experiments"][0]["key"] == "m\nine"


@pytest.mark.parametrize("count", ["0", "-1", "1000000000", "1e9", "many", "nan"])
def test_an_impossible_number_of_people(call: Call, tmp_path: Path, count: str) -> None:
    assert_refused(call("virtual", count, "--out", tmp_path / "people"), "kinechain --help")
    assert not (tmp_path / "people").exists()


def test_people_are_written_over_nothing_else(call: Call, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("dear")
    assert_refused(call("virtual", "1", "--out", tmp_path), "something else")
    assert_refused(call("virtual", "1", "--out", letter), "cannot be written")
    assert_refused(call("virtual", "1", "--out", letter / "people"), "cannot be written")
    assert letter.read_text() == "dear" and list(tmp_path.iterdir()) == [letter]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the truth and the summary of one made person, as text by file name."""
    from kinechain.chain.virtual_files import make_people

    folder = tmp_path_factory.mktemp("people")
    make_people(folder, 1, 3, 0.0)
    (own,) = folder.glob("virtual_0001/truth.json")
    return {"truth.json": own.read_text(), "virtual.json": (folder / "virtual.json").read_text()}


def spoilt(text: str, **entries: object) -> str:
    """Return a truth with other entries."""
    return json.dumps({**json.loads(text), **entries})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: "[" * 100_000,
        lambda text: "9" * 5000,
        lambda text: spoilt(text, schema="kinechain/virtual/0"),
        lambda text: spoilt(text, name="/home/somebody"),
        lambda text: spoilt(text, drivers=[]),
        lambda text: spoilt(text, typical={}),
        lambda text: spoilt(text, typical=dict.fromkeys(json.loads(text)["typical"], float("nan"))),
        lambda text: spoilt(text, typical=dict.fromkeys(json.loads(text)["typical"], "much")),
    ],
)
def test_a_truth_that_was_damaged(
    call: Call, made: dict[str, str], tmp_path: Path, spoil: Callable[[str], str]
) -> None:
    (tmp_path / "virtual_0001").mkdir()
    (tmp_path / "virtual.json").write_text(made["virtual.json"])
    (tmp_path / "virtual_0001/truth.json").write_text(spoil(made["truth.json"]))
    assert_refused(call("score", tmp_path, *FEW, "--measured", "exam"), "truth", "again")


def test_a_folder_with_somebody_missing(call: Call, made: dict[str, str], tmp_path: Path) -> None:
    assert_refused(call("score", tmp_path), "virtual.json")
    (tmp_path / "virtual.json").write_text("no JSON")
    assert_refused(call("score", tmp_path), "virtual.json", "again")
    (tmp_path / "virtual.json").write_text(made["virtual.json"])
    assert_refused(call("score", tmp_path), "0 people", "1 were made")


def test_an_absurd_mass_takes_the_chain_and_not_the_assessment(person: Callable[..., Path]) -> None:
    path = person(exam='navicular_drop = { side = "left", value = 9, method = "m" }', mass_kg="650", height_m="0.4")
    found = assess(read_person(path))
    assert found.chain is None and "could not be computed" in found.no_chain
    assert any("check both" in sentence for sentence in found.refused)
    document = json.loads(assessment_json(found), parse_constant=pytest.fail)
    assert [entry["reason"] for entry in document["not_measured"] if entry["id"] == "drivers"] == [found.no_chain]
    assert "drivers" not in document and document["measures"]


@pytest.mark.parametrize(("left", "right"), [(300, 1400), (1400, 300)])
def test_a_difference_that_nobody_has_is_no_driver(person: Callable[..., Path], left: float, right: float) -> None:
    found = assess(
        read_person(person(exam=_exam("leg_length_tape", left, right))),
        settings=Settings(chain=ChainSettings(draws=20)),
    )
    assert found.chain is not None, found.no_chain
    assert not found.chain.drivers.players
    (reason,) = (p.reason for p in found.chain.drivers.not_players if "1100 mm" in p.reason)
    assert "check the measurement" in reason


def test_a_what_if_without_an_answer_takes_no_driver_away(
    person: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_chain, "SHOWN_WHAT_IFS", ("lift left 5", "wedge both 35 raise=toe"))
    found = assess(
        replace(read_person(person()), exam=read_person(person(exam=_exam("fpi6", 2, 2))).exam),
        settings=Settings(chain=ChainSettings(draws=20)),
    )
    assert found.chain is not None, found.no_chain
    assert [r.changes[0].text for r in found.chain.what_ifs] == ["lift left 5"]
    assert any("'wedge both 35 raise=toe' has no answer" in note for note in found.chain.notes)


def _exam(item: str, left: float, right: float) -> str:
    rows = (
        f'{{ side = "{side}", value = {value}, method = "m" }}' for side, value in (("left", left), ("right", right))
    )
    return f"{item} = [{', '.join(rows)}]"


def test_calls_with_impossible_values(person: Callable[..., Path]) -> None:
    adult = read_person(person())
    lift = parse_change("lift left 5")
    with pytest.raises(SettingError, match="seed"):
        ChainSettings(seed=-1)
    for amount in (float("nan"), float("inf"), True, "5 mm mm"):
        with pytest.raises(SettingError, match="lies from"):
            Change("lift", "left", amount)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="check both"):
        try_changes(replace(adult, mass_kg=650.0, height_m=0.4), [lift])
    with pytest.raises(SettingError, match="danger signs"):
        try_changes(Person(age_years=40.0), [lift])
    stood = person_chain.standing_person(adult, None, None, ChainSettings(draws=20))
    with pytest.raises(SettingError, match="needs a change"):
        respond(stood.model, stood.situation, [])
    for amounts in ([np.array([np.nan] * 20)], [np.zeros(3)], [np.full(20, 1e9)], []):
        with pytest.raises(SettingError):
            alter(stood.model, stood.situation, [lift], amounts)
