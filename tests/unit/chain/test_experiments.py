"""One data file adds an experiment; whatever is wrong with it is said in one sentence."""

from __future__ import annotations

import random
import re
import tomllib
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from kinechain.chain.experiments import (
    LABELS,
    MEASURES,
    QUANTITIES,
    RULES,
    parse_experiments,
    read_experiments,
    read_packaged,
)
from kinechain.chain.quantities import QUANTITY_UNITS
from kinechain.core.errors import FileError
from kinechain.evidence.chain import study

ROWS = {1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 16, 18, 19, 21, 23, 24, 25, 26, 27, 31, 32, 34, 35, 36, 38, 40, 41, 42, 43}
ROWS |= {44, 47, 49, 50, 53, 55, 57, 60, 62, 64, 66, 67, 70, 71, 72, 73, 74}

ONE = """
schema_version = "1"

[[experiment]]
key = "mine"
title = "Pelvic tilt"
study = "Pinto2008"
label = "predicted"
grade = "A"
people = { n = 14, sex = "both", men = 6, age = 25.0 }
changes = ["wedge both 10 raise=lateral"]
outputs = ["pelvis_tilt"]
published = { text = "+1.57 deg", value = 1.57, unit = "deg", p = 0.003, read = "abstract" }
rule = { kind = "standard errors", times = 1.96 }
"""
NULL = ONE.replace('"mine"', '"none"').replace(
    'kind = "standard errors", times = 1.96', 'kind = "null", floor = "lordosis", with = ["mine"]'
)


def test_every_benchmark_is_there_with_its_label() -> None:
    packaged = read_packaged()
    assert len(ROWS) == 47
    assert {e.row for e in packaged.values()} - {None} == ROWS
    assert Counter(e.label for e in packaged.values()) == {
        "predicted": 44,
        "computed from a recording": 4,
        "input check": 17,
        "calibrated on": 4,
        "NotComputable": 23,
    }
    assert [e.key for e in packaged.values() if not e.is_counted] == ["dai2015_lordosis"]


def test_predicted_rows_are_computed_and_others_say_why_not() -> None:
    for experiment in read_packaged().values():
        assert experiment.reason
        assert experiment.is_computed or experiment.label != "predicted"
        assert not (experiment.is_computed and experiment.label == "NotComputable")


def test_published_numbers_are_those_of_the_studies() -> None:
    """Every published value is a result of its study, but where it was computed from two."""
    for experiment in read_packaged().values():
        shown = experiment.published
        if shown.value is None or shown.read == "computed from abstract":
            continue
        results = study(experiment.study).results
        assert any(r.value == pytest.approx(shown.value) for r in results if r.value is not None), experiment.key
        with_spread = [r for r in results if r.value == pytest.approx(shown.value) and r.sd is not None]
        assert shown.sd is None or any(r.sd == shown.sd for r in with_spread), experiment.key


def test_the_list_of_labels_in_the_docs_is_that_of_the_data() -> None:
    text = (Path(__file__).parents[3] / "docs" / "validation_chain.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d*) \| ([\w ]+) \| .+ \|$", text, re.MULTILINE)
    packaged = read_packaged()
    assert {(k, row, label) for k, row, label in rows} == {
        (e.key, str(e.row or ""), e.label) for e in packaged.values()
    }


