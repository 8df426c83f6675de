"""Exercises, interventions and claims of others as typed values, each with its sources; refused where something lacks.

The files lie in ``data/clinical``.  What is said of them to a person is `kinechain.evidence.ledger`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, get_args

from kinechain.core.errors import EvidenceError, suggest
from kinechain.evidence.checked import Fields, checked, entries, known_sources, packaged, parse_toml, unique
from kinechain.evidence.clinical_values import (
    Activity,
    Basis,
    CommonRule,
    Dosage,
    Exercise,
    Intervention,
    PopularClaim,
    Range,
    Recommended,
    Stage,
    Verdict,
)
from kinechain.evidence.library import source_keys
from kinechain.evidence.wording import Certainty

__all__ = [
    "Activity",
    "CommonRule",
    "Dosage",
    "Exercise",
    "Intervention",
    "PopularClaim",
    "Stage",
    "claims",
    "common_rules",
    "exercise",
    "exercises",
    "intervention",
    "interventions",
    "parse_claims",
    "parse_exercises",
    "parse_interventions",
]

_EXERCISE_FIELDS: Fields = {
    "id": (str, True),
    "name": (str, True),
    "targets": (list, True),
    "setup": (str, True),
    "cues": (list, True),
    "dose": (str, True),
    "dose_basis": (str, True),
    "dosage": (dict, True),
    "dose_note": (str, False),
    "article_dose": (str, False),
    "progression": (list, True),
    "regressions": (list, True),
    "stop_rules": (list, True),
    "evidence_note": (str, False),
    "certainty": (str, False),
    "emg": (list, True),
    "sources": (list, True),
}
_DOSAGE_FIELDS: Fields = {
    "sets": (list, False),
    "repetitions": (list, False),
    "days_per_week": (list, False),
    "times_per_day": (list, False),
    "hold_s": (list, False),
    "hold_older_s": (list, False),
    "minutes": (list, False),
    "build_weeks": (int, False),
    "stages": (list, False),
    "sources": (list, False),
    "choices": (list, False),
}
_STAGE_FIELDS: Fields = {"from_week": (int, True), "sets": (int, True), "repetitions": (int, True)}
_EMG_FIELDS: Fields = {"source": (str, True), "muscle": (str, True), "value": (str, True)}
_INTERVENTION_FIELDS: Fields = {
    "id": (str, True),
    "for": (str, True),
    "advice": (str, True),
    "effect": (str, True),
    "certainty": (str, True),
    "certainty_note": (str, True),
    "contraindications": (list, True),
    "sources": (list, True),
}
_CLAIM_FIELDS: Fields = {
    "article": (str, True),
    "id": (str, True),
    "claim": (str, True),
    "verdict": (str, True),
    "kind": (str, False),
    "note": (str, True),
    "own_numbers": (list, False),
    "sources": (list, True),
}
_COMMON_FIELDS: Fields = {"text": (str, True), "rule": (str, True), "sources": (list, False)}


@cache
def exercises() -> Mapping[str, Exercise]:
    """Return the exercises by id, in the order of the file."""
    return MappingProxyType(parse_exercises(packaged("clinical", "exercises.toml"), "exercises.toml", source_keys()))


def exercise(key: str) -> Exercise:
    """Return one exercise.

    Parameters
    ----------
    key : str

    Raises
    ------
    EvidenceError
        If there is no such exercise.
    """
    _refuse_unknown(key, exercises(), "exercise")
    return exercises()[key]


@cache
def common_rules() -> Mapping[str, CommonRule]:
    """Return what holds for every exercise, by id: 'pain_rule' ... 'stop.1'."""
    table = parse_toml(packaged("clinical", "exercises.toml"), "exercises.toml")["common"]
    found: dict[str, CommonRule] = {}
    for key, entry in {**table, **{f"stop.{i}": e for i, e in table["stop"].items()}}.items():
        if key != "stop":
            row = checked(entry, _COMMON_FIELDS, f"exercises.toml: common '{key}'")
            cited = known_sources(row.pop("sources", ()), source_keys(), f"exercises.toml: common '{key}'")
            found[key] = CommonRule(key, sources=cited, **row)
    return MappingProxyType(found)


@cache
def interventions() -> Mapping[str, Intervention]:
    """Return the interventions by id, in the order of the file."""
    name = "interventions.toml"
    return MappingProxyType(parse_interventions(packaged("clinical", name), name, source_keys()))


def intervention(key: str) -> Intervention:
    """Return one intervention.

    Parameters
    ----------
    key : str

    Raises
    ------
    EvidenceError
        If there is no such intervention.
    """
    _refuse_unknown(key, interventions(), "intervention")
    return interventions()[key]


@cache
def claims() -> Mapping[str, PopularClaim]:
    """Return the claims by id, such as 'A-01'."""
    return MappingProxyType(parse_claims(packaged("clinical", "claims.toml"), "claims.toml", source_keys()))


def parse_exercises(text: str, name: str, known: tuple[str, ...]) -> dict[str, Exercise]:
    """Return the exercises of a TOML text.

    Parameters
    ----------
    text, name : str
        The name for messages.
    known : tuple of str
        Keys of sources.

    Raises
    ------
    EvidenceError
        If a field lacks, is unknown or of another kind, a key dangles, an id is there twice, a dose has no source and
        is not declared a choice, or the dose in words and the dose in numbers differ.
    """
    rows = [
        _exercise(entry, f"{name}: exercise {place}", known)
        for place, entry in enumerate(entries(text, name, "exercise", ("schema_version", "common")), start=1)
    ]
    return unique(((row.id, row) for row in rows), name)


def parse_interventions(text: str, name: str, known: tuple[str, ...]) -> dict[str, Intervention]:
    """Return the interventions of a TOML text.

    Parameters
    ----------
    text, name : str
        The name for messages.
    known : tuple of str
        Keys of sources.

    Raises
    ------
    EvidenceError
        If a field lacks, is unknown or of another kind, a key dangles or an id is there twice.
    """
    rows: list[Intervention] = []
    for place, entry in enumerate(entries(text, name, "intervention"), start=1):
        where = f"{name}: intervention {place}"
        row = checked(entry, _INTERVENTION_FIELDS, where)
        _among(row["advice"], get_args(Recommended), f"{where}: advice")
        _among(row["certainty"], get_args(Certainty), f"{where}: certainty")
        row["sources"] = _cited(row["sources"], known, where)
        row["contraindications"] = tuple(row["contraindications"])
        rows.append(Intervention(whom=row.pop("for"), **row))
    return unique(((row.id, row) for row in rows), name)


def parse_claims(text: str, name: str, known: tuple[str, ...]) -> dict[str, PopularClaim]:
    """Return the claims of a TOML text.

    Parameters
    ----------
    text, name : str
        The name for messages.
    known : tuple of str
        Keys of sources.

    Raises
    ------
    EvidenceError
        If a field lacks, is unknown or of another kind, a key dangles, an id is there twice, or a verdict other than
        'unverifiable' has no source.
    """
    rows: list[PopularClaim] = []
    for place, entry in enumerate(entries(text, name, "claim"), start=1):
        row = checked(entry, _CLAIM_FIELDS, f"{name}: claim {place}")
        where = f"{name}: claim '{row['id']}'"
        _among(row["verdict"], get_args(Verdict), f"{where}: verdict")
        if not row["sources"] and row["verdict"] != "unverifiable":
            raise EvidenceError(f"{where} is called {row['verdict']} without a source")
        row["sources"] = known_sources(row["sources"], known, where)
        row["own_numbers"] = tuple(row.get("own_numbers", ()))
        rows.append(PopularClaim(association=row.pop("kind", "") == "association", **row))
    return unique(((row.id, row) for row in rows), name)


def _exercise(entry: Any, where: str, known: tuple[str, ...]) -> Exercise:
    row = checked(entry, _EXERCISE_FIELDS, where)
    where = f"{where} '{row['id']}'"
    row["sources"] = _cited(row["sources"], known, where)
    row["dosage"] = _dosage(row["dosage"], row.pop("dose_basis"), known, where)
    row["emg"] = tuple(Activity(**checked(e, _EMG_FIELDS, f"{where}, emg")) for e in row["emg"])
    for field in ("targets", "cues", "progression", "regressions", "stop_rules"):
        row[field] = tuple(row[field])
    made = Exercise(**row)
    known_sources((e.source for e in made.emg), made.sources, f"{where}, emg")
    if bool(made.evidence_note) != bool(made.certainty):
        raise EvidenceError(f"{where}: an evidence_note and its certainty stand together")
    if made.certainty:
        _among(made.certainty, get_args(Certainty), f"{where}: certainty")
    if fault := _dose_differs(made):
        raise EvidenceError(f"{where}: {fault}")
    return made


def _dosage(entry: dict[str, Any], basis: str, known: tuple[str, ...], where: str) -> Dosage:
    row = checked(entry, _DOSAGE_FIELDS, f"{where}, dosage")
    _among(basis, get_args(Basis), f"{where}: dose_basis")
    for field, value in row.items():
        if field == "stages":
            row[field] = tuple(Stage(**checked(s, _STAGE_FIELDS, f"{where}, stage")) for s in value)
        elif field == "sources":
            row[field] = known_sources(value, known, f"{where}, dosage")
        elif isinstance(value, list):
            row[field] = tuple(value) if field == "choices" else _pair(value, f"{where}: dosage {field}")
    made = Dosage(basis=basis, **row)  # type: ignore[arg-type]
    if (basis == "choice") != (made.choices == ("all",)) or (basis != "choice" and not made.sources):
        raise EvidenceError(f"{where}: a dose has a source, or is a choice and says so")
    return made


def _dose_differs(exercise: Exercise) -> str:
    """Return which number of the dose the words do not say, '' if none."""
    words = {str(n) for n in _numbers(exercise.dose)}
    words |= {str(n) for word, meant in _MEANT.items() if word in exercise.dose for n in meant}
    dosage = exercise.dosage
    for field in ("sets", "repetitions", "days_per_week", "times_per_day", "hold_s", "hold_older_s", "minutes"):
        pair = getattr(dosage, field)
        said = {str(n) for n in pair or () if n != 1}
        if said - words:
            return f"the dose in words does not say {field} {pair[0]} to {pair[1]}"
    return ""


#: What words of a dose mean in numbers.
_MEANT = {
    "daily": (7,),
    "a day": (7,),
    "at least": (7,),
    "most days": (4, 7),
    "Every second day": (3, 4),
    "twice": (2,),
}


def _numbers(text: str) -> list[int]:
    return [int(part) for part in "".join(c if c.isdigit() else " " for c in text).split()]


def _pair(value: list[Any], where: str) -> Range:
    if len(value) != 2 or not all(isinstance(n, int) and n > 0 for n in value) or value[0] > value[1]:
        raise EvidenceError(f"{where} is (least, most) in whole numbers, got {value!r}")
    return value[0], value[1]


def _cited(value: list[Any], known: tuple[str, ...], where: str) -> tuple[str, ...]:
    if not value:
        raise EvidenceError(f"{where} has no source")
    return known_sources(value, known, where)


def _among(value: str, allowed: tuple[str, ...], where: str) -> None:
    if value not in allowed:
        raise EvidenceError(f"{where} is one of {', '.join(allowed)}, not '{value}'")


def _refuse_unknown(key: str, known: Iterable[str], kind: str) -> None:
    names = tuple(known)
    if key not in names:
        raise EvidenceError(f"no {kind} '{key}'. {suggest(key, names)}")
