"""Which of a person's parameters carry load to which site, how surely, and what nobody can tell.

A driver is a mechanical contribution to load, never the cause of pain.  These are only the values; who computes them is
`kinechain.chain.attribute`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from kinechain.care.finding import Norm
from kinechain.care.person.person import Person
from kinechain.care.screening.clearance import TrustedClearance
from kinechain.care.screening.lock import Unlocked, unlock
from kinechain.care.screening.screen import Screen
from kinechain.core.errors import LockedError, SettingError, suggest
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import say

__all__ = [
    "ADULT_YEARS",
    "NOT_THE_CAUSE",
    "UNDETERMINED_BELOW",
    "Candidate",
    "Direction",
    "DriverSet",
    "Drivers",
    "Floor",
    "Group",
    "Link",
    "NextTest",
    "NotPlayer",
    "Permission",
    "Player",
    "PlayerSide",
    "Sensitivity",
    "Silent",
    "TargetTable",
    "Treatment",
    "judge_drivers",
    "may_attribute",
    "percent",
]

#: Stands beside every statement about a driver.
NOT_THE_CAUSE = say("drivers.not_the_cause").text

#: Drivers are given from this age on.
ADULT_YEARS = 18.0

#: A set that fewer than this share of the posterior supports is no verdict.
UNDETERMINED_BELOW = 0.5

PlayerSide = Literal["left", "right", "both", "middle"]
Direction = Literal["foot first", "back first", "not identifiable"]


@dataclass(frozen=True)
class Link:
    """How much of a change at one link of the chain arrives at another.

    Attributes
    ----------
    start, end : str
        Ids of the links; ``from`` and ``to`` of the JSON.
    side : 'left', 'right' or 'middle'
        Of the end.
    gain : Estimate
        Change at the end per change at the start, in the unit it names, e.g. 'deg per deg'.
    grade : str
        The worst grade of its sources.
    sources : tuple of str
        Source keys.
    """

    start: str
    end: str
    side: PlayerSide
    gain: Estimate
    grade: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Player:
    """One parameter of a person that lies outside what is typical and could be changed.

    Attributes
    ----------
    id, side : str
        E.g. 'calf_tightness', 'left'; 'middle' is the difference between the sides or the midline, 'both' means both.
    name : str
        As printed.
    change : str
        What this person has and a typical one has not, as ``kinechain whatif`` reads it.
    value : Estimate
        Posterior given every measurement of it.
    norm : Norm
        With mean and SD.
    deviation_sd : float
        Distance from the norm's mean in its standard deviations, signed.
    p_outside : float
        Posterior probability of lying outside 1.96 SD of the norm.
    minimal_detectable_change : float
        In the unit of the value.
    prior : str
        As printed.
    grade : str
        The worst grade of its sources.
    sources : tuple of str
        Source keys of the norm, the error and the conversion.
    """

    id: str
    side: PlayerSide
    name: str
    change: str
    value: Estimate
    norm: Norm
    deviation_sd: float
    p_outside: float
    minimal_detectable_change: float
    prior: str
    grade: str
    sources: tuple[str, ...]

    @property
    def key(self) -> str:
        """Name of the player within sets: the id, and the side where it has one."""
        return self.id if self.side == "middle" else f"{self.id} {self.side}"


@dataclass(frozen=True)
class NotPlayer:
    """A parameter that could not be a candidate, and why, as the user reads it.

    Attributes
    ----------
    id, side : str
        As in `Player`.
    name, reason : str
        As printed.
    next_test : str
        What would make it a candidate; '' if nothing would.
    """

    id: str
    side: PlayerSide
    name: str
    reason: str
    next_test: str = ""


@dataclass(frozen=True)
class Floor:
    """What a contribution to one target must exceed to count.

    Attributes
    ----------
    value : float
        The larger of the two, in the unit of the target.
    of_typical : float
        5 % of the typical target.
    of_noise : float
        1.96 SD of the target re-estimated over the test-retest noise of what was measured.
    """

    value: float
    of_typical: float
    of_noise: float


@dataclass(frozen=True)
class Candidate:
    """What one player contributes to one target.

    Attributes
    ----------
    id, side : str
        Of the player.
    target : str
        Id of the target.
    contribution, low, high : float
        Median and 95 % interval over the posterior, in ``unit``; positive: it adds harmful load.
    unit : str
        Of the target.
    p_relevant : float
        Posterior probability that the player lies beyond its norm and its contribution exceeds the floor.
    share : float or None
        Percentage of the summed contribution; None unless all contributions to the target have one sign.
    grade : str
        The worst grade of what it stands on.
    """

    id: str
    side: PlayerSide
    target: str
    contribution: float
    low: float
    high: float
    unit: str
    p_relevant: float
    share: float | None
    grade: str

    @property
    def key(self) -> str:
        """Name of the player within sets, see `Player.key`."""
        return self.id if self.side == "middle" else f"{self.id} {self.side}"


@dataclass(frozen=True)
class DriverSet:
    """Players that are relevant together, and how probable exactly this set is; of no players: no driver at all.

    Attributes
    ----------
    drivers : tuple of str
        `Player.key` of each, sorted.
    probability : float
    """

    drivers: tuple[str, ...]
    probability: float


@dataclass(frozen=True)
class TargetTable:
    """Everything about one target.

    Attributes
    ----------
    target, name, site, side, unit : str
        As of ``kinechain.chain.targets``.
    now, typical : Estimate
        As the person is, and with every player made typical.
    total : Estimate
        Sum of all contributions, in the harmful direction.
    floor : Floor
    candidates : tuple of Candidate
        Largest contribution first.
    p_relevant : tuple of float
        That of each player to this target, in the order of ``Drivers.players``.
    sets : tuple of DriverSet
        Most probable first, up to the coverage of the drivers.
    none_supported : float
        Probability that no player exceeds the floor here.
    undetermined : bool
    """

    target: str
    name: str
    site: str
    side: PlayerSide
    unit: str
    now: Estimate
    typical: Estimate
    total: Estimate
    floor: Floor
    candidates: tuple[Candidate, ...]
    p_relevant: tuple[float, ...]
    sets: tuple[DriverSet, ...]
    none_supported: float
    undetermined: bool


@dataclass(frozen=True)
class Silent:
    """A parameter that was measured and is no candidate, but may be relevant all the same: no test is without error.

    Attributes
    ----------
    id, side, name : str
        As in `Player`.
    p_relevant : float
        Posterior probability that it lies beyond its norm and adds more load than the floor to any target.
    """

    id: str
    side: PlayerSide
    name: str
    p_relevant: float

    @property
    def key(self) -> str:
        """Name within sets, see `Player.key`."""
        return self.id if self.side == "middle" else f"{self.id} {self.side}"


@dataclass(frozen=True)
class Group:
    """Players the measurements cannot tell apart: their posteriors correlate above the limit.

    Attributes
    ----------
    players : tuple of str
        `Player.key` of each.
    correlation : float
        Smallest absolute one that joined them.
    """

    players: tuple[str, ...]
    correlation: float


@dataclass(frozen=True)
class Sensitivity:
    """The answer under another prior.

    Attributes
    ----------
    prior : str
        As printed.
    p_relevant : tuple of float
        For any target, in the order of ``Drivers.players``.
    none_supported : float
    leading : DriverSet
        The most probable set.
    """

    prior: str
    p_relevant: tuple[float, ...]
    none_supported: float
    leading: DriverSet


@dataclass(frozen=True)
class NextTest:
    """A measurement, and how much of the open question it is expected to settle.

    Attributes
    ----------
    id, side, name : str
        Of the parameter it measures.
    test : str
        What to do, as printed.
    information : float
        Expected decrease of the entropy of the relevant set, bits.
    is_new : bool
        True if the parameter was not measured yet.
    """

    id: str
    side: PlayerSide
    name: str
    test: str
    information: float
    is_new: bool


@dataclass(frozen=True)
class Treatment:
    """What making one player, or two at once, typical would take off a target.

    Attributes
    ----------
    players : tuple of str
        `Player.key` of one or two.
    target : str
    change : Estimate
        Of the target in its harmful direction; negative is less load.
    beyond_singles : Estimate or None
        For two: the change less the sum of each alone; None for one.
    """

    players: tuple[str, ...]
    target: str
    change: Estimate
    beyond_singles: Estimate | None = None


@dataclass(frozen=True)
class Drivers:
    """The whole answer.

    Attributes
    ----------
    players : tuple of Player
        At most six, the largest standardised deviation first.
    not_players : tuple of NotPlayer
    targets : tuple of TargetTable
        In the order they are shown; the site of pain only decides this order.
    candidates : tuple of Candidate
        Of all targets, in that order.
    sets : tuple of DriverSet
        Of players that are relevant for any target, most probable first, up to ``coverage``.
    coverage : float
        Probability the sets reach together.
    none_supported : float
        Probability that no player is relevant for any target.
    undetermined : bool
    p_relevant : tuple of float
        Of each player for any target, in the order of ``players``.
    groups : tuple of Group
    priors : tuple of str
        One sentence per prior.
    sensitivity : tuple of Sensitivity
    next_tests : tuple of NextTest
        Most informative first.
    treatments : tuple of Treatment
    direction : 'foot first', 'back first' or 'not identifiable'
    direction_reason : str
    verdict : str
        In plain words, ends with `NOT_THE_CAUSE`.
    method : str
        'exact subsets', or 'orders of the players'.
    audit_error : float or None
        Of contributions against exact subsets, in floors of the target; None where all subsets were computed.
    draws : int
    seed : int
    notes : tuple of str
    distribution : tuple of DriverSet
        Every relevant set that was drawn, of players and silent parameters together, the most probable first.
    silent : tuple of Silent
        Measured parameters that are no players.
    """

    players: tuple[Player, ...]
    not_players: tuple[NotPlayer, ...]
    targets: tuple[TargetTable, ...]
    candidates: tuple[Candidate, ...]
    sets: tuple[DriverSet, ...]
    coverage: float
    none_supported: float
    undetermined: bool
    p_relevant: tuple[float, ...]
    groups: tuple[Group, ...]
    priors: tuple[str, ...]
    sensitivity: tuple[Sensitivity, ...]
    next_tests: tuple[NextTest, ...]
    treatments: tuple[Treatment, ...]
    direction: Direction
    direction_reason: str
    verdict: str
    method: str
    audit_error: float | None
    draws: int
    seed: int
    notes: tuple[str, ...] = ()
    distribution: tuple[DriverSet, ...] = ()
    silent: tuple[Silent, ...] = ()

    def __post_init__(self) -> None:
        probabilities = [self.none_supported, *self.p_relevant, *(s.probability for s in self.sets)]
        if not all(0.0 <= p <= 1.0 for p in probabilities):
            raise SettingError("a probability of the drivers lies outside 0 to 1")
        if len(self.p_relevant) != len(self.players):
            raise SettingError(f"{len(self.p_relevant)} probabilities do not belong to {len(self.players)} players")
        known = {player.key for player in self.players}
        for named in (key for s in self.sets for key in s.drivers):
            if named not in known:
                raise SettingError(f"a set names '{named}', who is no player. {suggest(named, known)}")

    def table(self, target: str) -> TargetTable:
        """Return everything about one target."""
        for found in self.targets:
            if found.target == target:
                return found
        raise SettingError(f"there is no target '{target}'. {suggest(target, (t.target for t in self.targets))}")


@dataclass(frozen=True)
class Permission:
    """Whether drivers and what-ifs may be given to a person, and if not, why, in one sentence.

    Attributes
    ----------
    unlocked : Unlocked or None
        Proof that the danger signs hold back nothing; without it nothing is given.
    reason : str
        '' where it is given.
    """

    unlocked: Unlocked | None
    reason: str = ""

    @property
    def is_given(self) -> bool:
        """True only with the proof."""
        return isinstance(self.unlocked, Unlocked)


def may_attribute(person: Person, screen: Screen) -> Permission:
    """Return whether a person may be given drivers and what-ifs: never where `unlock` refuses.

    Parameters
    ----------
    person : Person
    screen : Screen
        The outcome of the danger-sign questions; clearances in it are verified again.
    """
    age = math.nan if person.age_years is None else person.age_years
    if age < ADULT_YEARS:
        return _refused("they are for people of 18 years and over")
    if screen.level == "not_screened":
        return _refused("the danger signs were not asked; answer [screen] first")
    if screen.plan_locked:
        return _refused("a danger sign is answered 'yes' or still unknown, and it comes first")
    if not math.isfinite(age):
        return _refused("the age is not known, and they are for adults only")
    try:
        return Permission(unlock(person, _verified(screen)))
    except LockedError:
        return _refused("the danger signs of this person hold them back; screen this person again")


def _refused(why: str) -> Permission:
    return Permission(None, say("drivers.refused", why=why).text)


def _verified(screen: Screen) -> tuple[TrustedClearance, ...]:
    if not screen.cleared:
        return ()
    from kinechain.care.screening.keyring import trusted  # cryptography takes long to import, and few screens need it

    return trusted(clearance for _, clearance in screen.cleared)


def judge_drivers(
    names: dict[str, str],
    sets: tuple[DriverSet, ...],
    none_supported: float,
    undetermined: bool,
    open_ended: int,
) -> str:
    """Return the verdict in plain words.

    Parameters
    ----------
    names : dict of `Player.key` to the printed name
        Empty if nobody was a candidate.
    sets : tuple of DriverSet
        Most probable first.
    none_supported : float
    undetermined : bool
    open_ended : int
        How many parameters were not measured, or not well enough.
    """
    said = [say("drivers.not_judged", count=open_ended).text] if open_ended else []
    return " ".join([_verdict(names, sets, none_supported, undetermined), *said, NOT_THE_CAUSE])


def _verdict(names: dict[str, str], sets: tuple[DriverSet, ...], none_supported: float, undetermined: bool) -> str:
    if not names:
        return say("drivers.nothing_outside").text
    if undetermined or not sets:
        best = _listed(sets[0].drivers, names) if sets else "none"
        share = f" (best: {best}, {percent(sets[0].probability)})" if sets else ""
        return say("drivers.undetermined", best=share).text
    if not sets[0].drivers:
        return say("drivers.none_supported", chance=percent(none_supported)).text
    chance = percent(sets[0].probability)
    verb = "adds" if len(sets[0].drivers) == 1 else "each add"
    return say("drivers.supported", chance=chance, names=_listed(sets[0].drivers, names), add=verb).text


def percent(probability: float) -> str:
    """Return a probability as printed: draws cannot tell the last half percent from certainty.

    Parameters
    ----------
    probability : float
    """
    if probability >= 0.995:
        return "over 99 %"
    return "under 1 %" if probability < 0.005 else f"{100.0 * probability:.0f} %"


def _listed(keys: tuple[str, ...], names: dict[str, str]) -> str:
    words = [names[key] for key in keys]
    if not words:
        return "no candidate"
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
