"""What stands behind any key of the library: sources, facts, rules, sentences, studies, rows of tables.

`find` answers a key, `search` words; both give cards, which the terminal and JSON print.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from types import MappingProxyType

from kinechain.core.errors import EvidenceError, suggest
from kinechain.evidence.chain import Result, read_claims, read_floors, read_studies
from kinechain.evidence.checked import packaged, parse_toml
from kinechain.evidence.citations import NO_SOURCE, background, cited_by, places_citing
from kinechain.evidence.clinical import claims, exercises, interventions
from kinechain.evidence.facts import clinical_facts, facts_about
from kinechain.evidence.ledger import CHOICE, all_sentences, backing, exercise_sentences
from kinechain.evidence.library import cohorts, read_facts, tables
from kinechain.evidence.prose import Prose, prose
from kinechain.evidence.rules import not_read, rules
from kinechain.evidence.sources import Source, all_sources, read_withheld

__all__ = ["Card", "counts", "find", "search"]

_KINDS = {
    "red_flag": "danger sign",
    "measure": "test",
    "questionnaire": "questionnaire",
    "intervention": "intervention",
    "claim": "popular claim",
}
#: Lines of a search that are shown at most.
_MOST = 40


@dataclass(frozen=True)
class Card:
    """Everything that stands behind one key.

    Attributes
    ----------
    key, kind, title : str
    lines : tuple of (str, str)
        What there is to say, labelled.
    sources : tuple of str
        Keys of what it rests on.
    cited_by : tuple of str
        Places that rest on it.
    """

    key: str
    kind: str
    title: str
    lines: tuple[tuple[str, str], ...] = ()
    sources: tuple[str, ...] = ()
    cited_by: tuple[str, ...] = ()


def find(key: str) -> tuple[Card, ...]:
    """Return what stands behind a key; more than one card where two kinds share an id.

    Parameters
    ----------
    key : str
        A source, fact, rule ('R5.3'), danger sign, test, questionnaire, exercise, intervention, claim ('A-01'),
        sentence ('plan.stay_active'), study or result of it ('Pinto2008:1'), noise floor, unknown, or row of a table
        ('normative_sway:12').

    Raises
    ------
    EvidenceError
        If there is no such key; with the nearest ones.
    """
    wanted = key.strip().removeprefix("params/")
    index = _index()
    found = index.get(wanted) or index.get(wanted.lower()) or index.get(wanted.upper())
    if found:
        return tuple(_with_places(make(), places_citing) for make in found)
    if row := _row(wanted):
        return (row,)
    near = f"{suggest(wanted, index)}"
    matches = search(wanted)
    more = f" {len(matches)} entries hold these words: {', '.join(c.key for c in matches[:5])}." if matches else ""
    raise EvidenceError(f"nothing in the library has the key '{key}'. {near}{more}")


def search(words: str) -> tuple[Card, ...]:
    """Return the cards that hold all of some words, at most forty, those with them in key or title first.

    Parameters
    ----------
    words : str
    """
    parts = [part.lower() for part in words.split()]
    if not parts:
        return ()
    near: list[Card] = []
    far: list[Card] = []
    for key, makers in _index().items():
        for make in makers:
            card = make()
            head = f"{key} {card.title}".lower()
            if all(part in head for part in parts):
                near.append(card)
            elif all(part in f"{head} {' '.join(text for _, text in card.lines)}".lower() for part in parts):
                far.append(card)
    return tuple(_with_places(card, lambda key: cited_by().get(key, ())) for card in [*near, *far][:_MOST])


def counts() -> Mapping[str, Mapping[str, int]]:
    """Return how much there is: what, how certain, how deep it was read, whose interest."""
    sources = all_sources()
    rows = sum(len(read_facts(table)) for table in tables())
    results = sum(len(study.results) for study in read_studies().values())
    sentences = all_sentences().values()
    facts = clinical_facts()
    entries = {
        "sources": len(sources),
        "of them cited": len(sources) - len(background()),
        "of them background": len(background()),
        "sources withheld": len(read_withheld()),
        "facts in parameter tables": rows,
        "cohorts of gait curves": len(cohorts()),
        "facts in clinical sentences": len(facts),
        "results of chain studies": results,
        "facts in all": rows + len(facts) + results,
        "rules": len(rules()),
        "rules with a choice of ours": sum(bool(rule.choice) for rule in rules().values()),
        "numbers not read, refused": len(not_read()),
        "exercises": len(exercises()),
        "interventions": len(interventions()),
        "popular claims": len(claims()),
        "disputed claims of the chain": len(read_claims()) - 1,
        "sentences": len(sentences),
        "sentences that state a fact": sum(s.kind == "fact" for s in sentences),
        "citations": sum(len(places) for places in cited_by().values()),
    }
    graded = Counter(fact.certainty for fact in facts)
    said = Counter(s.certainty for s in sentences if s.kind == "fact")
    return MappingProxyType(
        {
            "entries": entries,
            "certainty of clinical facts": dict(graded.most_common()),
            "certainty of sentences": dict(said.most_common()),
            "quality of chain studies": dict(sorted(Counter(s.quality for s in read_studies().values()).items())),
            "verdicts on popular claims": dict(Counter(c.verdict for c in claims().values()).most_common()),
            "how deep sources were read": dict(Counter(_depth(s) for s in sources.values()).most_common()),
            "conflict of interest": dict(Counter(s.interest for s in sources.values()).most_common()),
        }
    )


def _depth(source: Source) -> str:
    """Return the level in one word or two: many sources say in more words what part was read."""
    level = source.level.lower()
    for word in ("abstract", "full text", "fulltext", "table", "model file", "code file", "secondary", "guideline"):
        if word in level:
            return word.replace("fulltext", "full text")
    return "other"


@cache
def _index() -> Mapping[str, tuple[Callable[[], Card], ...]]:
    found: dict[str, list[Callable[[], Card]]] = {}
    for key, make in _makers():
        found.setdefault(key, []).append(make)
    return MappingProxyType({key: tuple(makers) for key, makers in found.items()})


def _makers() -> Iterator[tuple[str, Callable[[], Card]]]:
    """Yield every key with what makes its card; rows of tables are looked up by themselves."""
    for key in all_sources():
        yield key, partial(_source_card, key)
    for key, study in read_studies().items():
        for place, result in enumerate(study.results, start=1):
            yield f"{key}:{place}", partial(_result_card, key, place, result)
    for fact in clinical_facts():
        lines = (("certainty", fact.certainty), ("printed by", ", ".join(fact.about)))
        yield fact.id, partial(Card, fact.id, "fact", fact.text, lines, fact.sources)
    for key in rules():
        yield key, partial(_rule_card, key)
    for key in exercises():
        yield key, partial(_exercise_card, key)
    for (kind, key), texts in _entries().items():
        yield key, partial(_entry_card, kind, key, texts)
    for key in all_sentences():
        yield key, partial(_sentence_card, key)
    yield from _chain_entries()


@cache
def _entries() -> Mapping[tuple[str, str], tuple[Prose, ...]]:
    found: dict[tuple[str, str], list[Prose]] = {}
    for text in prose():
        if text.kind in _KINDS:
            found.setdefault((text.kind, text.id), []).append(text)
    return {name: tuple(texts) for name, texts in found.items()}


def _with_places(card: Card, citing: Callable[[str], tuple[str, ...]]) -> Card:
    """Return the card of a source with the places that cite it, any other as it is."""
    if card.kind not in ("source", "study"):
        return card
    return replace(card, cited_by=tuple(place for place in citing(card.key) if place != "background"))


def _source_card(key: str) -> Card:
    made = all_sources()[key]
    lines = [
        ("DOI", made.doi),
        ("PMID", made.pmid),
        ("year", str(made.year or "")),
        ("design", made.design),
        ("n", made.n),
        ("read", made.level),
        ("read from", made.read_from),
        ("licence", made.licence),
        ("interest", f"{made.interest}: {made.interest_reason or 'what was read does not say'}"),
    ]
    if key in read_studies():
        study = read_studies()[key]
        lines += [("quality", study.quality), ("population", study.population), ("caveat", study.caveat)]
        lines += [(f"result {place}", _result_text(r)) for place, r in enumerate(study.results, start=1)]
    lines += [(f"fact {f.id}", f.text) for f in clinical_facts() if key in f.sources]
    if key in background():
        lines.append(("background", background()[key]))
    return Card(key, "study" if key in read_studies() else "source", made.citation, _filled(lines))


def _rule_card(key: str) -> Card:
    made = rules()[key]
    lines = [("choice of ours", made.choice), *_facts_of(f"rule:{key}")]
    followed = tuple(s.key for s in all_sentences().values() if s.rule == key and s.key != f"rule.{key}")
    return Card(key, "rule", made.text, _filled(lines), made.sources, followed)


def _exercise_card(key: str) -> Card:
    made, said = exercises()[key], exercise_sentences(key)
    lines = [(sentence.key.removeprefix(f"exercise.{key}."), sentence.text) for sentence in said.all[1:]]
    lines += [("dose rests on", made.dosage.basis), ("choices of ours", ", ".join(made.dosage.choices))]
    lines += [("article without a trial", made.article_dose), *_facts_of(f"exercise:{key}")]
    return Card(key, "exercise", made.name, _filled(lines), made.sources)


def _entry_card(kind: str, key: str, texts: tuple[Prose, ...]) -> Card:
    lines = [(text.field, text.text) for text in texts]
    title = texts[0].text
    if kind == "claim":
        made = claims()[key]
        title = f"\u201c{made.claim}\u201d (article {made.article})"
        lines += [("verdict", made.verdict), ("kind", "association" if made.association else "")]
    elif kind == "intervention":
        lines += [("advice", interventions()[key].advice), ("certainty", interventions()[key].certainty)]
    return Card(key, _KINDS[kind], title, _filled([*lines, *_facts_of(f"{kind}:{key}")]), texts[0].sources)


def _sentence_card(key: str) -> Card:
    made = all_sentences()[key]
    rule = "a choice of ours, to be signed by a clinician" if made.rule == CHOICE else made.rule
    lines = [("kind", made.kind), ("for", made.audience), ("rule", rule), ("backing", backing(made))]
    return Card(key, "sentence", made.text, _filled(lines), made.sources)


def _result_card(key: str, place: int, result: Result) -> Card:
    lines = (("read", result.where), ("note", result.note))
    return Card(f"{key}:{place}", "result of a study", _result_text(result), _filled(lines), (key,))


def _result_text(result: Result) -> str:
    amount = f"{result.value:g} {result.unit}" if result.value is not None else result.direction or result.kind
    if result.low is not None and result.high is not None:
        amount += f" ({result.low:g} to {result.high:g})"
    return f"{result.exposure}, {result.condition}: {result.outcome}, {result.kind} {amount}"


def _chain_entries() -> Iterator[tuple[str, Callable[[], Card]]]:
    for key, floor in read_floors().items():
        text = f"{floor.quantity}: {floor.value:g} {floor.unit}"
        yield key, partial(Card, key, "noise floor", text, _filled([("note", floor.note)]), (floor.study.key,))
    for claim in read_claims():
        said = _filled([("verdict", claim.verdict), *((s.stance, s.text) for s in claim.sentences)])
        studies = tuple(dict.fromkeys(s.key for sentence in claim.sentences for s in sentence.studies))
        key = f"dispute.{claim.number}"
        yield key, partial(Card, key, "disputed claim", claim.claim, said, studies)
    for key, entry in parse_toml(packaged("chain", "unknowns.toml"), "unknowns.toml")["unknown"].items():
        told = tuple((field, str(value)) for field, value in entry.items() if field != "name")
        cited = () if entry["source"] in NO_SOURCE else (entry["source"],)
        yield key, partial(Card, key, "unknown of the chain", entry["name"], told, cited)


def _row(key: str) -> Card | None:
    """Return the card of one row of a table, 'normative_sway:12'; None if it is none."""
    table, colon, line = key.partition(":")
    if table not in tables() or not colon:
        return None
    there = {str(fact.line): fact for fact in read_facts(table)}
    if line not in there:
        raise EvidenceError(
            f"table '{table}' has no row in line {line}; it has {len(there)} rows, from line {min(there)}"
        )
    fact = there[line]
    lines = [(name, text) for name, text in fact.columns.items() if name != "source"]
    title = " ".join(fact.columns.get(name, "") for name in ("item", "quantity", "value", "unit")).strip()
    return Card(
        f"params/{key}", "row of a table", title or table, _filled([*lines, ("grade", fact.grade)]), (fact.source.key,)
    )


def _facts_of(entry: str) -> list[tuple[str, str]]:
    return [(f"fact {fact.id}", f"{fact.text} [{' '.join(fact.sources)}]") for fact in facts_about().get(entry, ())]


def _filled(lines: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((label, text) for label, text in lines if text)
