"""Where a fitted body, its recordings and what is stated of a person cannot all be believed, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinechain.body.body import Body
from kinechain.body.fit import BodySize
from kinechain.care.finding import Finding
from kinechain.findings.gait import marker_fit_mm, marker_fit_norm
from kinechain.motion.body_paths import foot_is_shown
from kinechain.motion.plausibility import impossible_joints
from kinechain.motion.trial import GaitTrial
from kinechain.motion.weight import STRIDE_TOLERANCE
from kinechain.recording.recording import Side

__all__ = ["contradicted", "doubts", "mass_slip"]

#: Hip to ankle as a share of the height, beyond which the two are not of one adult or one unit.  An assumption: 15 %
#: either way around the generic body's share.
LEG_SHARE = (0.41, 0.56)

#: Body mass index, kg/m^2, beyond which mass or height is a slip (assumption: wider than any adult seen walking).
MASS_INDEX = (8.0, 100.0)

#: Landmarks that tell where a knee is.
KNEES = (
    "lateral_femoral_epicondyle",
    "medial_femoral_epicondyle",
    "knee_centre",
    "fibula_head",
    "tibial_tuberosity",
)


def doubts(
    body: Body | None, has_standing: bool, trials: Sequence[GaitTrial], parts: Sequence[GaitTrial]
) -> tuple[str, ...]:
    """Say where the fitted body should not be believed.

    Parameters
    ----------
    body : Body or None
    has_standing : bool
        Whether there was a standing trial.
    trials, parts : sequence of GaitTrial
        Walks, and walks without a stride or runs.
    """
    return (
        *_misfits(body, trials, parts),
        *_unseen_knees(body, has_standing, (*trials, *parts)),
        *_unseen_feet(body, trials),
        *_impossible(body, (*trials, *parts)),
    )


def contradicted(size: BodySize, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Say where plates, markers and what is stated of the person contradict each other.

    Parameters
    ----------
    size : BodySize
    findings : sequence of Finding
    """
    said = []
    weighed = next((f.estimate.value for f in findings if f.id == "quality.plate_mass"), None)
    if size.mass_kg is not None and weighed is not None and abs(weighed / size.mass_kg - 1.0) > STRIDE_TOLERANCE:
        said.append(
            f"The force plates weigh {weighed:.1f} kg in walking, and {size.mass_kg:.1f} kg is stated: check the mass, "
            "the plates, and that each foot came down whole on a plate of its own; do not trust the force curves "
            "until then."
        )
    fit = next((f for f in findings if f.id == "quality.marker_fit" and f.verdict == "outside"), None)
    if fit is not None:
        said.append(
            f"The body misses the walking markers by {fit.estimate.value:.0f} mm: markers may be exchanged or sit "
            "elsewhere than their names say, the unit of length may differ between the files, or a standing trial may "
            "be of another person; do not trust any angle or difference until this is cleared."
        )
    legs = [f.estimate.value for f in findings if f.id == "leg.length_joint_centres"]
    if size.height_m is not None and legs:
        share = sum(legs) / len(legs) / 1e3 / size.height_m
        if not LEG_SHARE[0] <= share <= LEG_SHARE[1]:
            said.append(
                f"Hip to ankle measures {share:.0%} of the stated height of {size.height_m:.2f} m: check the height, "
                "the unit of length of the recording, and that it is of this person."
            )
    if slip := mass_slip(size):
        said.append(f"{slip}: check both; until then trust nothing that depends on mass.")
    return tuple(said)


def mass_slip(size: BodySize) -> str:
    """Say that mass and height cannot be of one adult; '' where they can, or one is not known.

    Parameters
    ----------
    size : BodySize
    """
    if size.mass_kg is None or size.height_m is None:
        return ""
    index = size.mass_kg / size.height_m**2
    if MASS_INDEX[0] <= index <= MASS_INDEX[1]:
        return ""
    return f"{size.mass_kg:.1f} kg at {size.height_m:.2f} m make a body mass index of {index:.0f}"


def _misfits(body: Body | None, trials: Sequence[GaitTrial], parts: Sequence[GaitTrial]) -> tuple[str, ...]:
    """Say which of several trials, or of those without a stride, the body does not fit: a mean over all may hide it."""
    if body is None:
        return ()
    limit = marker_fit_norm().high
    said = []
    for trial in (*(trials if len(trials) > 1 else ()), *parts):
        misfit = marker_fit_mm(body, [trial])
        if misfit is not None and misfit > limit:
            said.append(
                f"{trial.recording.name}: the body misses its markers by {misfit:.0f} mm; check its labels, its unit "
                "of length and that the standing trial is of the same person and session, and do not trust its angles "
                "until then."
            )
    return tuple(said)


def _unseen_knees(body: Body | None, has_standing: bool, trials: Sequence[GaitTrial]) -> tuple[str, ...]:
    """Say where the place of the knee is a guess: nothing of the thigh was seen, or nothing of the knee ever."""
    segments = {marker.name: marker.segment for marker in body.markers} if body else {}
    said = []
    for trial in trials:
        seen = [segments.get(name) for name in trial.motion.markers]
        for word in ("right", "left"):
            if f"femur_{word[0]}" not in seen and seen.count(f"tibia_{word[0]}") < 3:
                said.append(
                    f"{trial.recording.name} shows no marker of the {word} thigh or knee: do not trust its hip and "
                    "knee angles of that side."
                )
            elif not has_standing and not any(
                x[:-2] in KNEES and x.endswith(f"_{word[0]}") for _, x in trial.recording.landmarks
            ):
                said.append(
                    f"{trial.recording.name} shows no marker at the {word} knee and there is no standing trial with "
                    "one: the lengths of thigh and shank follow from the height alone, so do not trust the hip, knee "
                    "and ankle angles of that side; give the standing trial (--static)."
                )
    return tuple(said)


def _unseen_feet(body: Body | None, trials: Sequence[GaitTrial]) -> tuple[str, ...]:
    """Say in how many frames no marker shows a foot: what it carries there would be a guess."""
    if body is None:
        return ()
    said = []
    for trial in trials:
        sides: tuple[Side, Side] = ("right", "left")
        for side in sides:
            hidden = ~foot_is_shown(body, trial.motion, side) & np.isfinite(trial.motion.values).all(axis=1)
            if hidden.any():
                said.append(
                    f"{trial.recording.name} does not show how the {side} foot turns against the shank in "
                    f"{np.count_nonzero(hidden)} of {len(hidden)} frames: loads of its ankle, calf and foot are not "
                    "given there; do not trust a ground reaction predicted there. Mark heel and metatarsal heads."
                )
    return tuple(said)


def _impossible(body: Body | None, trials: Sequence[GaitTrial]) -> tuple[str, ...]:
    """Say which legs move as no leg can."""
    if body is None:
        return ()
    return tuple(said for trial in trials for said in impossible_joints(body, trial.motion, trial.recording.name))