def test_a_file_adds_an_experiment(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(ONE, encoding="utf-8")
    (made,) = read_experiments(path).values()
    assert (made.key, made.people.n, made.people.men, made.published.p) == ("mine", 14, 6, 0.003)
    assert [c.text for c in made.arms[0]] == ["wedge both 10 raise=lateral"]
    assert made.rule is not None
    assert made.rule.times == 1.96


def test_the_example_of_the_docs_is_an_experiment() -> None:
    text = (Path(__file__).parents[3] / "docs" / "validation_chain.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.+?)```", text, re.DOTALL)
    (made,) = parse_experiments(example, "docs")
    assert made.arms == read_packaged()["pinto2008_bilateral_tilt"].arms


def test_a_study_that_is_not_in_the_package_needs_a_citation() -> None:
    with pytest.raises(FileError, match="study: no study 'New2030'"):
        parse_experiments(ONE.replace("Pinto2008", "New2030"), "mine.toml")
    text = ONE.replace('study = "Pinto2008"', 'study = "New2030"\ncitation = "New A. 2030"')
    assert parse_experiments(text, "mine.toml")[0].citation == "New A. 2030"


def test_a_null_may_name_a_packaged_partner(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(NULL.replace('["mine"]', '["khamis2007_shank"]'), encoding="utf-8")
    assert read_experiments(path)["none"].rule.partners == ("khamis2007_shank",)  # type: ignore[union-attr]
    for partner, says in (
        ("khamis2007_shink", "Did you mean 'khamis2007_shank'"),
        ("betsch2011_spine", "shows no effect"),
        ("smith2022_gait", "shows no effect"),
    ):
        path.write_text(NULL.replace('["mine"]', f'["{partner}"]'), encoding="utf-8")
        with pytest.raises(FileError, match=says):
            read_experiments(path)


def test_a_key_names_one_experiment(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(ONE + ONE.partition("\n\n")[2], encoding="utf-8")
    with pytest.raises(FileError, match="'mine' is there twice"):
        read_experiments(path)


def test_a_file_that_cannot_be_read_is_told_from_one_that_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        read_experiments(tmp_path / "absent.toml")
    path = tmp_path / "bytes.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileError, match=r"no UTF-8 text"):
        read_experiments(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[[experiment]]", "[[experiments]]", "unknown entry 'experiments'. Did you mean 'experiment'"),
        ("[[experiment]]", "[experiment]", "write [[experiment]]"),
        ('schema_version = "1"', 'schema_version = "2"', "schema_version is '1', not '2'"),
        ('title = "Pelvic tilt"', 'titel = "Pelvic tilt"', "unknown field 'titel'. Did you mean 'title'"),
        ('title = "Pelvic tilt"\n', "", "'mine' has no title"),
        ('key = "mine"\n', "", "experiment 1 has no key"),
        ('label = "predicted"', 'label = "guessed"', "label cannot be 'guessed'"),
        ('label = "predicted"', 'label = "input check"', "needs a reason"),
        ('label = "predicted"', 'label = "NotComputable"\nreason = "pain"', "cannot have changes"),
        ('grade = "A"', 'grade = "AA"', "grade cannot be 'AA'"),
        ("n = 14", "n = 14.5", "people: n must be a whole number"),
        ("n = 14", "n = 0", "n is a number of people"),
        ("men = 6", "men = 15", "15 men among 14 people"),
        ('sex = "both"', 'sex = "all"', "sex cannot be 'all'"),
        ("raise=lateral", "raise=latral", "changes: raise of a wedge cannot be 'latral'. Did you mean 'lateral'"),
        ('["wedge both 10 raise=lateral"]', '"wedge both 10"', "changes must be a list"),
        ('["wedge both 10 raise=lateral"]', "[10]", "changes is a list of changes"),
        ('outputs = ["pelvis_tilt"]', 'outputs = ["pelvic_tilt"]', "Did you mean 'pelvis_tilt'"),
        ('outputs = ["pelvis_tilt"]\n', "", "needs outputs or a quantity"),
        ('outputs = ["pelvis_tilt"]', 'quantity = "subtalar_angle"', "Did you mean 'subtalar_axis_angle'"),
        ('changes = ["wedge both 10 raise=lateral"]\n', "", "has outputs but no changes"),
        ('outputs = ["pelvis_tilt"]', 'outputs = ["pelvis_tilt"]\narms = [[]]', "write one of them"),
        ('outputs = ["pelvis_tilt"]', 'outputs = ["pelvis_tilt"]\ndoses = [1, 2]', "2 doses for 1 arms"),
        ('outputs = ["pelvis_tilt"]', 'outputs = ["pelvis_tilt"]\nmeasure = "slope"', "a slope needs doses"),
        ('outputs = ["pelvis_tilt"]', 'outputs = ["pelvis_tilt"]\nmeasure = "fading"', "fading needs two outputs"),
        ('outputs = ["pelvis_tilt"]', 'outputs = ["pelvis_tilt"]\nmeasure = "correlation"', "whose amount is drawn"),
        (
            'outputs = ["pelvis_tilt"]',
            'outputs = ["pelvis_tilt"]\nunread = ["lift left 5"]',
            "unread is a list of changes",
        ),
        (
            'outputs = ["pelvis_tilt"]',
            'outputs = ["pelvis_tilt"]\ntask = "walking"\nunread = [["lift left 5"]]',
            "unread holds what the only arm",
        ),
        ('outputs = ["pelvis_tilt"]', 'outputs = ["pelvis_tilt"]\ntask = "sitting"', "task cannot be 'sitting'"),
        ('text = "+1.57 deg", ', "", "published has no text"),
        (', unit = "deg"', "", "a number without a unit"),
        ("p = 0.003", "p = 3", "p lies between 0 and 1"),
        ("p = 0.003", "p = 0.003, low = 2.0", "an interval needs low and high"),
        ("p = 0.003", "p = 0.003, sd = 0.0", "above zero"),
        ("value = 1.57, ", "", "needs published.value"),
        ("p = 0.003, ", "", "standard errors need"),
        (", times = 1.96", ", time = 1.96", "rule: unknown field 'time'. Did you mean 'times'"),
        (", times = 1.96", ", low = 1.0", "'standard errors' has no 'low'"),
        ('kind = "standard errors", times = 1.96', 'kind = "sign"', "'sign' needs direction"),
        ('kind = "standard errors", times = 1.96', 'kind = "sign", direction = "up"', "direction cannot be 'up'"),
        ('kind = "standard errors", times = 1.96', 'kind = "signs"', "kind cannot be 'signs'. Did you mean 'sign'"),
        ('kind = "standard errors", times = 1.96', 'kind = "inside"', "inside what?"),
        ('kind = "standard errors", times = 1.96', 'kind = "inside", low = 2.0, high = 1.0', "low lies above high"),
        ('kind = "standard errors", times = 1.96', 'kind = "monotone", direction = "+"', "two arms or more"),
        ('kind = "standard errors", times = 1.96', 'kind = "null", limit = 1.0, with = []', "needs with = "),
        ('kind = "standard errors", times = 1.96', 'kind = "null", with = ["mine"]', "a null needs a floor"),
        (
            'kind = "standard errors", times = 1.96',
            'kind = "null", floor = "lordose", with = ["mine"]',
            "Did you mean 'lordosis'",
        ),
        ('rule = { kind = "standard errors", times = 1.96 }\n', "", "has no rule; say what counts as a pass"),
        ("times = 1.96 }", "times = 1.96", "is not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(old: str, new: str, says: str) -> None:
    assert old in ONE
    with pytest.raises(FileError, match=re.escape(says)) as caught:
        parse_experiments(ONE.replace(old, new, 1), "mine.toml")
    assert str(caught.value).startswith("mine.toml")
    assert "\n" not in str(caught.value) or "TOML" in str(caught.value)


def test_every_packaged_file_survives_damage_or_is_refused() -> None:
    """Characters taken out, doubled and exchanged in real files: a `FileError`, or experiments, and nothing else."""
    folder = files("kinechain.evidence") / "data" / "chain" / "experiments"
    chance, refused, kept = random.Random(3), 0, 0
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        text = path.read_text(encoding="utf-8")[:5000].rpartition("[[experiment]]")[0]
        for _ in range(60):
            damaged = list(text)
            for _ in range(chance.randint(1, 3)):
                at = chance.randrange(len(damaged))
                damaged[at] = chance.choice(["", damaged[at] * 2, chance.choice('"=[]{}.,\n#-0a\x00é\x1b')])
            try:
                kept += len(parse_experiments("".join(damaged), path.name)) > 0
            except FileError as error:
                refused += 1
                assert str(error).isprintable(), str(error)
    assert min(refused, kept) > 20


@pytest.mark.parametrize("wrong", ["1", "1.5", "true", '"x"', "[]", "{}", "[1]", "[{}]", "{ a = 1 }", "nan", "-1"])
def test_any_field_given_any_kind_of_value_is_refused_where_it_stands(wrong: str) -> None:
    entry = tomllib.loads(ONE)["experiment"][0]
    for field in (*entry, "row", "reason", "task", "against", "doses", "drawn", "measure", "over", "counted", "arms"):
        lines = [line for line in ONE.splitlines() if not line.startswith(f"{field} =")]
        try:
            parse_experiments("\n".join([*lines, f"{field} = {wrong}"]), "mine.toml")
        except FileError as error:
            assert "mine.toml: experiment" in str(error)


def test_every_word_of_the_schema_is_told_in_the_docs() -> None:
    text = (Path(__file__).parents[3] / "docs" / "validation_chain.md").read_text(encoding="utf-8")
    for word in (*LABELS, *MEASURES, *RULES, *QUANTITIES):
        assert word in text, word
    assert set(QUANTITIES) == set(QUANTITY_UNITS)
