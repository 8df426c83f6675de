"""What a recording can be used for, each answer with its reason and, where it is not yes, the cure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinechain.core.text import listed, sentence
from kinechain.inspection.inspection import MarkerSet, Use
from kinechain.motion.contacts import Contact
from kinechain.motion.cycles import Cycle
from kinechain.motion.foot_paths import SIDES
from kinechain.motion.weight import StandingWeight, StrideWeight
from kinechain.recording.prepare import landmark_tracks
from kinechain.recording.recording import Event, Recording
from kinechain.recording.still import LEAST_S, find_still_window

__all__ = ["Evidence", "judge_uses"]

#: A frame counts for inverse kinematics when this share of the markers with a meaning is there, gaps filled.
#: Assumption: a fifth may be lost before a whole segment is.
FRAME_SHARE = 0.8
#: Inverse kinematics is answered yes when this share of the frames counts, partly when there is so much time, s.
#: Assumptions: starts and ends of a walk through the volume lack markers; half a second is half a stride.
WHOLE_SHARE, PART_S = 0.9, 0.5


@dataclass(frozen=True)
class Evidence:
    """What the answers rest on.

    Attributes
    ----------
    recording : Recording
        As read.
    ready : Recording or None
        As prepared.
    marker_set : MarkerSet or None
    trouble : str
        Why the markers could not be prepared, '' if they were.
    events : tuple of Event
    cycles : tuple of Cycle
        Whole strides between them.
    event_notes : tuple of str
        Why there are none, or what was refused.
    contacts : tuple of Contact
    standing : StandingWeight or None
        What the plates weigh while somebody stands.
    stride : StrideWeight or None
        What they weigh over one stride.
    is_running : bool
    """

    recording: Recording
    ready: Recording | None
    marker_set: MarkerSet | None
    trouble: str
    events: tuple[Event, ...]
    cycles: tuple[Cycle, ...]
    event_notes: tuple[str, ...]
    contacts: tuple[Contact, ...]
    standing: StandingWeight | None
    stride: StrideWeight | None
    is_running: bool = False

    @property
    def plate_mass_kg(self) -> float | None:
        """Body mass by the plates, where a whole person stands or strides on them."""
        if self.standing is not None:
            return self.standing.mass_kg if self.standing.is_whole else None
        return self.stride.mass_kg if self.stride is not None else None


def judge_uses(evidence: Evidence) -> tuple[Use, ...]:
    """Return one answer for each of `USES`."""
    return (_ik(evidence), _events(evidence), _loads(evidence), _posture(evidence))


def _unprepared(evidence: Evidence) -> tuple[str, str] | None:
    """Return why nothing can be done with the markers and the cure, None if they were prepared."""
    if evidence.ready is not None:
        return None
    if evidence.recording.markers is None:
        return "It holds no markers.", "Give it together with the C3D or TRC of the same trial."
    if evidence.marker_set is not None and not evidence.marker_set.is_usable:
        return (
            "No marker set fits its labels.",
            "Name your markers in a profile (kinechain inspect FILE --starter my_set.toml) and give it with --profile.",
        )
    return sentence(evidence.trouble), "Correct what this names in the file, or export the trial again."


def _ik(evidence: Evidence) -> Use:
    if why := _unprepared(evidence):
        return Use("ik", "no", *why)
    ready = evidence.ready
    assert ready is not None
    markers = ready.require_markers()
    columns = [markers.labels.index(label) for label, _ in ready.landmarks]
    there = np.isfinite(markers.positions[:, columns, 0])
    enough = there.mean(axis=1) >= FRAME_SHARE if columns else np.zeros(len(there), dtype=bool)
    total, good = len(enough) / markers.rate_hz, float(enough.sum()) / markers.rate_hz
    lost = [
        ready.landmarks[i][0] for i in np.argsort(there.mean(axis=0), kind="stable")[:3] if there[:, i].mean() < 0.9
    ]
    cure = (
        f"Fill or relabel {listed(lost, 3)} in the capture software." if lost else "Give a trial in which markers last."
    )
    missing = evidence.marker_set.missing if evidence.marker_set else ()
    held = f"{len(columns)} markers of the set '{ready.profile}'"
    if good < PART_S and enough.mean() < WHOLE_SHARE:
        return Use("ik", "no", f"Of {held}, four fifths are seen together for {good:.2f} s only.", cure)
    if enough.mean() < WHOLE_SHARE:
        return Use("ik", "partly", f"Of {held}, four fifths are there in {good:.1f} of {total:.1f} s.", cure)
    if missing:
        text = f"{sentence(held)[:-1]} last through {total:.1f} s, but {listed(missing, 3)} cannot be found among them."
        return Use(
            "ik", "partly", text, "Name that marker in a profile of your own, or accept a wider uncertainty there."
        )
    if len(enough) < 2:
        return Use(
            "ik", "partly", f"{held} in one single frame: a pose, no movement.", "Give the trial that moves, too."
        )
    return Use("ik", "yes", f"{held} are there through {total:.1f} s.")


def _events(evidence: Evidence) -> Use:
    if why := _unprepared(evidence):
        return Use("events", "no", *why)
    ready = evidence.ready
    assert ready is not None
    counts = {side: sum(c.side == side for c in evidence.cycles) for side in SIDES}
    one = "stride" if counts["left"] == 1 else "strides"
    told = f"{counts['left']} whole {one} of the left and {counts['right']} of the right foot"
    told = f"Steady {'running' if evidence.is_running else 'walking'} with {told}."
    if evidence.is_running:
        told = f"{told} Its angles are given and not judged: the norms are of walking."
    if all(counts.values()):
        return Use("events", "yes", told)
    if any(counts.values()):
        return Use("events", "partly", told, "Give more trials, or longer ones, for the other side.")
    if evidence.events:
        text = f"{len(evidence.events)} events, but no whole stride between them."
        return Use(
            "events",
            "partly",
            text,
            "Give a longer trial: a stride goes from one foot strike to the next of that foot.",
        )
    if ready.task == "standing":
        return Use(
            "events", "no", "The person stands.", "Give a walking trial; use this one as the standing trial (--static)."
        )
    reason = next((n for n in evidence.event_notes if n), "nobody walks straight and steadily in it")
    return Use("events", "no", sentence(reason), "Give a trial of straight, steady walking with at least one stride.")


def _no_plates(evidence: Evidence) -> Use:
    notes = (evidence.ready or evidence.recording).notes
    if any(n.kind == "defect" and n.code.startswith("plates.") for n in notes):
        text = "It holds no force plate that can be used; the defects say why."
        return Use("loads", "no", text, "Correct what they name, or give the forces as a table of their own.")
    text = "It holds no force plate."
    return Use("loads", "no", text, "Give the plates, too: a C3D that holds them, or the table of forces.")


def _loads(evidence: Evidence) -> Use:
    if not (plates := (evidence.ready or evidence.recording).plates):
        return _no_plates(evidence)
    if why := _unprepared(evidence):
        return Use("loads", "no", *why)
    ready = evidence.ready
    assert ready is not None
    markers = ready.require_markers()
    start, end = markers.start_s, float(markers.times_s[-1])
    if all(p.start_s > end or float(p.times_s[-1]) < start for p in plates if len(p.force)):
        return Use("loads", "no", "Plates and markers share no time.", "Export both from the same trial, on one clock.")
    mass = ready.mass_kg or evidence.plate_mass_kg
    if ready.task == "standing":
        if evidence.plate_mass_kg:
            text = f"The person stands: the plates weigh {evidence.plate_mass_kg:.1f} kg."
            return Use(
                "loads", "partly", text, "Use it as the standing trial (--static), and a walking trial for loads."
            )
        doubts = evidence.standing.doubts if evidence.standing else ()
        doubt = doubts[0] if doubts else "the plates carry no steady load"
        return Use("loads", "no", f"The person stands: {doubt}.", "Give a walking trial with a foot on a plate.")
    wrong = {note.place: note for note in ready.notes if note.code == "plates.shear_sign"}
    clean = [c for c in evidence.contacts if c.is_clean and c.is_whole and plates[c.plate].name not in wrong]
    sides = [side for side in SIDES if any(c.side == side for c in clean)]
    if not sides and wrong:
        note = next(iter(wrong.values()))
        return Use("loads", "no", note.text, note.cure)
    if not sides:
        return Use(
            "loads",
            "no",
            _no_contact(evidence.contacts),
            "Give a trial in which one whole foot lands on one plate alone.",
        )
    told = f"{len(clean)} clean whole {'contact' if len(clean) == 1 else 'contacts'} ({' and '.join(sides)})"
    if mass is None:
        return Use(
            "loads",
            "partly",
            f"{told}, but the body mass is not known.",
            "State the mass (--mass), or give a standing trial on plates.",
        )
    known = f"{mass:.1f} kg {'stated' if ready.mass_kg else 'by the plates'}"
    if len(sides) == 1:
        text = f"{told}; {known}: the {sides[0]} side only."
        return Use("loads", "partly", text, "Give another trial in which the other foot lands on a plate.")
    return Use("loads", "yes", f"{told}; {known}.")


def _no_contact(contacts: Sequence[Contact]) -> str:
    if not contacts:
        return "No foot is seen to land on a plate."
    reasons = [c.reason or "the plate was not recorded before, during and after the contact" for c in contacts]
    common = max(dict.fromkeys(reasons), key=reasons.count)
    return sentence(
        f"none of {len(contacts)} contacts is clean and whole: {common}"
        if len(contacts) > 1
        else f"its one contact is not clean and whole: {common}"
    )


def _posture(evidence: Evidence) -> Use:
    if why := _unprepared(evidence):
        return Use("posture", "no", *why)
    ready = evidence.ready
    assert ready is not None
    markers = ready.require_markers()
    window = find_still_window(ready) if _seen_together(ready) else None
    cure = f"Give a trial in which the person stands still for {LEAST_S:g} s or longer."
    if window is None:
        return Use("posture", "no", f"Nobody stands still in it for {LEAST_S:g} s.", cure)
    first, end = window
    if end - first == len(markers.positions):
        return Use("posture", "yes", f"The person stands still throughout ({(end - first) / markers.rate_hz:.1f} s).")
    start, stop = (markers.start_s + frame / markers.rate_hz for frame in window)
    return Use("posture", "yes", f"The person stands still for {stop - start:.1f} s, from {start:.2f} s on.")


def _seen_together(ready: Recording) -> bool:
    tracks = landmark_tracks(ready.require_markers(), ready.landmarks)
    return any(np.isfinite(t).all(axis=1).any() for n, t in tracks.items() if not n.startswith("segment:"))
