"""The ground under the feet of a walking trial: measured where plates carry every foot, predicted elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import Body
from kinechain.core.arrays import FloatArray, cross, median, runs_of
from kinechain.loads.foot_contact import REGION_SEGMENTS, region_loads, spread
from kinechain.loads.loads import (
    MEASURED,
    NO_CONTACT,
    PREDICTED,
    UNKNOWN,
    FootReaction,
    GroundReaction,
    LoadSettings,
)
from kinechain.loads.measured_ground import MeasuredFoot, measured_foot, usable_contacts
from kinechain.loads.plate_check import find_plate_faults, plate_lag
from kinechain.loads.predicted_ground import FootPrediction, Prediction, predict_ground, prediction_notes
from kinechain.motion.body_paths import foot_paths
from kinechain.motion.contacts import Contact
from kinechain.motion.events import choose_events
from kinechain.motion.foot_paths import FootPaths
from kinechain.motion.motion import Motion
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Event, ForcePlate, Recording, Side

__all__ = ["ground_reaction", "movement_events", "predicted_reaction", "segment_wrenches"]

SIDES: tuple[Side, Side] = ("right", "left")
#: A plate shows a whole stance if its force comes and goes within this of what the movement says, s.  Assumption: three
#: times the spread of kinematic events.
EDGE_S = 0.06
#: A contact this near to the first or last sample of its plate was cut off, s.
FRAME_S = 0.01


def ground_reaction(body: Body, trial: GaitTrial, settings: LoadSettings) -> GroundReaction:
    """Return what the ground does to both feet in a trial, on the frames of its motion.

    Parameters
    ----------
    body : Body
        The body of the trial, with the mass of the person.
    trial : GaitTrial
        Its motion is filtered at ``settings.cutoff_hz``.
    settings : LoadSettings
        ``ground`` and ``cutoff_hz`` are used.  'predicted' looks at no plate and no stored event.

    Returns
    -------
    GroundReaction
        A frame is measured only if every foot on the ground is.  The other frames are predicted, or unknown where
        ``ground`` is 'measured'; so are frames without a pose.

    Raises
    ------
    BodyError
        If the body has no sole.
    """
    motion = trial.motion
    paths = foot_paths(body, motion)
    if settings.ground == "predicted":
        return predicted_reaction(body, motion, movement_events(trial.recording, paths), paths.belt_m_s)
    prediction = predict_ground(body, motion, trial.events, paths.belt_m_s)
    contacts = choose_events(trial.recording, paths).contacts
    faults = find_plate_faults(trial.recording, motion, _of_one_foot(contacts, trial.recording, paths), prediction)
    lag = None if any(f.kind == "late" for f in faults) else plate_lag(trial.recording, motion, contacts, prediction)
    trial, said = _on_time(trial, settings.plate_delay_s, lag)
    contacts = choose_events(trial.recording, paths).contacts
    refused = {f.plate for f in faults if f.is_gross} if settings.ground == "automatic" else set()
    if refused:
        # Events may stem from the plates that are refused.
        prediction = predict_ground(body, motion, movement_events(trial.recording, paths), paths.belt_m_s)
    measured = _measured(contacts, trial.recording, motion, paths, settings.cutoff_hz, refused)
    is_on = {side: prediction.feet[side].is_down | (measured[side].force[:, 2] > 0) for side in SIDES}
    is_shown = {
        side: _shown(measured[side], prediction, is_on[side], motion.times_s, trial.recording) for side in SIDES
    }
    known = np.isfinite(prediction.demand.poses[:, 0, 0, 0])
    whole = known & is_shown["right"] & is_shown["left"]
    fallback = PREDICTED if settings.ground == "automatic" else UNKNOWN
    feet = tuple(_joined(measured[side], prediction.feet[side], whole, known, fallback) for side in SIDES)
    notes = (
        *(f.sentence for f in faults),
        *((said,) if said else ()),
        *_untouched(contacts, trial.recording),
        *_unused(contacts, measured, trial.recording, refused, prediction, motion),
        *_where(feet, whole, motion, fallback),
        *(prediction_notes(prediction) if fallback == PREDICTED and not whole[known].all() else ()),
    )
    return GroundReaction(motion.times_s, (feet[0], feet[1]), notes)


def predicted_reaction(
    body: Body, motion: Motion, events: Iterable[Event] = (), belt_m_s: float = 0.0
) -> GroundReaction:
    """Return what the ground does to both feet by the movement alone: of a walk, or of standing and squatting.

    Parameters
    ----------
    body : Body
        With the mass of the person.
    motion : Motion
        Filtered, over level ground; nothing but the feet may carry the person (no chair, rail or stick).
    events : iterable of Event
        Strikes and offs of walking, see ``movement_events``; without any the height and speed of the soles tell.
    belt_m_s : float
        Speed of a treadmill.

    Raises
    ------
    BodyError
        If the body has no sole or no mass.
    """
    prediction = predict_ground(body, motion, events, belt_m_s)
    feet = tuple(_predicted(prediction.feet[side]) for side in SIDES)
    return GroundReaction(motion.times_s, (feet[0], feet[1]), prediction_notes(prediction))


def _on_time(trial: GaitTrial, delay_s: float | None, lag: tuple[float, str] | None) -> tuple[GaitTrial, str]:
    """Take a lag of the plates' clock off, the stated one or the one the motion shows, and say so."""
    said = lag[1] if lag else ""
    if delay_s is None and lag:
        delay_s, said = lag[0], f"{said} The lag was taken off."
    elif delay_s:
        said = f"A lag of the plates of {delay_s * 1e3:.0f} ms was taken off, as asked for."
    if not delay_s:
        return trial, said
    plates = tuple(replace(plate, start_s=plate.start_s - delay_s) for plate in trial.recording.plates)
    return replace(trial, recording=replace(trial.recording, plates=plates)), said


