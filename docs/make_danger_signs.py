"""Write danger_signs.md from the questions, the rules and the truth tables: python docs/make_danger_signs.py."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kinechain.care.person.red_flag_text import (
    URGENCIES,
    RedFlag,
    asked_again,
    questions,
    read_red_flags,
    read_sub_questions,
    read_wells_items,
    sign_off_list,
)
from kinechain.care.screening import combine
from kinechain.care.screening.nerve_accuracy import nerve_tests, priors

HERE = Path(__file__).parent
PAGE = HERE / "danger_signs.md"
TABLES = HERE.parent / "tests" / "truth_tables.toml"

INTRODUCTION = """\
# Danger signs

This page is written by `docs/make_danger_signs.py`; a test holds it to the data.

A person is screened before anything else is said. The answers, the age, the examination and the symptom map go in;
one level comes out:

| level | means | plan, drivers, what-if, orthosis sheet |
|---|---|---|
| `emergency` | ambulance or emergency department now | none |
| `same_day` | to be seen today | none |
| `next_working_day` | referral within one working day | none |
| `soon` | a clinician's review within days | none |
| `not_screened` | a question that could hold back a plan has no answer, or the age is not known | none |
| `routine` | raise it at a planned visit | given |
| `none` | every question that could hold back a plan is answered with no | given |

- **The most urgent wins.** Where a question and a rule disagree, the more urgent stands (a leg that gets weaker
  day by day is an emergency, although rule R1.7 says the same day).
- **One weak flag alone raises no alarm** (rule R0.6): the questions marked *combine* are read beside others, by
  the truth tables below.
- **Unknown is not no** (rule R0.4). An emergency question without a yes or no locks; so does any other question
  whose yes would lock, if it was passed over or answered with "I do not know". In a combination an unknown
  companion raises as high as a yes, but never to an emergency: that needs a yes. Questions this project added hold
  back nothing while they were never asked, unless they are emergencies; they are listed as not asked.
- **A question may follow from others.** No swollen leg: breathlessness with a swollen leg is not asked. A blood
  thinner and a bruise over the spine answer the question about both. Age answers for itself.
- **Findings raise signs too:** ankle lifting of grade {weak} of 5 or less is foot drop, other roots as weak are a
  nerve deficit, weak legs on both sides are a sign in both legs, a calf squeeze without movement is an Achilles
  rupture. A foot that does not feel, and a short stance on one leg, restrict what is offered and lock nothing.
- **Contradictions open a question again:** the map marks what an answer denies, an illness is named that another
  answer denies (`kinechain.care.person.contradictions`). Each is named in a sentence; nothing is thrown away.
- **Cauda equina questions count always**, with or without back pain (cautious choice).
- **Emergencies are asked again at every check-in** (rule R0.5): {again}.
- **Under 18, or of unknown age:** measures only; no clearance alters that.

## What unlocks

`kinechain.care.screening.lock.unlock(person, clearances)` gives the one value a plan, drivers and what-ifs are made
with. It refuses while a sign is raised or open. A clinician clears a raised sign with an Ed25519 key of this
installation, which lies encrypted by a passphrase in the clinicians' folder. The clearance names the sign and the
reason, and is bound to the SHA-256 of every answer and finding and of the pseudonym: any other answer, even one more,
ends it (the very same answers again would be cleared again), and a clinician can take it back for good
(`clearing_withdrawn` in the journal). An open question is answered, not cleared. A name in a
person file clears nothing, nor does a signature of a key that is not in the folder: whoever may write to that folder
decides who is trusted. Code that runs in the same process could forge the value; no language rule stops that. What is
kept out is accident: copies, files, empty instances, altered fields.

## Numbers that are choices

Back pain is new for {new_weeks:g} weeks; new within days means {days_weeks:g} week; an injury is recent for
{recent_days:g} days. No source states them.
"""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def codes(keys: Iterable[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def asked(flag: RedFlag) -> str:
    if flag.replaced_by:
        return f"no more: {codes(flag.replaced_by)}"
    when = []
    if flag.asked_unless_no:
        when.append(f"unless {codes(flag.asked_unless_no)} no")
    if flag.condition:
        when.append(f"unless `{flag.condition}` is no")
    return "; ".join([*when, *(["every check-in"] if flag.is_asked_again else [])]) or "once, and at visits"


def question_table() -> str:
    rows = [
        (
            f"`{flag.id}`",
            flag.region.replace("_", " "),
            flag.question,
            flag.urgency.replace("_", " "),
            flag.basis,
            flag.logic,
            flag.rule_id or "(own)",
            asked(flag),
            codes(flag.sources),
        )
        for flag in read_red_flags()
    ]
    header = ("id", "region", "question", "urgency", "timing from", "logic", "rule", "asked", "sources")
    return table(header, rows)


def truth_table(entry: Mapping[str, Any], values: Mapping[str, list[str]]) -> str:
    fixed = ", ".join(f"`{key}` = {value}" for key, value in entry["fixed"].items())
    lines = 1
    for column in entry["columns"]:
        lines *= len(values["own"] if column == entry.get("own") else values.get(column, values["answer"]))
    text = (
        f"### {entry['title']}: `{entry['flag']}`\n\n{entry['note']} Rule {entry['rule']}; {codes(entry['sources'])}."
    )
    text += f" With {fixed}." if fixed else ""
    header = [*(f"`{column}`" for column in entry["columns"]), "urgency"]
    rows = [[cell.replace("|", " or ").replace("*", "any") for cell in row] for row in entry["rows"]]
    return f"{text} {lines} lines.\n\n{table(header, rows)}"


def feature_table(entry: Mapping[str, Any]) -> str:
    rows = [[str(yes), *(row + [""] * (10 - len(row)))] for yes, row in enumerate(entry["rows"])]
    header = ["yes \\ no answer", *map(str, range(10))]
    asked_for = "\n".join(f"- `{sub.id}`: {sub.question}" for sub in read_sub_questions())
    return (
        f"### Inflammatory back disease: `{entry['flag']}`\n\n{entry['note']} Rule {entry['rule']}; "
        f"{codes(entry['sources'])}. It is never more than routine.\n\n{table(header, rows)}\n{asked_for}\n"
    )


def alone_table(entries: Sequence[Mapping[str, Any]]) -> str:
    kinds = ("no", "unknown", "skipped", "missing")
    rows = [(codes(entry["flags"]), *(entry[kind] for kind in kinds)) for entry in entries]
    return "### What a question alone makes of each kind of answer\n\n" + table(("questions", *kinds), rows)


SIGN_OFF = """\
## Needs your sign-off

