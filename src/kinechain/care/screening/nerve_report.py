"""The nerve screen, the feeling of the feet and the Wells score in sentences, for clinicians."""

from __future__ import annotations

from kinechain.care.person.person import Person
from kinechain.care.screening.nerve import (
    NEUROPATHIC_SCORES,
    RootLikelihood,
    nerve_red_flags,
    nerve_tests_due,
    neuropathic_score,
    restrictions,
    root_likelihoods,
)
from kinechain.care.screening.nerve_accuracy import priors
from kinechain.care.screening.nerve_patterns import best_patterns, heel_needs_nerve_check
from kinechain.care.screening.wells import wells_score
from kinechain.evidence.wording import Sentence, say

__all__ = ["nerve_sentences", "wells_sentences"]

LOCALISING = ("strength", "sensation", "reflex")


def nerve_sentences(person: Person) -> tuple[Sentence, ...]:
    """Return what the nerve screen says, danger signs first; empty where nothing of it was examined or is due.

    Parameters
    ----------
    person : Person
    """
    roots, due = root_likelihoods(person), nerve_tests_due(person)
    was_examined = any(root.signs for root in roots)
    lines: list[Sentence] = []
    if (was_examined or due) and (flags := nerve_red_flags(person)):
        lines.append(say("screen.nerve_first", flags=", ".join(flags)))
    if was_examined:
        lines += _roots(roots)
        if any(sign.test in ("straight_leg_raise", "crossed") for root in roots for sign in root.signs):
            lines.append(say("screen.slr_accuracy"))
    if patterns := best_patterns(person):
        lines += [say("screen.pattern_fits", pattern=fit.pattern, side=fit.side) for fit in patterns]
    elif was_examined:
        lines.append(say("screen.pattern_none"))
    if heel_needs_nerve_check(person):
        lines.append(say("screen.heel_nerve"))
    if due:
        lines.append(say("screen.nerve_due", tests=", ".join(part.replace("_", " ") for part in due)))
    for score in NEUROPATHIC_SCORES:
        if (level := neuropathic_score(person, score)) is not None:
            lines.append(say("screen.neuropathic_score", name=score, level=level))
    return (*lines, *restrictions(person))


def wells_sentences(person: Person) -> tuple[Sentence, ...]:
    """Return what the Wells score says; empty where no clinician scored it.

    Parameters
    ----------
    person : Person
    """
    score = wells_score(person)
    if score is None:
        return ()
    if score.level == "open":
        items = ", ".join(key.replace("_", " ") for key in score.still_open)
        span = {"least": score.least, "most": score.most}
        return (say("screen.wells_open", items=items, examiner=score.examiner, **span),)
    points = f"{score.least}" if score.least == score.most else f"{score.least} to {score.most}"
    return (say("screen.wells", points=points, level=score.level, examiner=score.examiner),)


def _roots(roots: tuple[RootLikelihood, ...]) -> list[Sentence]:
    """Return the roots that have a sign of their own, the most likely first, each under every prior."""
    found = [r for r in roots if any(s.is_positive and s.test in LOCALISING for s in r.signs)]
    if not found:
        return [say("screen.nerve_no_sign")]
    names = {prior.id: prior.name for prior in priors()}
    lines = [say("screen.nerve_weak_tests")]
    for root in sorted(found, key=lambda r: -r.ratio.value):
        signs = ", ".join(f"{s.part} {'altered' if s.is_positive else 'as usual'}" for s in root.signs)
        ratio, low, high = (f"{x:.2g}" for x in (root.ratio.value, root.ratio.low, root.ratio.high))
        lines.append(
            say("screen.nerve_root", root=root.root, side=root.side, signs=signs, ratio=ratio, low=low, high=high)
        )
        for prior, p in root.probabilities:
            value, low, high = (f"{x:.0%}" for x in (p.value, p.low, p.high))
            lines.append(say("screen.nerve_prior", prior=names[prior], value=value, low=low, high=high))
    return lines
