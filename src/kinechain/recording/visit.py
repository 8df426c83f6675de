"""Prepare the recordings of one visit: they share a laboratory, so what one tells of its axes holds for the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from kinechain.core.errors import InputError, KinechainError, SidesError
from kinechain.recording.prepare import PrepareSettings, prepare_recording
from kinechain.recording.recording import Note, Recording

__all__ = ["named", "prepare_visit"]

#: Two trials stand in the same axes when their verticals agree within this angle (assumption: a snapped axis is exact,
#: and one told from a person's long axis is known within 5 deg).
SAME_AXES_DEG = 1.0
#: A vertical told from somebody standing is replaced by a better one of the same visit within this angle (assumption).
SAME_LABORATORY_DEG = 15.0
#: Share of the labels that two trials of one person and one marker set have in common (assumption).
SAME_LABELS = 0.8


def prepare_visit(
    recordings: Mapping[Path, Recording],
    profile: str | None,
    settings: PrepareSettings | None,
    refused: list[str],
) -> dict[Path, Recording]:
    """Prepare every recording; where one cannot tell its axes or sides, look at the others.

    Parameters
    ----------
    recordings : mapping of path to Recording
        As read.
    profile : str or None
        Marker-set profile by name or file.
    settings : PrepareSettings or None
    refused : list of str
        Gets a sentence for every recording that cannot be used.

    Returns
    -------
    dict of path to Recording
        In the order given, without those that were refused.
    """
    settings = settings or PrepareSettings()
    ready: dict[Path, Recording] = {}
    unsure: dict[Path, SidesError] = {}
    for path, recording in recordings.items():
        try:
            ready[path] = prepare_recording(recording, profile, settings)
        except SidesError as error:
            unsure[path] = error
        except InputError as error:
            refused.append(named(recording.name, error))
    for path, doubt in unsure.items():
        helped = _with_the_sides_of_another(recordings[path], ready.values(), profile, settings)
        if helped is None:
            refused.append(named(recordings[path].name, doubt))
        else:
            ready[path] = helped
    for path in list(ready):
        ready[path] = _with_the_vertical_of_another(path, recordings[path], ready, profile, settings)
    return {path: ready[path] for path in recordings if path in ready}


def named(name: str, error: KinechainError) -> str:
    """Return what is wrong with a file as a sentence that names it."""
    return str(error) if name in str(error) else f"{name}: {error}"


def _with_the_sides_of_another(
    recording: Recording, others: Iterable[Recording], profile: str | None, settings: PrepareSettings
) -> Recording | None:
    """Prepare a recording whose body is turned over by what another trial in the same axes tells, else None."""
    for other in others:
        if recording.markers is None or not _is_same_set(recording, other) or other.world_from_lab is None:
            continue
        turned: Literal["mirrored", "exchanged"] = (
            "mirrored" if np.linalg.det(other.world_from_lab) < 0 else "exchanged"
        )
        told = replace(settings, turned_over=turned, turned_over_by=f"{other.name}, recorded in the same axes,")
        try:
            helped = prepare_recording(recording, profile, told)
        except InputError:
            continue
        if _between(helped, other) <= SAME_AXES_DEG:
            return helped
    return None


def _with_the_vertical_of_another(
    path: Path,
    recording: Recording,
    ready: Mapping[Path, Recording],
    profile: str | None,
    settings: PrepareSettings,
) -> Recording:
    """Prepare a trial in tilted axes again by the better vertical of another trial; say where they disagree."""
    own = ready[path]
    if not own.vertical_error_deg:
        return own
    for place, other in ready.items():
        apart = _between(own, other)
        if place == path or other.world_from_lab is None or apart > SAME_LABORATORY_DEG:
            continue
        if other.vertical_error_deg >= own.vertical_error_deg:
            continue
        x, y, z = (float(v) for v in other.world_from_lab[2])
        told = prepare_recording(recording, profile, replace(settings, up=(x, y, z)))
        text = (
            f"The vertical of {recording.name} was taken from {other.name}, which tells it better; told from this "
            f"trial alone it lay {apart:.1f} deg away."
        )
        effect = "Tilt and lean of pelvis and trunk are as certain as in the other trial."
        note = Note("repaired", text, "axes.visit", "all markers and plates", effect)
        return replace(told, notes=(*told.notes, note))
    return own


def _between(a: Recording, b: Recording) -> float:
    """Angle between the verticals of two prepared recordings in their laboratories' axes, deg."""
    if a.world_from_lab is None or b.world_from_lab is None:
        return 180.0
    return float(np.degrees(np.arccos(np.clip(a.world_from_lab[2] @ b.world_from_lab[2], -1.0, 1.0))))


def _is_same_set(a: Recording, b: Recording) -> bool:
    first, second = (set(r.markers.labels) if r.markers else set() for r in (a, b))
    return len(first & second) >= SAME_LABELS * min(len(first), len(second))
