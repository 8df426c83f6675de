"""What an orthosis of given parameters would change in one standing person, for the sheet of a plan."""

from __future__ import annotations

import math

from kinechain.care.drivers import Permission
from kinechain.care.person.person import PersonSide
from kinechain.care.planning.plan import OrthosisParameters
from kinechain.chain.change import Change, parse_change
from kinechain.chain.links import LINKS
from kinechain.chain.person_chain import StandingPerson, what_if
from kinechain.chain.targets import TARGETS
from kinechain.core.estimate import Estimate

__all__ = ["orthosis_changes", "orthosis_effect"]

#: Links of that side, and of the middle, that a sheet tells of; loads likewise.
STEMS = ("calcaneus_eversion", "shank_rotation", "thigh_rotation", "pelvis_tilt", "pelvis_obliquity")
LOADS = ("l5_s1_compression",)


def orthosis_changes(parameters: OrthosisParameters, side: PersonSide) -> tuple[Change, ...]:
    """Return the parameters of a sheet as changes of the model; none where every parameter is zero.

    Parameters
    ----------
    parameters : OrthosisParameters
        The material is not in them: how far a material yields was read nowhere, so the insole is rigid.
    side : 'left', 'right' or 'both'
    """
    p = parameters
    texts = []
    if p.rearfoot_posting_deg or p.arch_mm or p.heel_lift_mm:
        texts.append(f"posting={p.rearfoot_posting_deg:g} region=heel arch={p.arch_mm:g} lift={p.heel_lift_mm:g}")
    if p.forefoot_posting_deg:
        texts.append(f"posting={p.forefoot_posting_deg:g} region=forefoot")
    return tuple(parse_change(f"orthosis {side} 1 {text}") for text in texts)


def orthosis_effect(
    stood: StandingPerson, permission: Permission, parameters: OrthosisParameters, side: PersonSide
) -> tuple[tuple[str, Estimate], ...]:
    """Return what an orthosis would change while standing, by name: angles in deg, loads in N; nothing of nothing.

    Parameters
    ----------
    stood : StandingPerson
    permission : Permission
        Of `kinechain.care.drivers.may_attribute`.
    parameters : OrthosisParameters
    side : 'left', 'right' or 'both'

    Raises
    ------
    SettingError
        If nothing may be predicted for this person.
    SolveError
        If the body does not stand on it.
    """
    changes = orthosis_changes(parameters, side)
    if not changes:
        return ()
    answer = what_if(stood, changes, permission)
    sides = ("left", "right", "middle") if side == "both" else (side, "middle")
    links = [link for link in LINKS if link.stem in STEMS and link.side in sides]
    told = [(link.name, _in_degrees(answer.links[link.id])) for stem in STEMS for link in links if link.stem == stem]
    loads = [(target.name, answer.targets[target.id]) for target in TARGETS if target.id in LOADS]
    return (*told, *((name, value) for name, value in loads if isinstance(value, Estimate)))


def _in_degrees(angle: Estimate) -> Estimate:
    """Return an angle in the unit of a sheet, which care prints as it is."""
    value, low, high = (math.degrees(x) for x in (angle.value, angle.low, angle.high))
    return Estimate(value, low, high, "deg", angle.source)
