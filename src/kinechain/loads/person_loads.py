"""The loads of one person: every walk, standing, the other lumbar rhythm, and bodies drawn from what is not known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from kinechain.body.body import Body
from kinechain.body.muscle import Musculature
from kinechain.body.musculature import person_muscles
from kinechain.body.skeleton import RHYTHMS, with_rhythm
from kinechain.care.person.person import Person
from kinechain.core.arrays import Immutable
from kinechain.core.errors import KinechainError
from kinechain.loads.analyze_loads import analyze_loads, load_model, solve_loads
from kinechain.loads.ground import predicted_reaction, segment_wrenches
from kinechain.loads.kinematics import motion_kinematics
from kinechain.loads.loads import (
    FOOT_REGIONS,
    UNKNOWN,
    FootReaction,
    GroundReaction,
    Load,
    Loads,
    LoadSettings,
    Table,
    Unknowns,
)
from kinechain.loads.many import share_out
from kinechain.loads.samples import Draw, draw_samples
from kinechain.loads.strength import examined_strength
from kinechain.motion.motion import Motion
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Side

__all__ = ["PersonLoads", "person_loads", "standing_loads"]

#: Drawn bodies that are in memory together.
AT_ONCE = 32
#: Instants of one pose that let the rates be taken; the middle one is kept.
_STILL = 9


@dataclass(frozen=True, eq=False)
class PersonLoads(Immutable):
    """What was computed of one person.

    Attributes
    ----------
    walking : tuple of Loads
        One per trial, in their order; without columns where a trial could not be solved, its note says why.
    standing : Loads or None
    other_rhythm : tuple of Loads
        The same trials with the other lumbar rhythm.
    samples : tuple of tuple of Load
        Per drawn body what ``summarise`` made of its trials.
    notes : tuple of str
        Of the person's muscles, in sentences.
    """

    walking: tuple[Loads, ...] = ()
    standing: Loads | None = None
    other_rhythm: tuple[Loads, ...] = ()
    samples: tuple[tuple[Load, ...], ...] = ()
    notes: tuple[str, ...] = ()


def person_loads(
    person: Person,
    body: Body,
    rhythm: str,
    trials: Sequence[GaitTrial],
    summarise: Callable[[Sequence[Loads]], tuple[Load, ...]],
    standing: Motion | None = None,
    settings: LoadSettings | None = None,
    progress: Callable[[str], None] | None = None,
) -> PersonLoads:
    """Return the loads of every walk of a person, and of standing.

    Parameters
    ----------
    person : Person
        Examined strength is taken over.
    body : Body
        Fitted, at the person's mass.
    rhythm : str
        Lumbar rhythm of the body.
    trials : sequence of GaitTrial
    summarise : callable
        Loads of all trials to rows; of a drawn body only these are kept, so that thousands fit into memory.
    standing : Motion, optional
        Of the standing trial.
    settings : LoadSettings, optional
    progress : callable, optional
        Called with one short sentence per step.
    """
    settings, say = settings or LoadSettings(), progress or (lambda _: None)
    muscles = person_muscles(body, fascia_area_mm2=settings.fascia_area_mm2)
    examined, notes = examined_strength(person, body, muscles)
    settings = replace(settings, strength={**examined, **settings.strength})
    other = with_rhythm(body, next(name for name in RHYTHMS if name != rhythm))
    say("Computing loads")
    bodies = (Draw(body, muscles, settings, Unknowns()), Draw(other, muscles, settings, Unknowns()))
    solved = share_out(_walk, [(drawn, trial) for drawn in bodies for trial in trials])
    draws, samples = draw_samples(body, settings), list[tuple[Load, ...]]()
    while trials and (some := tuple(islice(draws, AT_ONCE))):
        say(f"Computing loads of drawn bodies {len(samples) + 1} to {len(samples) + len(some)} of {settings.samples}")
        samples += share_out(lambda drawn: summarise([_walk((drawn, trial)) for trial in trials]), some)
    return PersonLoads(
        walking=tuple(solved[: len(trials)]),
        standing=standing_loads(body, muscles, standing, settings) if standing is not None else None,
        other_rhythm=tuple(solved[len(trials) :]),
        samples=tuple(samples),
        notes=(*muscles.notes, *notes, *_failed(samples)),
    )


def _failed(samples: Sequence[tuple[Load, ...]]) -> tuple[str, ...]:
    """Say how many drawn bodies gave no loads: the intervals are of the others."""
    failed = sum(not rows for rows in samples)
    if not failed:
        return ()
    return (f"{failed} of {len(samples)} drawn bodies gave no loads; the intervals are those of the others.",)


def _walk(case: tuple[Draw, GaitTrial]) -> Loads:
    """Return the loads of one walk of one body; without columns where they are not known."""
    drawn, trial = case
    try:
        return analyze_loads(drawn.body, drawn.muscles, trial, drawn.settings, drawn.unknowns)
    except KinechainError as error:
        why = f"The loads of {trial.recording.name} are not known: {str(error).rstrip('.')}."
        return _unsolved(drawn.body, trial.motion, drawn.settings, why)


def standing_loads(body: Body, muscles: Musculature, standing: Motion, settings: LoadSettings) -> Loads | None:
    """Return the loads of quiet standing, one instant: the median pose, at rest, both feet carrying what balance asks.

    Parameters
    ----------
    body : Body
    muscles : Musculature
    standing : Motion
    settings : LoadSettings

    Returns
    -------
    Loads or None
        None if no frame of it was solved.
    """
    solved = standing.values[np.isfinite(standing.values).all(axis=1)]
    if not len(solved):
        return None
    pose = np.median(solved, axis=0)
    still = Motion(
        standing.coordinates, np.tile(pose, (_STILL, 1)), 100.0, 0.0, (), np.empty((_STILL, 0)), np.ones(_STILL), ""
    )
    try:
        model = load_model(body, muscles, settings)
        ground = predicted_reaction(model.body, still)
        external = segment_wrenches(model.body, still, ground)
        return _middle(solve_loads(model, motion_kinematics(model.dynamics.tree, still), ground, external))
    except KinechainError as error:
        return _unsolved(body, still, settings, f"The loads of standing are not known: {str(error).rstrip('.')}.")


def _middle(loads: Loads) -> Loads:
    """Return the middle instant."""
    k = slice(_STILL // 2, _STILL // 2 + 1)

    def cut(table: Table) -> Table:
        return Table(table.labels, table.values[k], table.unit)

    def foot(f: FootReaction) -> FootReaction:
        return FootReaction(
            f.side,
            f.force[k],
            f.centre_of_pressure[k],
            f.free_moment[k],
            f.region_force[k],
            f.region_point[k],
            f.origin[k],
        )

    ground = loads.ground
    return replace(
        loads,
        times_s=loads.times_s[k],
        ground=GroundReaction(ground.times_s[k], (foot(ground.feet[0]), foot(ground.feet[1])), ground.notes),
        moments=cut(loads.moments),
        powers=cut(loads.powers),
        activations=cut(loads.activations),
        muscle_forces=cut(loads.muscle_forces),
        reserves=cut(loads.reserves),
        tissue_forces=cut(loads.tissue_forces),
        tissue_lengths=cut(loads.tissue_lengths),
        reactions=tuple(replace(r, force=r.force[k], moment=r.moment[k]) for r in loads.reactions),
        net_reactions=tuple(replace(r, force=r.force[k], moment=r.moment[k]) for r in loads.net_reactions),
    )


def _unsolved(body: Body, motion: Motion, settings: LoadSettings, why: str) -> Loads:
    frames = len(motion.values)

    def none(unit: str) -> Table:
        return Table((), np.empty((frames, 0)), unit)

    def foot(side: Side) -> FootReaction:
        nothing, region = np.full((frames, 3), np.nan), np.full((frames, len(FOOT_REGIONS), 3), np.nan)
        return FootReaction(side, nothing, nothing, nothing, region, region, np.full(frames, float(UNKNOWN)))

    return Loads(
        motion.times_s, body.mass_kg, settings, GroundReaction(motion.times_s, (foot("right"), foot("left"))),
        none("N m"), none("W"), none("1"), none("N"), none("N m"), none("N"), none("m"), (), (why,),
    )  # fmt: skip
