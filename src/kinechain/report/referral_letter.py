"""The referral letter: why, how urgent, what was asked and found, what was not; for a locked person too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kinechain.care.finding import Finding
from kinechain.care.person.exam import current_exam, read_exam_definitions
from kinechain.care.person.history_keys import read_keys
from kinechain.care.person.person import ExamItem, Person
from kinechain.care.person.questionnaires import read_questionnaires
from kinechain.care.planning.plan import Referral
from kinechain.care.screening.red_flags import read_red_flags
from kinechain.care.screening.screen import Flag, Screen
from kinechain.care.screening.settings import Settings, emergency_screen
from kinechain.evidence.wording import Sentence, say
from kinechain.report.letter import Block, Letter, Section, about, bullets, led, table, text_of
from kinechain.report.plan_lines import estimate_words
from kinechain.report.words import clinical, clinical_norm, norm_words

__all__ = ["referral_letter"]

#: From here on weeks are printed whole: they come from months and years.
WHOLE_WEEKS = 2.0

#: Only these letters say how often a danger sign is nothing serious: beside anything more urgent it would soothe.
UNHURRIED = ("routine", "soon")


def referral_letter(
    person: Person,
    screen: Screen,
    referral: Referral,
    *,
    settings: Settings,
    made_on: date,
    version: str,
    findings: Sequence[Finding] = (),
) -> Letter:
    """Return the letter to a colleague; names are left blank, to be filled in by hand.

    Parameters
    ----------
    person : Person
    screen : Screen
        Of the same person; it may hold back every plan.
    referral : Referral
    settings : Settings
    made_on : date
    version : str
        Of kinechain.
    findings : sequence of Finding
        Measures; those outside their range are printed.
    """
    urgent = referral.urgency == "emergency"
    title = say("letters.referral_title", to=_to(referral))
    to = say("letters.referral_emergency_title") if urgent else title
    sections = [
        *(_emergency(screen, settings) if urgent else ()),
        Section("", (Block("blanks", tuple(text_of(name) for name in ("name_line", "birth_line", "phone_line"))),)),
        _request(referral),
        _screen(screen),
        _told(person),
        _exam(person),
        _findings(findings),
        _scores(person),
        *(_limits() if referral.urgency in UNHURRIED else ()),
        _signed(),
        Section(text_of("referral_asked"), (Block("bullets", _asked_no(person)),), starts_page=not urgent),
    ]
    shown = tuple(section for section in sections if any(not block.is_empty for block in section.blocks))
    return Letter(to.text, about(person.pseudonym, made_on, version), shown, is_urgent=urgent)


def _to(referral: Referral) -> str:
    return say(f"plan.who_{referral.to.replace(' ', '_')}").text


def _limits() -> tuple[Section, ...]:
    return (Section("", (bullets([say("letters.referral_limits")], True, "paragraphs"),)),)


def _urgency(level: str) -> str:
    return text_of(f"urgency_{level}")


def _emergency(screen: Screen, settings: Settings) -> tuple[Section, ...]:
    """Return what the person does now, on top of what the colleague reads."""
    told = [*emergency_screen(settings, screen), say("letters.emergency_take")]
    return (Section("", (bullets(told, False, "notice"),)),)


def _request(referral: Referral) -> Section:
    rows = ((text_of("label_to"), _to(referral)), (text_of("label_urgency"), _urgency(referral.urgency)))
    ask = say(f"letters.ask_{referral.to.replace(' ', '_')}")
    blocks = (
        Block("lines", rows=rows),
        Block("paragraphs", (ask.text, text_of("referral_reply"))),
        Block("lead", (text_of("because"),)),
        bullets([reason.sentence for reason in referral.because], True),
        Block("lead", (text_of("referral_told"),)),
        bullets(referral.sentences, True),
    )
    return Section(text_of("referral_request"), blocks)


def _screen(screen: Screen) -> Section:
    raised = [flag for flag in screen.flags if not flag.is_open]
    opened = [flag for flag in screen.flags if flag.is_open]
    locked = say("letters.referral_locked" if screen.plan_locked else "letters.referral_unlocked")
    never = [flag for flag in opened if flag.answer == "not asked"] if screen.level == "emergency" else []
    open_rows = [(flag.question or flag.id, _answer(flag)) for flag in opened if flag not in never]
    cleared = [(f.question or f.id, f"{c.clinician}, {c.at.date().isoformat()}: {c.reason}") for f, c in screen.cleared]
    blocks: list[Block] = [
        Block("lines", rows=((text_of("referral_level"), _urgency(screen.level)),)),
        bullets([locked], True, "paragraphs"),
        *led("referral_raised", table(("sign", "answer", "urgency", "rests_on"), map(_raised_row, raised))),
        *led("referral_open", table(("sign", "answer"), open_rows)),
        *([Block("paragraphs", (say("letters.referral_never_asked", count=len(never)).text,))] if never else []),
        *led("referral_cleared", table(("sign", "clinician"), cleared)),
        *led("referral_contradictions", Block("bullets", screen.contradictions)),
    ]
    return Section(text_of("referral_screen"), tuple(blocks))


def _answer(flag: Flag) -> str:
    return text_of(f"answer_{flag.answer.replace(' ', '_')}")


def _raised_row(flag: Flag) -> tuple[str, ...]:
    behind = [flag.rule_id, *flag.sources]
    if flag.needs_sign_off:
        behind.append(text_of("referral_sign_off"))
    return flag.question or flag.id, _answer(flag), _urgency(flag.urgency), ", ".join(filter(None, behind))


def _asked_no(person: Person) -> tuple[str, ...]:
    """Return the danger signs that were asked and answered with no, as they were asked."""
    return tuple(flag.question for flag in read_red_flags() if person.screen.get(flag.id) == "no")


def _told(person: Person) -> Section:
    """Return what the person told, in the words of the keys; a key without an answer is left out."""
    about_keys, history_keys = read_keys("person"), read_keys("history")
    rows = [_row(text_of("label_sex"), person.sex, "")]
    rows += [_row(key.meaning, getattr(person, name), key.unit) for name, key in about_keys.items() if name != "sex"]
    rows += [_row(key.meaning, getattr(person.history, name), key.unit) for name, key in history_keys.items()]
    conditions = [key.replace("_", " ") for key, answer in person.conditions.items() if answer == "yes"]
    rows.append(_row(text_of("referral_conditions"), tuple(conditions), ""))
    return Section(text_of("referral_history"), (Block("lines", rows=tuple(row for row in rows if row)),))


def _row(meaning: str, value: object, unit: str) -> tuple[str, ...]:
    if value is None or value == ():
        return ()
    label = meaning.partition(";")[0].strip().capitalize()
    if isinstance(value, tuple):
        words = ", ".join(_word(entry) for entry in value)
    else:
        words = f"{_rounded(value, unit):g} {unit}".strip() if isinstance(value, int | float) else _word(value)
    return label, words


def _rounded(value: float, unit: str) -> float:
    return round(value) if unit == "weeks" and value >= WHOLE_WEEKS else value


def _word(value: object) -> str:
    if isinstance(value, str):
        place, _, side = value.rpartition("_")
        return (f"{side} {place}" if place and side in ("left", "right") else value).replace("_", " ")
    treatment = [getattr(value, name) for name in ("kind", "region", "weeks", "response")]
    kind, region, weeks, response = treatment
    told = f"{str(kind).replace('_', ' ')} ({region})"
    told += f", {say('letters.weeks', weeks=f'{weeks:g}').text}" if weeks is not None else ""
    return f"{told}: {response}" if response else told


def _exam(person: Person) -> Section:
    items, absent = current_exam(person)
    names = {key: definition.name for key, definition in read_exam_definitions().items()}
    rows = [(f"{names[item.id]} {item.part}".strip(), item.side, _value(item), _how(item)) for item in items]
    blocks: list[Block] = [table(("item", "side", "value", "method"), rows)]
    if not rows:
        blocks = [Block("paragraphs", (text_of("referral_no_exam"),))]
    lacking = tuple(f"{names[e.id]} {e.part} ({e.side}): {text_of(f'answer_{e.state}')}" for e in absent)
    return Section(text_of("referral_exam"), (*blocks, *led("referral_not_examined", Block("bullets", lacking))))


def _how(item: ExamItem) -> str:
    day = item.measured_on.isoformat() if item.measured_on else ""
    return ", ".join(filter(None, (item.method, item.examiner, day, item.reliability)))


def _value(item: ExamItem) -> str:
    words = item.unit.split(" / ")
    if len(words) > 1 and item.value.is_integer() and 0 <= item.value < len(words):
        return words[int(item.value)]
    return f"{item.value:g} {item.unit}".strip()


def _findings(findings: Sequence[Finding]) -> Section:
    rows = []
    for finding in findings:
        if finding.verdict != "outside":
            continue
        norm = clinical_norm(finding.norm, finding.estimate.unit) if finding.norm else None
        usual = norm_words(norm, clinical(finding.estimate))
        grade = f" ({finding.norm.source}, {finding.norm.grade})" if finding.norm else ""
        rows.append((finding.name, finding.side, estimate_words(finding.estimate), usual + grade, finding.method))
    return Section(text_of("referral_findings"), (table(("item", "side", "value", "usual", "method"), rows),))


def _scores(person: Person) -> Section:
    names = {key: questionnaire.name for key, questionnaire in read_questionnaires().items()}
    rows = []
    for score in person.questionnaires:
        told = [f"{score.total:g}"] if score.total is not None else []
        told += [f"{part.replace('_', ' ')} {value:g}" for part, value in score.parts.items() if not part.isdigit()]
        told += [score.answered_on.isoformat()] if score.answered_on else []
        rows.append((names.get(score.id, score.id), ", ".join(told)))
    return Section(text_of("referral_scores"), (Block("lines", rows=tuple(rows)),))


def _signed() -> Section:
    names: tuple[Sentence, ...] = tuple(say(f"letters.sign_{name}") for name in ("name", "signature", "date", "clinic"))
    lines = Block("blanks", tuple(name.text for name in names))
    return Section("", (lines, Block("paragraphs", (text_of("not_signed"), text_of("by_hand")))))