def movement_events(recording: Recording, paths: FootPaths) -> tuple[Event, ...]:
    """Return the strikes and offs by the movement alone: neither plates nor stored events are looked at.

    Parameters
    ----------
    recording : Recording
    paths : FootPaths
    """
    return choose_events(replace(recording, plates=(), events=()), paths).events


def segment_wrenches(body: Body, motion: Motion, ground: GroundReaction) -> FloatArray:
    """Return what the ground does to every segment, (time, segment, 6) array: force N, moment about the origin N m.

    Parameters
    ----------
    body : Body
    motion : Motion
        Whose frames the reaction has.
    ground : GroundReaction

    Returns
    -------
    (time, segment, 6) array
        World axes; zero on all segments but those of the soles, NaN on these where the reaction is unknown.

    Notes
    -----
    The free moment is shared between the regions in proportion to their normal force.
    """
    names = [s.name for s in body.segments]
    out = np.zeros((len(motion.values), len(names), 6))
    for foot in ground.feet:
        up = foot.region_force[..., 2]
        share = up / np.maximum(up.sum(axis=1, keepdims=True), 1e-9)
        for region, part in enumerate(REGION_SEGMENTS):
            index = names.index(f"{part}_{foot.side[0]}")
            force = foot.region_force[:, region]
            point = np.where(np.isfinite(foot.region_point[:, region]), foot.region_point[:, region], 0.0)
            out[:, index, :3] += force
            out[:, index, 3:] += cross(point, force) + share[:, region, None] * foot.free_moment
    return out


def _of_one_foot(contacts: Sequence[Contact], recording: Recording, paths: FootPaths) -> list[Contact]:
    """Leave out the contacts of a foot that stands beside its plates too: part of its force is missing in any case."""
    whole = [c for side in SIDES for c in usable_contacts(contacts, recording.plates, paths, side)]
    return [c for c in contacts if not c.others or c in whole]


def _measured(
    contacts: Sequence[Contact],
    recording: Recording,
    motion: Motion,
    paths: FootPaths,
    cutoff_hz: float,
    refused: set[int],
) -> dict[Side, MeasuredFoot]:
    out = {}
    for side in SIDES:
        usable = usable_contacts(contacts, recording.plates, paths, side)
        kept = [c for c in usable if not refused & {c.plate, *c.others}]
        out[side] = measured_foot(side, kept, recording.plates, motion, cutoff_hz)
    return out


