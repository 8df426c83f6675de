"""Where the bony landmarks of a standing person are, as the markers saw them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from kinechain.body.body import Body
from kinechain.body.joint_centres import hip_centres
from kinechain.body.pose import segment_poses
from kinechain.core.arrays import FloatArray
from kinechain.motion.angles import landmark_path
from kinechain.motion.motion import Motion
from kinechain.recording.recording import Recording

__all__ = ["CENTRES", "Landmarks", "read_landmarks"]

#: Joint centres that two skin markers bound.
CENTRES = MappingProxyType(
    {
        "knee_centre": ("lateral_femoral_epicondyle", "medial_femoral_epicondyle"),
        "ankle_centre": ("lateral_malleolus", "medial_malleolus"),
    }
)


@dataclass(frozen=True)
class Landmarks:
    """Tracks of the landmarks in a standing trial.

    Attributes
    ----------
    tracks : mapping of landmark to (time, 3) array, m, world
        Measured by a marker of their own, or joint centres derived from such.
    modelled : mapping of landmark to (time, 3) array, m, world
        Joint centres that only the fitted body gives, because the markers that bound them are missing.
    duration_s : float
        0 for one frame.
    """

    tracks: Mapping[str, FloatArray]
    modelled: Mapping[str, FloatArray]
    duration_s: float

    @property
    def frames(self) -> int:
        """Frames of the recording."""
        return len(next(iter(self.tracks.values()))) if self.tracks else 0

    def has(self, *names: str) -> bool:
        """True if every landmark was measured in at least one frame."""
        return all(name in self.tracks for name in names)

    def lacking(self, *names: str) -> tuple[str, ...]:
        """Return those of the landmarks that were not measured."""
        return tuple(name for name in names if name not in self.tracks)

    def means(self, *names: str) -> dict[str, FloatArray]:
        """Return the mean position of some landmarks over the frames that show all of them, (3,) arrays, m."""
        stack = np.stack([self._track(n) for n in names], axis=1)
        whole = stack[np.isfinite(stack).all(axis=(1, 2))]
        return {name: whole[:, i].mean(axis=0) for i, name in enumerate(names)} if len(whole) else {}

    def frames_of(self, *names: str) -> list[dict[str, FloatArray]]:
        """Return the positions of some landmarks frame by frame, where all were seen."""
        stack = np.stack([self._track(n) for n in names], axis=1)
        whole = stack[np.isfinite(stack).all(axis=(1, 2))]
        return [{name: frame[i] for i, name in enumerate(names)} for frame in whole]

    def side(self, *stems: str, side: Literal["left", "right"]) -> tuple[str, ...]:
        """Return landmark names with the suffix of a side."""
        return tuple(f"{stem}_{side[0]}" for stem in stems)

    def _track(self, name: str) -> FloatArray:
        return self.tracks[name] if name in self.tracks else self.modelled[name]


def read_landmarks(recording: Recording, body: Body | None, motion: Motion | None) -> Landmarks:
    """Return the landmarks of a prepared standing recording.

    Parameters
    ----------
    recording : Recording
        Prepared, with its marker-set profile.
    body, motion : Body and Motion, or None
        The fitted body in this recording; gives joint centres where the bounding markers are missing.

    Notes
    -----
    Hip centres by regression on the iliac spines (``body.joint_centres.hip_centres``); knee and ankle centres midway
    between their two markers.
    """
    markers = recording.require_markers()
    pairs = [(label, name) for label, name in recording.landmarks if not name.startswith("segment:")]
    tracks = {name: markers.position(label) for label, name in pairs if label in markers.labels}
    tracks = {name: track for name, track in tracks.items() if np.isfinite(track).all(axis=1).any()}
    if "sacrum" not in tracks and {"psis_r", "psis_l"} <= set(tracks):
        tracks["sacrum"] = (tracks["psis_r"] + tracks["psis_l"]) / 2
    if {"asis_r", "asis_l", "sacrum"} <= set(tracks):
        right, left = hip_centres(tracks["asis_r"], tracks["asis_l"], tracks["sacrum"])
        tracks["hip_centre_r"], tracks["hip_centre_l"] = right, left
    for centre, (lateral, medial) in CENTRES.items():
        for s in ("r", "l"):
            if {f"{lateral}_{s}", f"{medial}_{s}"} <= set(tracks):
                tracks[f"{centre}_{s}"] = (tracks[f"{lateral}_{s}"] + tracks[f"{medial}_{s}"]) / 2
    frames = len(markers.positions)
    modelled = _modelled(body, motion, tracks) if body is not None and motion is not None else {}
    return Landmarks(MappingProxyType(tracks), MappingProxyType(modelled), (frames - 1) / markers.rate_hz)


def _modelled(body: Body, motion: Motion, tracks: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    known = {m.name for m in body.landmarks}
    wanted = [f"{c}_{s}" for c in ("hip_centre", "knee_centre", "ankle_centre") for s in ("r", "l")]
    wanted = [name for name in wanted if name in known and name not in tracks]
    if not wanted:
        return {}
    poses = segment_poses(body, motion.values)
    return {name: landmark_path(body, poses, name) for name in wanted}
