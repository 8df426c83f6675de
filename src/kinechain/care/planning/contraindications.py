"""What speaks against an exercise or an intervention in one person; an unknown danger counts as present."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args

from kinechain.care.person.complaint import exam_values, is_insensate
from kinechain.care.person.person import Person
from kinechain.care.screening.answers import effective_answers
from kinechain.core.errors import EvidenceError, suggest
from kinechain.evidence.checked import packaged, parse_toml
from kinechain.evidence.clinical import exercises, interventions
from kinechain.evidence.library import source_keys
from kinechain.evidence.wording import Sentence, say

__all__ = [
    "Contraindication",
    "Effect",
    "Known",
    "against",
    "contraindications",
    "is_kept_away",
    "parse_contraindications",
    "unasked",
    "what_is_known",
]

Effect = Literal["exclude", "clinician", "restrict"]
Kind = Literal["condition", "danger_sign", "exam", "sensation", "always"]
States = ("yes", "unknown", "skipped", "missing")


@dataclass(frozen=True)
class Known:
    """What is known of a person that can speak against something.

    Attributes
    ----------
    person : Person
    signs : mapping of danger-sign id to str
        'yes', 'no', 'unknown', 'skipped' or 'missing', read as the screen reads them: a finding can be a yes, and a no
        can follow from other answers.
    is_insensate : bool
        A foot may not feel (rule R3.4).
    """

    person: Person
    signs: Mapping[str, str]
    is_insensate: bool


def what_is_known(person: Person) -> Known:
    """Return what is known of a person that can speak against something.

    Parameters
    ----------
    person : Person
    """
    given = effective_answers(person).items()
    signs = {key: g.truth if g.truth in ("yes", "no", "missing") else g.answer for key, g in given}
    return Known(person, MappingProxyType(signs), is_insensate(person))


@dataclass(frozen=True)
class Contraindication:
    """One thing that speaks against some exercises or interventions.

    Attributes
    ----------
    id : str
    of : frozenset of str
        Ids of exercises and interventions.
    kind, key : str
        Where it is read, see ``contraindications.toml``.
    counts : frozenset of str
        Answers that count as present.
    unit : str
        Of an examination item; '' any.
    below, above : float or None
    effect : 'exclude', 'clinician' or 'restrict'
    sentence : Sentence
    basis : 'source' or 'choice'
    sources : tuple of str
    """

    id: str
    of: frozenset[str]
    kind: Kind
    key: str
    effect: Effect
    sentence: Sentence
    basis: Literal["source", "choice"]
    counts: frozenset[str] = frozenset()
    unit: str = ""
    below: float | None = None
    above: float | None = None
    sources: tuple[str, ...] = ()

    def is_present(self, known: Known) -> bool:
        """Return whether it holds for a person, an answer that counts as present included.

        Parameters
        ----------
        known : Known
        """
        if self.kind in ("condition", "danger_sign"):
            return self._state(known) in self.counts
        if self.kind == "sensation":
            return known.is_insensate
        if self.kind == "exam":
            return any(self._is_beyond(item.value) for item in exam_values(known.person, self.key, self.unit or None))
        return True

    def is_unasked(self, known: Known) -> bool:
        """Return whether its question was never put, and that holds back nothing.

        Parameters
        ----------
        known : Known
        """
        is_question = self.kind in ("condition", "danger_sign")
        return is_question and self._state(known) == "missing" and "missing" not in self.counts

    @property
    def ref(self) -> str:
        """Key of the answer or item it stands on."""
        table = {"condition": "conditions.", "danger_sign": "screen.", "exam": "", "sensation": "", "always": ""}
        return f"{table[self.kind]}{self.key}"

    def _state(self, known: Known) -> str:
        answers = known.person.conditions if self.kind == "condition" else known.signs
        return answers.get(self.key, "missing")

    def _is_beyond(self, value: float) -> bool:
        return (self.below is not None and value < self.below) or (self.above is not None and value > self.above)


@cache
def contraindications() -> tuple[Contraindication, ...]:
    """Return every contraindication, in the order of ``contraindications.toml``."""
    return parse_contraindications(packaged("clinical", "contraindications.toml"))


def parse_contraindications(text: str) -> tuple[Contraindication, ...]:
    """Return the contraindications of a TOML text.

    Parameters
    ----------
    text : str

    Raises
    ------
    EvidenceError
        If an entry names what is not there, or claims a source and has none.
    """
    name = "contraindications.toml"
    tables = parse_toml(text, name)
    targets = {*exercises(), *interventions()}
    groups: Mapping[str, list[str]] = tables.get("group", {})
    found = []
    for row in tables.get("contraindication", []):
        members = {m for of in row["of"] for m in groups.get(of, [of])}
        if unknown := sorted(members - targets):
            raise EvidenceError(f"{name}: '{row['id']}' speaks of '{unknown[0]}'. {suggest(unknown[0], targets)}")
        found.append(_contraindication(row, frozenset(members)))
    ids = [c.id for c in found]
    if len(ids) != len(set(ids)):
        raise EvidenceError(f"{name}: an id stands twice")
    return tuple(found)


def _contraindication(row: Mapping[str, Any], members: frozenset[str]) -> Contraindication:
    where = f"contraindications.toml: '{row['id']}'"
    cited = tuple(row.get("sources", ()))
    if dangling := sorted(set(cited) - set(source_keys())):
        raise EvidenceError(f"{where} cites '{dangling[0]}', which is no source")
    if (row["basis"] == "source") != bool(cited):
        raise EvidenceError(f"{where} must either cite a source or be a choice")
    if row["kind"] not in get_args(Kind) or row["effect"] not in get_args(Effect):
        raise EvidenceError(f"{where} is of kind '{row['kind']}' with effect '{row['effect']}', which are not known")
    if not set(row.get("counts", ())) <= set(States):
        raise EvidenceError(f"{where} counts an answer that is none of {', '.join(States)}")
    return Contraindication(
        id=row["id"],
        of=members,
        kind=row["kind"],
        key=row["key"],
        effect=row["effect"],
        sentence=say(row["say"]),
        basis=row["basis"],
        counts=frozenset(row.get("counts", ())),
        unit=row.get("unit", ""),
        below=row.get("below"),
        above=row.get("above"),
        sources=cited,
    )


@cache
def _by_target() -> Mapping[str, tuple[Contraindication, ...]]:
    targets = {target for c in contraindications() for target in c.of}
    return MappingProxyType({t: tuple(c for c in contraindications() if t in c.of) for t in targets})


def against(target: str, known: Known) -> tuple[Contraindication, ...]:
    """Return what speaks against one exercise or intervention in a person, in the order of the file.

    Parameters
    ----------
    target : str
        Of ``exercises.toml`` or ``interventions.toml``.
    known : Known
    """
    return tuple(c for c in _by_target().get(target, ()) if c.is_present(known))


def is_kept_away(target: str, known: Known) -> bool:
    """Return whether an exercise or intervention may not be done at home at all.

    Parameters
    ----------
    target : str
    known : Known
    """
    return any(c.effect != "restrict" for c in against(target, known))


def unasked(target: str, known: Known) -> tuple[Contraindication, ...]:
    """Return what could speak against one exercise and was never asked.

    Parameters
    ----------
    target : str
    known : Known
    """
    return tuple(c for c in _by_target().get(target, ()) if c.is_unasked(known))