def _shown(
    foot: MeasuredFoot, prediction: Prediction, is_on: NDArray[np.bool_], times_s: FloatArray, recording: Recording
) -> NDArray[np.bool_]:
    """Return the frames in which a foot is off the ground, or all of its force is measured."""
    shown = ~is_on
    for contact in foot.contacts:
        stance = next(
            (
                s
                for s in prediction.stances
                if s.side == foot.side and min(s.end_s, contact.end_s) - max(s.start_s, contact.start_s) > EDGE_S
            ),
            None,
        )
        start, end = contact.start_s, contact.end_s
        plate = recording.plates[contact.plate].times_s
        begins, ends = start > plate[0] + FRAME_S, end < plate[-1] - FRAME_S
        if stance is not None and begins and start - stance.start_s < EDGE_S:
            start = min(start, stance.start_s)
        if stance is not None and ends and stance.end_s - end < EDGE_S:
            end = max(end, stance.end_s)
        shown |= (times_s >= start) & (times_s <= end)
        # The filter spreads a force a little over its ends.
        first, last = start - 2 * EDGE_S * begins, end + 2 * EDGE_S * ends
        shown |= (foot.force[:, 2] > 0) & (times_s >= first) & (times_s <= last)
    return shown


def _joined(
    measured: MeasuredFoot,
    predicted: FootPrediction,
    whole: NDArray[np.bool_],
    known: NDArray[np.bool_],
    fallback: int,
) -> FootReaction:
    """Return the reaction of one foot: measured in the frames that are wholly measured, else the fallback."""
    reaction = _predicted(predicted) if fallback == PREDICTED else _nothing(predicted, UNKNOWN)
    on_plate = whole & (measured.force[:, 2] > 0)
    off = whole & ~on_plate
    origin = np.where(on_plate, MEASURED, np.where(off, NO_CONTACT, reaction.origin))
    origin = np.where(known, origin, UNKNOWN)
    centre = np.where(on_plate[:, None], measured.centre, 0.0)
    points = predicted.points.copy()
    shares = np.zeros(points.shape[:2])
    rows = np.flatnonzero(on_plate)
    shares[rows] = spread(points[rows, :, :2], predicted.ready[rows], centre[rows, :2])
    region_force, region_point = region_loads(predicted.sole, points, shares, measured.force, centre)
    free = np.stack([np.zeros_like(measured.free_moment)] * 2 + [measured.free_moment], axis=1)

    def chosen(of_plate: FloatArray, other: FloatArray, nothing: float) -> FloatArray:
        shape = (-1,) + (1,) * (of_plate.ndim - 1)
        kept = np.where(on_plate.reshape(shape), of_plate, np.where(off.reshape(shape), nothing, other))
        return np.where(known.reshape(shape), kept, np.nan)

    return FootReaction(
        measured.side,
        chosen(measured.force, reaction.force, 0.0),
        chosen(centre, reaction.centre_of_pressure, np.nan),
        chosen(free, reaction.free_moment, 0.0),
        chosen(region_force, reaction.region_force, 0.0),
        chosen(region_point, reaction.region_point, np.nan),
        origin,
    )


def _predicted(foot: FootPrediction) -> FootReaction:
    region_force, region_point = region_loads(
        foot.sole, foot.points, foot.shares, foot.force, np.nan_to_num(foot.centre)
    )
    is_known = np.isfinite(foot.force).all(axis=1)
    off = ~foot.is_down
    region_point[off] = np.nan
    free = np.zeros((len(foot.force), 3))
    free[:, 2] = foot.free_moment
    origin = np.where(is_known, np.where(foot.is_down, PREDICTED, NO_CONTACT), UNKNOWN)
    return FootReaction(foot.sole.side, foot.force, foot.centre, free, region_force, region_point, origin)


def _nothing(foot: FootPrediction, origin: int) -> FootReaction:
    """Return a reaction of which nothing is known."""
    frames = len(foot.force)
    one, five = np.full((frames, 3), np.nan), np.full((frames, len(REGION_SEGMENTS), 3), np.nan)
    return FootReaction(foot.sole.side, one, one, one, five, five, np.full(frames, float(origin)))


