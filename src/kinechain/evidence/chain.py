"""Published results between foot and back, noise floors and disputed claims: facts with keys, read lazily.

The files lie in ``data/chain``.  `parse_studies` refuses a study without citation or depth of reading, a number without
a unit, a number where only a direction was read, and a number from a place that was not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from kinechain.core.errors import EvidenceError, suggest
from kinechain.evidence.chain_values import Claim, NoiseFloor, Result, Sentence, Study
from kinechain.evidence.checked import checked, entries, packaged

__all__ = [
    "Claim",
    "NoiseFloor",
    "Result",
    "Sentence",
    "Study",
    "noise_floor",
    "parse_claims",
    "parse_floors",
    "parse_studies",
    "read_claims",
    "read_floors",
    "read_studies",
    "study",
]

#: Kinds of result that hold no number.
WORDS = ("direction_only", "null")
KINDS = (
    *WORDS,
    "R2",
    "R2_percent",
    "auc",
    "correlation_r",
    "effect_size",
    "hazard_ratio",
    "hedges_g",
    "mean",
    "mean_difference",
    "odds_ratio",
    "percent_change",
    "proportion",
    "range_max",
    "ratio",
    "regression_coef",
    "residual_sd",
    "risk_ratio",
    "smd",
    "threshold",
)
QUALITIES = ("A", "B", "C", "D")

#: Fields of a result: as in the file, as in `Result`, whether a number, whether it must be there.
_RESULT_FIELDS = {
    "exposure": ("exposure", str, True),
    "exposure_value": ("exposure_value", float, False),
    "exposure_unit": ("exposure_unit", str, False),
    "outcome": ("outcome", str, True),
    "segment": ("segment", str, True),
    "plane": ("plane", str, False),
    "condition": ("condition", str, True),
    "effect_kind": ("kind", str, True),
    "effect": ("value", float, False),
    "unit": ("unit", str, False),
    "sd": ("sd", float, False),
    "ci_low": ("low", float, False),
    "ci_high": ("high", float, False),
    "p": ("p", str, False),
    "baseline": ("baseline", float, False),
    "baseline_sd": ("baseline_sd", float, False),
    "direction": ("direction", str, False),
    "sign_convention": ("sign_convention", str, False),
    "where": ("where", str, True),
    "note": ("note", str, False),
}
_STUDY_FIELDS = {
    "key": (str, True),
    "topics": (list, True),
    "citation": (str, True),
    "year": (int, True),
    "doi": (str, False),
    "pmid": (str, False),
    "design": (str, True),
    "n": (str, True),
    "population": (str, True),
    "place": (str, False),
    "read_level": (str, True),
    "quality": (str, True),
    "independent": (bool, True),
    "caveat": (str, False),
    "result": (list, True),
}

_CLAIM_FIELDS = {"number": (int, True), "claim": (str, True), "verdict": (str, True)}


def study(key: str) -> Study:
    """Return one study.

    Parameters
    ----------
    key : str

    Raises
    ------
    EvidenceError
        If there is no such study.
    """
    return _known(key, read_studies(), "no study")


def noise_floor(key: str) -> NoiseFloor:
    """Return one noise floor.

    Parameters
    ----------
    key : str

    Raises
    ------
    EvidenceError
        If there is no such floor.
    """
    floors = read_floors()
    if key not in floors:
        raise EvidenceError(f"no noise floor with the key '{key}'. {suggest(key, floors)}")
    return floors[key]


@cache
def read_studies() -> Mapping[str, Study]:
    """Return all packaged studies by key."""
    return MappingProxyType(parse_studies(packaged("chain", "studies.toml"), "chain/studies.toml"))


@cache
def read_floors() -> Mapping[str, NoiseFloor]:
    """Return all packaged noise floors by key."""
    return MappingProxyType(
        parse_floors(packaged("chain", "noise_floors.toml"), "chain/noise_floors.toml", read_studies())
    )


@cache
def read_claims() -> tuple[Claim, ...]:
    """Return the disputed claims in their order; the last, numbered 0, names the numbers that are distrusted."""
    return parse_claims(packaged("chain", "disputes.toml"), "chain/disputes.toml", read_studies())


def parse_studies(text: str, name: str) -> dict[str, Study]:
    """Return the studies of a TOML text by key.

    Parameters
    ----------
    text : str
    name : str
        File name, for messages.

    Raises
    ------
    EvidenceError
        If the text is no TOML, a key is there twice, a field lacks or is unknown, or a number was not read.
    """
    found: dict[str, Study] = {}
    for place, entry in enumerate(entries(text, name, "study", ("meta", "not_verified")), start=1):
        where = f"{name}: study {place}"
        if isinstance(entry.get("key"), str) and entry["key"]:
            where = f"{name}: study '{entry['key']}'"
        made = _study(entry, where)
        if made.key in found:
            raise EvidenceError(f"{where} is there twice; every key names one study")
        found[made.key] = made
    return found


def parse_floors(text: str, name: str, studies: Mapping[str, Study]) -> dict[str, NoiseFloor]:
    """Return the noise floors of a TOML text by key; the value of each must be a result of its study.

    Parameters
    ----------
    text : str
    name : str
        File name, for messages.
    studies : mapping of key to Study

    Raises
    ------
    EvidenceError
        If a field lacks or is unknown, a key dangles or is there twice, or the study holds no such number.
    """
    fields = {
        "key": (str, True),
        "quantity": (str, True),
        "value": (float, True),
        "sd": (float, False),
        "unit": (str, True),
        "study": (str, True),
        "note": (str, False),
    }
    found: dict[str, NoiseFloor] = {}
    for place, entry in enumerate(entries(text, name, "floor"), start=1):
        where = f"{name}: floor {place}"
        row = checked(entry, fields, where)
        if row["key"] in found:
            raise EvidenceError(f"{where}: '{row['key']}' is there twice")
        row["study"] = _known(row["study"], studies, f"{where} cites a study that is not there:")
        if not any(r.value == row["value"] and r.unit == row["unit"] for r in row["study"].results):
            raise EvidenceError(
                f"{where}: no result of '{row['study'].key}' is {row['value']:g} {row['unit']}; "
                "a floor is a number that was read"
            )
        found[row["key"]] = NoiseFloor(**row)
    return found


def parse_claims(text: str, name: str, studies: Mapping[str, Study]) -> tuple[Claim, ...]:
    """Return the claims of a TOML text with the sentences about them.

    Parameters
    ----------
    text : str
    name : str
        File name, for messages.
    studies : mapping of key to Study

    Raises
    ------
    EvidenceError
        If a field lacks or is unknown, a number is there twice, or a sentence is about no claim, or a key dangles.
    """
    said: dict[int, list[Sentence]] = {0: []}
    heads: dict[int, tuple[str, str]] = {0: ("Numbers that are distrusted", "")}
    for place, entry in enumerate(entries(text, name, "claim", ("schema_version", "sentence")), start=1):
        head = checked(entry, {"number": (int, True), "claim": (str, True), "verdict": (str, True)}, f"{name}: {place}")
        if head["number"] in heads:
            raise EvidenceError(f"{name}: claim {head['number']} is there twice")
        heads[head["number"]], said[head["number"]] = (head["claim"], head["verdict"]), []
    fields = {"claims": (list, True), "stance": (str, True), "text": (str, True), "studies": (list, True)}
    for place, entry in enumerate(entries(text, name, "sentence", ("schema_version", "claim")), start=1):
        where = f"{name}: sentence {place}"
        row = checked(entry, fields, where)
        if row["stance"] not in ("for", "against", "note", "distrust"):
            raise EvidenceError(f"{where}: the stance is for, against, note or distrust, not '{row['stance']}'")
        cited = tuple(_known(k, studies, f"{where} cites a study that is not there:") for k in row["studies"])
        for number in row["claims"] or [0]:
            if not isinstance(number, int) or number not in said:
                raise EvidenceError(f"{where} is about claim {number}, which is not there")
            said[number].append(Sentence(row["stance"], row["text"], cited))
    numbers = [*sorted(n for n in heads if n), 0]
    return tuple(Claim(n, *heads[n], tuple(said[n])) for n in numbers)


def _study(entry: Mapping[str, Any], where: str) -> Study:
    row = checked(entry, _STUDY_FIELDS, where)
    if row["quality"] not in QUALITIES:
        raise EvidenceError(f"{where}: the quality is one of {', '.join(QUALITIES)}, not '{row['quality']}'")
    if "not read" in row["read_level"].lower():
        raise EvidenceError(f"{where} was not read; a study nobody read does not ship")
    topics = row.pop("topics")
    if not all(isinstance(t, int) for t in topics):
        raise EvidenceError(f"{where}: topics are whole numbers")
    rows = row.pop("result")
    results = tuple(_result(row, f"{where}, result {i}") for i, row in enumerate(rows, start=1))
    return Study(topics=tuple(topics), results=results, **row)


def _result(entry: Any, where: str) -> Result:
    if not isinstance(entry, dict):
        raise EvidenceError(f"{where} is no table; write [[study.result]]")
    row = checked(entry, {k: (kind, needed) for k, (_, kind, needed) in _RESULT_FIELDS.items()}, where)
    made = Result(**{_RESULT_FIELDS[k][0]: v for k, v in row.items()})
    if made.kind not in KINDS:
        raise EvidenceError(f"{where}: no kind of effect '{made.kind}'. {suggest(made.kind, KINDS)}")
    if (made.value is None) != (made.kind in WORDS):
        lack = "lacks its number" if made.value is None else "holds a number although none was read"
        raise EvidenceError(f"{where}: a result of the kind '{made.kind}' {lack}")
    if made.value is not None and not made.unit:
        raise EvidenceError(f"{where}: a number without a unit (write 1 for none)")
    if made.value is not None and "not read" in made.where.lower():
        raise EvidenceError(f"{where}: a number from what was not read does not ship")
    if made.exposure_value is not None and not made.exposure_unit:
        raise EvidenceError(f"{where}: exposure_value without exposure_unit")
    if any(s is not None and s < 0 for s in (made.sd, made.baseline_sd)):
        raise EvidenceError(f"{where}: a standard deviation below zero")
    if (made.low is None) != (made.high is None) or (made.low or 0.0) > (made.high or 0.0):
        raise EvidenceError(f"{where}: an interval needs ci_low and ci_high, the low one first")
    return made


def _known(key: Any, studies: Mapping[str, Study], complaint: str) -> Study:
    if not isinstance(key, str) or key not in studies:
        raise EvidenceError(f"{complaint} '{key}'. {suggest(str(key), studies)}")
    return studies[key]
