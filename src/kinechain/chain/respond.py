"""What one change does to every link and every load of a standing person, with its interval.

The same drawn people are stood up twice, without and with the change, so that what they differ in otherwise falls out
of the difference.  A change acts on the mechanics at once: what a person makes of it in the next hours and weeks
(walking otherwise, getting used to it, protecting what hurts) is behaviour, which mechanics does not compute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from kinechain.care.drivers import Link as Gain
from kinechain.chain.alter import alter, co_contraction, nerve_posture, stance_shortening
from kinechain.chain.change import Change, find_kind
from kinechain.chain.equilibrium import LIMIT_RAD, solve_equilibrium
from kinechain.chain.links import LINKS, Link, compute_links
from kinechain.chain.reach import WAYS, reach_equilibrium
from kinechain.chain.situation import ChainModel, Equilibrium, Situation
from kinechain.chain.targets import TARGETS, Target, compute_nerve_strain, compute_targets, target_index
from kinechain.chain.unknowns import read_unknowns
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import SettingError, SolveError
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.core.text import listed
from kinechain.loads.lumbar import LUMBAR_JOINTS, disc_inclinations, sample_disc_inclinations
from kinechain.motion.signs import SIDES

__all__ = ["ADAPTATION", "LARGEST_FAILURE", "Response", "draw_slopes", "failures", "respond", "summarise", "tightness"]

#: More drawn people than this share may not fall by the change, or the rest would be a chosen few.
LARGEST_FAILURE = 0.05
#: A person who was seen to stand stands: draws that do not are no such people, and left out.  If more than this share
#: is left out, what is drawn from is wrong.
LARGEST_LEFT_OUT = 0.5
#: More changes at once are a slip of the pen.
MOST_CHANGES = 20
#: A link counts as moved by a change from this share of the link that moves most (assumption).
_MOVED = 0.5
#: What an interval and its middle are told of, shares of the draws.
_SHARES = (0.025, 0.5, 0.975)
#: Changes smaller than this, rad, are rounding: no gain is told against them.
_NOTHING_RAD = 1e-6

Phase = Literal["standing", "walking"]

#: So many of the drawn people are asked first whether they stand.
_ASKED_FIRST = 12

#: What no response holds.
ADAPTATION = NotMeasured(
    "how a person adapts to a change (gets used to it, moves otherwise, spares what hurts) is behaviour, which "
    "mechanics does not compute",
    "the same measurement with the change in place, at once and after some weeks",
)
_FACETS = NotMeasured(
    "the share of the facets is known erect and flexed only; no source tells how it goes over a few degrees",
    "none outside the laboratory",
)
_SOURCE = "{count} drawn people, the same with and without the change; median, 2.5 and 97.5 %"


@dataclass(frozen=True, eq=False)
class Response(Immutable):
    """What a change does.

    Attributes
    ----------
    changes : tuple of Change
    links : mapping of link id to Estimate
        Change of every link of `LINKS`, rad or m.
    targets : mapping of target id to Estimate or NotMeasured
        Change of every load of `TARGETS`, in its unit.
    before : mapping of target id to Estimate or NotMeasured
        The load without the change.
    gains : tuple of Gain
        Change of every angle per change of the first that moves, from the floor to the head; none where nothing moves
        for sure.
    link_changes : (draw, link) array, rad or m
        Of the people who stand with and without the change.
    target_before, target_changes : (draw, target) array, N, N m, 1 or %
    failed : mapping of str to int
        Why drawn people do not stand, and how many.
    adaptation : NotMeasured
    notes : tuple of str
        In sentences.
    phase : 'standing' or 'walking'
    """

    changes: tuple[Change, ...]
    links: Mapping[str, Estimate]
    targets: Mapping[str, Estimate | NotMeasured]
    before: Mapping[str, Estimate | NotMeasured]
    gains: tuple[Gain, ...]
    link_changes: FloatArray
    target_before: FloatArray
    target_changes: FloatArray
    failed: Mapping[str, int]
    adaptation: NotMeasured = ADAPTATION
    notes: tuple[str, ...] = ()
    phase: Phase = "standing"

    def __post_init__(self) -> None:
        for name in ("links", "targets", "before", "failed"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        object.__setattr__(self, "link_changes", frozen(self.link_changes, (None, len(LINKS)), "link_changes"))
        for name in ("target_before", "target_changes"):
            object.__setattr__(self, name, frozen(getattr(self, name), (None, len(TARGETS)), name))

    def __reduce__(self) -> tuple[object, ...]:  # type: ignore[override]
        fields = {n: dict(v) if isinstance(v, MappingProxyType) else v for n, v in vars(self).items()}
        return _rebuilt, (fields,)


def _rebuilt(fields: dict[str, object]) -> Response:
    return Response(**fields)  # type: ignore[arg-type]


def respond(
    model: ChainModel,
    situation: Situation,
    changes: Sequence[Change],
    *,
    before: Equilibrium | None = None,
    loads: FloatArray | None = None,
    slopes: FloatArray | None = None,
    workers: int | None = None,
    ways: Sequence[int] = WAYS,
) -> Response:
    """Return what a change does to a standing person.

    Parameters
    ----------
    model : ChainModel
        With muscles where loads are asked for; without, only the links answer.
    situation : Situation
        The person as drawn from what is not known, one case per draw
        (``standing_situation(model, draw_unknowns(count, seed))``); the same draws give the same response.
    changes : sequence of Change
        Made together.
    before : Equilibrium, optional
        Of ``situation``, where it was solved already.
    loads : (case, target) array, optional
        `compute_targets` of that, with the same ``slopes``, where it was asked already.
    slopes : (case,) array, rad, optional
        By how much steeper the sacral plate of each draw is than the average adult's (`draw_slopes`).
    workers : int, optional
        Cases solved at once; None: as many as there are cores.
    ways : sequence of int, optional
        How long somebody who is lost is searched for, as of `kinechain.chain.reach.reach_equilibrium`.

    Raises
    ------
    SettingError
        If there is no change, or more than `MOST_CHANGES`.
    SolveError
        If more than 5 % of the drawn people who stand without the change do not with it, or half of them not at all.
    """
    if not changes:
        raise SettingError("a response needs a change; give one, such as parse_change('wedge both 5 raise=lateral')")
    if len(changes) > MOST_CHANGES:
        raise SettingError(f"{len(changes)} changes at once are too many; make up to {MOST_CHANGES} together")
    first = solve_equilibrium(model, situation, workers=workers) if before is None else before
    changed = alter(model, situation, tuple(changes))
    if len(situation) > 2 * _ASKED_FIRST:
        _refuse_early(model, situation.case(slice(_ASKED_FIRST)), changed.case(slice(_ASKED_FIRST)), changes, workers)
    second = reach_equilibrium(model, situation, changed, first, workers=workers, ways=ways)
    moved = compute_links(model, second.inputs) - compute_links(model, first.inputs)
    reasons = _with_far_away(second.reason, moved)
    failed = failures(first.reason, reasons, changes)
    stands = np.array([not (a or b) for a, b in zip(first.reason, reasons, strict=True)])
    moved = moved[stands]
    loads_before = loads_after = np.full((int(stands.sum()), len(TARGETS)), np.nan)
    if model.musculature is not None:
        known = compute_targets(model, situation, first, slopes=slopes) if loads is None else loads
        loads_before = known[stands]
        given = tightness(model, situation, changes, second.inputs)
        guarded = co_contraction(changes)
        loads_after = compute_targets(model, changed, second, passive=given, co_contraction=guarded, slopes=slopes)[
            stands
        ]
        loads_after += _nerves(model, situation, changes)[stands]
    notes = (*_left_out(first), *_only_asked(changes), *model.notes)
    return summarise(tuple(changes), moved, loads_before, loads_after - loads_before, failed, notes)


def _refuse_early(
    model: ChainModel, situation: Situation, changed: Situation, changes: Sequence[Change], workers: int | None
) -> None:
    """Refuse at once a change that most of a few people do not bear: to search for all of them takes minutes."""
    first = solve_equilibrium(model, situation, workers=workers)
    second = reach_equilibrium(model, situation, changed, first, workers=workers)
    if 2 * int((first.is_solved & second.is_solved).sum()) < int(first.is_solved.sum()):
        failures(first.reason, second.reason, changes)


def draw_slopes(count: int, seed: int) -> FloatArray:
    """Return by how much steeper the plate of S1 is than the average adult's, (draw,) array, rad.

    Parameters
    ----------
    count : int
    seed : int
        The same for the same seed.
    """
    drawn = sample_disc_inclinations(np.random.default_rng(seed), count)[:, LUMBAR_JOINTS.index("l5_s1")]
    return np.asarray(drawn - disc_inclinations()["l5_s1"])


def tightness(
    model: ChainModel,
    situation: Situation,
    changes: Sequence[Change],
    inputs: FloatArray,
    amounts: Sequence[FloatArray | None] | None = None,
) -> FloatArray:
    """Return the moment that tight muscles give at rest, (case, free) array, N m: no muscle is asked for it.

    Parameters
    ----------
    model : ChainModel
    situation : Situation
        Before the changes.
    changes : sequence of Change
    inputs : (case, input) array, rad or m
        Where the bodies stand with the changes.
    amounts : sequence of (case,) array or None, optional
        As for `kinechain.chain.alter.alter`.
    """
    given = [None] * len(changes) if amounts is None else list(amounts)
    tight = [(c, a) for c, a in zip(changes, given, strict=True) if c.kind == "tightness"]
    if not tight:
        return np.zeros((len(situation), len(model.free)))
    after = alter(model, situation, [c for c, _ in tight], [a for _, a in tight])
    free = [model.input_index(name) for name in model.free]
    turned = (inputs - situation.reference)[:, free]
    more = after.stiffness - situation.stiffness
    return np.asarray(after.tonic - situation.tonic - np.einsum("cij,cj->ci", more, turned))


def _nerves(model: ChainModel, situation: Situation, changes: Sequence[Change]) -> FloatArray:
    """Return what postures that are asked for lengthen the nerve by, (case, target), %; zero of all other targets."""
    out = np.zeros((len(situation), len(TARGETS)))
    columns = [target_index(f"nerve_strain_{side}") for side in SIDES]
    for change in changes:
        if change.kind == "nerve":
            there = compute_nerve_strain(model, nerve_posture(model, situation, change))
            out[:, columns] += there - compute_nerve_strain(model, situation.reference)
    return out


def _with_far_away(reasons: Sequence[str], moved: FloatArray) -> tuple[str, ...]:
    """Return the reasons, 'far away' also where joints that each turn little turn a link too far together."""
    angles = [k for k, link in enumerate(LINKS) if link.unit == "rad"]
    is_far = np.nan_to_num(np.abs(moved[:, angles])).max(axis=1) > LIMIT_RAD
    return tuple(r or ("far away" if far else "") for r, far in zip(reasons, is_far, strict=True))


def failures(first: Sequence[str], second: Sequence[str], changes: Sequence[Change]) -> dict[str, int]:
    """Return why people who stand without a change do not stand with it, and how many.

    Parameters
    ----------
    first, second : sequence of str
        Why each drawn person does not stand without and with the change, '' for those who do.
    changes : sequence of Change

    Raises
    ------
    SolveError
        If too many do not.
    """
    stood = sum(not reason for reason in first)
    if stood < (1.0 - LARGEST_LEFT_OUT) * len(first):
        words = _counted(Counter(r for r in first if r))
        raise SolveError(
            f"only {stood} of {len(first)} drawn people stand before anything is changed: {words}; check the "
            "mass, the height, the length of the foot and the posture"
        )
    failed = Counter(b for a, b in zip(first, second, strict=True) if b and not a)
    count = failed.total()
    if count > LARGEST_FAILURE * stood:
        raise SolveError(
            f"{count} of {stood} drawn people do not stand with '{listed([c.text for c in changes], 4)}': "
            f"{_counted(failed)}; try a smaller change"
        )
    return dict(sorted(failed.items()))


def _counted(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} ({count})" for reason, count in sorted(reasons.items()))


def _only_asked(changes: Sequence[Change]) -> tuple[str, ...]:
    """Say what of the changes standing does not answer."""
    out = []
    if any(c.kind == "nerve" for c in changes):
        out.append("The length of the nerve is told in the posture that was asked for, everything else in standing.")
    if any(stance_shortening(changes, side) for side in SIDES):
        out.append("A shorter stance is one of walking: in standing it does nothing.")
    return tuple(out)


def _left_out(first: Equilibrium) -> tuple[str, ...]:
    reasons = Counter[str](r for r in first.reason if r)
    if not reasons:
        return ()
    return (
        f"{reasons.total()} of {len(first.reason)} drawn people do not stand even without the change "
        f"({_counted(reasons)}); this person does, so they were left out.",
    )


def summarise(
    changes: tuple[Change, ...],
    link_changes: FloatArray,
    target_before: FloatArray,
    target_changes: FloatArray,
    failed: Mapping[str, int],
    notes: tuple[str, ...] = (),
    phase: Phase = "standing",
) -> Response:
    """Put the changes of many draws together.

    Parameters
    ----------
    changes : tuple of Change
    link_changes : (draw, link) array, rad or m
    target_before, target_changes : (draw, target) array, N, N m, 1 or %
    failed : mapping of str to int
    notes : tuple of str
    phase : 'standing' or 'walking'
    """
    source = _SOURCE.format(count=len(link_changes))
    links = {
        link.id: _estimate_of(q, link.unit, source) for link, q in zip(LINKS, _quantiles(link_changes), strict=True)
    }
    quantiles = _quantiles(target_before), _quantiles(target_changes)
    targets, levels = {}, {}
    for k, target in enumerate(TARGETS):
        levels[target.id] = _load(target, target_before[:, k], source, quantiles[0][k])
        targets[target.id] = (
            _FACETS
            if target.id == "l5_s1_facet_share"
            else _load(target, target_changes[:, k], source, quantiles[1][k])
        )
    return Response(
        changes=changes,
        links=links,
        targets=targets,
        before=levels,
        gains=_gains(changes, link_changes, source),
        link_changes=link_changes,
        target_before=target_before,
        target_changes=target_changes,
        failed=failed,
        notes=(*_notes(changes, failed, len(link_changes)), *notes),
        phase=phase,
    )


def _quantiles(table: FloatArray) -> list[list[float]]:
    """Return the 2.5, 50 and 97.5 % of every column, NaN where one of its values is or there are none."""
    found = np.quantile(table, _SHARES, axis=0) if len(table) else np.full((len(_SHARES), table.shape[1]), np.nan)
    return [[float(q) for q in column] for column in np.asarray(found).T]


def _estimate_of(quantiles: Sequence[float], unit: str, source: str) -> Estimate:
    low, middle, high = quantiles
    return Estimate(middle, low, high, unit, source)


def _load(target: Target, values: FloatArray, source: str, quantiles: Sequence[float]) -> Estimate | NotMeasured:
    known = values[np.isfinite(values)]
    lost = len(values) - len(known)
    if not len(values) or lost > LARGEST_FAILURE * len(values):
        return NotMeasured(
            f"{target.name.lower()} could not be computed for {lost} of {len(values)} drawn people: there are no "
            "muscles, or muscles or an arch cannot carry what is asked",
            "a smaller change, or the strength and the arch of this person",
        )
    more = f"; {lost} of them without an answer" if lost else ""
    told = np.quantile(known, _SHARES).tolist() if lost else quantiles
    return _estimate_of(told, target.unit, source + more)


def _gains(changes: tuple[Change, ...], link_changes: FloatArray, source: str) -> tuple[Gain, ...]:
    """Return the change of every angle per change of the first that moves, from the floor to the head.

    Where both sides are changed, each side starts from its own.
    """
    first = _first_link(changes, link_changes)
    if first is None:
        return ()
    sources = {u.source for u in read_unknowns().values()} | {find_kind(c.kind).source for c in changes}
    keys = tuple(sorted({key for s in sources for key in s.split() if key != "assumption"}))
    twins = {link.side: k for k, link in enumerate(LINKS) if link.stem == LINKS[first].stem}
    is_both = {side for c in changes for side in c.sides} == {"left", "right"}
    out = []
    for k, link in enumerate(LINKS):
        start = twins.get(link.side, first) if is_both else first
        moved = link_changes[:, start]
        if k != start and link.unit == "rad" and np.abs(moved).min() > _NOTHING_RAD:
            gain = _estimate_of(np.quantile(link_changes[:, k] / moved, _SHARES).tolist(), "deg per deg", source)
            out.append(Gain(LINKS[start].id, link.id, link.side, gain, "assumption", keys))
    return tuple(out)


def _first_link(changes: tuple[Change, ...], link_changes: FloatArray) -> int | None:
    """Return the angle that a change moves first.

    Of a change at the sole the lowest that moves at least half as much as the one that moves most; of others the one
    that moves most, on the side that is changed if it is sure there to which side it moves.  None where nothing moves.
    """
    own = [k for k, link in enumerate(LINKS) if link.unit == "rad" and _is_on(link, changes)]
    every = [k for k, link in enumerate(LINKS) if link.unit == "rad"]
    for angles in (own, every):
        size = np.abs(np.median(link_changes[:, angles], axis=0))
        moved = [k for k, s in zip(angles, size, strict=True) if s >= _MOVED * size.max()]
        first = moved[0] if _is_at_sole(changes) else angles[int(size.argmax())]
        low, high = np.quantile(link_changes[:, first], [0.025, 0.975])
        if low * high > 0.0 and size.max() > _NOTHING_RAD:
            return first
    return None


def _is_on(link: Link, changes: tuple[Change, ...]) -> bool:
    """Tell whether a link may be the first that a change moves: of its side, or of either where both are changed."""
    sides = {side for c in changes for side in c.sides}
    return link.side == "middle" or not sides or link.side in sides


def _is_at_sole(changes: tuple[Change, ...]) -> bool:
    """Tell whether changes act where the foot meets the ground, so that their effects climb."""
    return all(any(a.startswith("pad_") for a in find_kind(c.kind).alters) for c in changes)


def _notes(changes: tuple[Change, ...], failed: Mapping[str, int], draws: int) -> tuple[str, ...]:
    out = [
        "What a change does at once: " + ADAPTATION.reason + ".",
        "Differences of a few degrees lie within the sway of one minute of standing.",
    ]
    if failed:
        count = sum(failed.values())
        out.append(f"{count} of {draws + count} drawn people do not stand with the change: {_counted(failed)}.")
    for change in changes:
        if change.is_neutral:
            out.append(f"'{change.text}' alters nothing.")
    return tuple(out)
