"""Measures of landing: how hard each foot meets a force plate, and how much of that reaches the sacrum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from kinechain.body.body import Body
from kinechain.care.finding import Finding, Unmeasured
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.findings.accuracy import MethodError, interval_of_strides
from kinechain.loads.impact import Landing, find_attenuation, landings
from kinechain.motion.body_paths import foot_paths
from kinechain.motion.contacts import find_contacts
from kinechain.motion.foot_paths import SIDES
from kinechain.motion.trial import GaitTrial

__all__ = ["find_impact"]

#: Id, name, field and unit of each measure, all over the body weight, and the error of the method as a part of the
#: value (standard deviation).  The errors are assumptions: calibration of plate and scales, and for the rates where
#: contact begins and which peak counts as the first.
_MEASURES = (
    ("foot.landing_rate", "Loading rate at landing, average", "average_rate_n_s", "BW/s", 0.10),
    ("foot.landing_rate_highest", "Loading rate at landing, highest", "highest_rate_n_s", "BW/s", 0.10),
    ("foot.landing_peak", "First peak of the force at landing", "first_peak_n", "BW", 0.02),
    ("foot.landing_impulse", "Upward impulse of a stance", "impulse_ns", "BW s", 0.02),
)
_LANDING = ("foot.landing_rate", "Loading rate at landing")
_SHOCK = ("foot.shock_to_sacrum", "Shock lost between foot and sacrum")


def find_impact(body: Body, trials: Sequence[GaitTrial]) -> tuple[list[Finding], list[Unmeasured]]:
    """Return how hard the feet land, and how much of it is lost on the way up; nothing is judged.

    Parameters
    ----------
    body : Body
        Fitted to the person.
    trials : sequence of GaitTrial
        Walked at one speed.
    """
    seen: list[Landing] = []
    missing: NotMeasured | None = None
    for trial in trials:
        plates = trial.recording.plates
        found = landings(plates, find_contacts(plates, foot_paths(body, trial.motion)) if plates else ())
        if isinstance(found, NotMeasured):
            missing = missing or found
        else:
            seen.extend(found)
    findings = [f for side in SIDES for f in _of_side(body, [x for x in seen if x.side == side], side)]
    unmeasured = [Unmeasured(*_LANDING, "both", missing)] if missing is not None and not seen else []
    _add_shock(trials, findings, unmeasured)
    return findings, unmeasured


def _of_side(body: Body, seen: Sequence[Landing], side: Literal["left", "right"]) -> list[Finding]:
    """Return the means over the landings of one foot."""
    if not seen:
        return []
    weight = body.mass_kg * GRAVITY_M_S2
    count = sum(x.has_transient for x in seen)
    peak = f"{count} of {len(seen)} landings with an impact transient"
    method = (
        f"force plates, {len(seen)} landing{'s' if len(seen) > 1 else ''}, 20 to 80 % of the time to the first peak "
        f"(loading_rate_methods), {peak}; not judged: no norm was read"
    )
    out = []
    for name, title, field, unit, part in _MEASURES:
        values = [getattr(x, field) / weight for x in seen]
        error = MethodError(part * sum(values) / len(values), unit, "kinechain_choice")
        out.append(Finding(name, title, side, interval_of_strides(values, [error], unit, "landings"), method))
    return out


def _add_shock(trials: Sequence[GaitTrial], findings: list[Finding], unmeasured: list[Unmeasured]) -> None:
    """Add what inertial sensors in the channels of a trial show, or that there are none."""
    missing = None
    for trial in trials:
        shock = find_attenuation(trial.recording)
        if isinstance(shock, NotMeasured):
            missing = missing or shock
            continue
        low, high = shock.band_hz
        method = f"inertial sensors, {shock.impacts} impacts, {low:g} to {high:g} Hz; not judged: no norm was read"
        # Known systems are recovered within 0.3 dB; where the sensors sit and turn is worth more (assumption).
        lost = Estimate(-shock.gain_db, -shock.gain_db - 1.0, -shock.gain_db + 1.0, "dB", "declared error (assumption)")
        findings.append(Finding(*_SHOCK, "both", lost, method))
        return
    if missing is not None:
        unmeasured.append(Unmeasured(*_SHOCK, "both", missing))