def _untouched(contacts: Sequence[Contact], recording: Recording) -> tuple[str, ...]:
    """Say that plates were recorded and nobody stood on any: in another trial, in another unit, or switched off."""
    if contacts or not recording.plates:
        return ()
    largest = max(float(np.nanmax(np.abs(p.force), initial=0.0)) for p in recording.plates)
    return (
        f"No foot stands on any of the {len(recording.plates)} plates: their largest force is {largest:.3g} N. Check "
        "that the person crossed them, that they were switched on, and that their forces are in newtons.",
    )


def _unused(
    contacts: Sequence[Contact],
    measured: Mapping[Side, MeasuredFoot],
    recording: Recording,
    refused: Collection[int],
    prediction: Prediction,
    motion: Motion,
) -> tuple[str, ...]:
    """Say which contacts of plates were not used, and which two plates were taken together."""
    used = {c for foot in measured.values() for c in foot.contacts}
    said = []
    for contact in contacts:
        name = recording.plates[contact.plate].name
        when = f"{contact.start_s:.2f} to {contact.end_s:.2f} s"
        if contact in used and contact.others:
            others = " and ".join(recording.plates[k].name for k in contact.others)
            said.append(f"The {contact.side} foot stands on {name} and {others} ({when}); their forces are added.")
        elif contact not in used:
            is_refused = any(k in refused for k in (contact.plate, *contact.others))
            why = contact.reason or ("it disagrees with the motion" if is_refused else "it is not all of one foot's")
            apart = _apart(contact, recording.plates[contact.plate], prediction, motion)
            said.append(f"The contact of {name} ({when}{apart}) is not used as a measured force: {why}.")
    return tuple(said)


def _apart(contact: Contact, plate: ForcePlate, prediction: Prediction, motion: Motion) -> str:
    """Return the frames of a contact and how far its force is from what the movement puts under a foot, as words."""
    rows = np.flatnonzero((motion.times_s >= contact.start_s) & (motion.times_s <= contact.end_s))
    feet = list(prediction.feet.values())
    if not len(rows) or not any(np.nan_to_num(foot.force[rows]).any() for foot in feet):
        return ""
    times = motion.times_s[rows]
    force = np.column_stack([np.interp(times, plate.times_s, plate.force[:, k]) for k in range(3)])
    centre = np.column_stack([np.interp(times, plate.times_s, plate.centre_of_pressure[:, k]) for k in range(3)])
    away = np.fmin(*(np.hypot(*(foot.centre[rows] - centre)[:, :2].T) for foot in feet))
    away = away[np.isfinite(away)]
    words = f", its force {1e3 * median(away):.0f} mm from where the nearer foot presses" if len(away) else ""
    least = min(float(((force - np.nan_to_num(foot.force[rows])) ** 2).sum(axis=1).mean()) for foot in feet) ** 0.5
    return f", frames {rows[0] + 1} to {rows[-1] + 1}{words}, {least:.0f} N off it"


def _where(feet: Iterable[FootReaction], whole: NDArray[np.bool_], motion: Motion, fallback: int) -> tuple[str, ...]:
    """Say in which frames the ground was measured and in which predicted or unknown."""
    origin = np.stack([foot.origin for foot in feet])
    said = []
    words = ((MEASURED, "measured"), (PREDICTED, "predicted from the movement"), (UNKNOWN, "unknown"))
    for value, word in words:
        mask = (origin == value).any(axis=0) & (whole if value == MEASURED else ~whole)
        if mask.any():
            said.append(f"The ground reaction is {word} in {_frames(mask, motion)}.")
    if fallback == UNKNOWN and (origin == UNKNOWN).any():
        said.append("A foot was on the ground there, and not wholly on plates of its own, or no pose is known.")
    return tuple(said)


def _frames(mask: NDArray[np.bool_], motion: Motion) -> str:
    """Return runs of frames as words, counted from 1 as in a file."""
    runs = [f"{begin + 1} to {end}" for begin, end in runs_of(mask)]
    listed = ", ".join(runs[:6]) + (", ..." if len(runs) > 6 else "")
    return f"frames {listed} ({np.count_nonzero(mask)} of {len(motion.values)})"
