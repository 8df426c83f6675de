"""Read the vignettes and write each as the person file it stands for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import tomlkit

from kinechain.care.person.person import Person
from kinechain.care.person.person_file import read_person
from kinechain.care.screening.clearance import Clearance
from kinechain.care.screening.keyring import clinicians, new_clinician, sign_clearance, trusted
from kinechain.care.screening.red_flags import screen_person
from kinechain.care.screening.screen import Screen
from kinechain.core.errors import LockedError

__all__ = ["ORIGINAL", "Single", "Vignette", "read_singles", "read_vignettes", "screened"]

FOLDER = Path(__file__).parent / "vignettes"
CLINICIAN, PASSPHRASE = "Clinician A", "a passphrase for tests"

#: The forty questions in the order of the guideline notes, written here so that no change of the package moves a base.
ORIGINAL = tuple(
    """ces_bladder ces_bowel ces_saddle ces_sexual ces_bilateral_leg progressive_weakness foot_drop
    stable_neuro_deficit spine_major_trauma spine_fragility_age spine_steroids spine_contusion cancer_history mscc_pain
    mscc_neuro weight_loss spine_infection infection_risk axspa_gate aaa_rupture ottawa_weight_bearing ottawa_malleoli
    ottawa_midfoot ottawa_not_valid stress_fracture achilles_rupture diabetic_limb_threat charcot diabetic_active_other
    diabetic_no_screen dvt_wells acute_limb_ischaemia compartment_syndrome hot_swollen_joint both_feet_numb
    arch_collapse heel_pain_not_improving pregnancy under_18 psych_distress""".split()
)
ADDED = (
    "self_harm",
    "hopelessness",
    "leg_swelling_breathless",
    "cord_hands_gait",
    "visceral_pain",
    "anticoagulant_trauma",
    "stress_fracture_high_risk_site",
)
EMERGENCIES = tuple(
    """ces_bladder ces_bowel ces_saddle ces_sexual ces_bilateral_leg progressive_weakness spine_major_trauma mscc_neuro
    spine_infection aaa_rupture diabetic_limb_threat charcot acute_limb_ischaemia compartment_syndrome
    hot_swollen_joint psych_distress self_harm leg_swelling_breathless""".split()
)
BASES: dict[str, tuple[str, ...]] = {
    "all_no": ORIGINAL + ADDED,
    "forty_no": ORIGINAL,
    "emergencies_no": EMERGENCIES,
    "nothing": (),
}


@dataclass(frozen=True)
class Vignette:
    """One invented person, and what the danger signs ought to say; `tables` are those of a person file."""

    id: str
    group: str
    story: str
    tables: Mapping[str, Any]
    expected_level: str
    expected_locked: bool
    must_refer: bool
    flags_expected: tuple[str, ...]
    open_expected: tuple[str, ...]
    rule: tuple[str, ...]
    source: tuple[str, ...]
    basis: Literal["source", "choice"]
    clear: tuple[str, ...]
    clear_stale: tuple[str, ...]
    first_expected: str
    changed: str

    @property
    def toml(self) -> str:
        """The person file."""
        return tomlkit.dumps(self.tables)


@dataclass(frozen=True)
class Single:
    """One danger sign alone in one of its five states, all else 'no'."""

    id: str
    state: str
    tables: Mapping[str, Any]
    expected_level: str

    @property
    def toml(self) -> str:
        """The person file."""
        return tomlkit.dumps(self.tables)


def read_vignettes() -> tuple[Vignette, ...]:
    """Return every vignette, by file and number."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("vignette", ())
        found += [_vignette(path.stem, row) for row in rows]
    return tuple(found)


def read_singles() -> tuple[Single, ...]:
    """Return every danger sign alone, in each of its states."""
    rows = tomllib.loads((FOLDER / "single_answers.toml").read_text(encoding="utf-8"))["single"]
    return tuple(_single(row, state) for row in rows for state in ("yes", "no", "unknown", "skipped", "missing"))


def screened(vignette: Vignette | Single, folder: Path) -> tuple[Person, Screen]:
    """Write the person file, read it and return the person and the outcome with the clearances of the vignette.

    Clearances need a home of their own (KINECHAIN_HOME): a clinician's keys are made there.
    """
    path = folder / f"{vignette.id}.toml"
    path.write_text(vignette.toml, encoding="utf-8")
    person = read_person(path)
    if isinstance(vignette, Single):
        return person, screen_person(person)
    other = replace(person, age_years=(person.age_years or 30.0) + 1.0)
    clearances = [_cleared(flag, person) for flag in vignette.clear]
    clearances += [_cleared(flag, other) for flag in vignette.clear_stale]
    return person, screen_person(person, trusted([clearance for clearance in clearances if clearance]))


def _cleared(flag: str, person: Person) -> Clearance | None:
    """Return a signed clearance; None where signing is refused, so that nothing is cleared."""
    if CLINICIAN not in {clinician.name for clinician in clinicians()}:
        new_clinician(CLINICIAN, PASSPHRASE)
    try:
        return sign_clearance(person, flag, "seen and examined today", CLINICIAN, PASSPHRASE)
    except LockedError:
        return None


def _vignette(group: str, row: dict[str, Any]) -> Vignette:
    taken = ("person", "history", "conditions", "exam", "wells")
    tables = {name: dict(row[name]) for name in taken if name in row}
    answers = dict.fromkeys(BASES[row.get("base", "all_no")], "no") | row.get("screen", {})
    for question in row.get("missing", ()):
        answers.pop(question, None)
    tables |= {"screen": answers} if answers else {}
    tables |= {"symptoms": row["symptoms"]} if "symptoms" in row else {}
    listed = ("flags_expected", "open_expected", "rule", "source", "clear", "clear_stale")
    known = {*taken, *listed, "id", "story", "base", "screen", "missing", "symptoms", "basis", "changed"}
    known |= {"expected_level", "expected_locked", "must_refer", "first_expected"}
    if extra := set(row) - known:
        raise KeyError(f"{row['id']}: {sorted(extra)}")
    return Vignette(
        group=group,
        tables=tables,
        **{key: row[key] for key in ("id", "story", "expected_level", "expected_locked", "must_refer", "basis")},
        **{key: tuple(row.get(key, ())) for key in listed},
        first_expected=row.get("first_expected", ""),
        changed=row.get("changed", ""),
    )


def _single(row: dict[str, Any], state: str) -> Single:
    answers = dict.fromkeys(ORIGINAL + ADDED, "no")
    for question in row.get("without", ()):
        answers.pop(question)
    answers[row["id"]] = state
    if state == "missing":
        answers.pop(row["id"])
    tables = {
        "person": {"sex": row.get("sex", "male"), "age_years": row.get("age_years", 40)},
        "history": {"pain_regions": ["low_back"], "pain_weeks": 8, "night_pain": "none", "onset": "gradual"},
        "screen": answers,
    }
    return Single(f"{row['id']}-{state}", state, tables, row[state])