No source states the timing of {chosen} of {all} questions: {given} of the 40 that were given and {added} that this
project added ({spread}). A clinician sees each marked "needs your sign-off"
(`kinechain.care.screening.red_flags.sign_off_list`).

"""

WELLS = """\
## Wells score, clinicians only (rule R-DVT)

Two points or more: likely. Both levels go a medical way the same day; the score never lowers the urgency of a swollen
leg.

"""

NERVES = """\
## Nerve screen, rules R3.1 to R3.5

Likelihood ratios are held between 0.4 and 4.0, beyond which no single test went in `iversen2013`. Nobody knows how far
the tests depend on each other: several results together lie between the strongest alone and all multiplied, and the
interval covers both. The prior of any root of one leg is shown in three rows ({before}), shared equally among six roots
(assumption). Patterns of a root, of both feet's nerves, of a nerve at the ankle and of plantar heel pain are told apart
by counted features; none says what a person has.

"""

TRUTH_TABLES = """\
## Truth tables

Written by hand from the sources and the questions' own actions, and then run line by line
(`tests/unit/care/test_combine.py`). The hand that wrote them had written the code before: they find slips, not
misjudgements; the invented people of [the validation](validation_screen.md) were written apart from the code. The first
row that fits counts. What is no column is answered with no.
"""


def sign_off() -> str:
    chosen = sign_off_list()
    added = sum(flag.is_added for flag in chosen)
    count = Counter(flag.urgency for flag in chosen)
    spread = ", ".join(f"{count[u]} {u.replace('_', ' ')}" for u in URGENCIES if count[u])
    rows = [
        (f"`{f.id}`", f.urgency.replace("_", " "), "added" if f.is_added else "given", f.action, codes(f.sources))
        for f in chosen
    ]
    given = len(chosen) - added
    text = SIGN_OFF.format(chosen=len(chosen), all=len(read_red_flags()), given=given, added=added, spread=spread)
    return text + table(("question", "urgency chosen", "", "what to do", "sources"), rows)


def wells() -> str:
    rows = [(f"`{item.id}`", item.question, f"{item.points:+d}") for item in read_wells_items()]
    return WELLS + table(("id", "item", "points"), rows)


def nerves() -> str:
    rows = []
    for test in nerve_tests().values():
        accuracy = ["not read", "not read"]
        if test.sensitivity and test.specificity:
            accuracy = [f"{v:g} ({lo:g} to {hi:g})" for v, lo, hi in (test.sensitivity, test.specificity)]
        ratios = [f"{r.value:.2f} ({r.low:.2f} to {r.high:.2f})" for r in (test.positive, test.negative)]
        rows.append((test.name, *accuracy, *ratios, test.cohort, codes(test.sources)))
    before = "; ".join(f"{p.name}: {p.probability:g}" for p in priors())
    header = ("test", "sensitivity", "specificity", "ratio if positive", "ratio if negative", "of whom", "sources")
    return NERVES.format(before=before) + table(header, rows)


def page() -> str:
    written = tomllib.loads(TABLES.read_text(encoding="utf-8"))
    introduction = INTRODUCTION.format(
        weak=3,
        again=codes(asked_again()),
        new_weeks=combine.NEW_BACK_PAIN_WEEKS,
        days_weeks=combine.WITHIN_DAYS_WEEKS,
        recent_days=combine.RECENT_INJURY_DAYS,
    )
    tables = "\n".join(truth_table(entry, written["values"]) for entry in written["table"])
    return "\n".join(
        [
            introduction,
            f"## The {len(questions())} questions, and one that is asked no more\n\n{question_table()}",
            TRUTH_TABLES,
            alone_table(written["alone"]),
            tables,
            feature_table(written["features"]),
            wells(),
            nerves(),
            sign_off(),
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
