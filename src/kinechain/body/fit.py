"""One person's body from a standing trial, or, when there is none, from size and the walking trial."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from kinechain.body.attach import lock_unseen, marker_weight, median_position
from kinechain.body.body import Body, Marker
from kinechain.body.inertia import with_inertia
from kinechain.body.knee_device import with_knee_devices
from kinechain.body.personal import Personal, compute_factors, personalize, spines_beside_sacrum
from kinechain.body.scale import BodySize, height_from_shank, mean_mass, size_factors, stature
from kinechain.body.skeleton import SIDES, template_body
from kinechain.body.standing import Points, measure_standing
from kinechain.body.walking_fit import fit_without_standing
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import BodyError, RecordingError
from kinechain.core.frames import inverse, transform_points
from kinechain.recording.profiles import segment_of
from kinechain.recording.recording import Recording

__all__ = ["BodySize", "fit_body"]

#: Lengths of the thigh between which a person is believed, m (assumption: from a young child to a giant).
_THIGH_M = (0.20, 0.65)
#: Larger differences between right and left are marker mistakes, not people (assumption).
_LARGEST_ASYMMETRY = 0.15

#: Below this age the proportions of adults are wrong enough to say so, years.
_ADULT_YEARS = 18


def fit_body(
    size: BodySize,
    static: Recording | None = None,
    recording: Recording | None = None,
    rhythm: str = "christophy2012",
) -> Body:
    """Return the body of one person, with their markers attached.

    Parameters
    ----------
    size : BodySize
        What is known of the person; the rest is estimated and said in the notes.
    static : Recording, optional
        Standing trial, prepared (world frame, profile chosen); one frame suffices.
    recording : Recording, optional
        A walking trial of the same person, prepared; its markers that the standing trial lacks are placed too.
    rhythm : str
        Lumbar rhythm, one of `kinechain.body.skeleton.RHYTHMS`.

    Returns
    -------
    Body
        Markers are named as in the recordings.  With a standing trial its landmarks are personal and its defaults are
        the standing posture.  ``notes`` tell every method and assumption.

    Raises
    ------
    RecordingError
        If neither recording can serve, or a landmark is missing, named in the message.
    BodyError
        If the lengths that come out are no person's.
    """
    if static is None and recording is None:
        raise RecordingError("a body is fitted to a recording; give a standing trial, a walking trial, or both")
    for given in (static, recording):
        if given is not None and not given.is_world:
            raise RecordingError(f"{given.name} does not stand in the world frame yet; prepare the recording first")
    if static is None:
        assert recording is not None
        return fit_without_standing(size, recording, rhythm)
    template = template_body(rhythm)
    points, devices = with_knee_devices(standing_points(static))
    points, exchanged = _without_exchanged(points)
    height, size_notes = _height(size, points)
    known = replace(size, height_m=height, mass_kg=size.mass_kg or mean_mass(size.sex))
    standing = measure_standing(points, template, height / stature(template))
    factors = compute_factors(template, points, standing, size_factors(template, known))
    person = personalize(template, points, standing, factors)
    _check_lengths(person.body, standing.centres)
    landmarks = _personal_landmarks(person, points)
    body = replace(person.body, name="person", landmarks=landmarks)
    body = with_inertia(body, known.mass_kg or mean_mass(size.sex), size.sex)
    body = replace(body, markers=_attach(person, static, exchanged, standing.frames))
    body, locks = lock_unseen(body, recording or static)
    if recording is not None:
        body = _attach_missing(body, recording)
    notes = (
        *template.notes,
        *size_notes,
        *_exchanged_notes(exchanged),
        *devices,
        *standing.notes,
        *person.notes,
        *_STANDING_NOTES,
        *locks,
    )
    return replace(body, notes=notes)


_STANDING_NOTES = (
    "The sole of the standing foot is taken to be flat on the floor; "
    "the rest posture of every joint is the standing posture.",
    "Varus of the knee and the turn of the foot under the shank are fixed parts of the person's joints, "
    "measured while standing.",
    "Height of the pelvis and of each lumbar level is scaled, not measured.",
)


def standing_points(static: Recording) -> Points:
    """Return the median position of every marker of a standing trial, by landmark.

    Raises
    ------
    RecordingError
        If no marker of the profile was seen.
    """
    markers = static.require_markers()
    landmarks: dict[str, FloatArray] = {}
    trackers: dict[str, tuple[FloatArray, ...]] = {}
    for label, name in static.landmarks:
        position = median_position(markers.position(label))
        if position is None:
            continue
        if name.startswith("segment:"):
            if marker_weight(static, label) > 0:
                trackers[name[8:]] = (*trackers.get(name[8:], ()), position)
        else:
            landmarks[name] = position
    if not landmarks:
        raise RecordingError(f"{static.name} shows none of the landmarks of its marker set '{static.profile}'")
    return Points(landmarks, trackers)


def _height(size: BodySize, points: Points) -> tuple[float, tuple[str, ...]]:
    notes = []
    if size.mass_kg is None:
        notes.append(f"Body mass is not known: {mean_mass(size.sex):.0f} kg taken, the mean of ANSUR II.")
    if size.sex is None:
        notes.append("Sex is not known: segment masses are the mean of women and men.")
    if size.age_years is not None and size.age_years < _ADULT_YEARS:
        notes.append("Segment masses, and every length that was not measured, follow the proportions of adults.")
    if size.height_m is not None:
        return size.height_m, tuple(notes)
    if points.has("vertex"):
        height = float(points.landmarks["vertex"][2] - min(p[2] for p in points.landmarks.values()))
        notes.append(f"Height is not known: {height:.2f} m estimated from the marker on the head.")
        return height, tuple(notes)
    shank = [
        np.linalg.norm(points.landmarks[f"lateral_femoral_epicondyle_{s}"] - points.landmarks[f"lateral_malleolus_{s}"])
        for s in SIDES
        if points.has(f"lateral_femoral_epicondyle_{s}", f"lateral_malleolus_{s}")
    ]
    height = height_from_shank(float(np.mean(shank)), size.sex)
    notes.append(f"Height is not known: {height:.2f} m estimated from the shank.")
    return height, tuple(notes)


def _check_lengths(body: Body, centres: Mapping[str, FloatArray]) -> None:
    for word, upper, lower in (("thigh", "hip", "knee"), ("shank", "knee", "ankle")):
        right, left = (
            float(np.linalg.norm(centres[f"{upper}_centre_{s}"] - centres[f"{lower}_centre_{s}"])) for s in SIDES
        )
        if word == "thigh" and not all(_THIGH_M[0] <= length <= _THIGH_M[1] for length in (right, left)):
            raise BodyError(
                f"the thighs of this standing trial come out as {right:.2f} m (right) and {left:.2f} m (left), outside "
                f"{_THIGH_M[0]:.2f} to {_THIGH_M[1]:.2f} m; check units and labels of pelvis and knee markers"
            )
        if abs(right - left) > _LARGEST_ASYMMETRY * max(right, left):
            raise BodyError(
                f"the {word} comes out as {right:.2f} m on the right and {left:.2f} m on the left, more than "
                f"{100 * _LARGEST_ASYMMETRY:.0f} % apart; a marker of pelvis, knee or ankle is probably mislabelled"
            )


def _personal_landmarks(person: Personal, points: Points) -> tuple[Marker, ...]:
    """Landmarks stand where they were measured; joint centres where the joints of the body are."""

    def personal(mark: Marker) -> Marker:
        joint_centre = mark.name.rsplit("_", 1)[0].endswith("_centre")
        if joint_centre:
            world = person.poses[_CENTRE_OF[mark.name[:-2]] + mark.name[-2:]][:3, 3]
        elif mark.name in points.landmarks:
            world = points.landmarks[mark.name]
        elif mark.name == "sacrum" and points.has("psis_r", "psis_l"):
            world = points.middle("psis_r", "psis_l")
        elif mark.name[:-2] == "metatarsal_2_head" and points.has(
            *(f"metatarsal_{n}_head{mark.name[-2:]}" for n in "15")
        ):
            # As the direction of the foot was told from them.
            world = points.middle(*(f"metatarsal_{n}_head{mark.name[-2:]}" for n in "15"))
        else:
            return mark
        source = mark.source if joint_centre else "standing trial"
        return replace(mark, position=transform_points(inverse(person.poses[mark.segment]), world), source=source)

    return spines_beside_sacrum(tuple(personal(mark) for mark in person.body.landmarks), points.landmarks)


#: Segment whose origin is the joint centre.
_CENTRE_OF = {
    "hip_centre": "femur",
    "knee_centre": "tibia",
    "ankle_centre": "talus",
    "shoulder_centre": "humerus",
    "elbow_centre": "forearm",
    "wrist_centre": "hand",
}


def _without_exchanged(points: Points) -> tuple[Points, tuple[str, ...]]:
    """Leave out trunk markers that cannot stand where their names say."""
    pair = ("suprasternal_notch", "xiphoid")
    if not points.has(*pair) or points.landmarks[pair[0]][2] > points.landmarks[pair[1]][2]:
        return points, ()
    return replace(points, landmarks={k: v for k, v in points.landmarks.items() if k not in pair}), pair


def _exchanged_notes(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        return ()
    return (
        f"The markers {' and '.join(names)} are exchanged in the standing trial (the upper one stands below); "
        "neither is used.",
    )


#: Without a frame of their own these segments would carry their markers in a made-up pose.
_NEED_FRAME = ("humerus", "forearm")


def _attach(
    person: Personal, static: Recording, unused: tuple[str, ...], placed: Collection[str]
) -> tuple[Marker, ...]:
    markers = []
    positions = static.require_markers()
    for label, name in static.landmarks:
        world = median_position(positions.position(label))
        segment = segment_of(name)
        if world is None or segment not in person.poses:
            continue
        local = transform_points(inverse(person.poses[segment]), world)
        is_used = name not in unused and (segment in placed or segment.split("_")[0] not in _NEED_FRAME)
        weight = marker_weight(static, label) if is_used else 0.0
        markers.append(Marker(label, segment, local, weight, f"standing trial, {name}"))
    return tuple(markers)


def _attach_missing(body: Body, recording: Recording) -> Body:
    """Place markers that only the walking trial shows: landmarks where the body has them."""
    have = {m.name for m in body.markers}
    extra = []
    own = {m.name: m for m in body.landmarks}
    for label, name in recording.landmarks:
        if label not in have and name in own:
            extra.append(
                Marker(label, own[name].segment, own[name].position, marker_weight(recording, label), f"body, {name}")
            )
    return body.with_markers((*body.markers, *extra))
