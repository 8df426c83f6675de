"""What the model predicts if a driver were made typical: foot, back or both, as options and never as a promise."""

from __future__ import annotations

from kinechain.care.drivers import Drivers, Treatment
from kinechain.care.planning.plan import Advice
from kinechain.care.planning.reasons import because_driver, because_unsettled
from kinechain.evidence.wording import Sentence, say

__all__ = ["MOST_OPTIONS", "chain_options", "is_identifiable"]

#: At most this many options are shown (a choice).
MOST_OPTIONS = 6


def is_identifiable(treatment: Treatment) -> bool:
    """Return whether the interval of a predicted change leaves zero out.

    Parameters
    ----------
    treatment : Treatment
    """
    return treatment.change.low > 0.0 or treatment.change.high < 0.0


def chain_options(drivers: Drivers | None) -> tuple[Advice, ...]:
    """Return the options for the clinician, the largest predicted relief of the first target first.

    Parameters
    ----------
    drivers : Drivers or None
    """
    if drivers is None or not drivers.treatments or not drivers.targets:
        return ()
    target = drivers.targets[0].target
    offered = [t for t in drivers.treatments if t.target == target]
    offered = sorted(offered, key=lambda t: (t.change.value, len(t.players), t.players))[:MOST_OPTIONS]
    if not offered:
        return ()
    shares = dict(zip((p.key for p in drivers.players), drivers.p_relevant, strict=True))
    named = {key for t in offered for key in t.players}
    reasons = tuple(because_driver(p, shares[p.key]) for p in drivers.players if p.key in named)
    order = {"foot first": "foot_first", "back first": "back_first"}.get(drivers.direction, "no_order")
    return (
        Advice(
            id="options.chain",
            title=say("plan.title_options"),
            because=reasons or (because_unsettled("direction"),),
            sentences=(*(_said(t, drivers) for t in offered), say(f"plan.option_{order}")),
            audience="clinician",
            topic="education",
        ),
    )


def _said(treatment: Treatment, drivers: Drivers) -> Sentence:
    names = {p.key: f"{p.name} ({p.side})" if p.side in ("left", "right") else p.name for p in drivers.players}
    change = treatment.change
    told = {
        "what": " and ".join(names.get(key, key) for key in treatment.players),
        "target": drivers.table(treatment.target).name,
        "low": f"{change.low:+.3g}",
        "high": f"{change.high:+.3g}",
        "unit": change.unit,
    }
    if is_identifiable(treatment):
        return say("plan.option", value=f"{change.value:+.3g}", **told)
    return say("plan.option_open", **told)
