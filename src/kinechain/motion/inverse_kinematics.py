"""From the markers of a recording to the motion of a body."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from kinechain.body.attach import ARM_SHARE, UPPER_BODY_SHARE
from kinechain.body.body import Body, Marker
from kinechain.body.observability import MINIMUM_REACH_M, compute_reach
from kinechain.body.pose import marker_positions
from kinechain.body.solve import (
    KERNELS,
    CoordinateTarget,
    PoseSolution,
    SolveSettings,
    solve_poses,
    with_dependent,
)
from kinechain.body.tree import Tree, flatten
from kinechain.core.arrays import FloatArray, runs_of
from kinechain.core.errors import RecordingError, SettingError, suggest
from kinechain.core.frames import OURS_FROM_OPENSIM
from kinechain.motion.motion import Motion
from kinechain.motion.smooth import MAXIMUM_GAP_S
from kinechain.recording.recording import Recording

__all__ = ["IkSettings", "solve_motion"]

#: Weight of the pull towards the default pose for our own bodies; an assumption.  It says that a joint lies
#: within 0.35 rad of its default as surely as a skin marker lies within 7 mm of its place on the bone
#: (about 40 markers: (0.007 / 0.35)^2 / 40 = 1e-5), so it decides only what the markers leave open.
DEFAULT_PULL = 1e-5
#: Coordinates known to stay within 0.087 rad (5 deg) instead, so pulled (0.35 / 0.087)^2 = 16 times as much; an
#: assumption, less than the 7 deg between people that schwartz2008 reports with all marker errors inside.  Near
#: full extension one marker at the knee cannot tell its rotation from that of the hip.
TIGHT = ("knee_rotation",)
TIGHT_TIMES = 16.0
#: Coordinates within a foot that markers on heel bone and forefoot show apart, pulled (3 / 7)^2 = 0.18 times as much;
#: an assumption: skin over these small bones moves by 3 mm, not 7 mm, and a full pull would hide a seventh of the
#: eversion of a heel (tests/validation/test_foot_sets.py).
FOOT = ("subtalar_", "midtarsal_", "forefoot_")
FOOT_TIMES = 0.18
#: Coordinates of the arms, pulled as much less as the markers of the arms count less.
ARM = ("shoulder_", "elbow_", "forearm_", "wrist_")
ARM_TIMES = UPPER_BODY_SHARE * ARM_SHARE

#: A marker is not the point it is named after when it lies further than this from the body, m, and more than so
#: many times as far as it usually does; assumptions: skin moves by centimetres, exchanged markers by decimetres.
OUTLIER_M, OUTLIER_TIMES = 0.1, 4.0
#: Markers at least this part as far off as the worst of their frame are left out together, in so many passes.
OUTLIER_SHARE, OUTLIER_PASSES = 0.7, 6
#: Frames around one that tell a jump from a slow departure, and the part of the limit from which a jump counts.
OUTLIER_WINDOW, JUMP_SHARE = 61, 0.4


@dataclass(frozen=True)
class IkSettings:
    """How a motion is solved.

    Attributes
    ----------
    pull : float or None
        Weight that draws every joint coordinate (not the six of the root) to its default, against the markers'
        mean squared distance; axial knee rotation is drawn 16 times as much, the arms a thousandth.  None: 1e-5 for
        our own bodies, none for imported models.
    coordinate_targets : tuple of CoordinateTarget
        Further values that coordinates should have; they replace the pull of that coordinate.
    minimum_fraction : float
        A frame that shows less than this part of the tracked markers, or fewer than 3, stays unsolved.
    outlier_m : float or None
        A marker that lies further than this from the body, and more than four times as far as it usually does, is
        left out of that frame; 0.4 of it suffices where the marker jumps.  None: 0.1 m for our own bodies, no
        limit for imported models.
    solver : SolveSettings
    """

    pull: float | None = None
    coordinate_targets: tuple[CoordinateTarget, ...] = ()
    minimum_fraction: float = 0.5
    outlier_m: float | None = None
    solver: SolveSettings = field(default_factory=SolveSettings)

    def __post_init__(self) -> None:
        if not 0.0 <= self.minimum_fraction <= 1.0 or not (self.pull is None or self.pull >= 0.0):
            raise SettingError(
                f"inverse kinematics needs a pull from 0 up and a fraction of 0 to 1, "
                f"got {self.pull} and {self.minimum_fraction}"
            )


def solve_motion(body: Body, recording: Recording, settings: IkSettings | None = None) -> Motion:
    """Return the motion of a body that fits the markers of a recording best.

    Parameters
    ----------
    body : Body
        Its markers are matched to those of the recording by name; weight 0 is not tracked.
    recording : Recording
        In the world frame; for a body with ``up == 'y'`` it is turned into OpenSim's axes, or, if not
        yet in the world frame, taken to stand in them already.
    settings : IkSettings, optional

    Returns
    -------
    Motion
        Unfiltered.  Frames that could not be solved hold NaN and ``is_solved`` 0; a coordinate whose markers were
        all hidden for some frames is drawn as a straight line across them, and has ``is_shown`` 0 there if they last
        longer than 0.1 s.  Both are said in the notes.

    Raises
    ------
    RecordingError
        If the recording has no markers, stands in an unknown frame, or shares too few markers with the body.
    """
    settings = settings or IkSettings()
    measured = recording.require_markers()
    positions, notes = _in_frame_of(body, recording)
    tracked = tuple(m for m in body.markers if m.weight > 0 and m.name in measured.labels)
    targets = positions[:, [measured.labels.index(m.name) for m in tracked]]
    seen = np.asarray(np.isfinite(targets).all(axis=-1))
    tracked, targets, seen = _drop_unseen(body, recording, tracked, targets, seen, notes)
    tree = flatten(body, tracked)
    sees = np.asarray(compute_reach(tree) > MINIMUM_REACH_M)
    held = tuple(
        tree.coordinates[c] for c, is_seen in zip(tree.inputs, np.any(sees, axis=0), strict=True) if not is_seen
    )
    if held:
        notes.append(f"Held at their default, because no tracked marker shows them: {', '.join(held)}.")
    wanted, solver = _targets(body, tree, held, settings, notes), _with_minimum(settings, len(tracked))

    def solve(points: FloatArray) -> PoseSolution:
        return solve_poses(body, tracked, points, coordinate_targets=wanted, held=held, settings=solver)

    limit = settings.outlier_m or (OUTLIER_M if body.up == "z" else np.inf)
    solution, outliers = _solve_without_outliers(body, tracked, targets, solve, limit)
    if outliers.any():
        seen = np.asarray(seen & ~outliers)
        notes.append(_outlier_note(outliers, tracked))
    values, is_shown = _bridge_hidden(body, tracked, held, solution, seen, measured.rate_hz, notes)
    _describe(solution, tracked, measured.times_s, notes)
    values[solution.is_solved == 0] = np.nan
    return Motion(
        coordinates=tree.coordinates,
        values=values,
        rate_hz=measured.rate_hz,
        start_s=measured.start_s,
        markers=tuple(m.name for m in tracked),
        marker_error=solution.marker_error,
        is_solved=solution.is_solved,
        body_hash=body.hash,
        notes=tuple(notes),
        is_shown=is_shown,
    )


def _solve_without_outliers(
    body: Body,
    tracked: tuple[Marker, ...],
    targets: FloatArray,
    solve: Callable[[FloatArray], PoseSolution],
    limit_m: float,
) -> tuple[PoseSolution, NDArray[np.bool_]]:
    """Solve, leave out the worst of the markers that lie too far off, and solve again, until none is left.

    One wrong marker draws the right ones away with it, so only those nearly as bad as the worst of their frame go
    at a time, and one that turns out to fit comes back.
    """
    outliers = np.zeros(targets.shape[:2], dtype=bool)
    solution = solve(targets)
    for _ in range(OUTLIER_PASSES):
        distance = np.linalg.norm(marker_positions(body, tracked, solution.values) - targets, axis=-1)
        distance[solution.is_solved == 0] = np.nan
        far = _is_far(distance, outliers, limit_m)
        kept = np.where(outliers | ~np.isfinite(distance), 0.0, distance)
        worst = far & ~outliers & (kept >= OUTLIER_SHARE * kept.max(axis=1, keepdims=True))
        changed = (outliers & (far | ~np.isfinite(distance))) | worst
        if np.array_equal(changed, outliers):
            break
        outliers = changed
        solution = solve(np.where(outliers[..., None], np.nan, targets))
    return solution, outliers


def _is_far(distance: FloatArray, outliers: NDArray[np.bool_], limit_m: float) -> NDArray[np.bool_]:
    """Say which markers (time, marker) lie further off than they usually do in the whole trial, or all at once.

    All at once counts from 0.4 of the limit on, against the median of the frames around: a bent trunk takes its
    markers off slowly, a wrong marker jumps.
    """
    known = np.where(outliers, np.nan, distance)
    usual = _nan_median(known)
    far = distance > np.maximum(limit_m, OUTLIER_TIMES * usual)
    columns = np.flatnonzero((distance > JUMP_SHARE * limit_m).any(axis=0))
    if columns.size:
        filled = np.where(np.isfinite(known), known, usual)[:, columns]
        edges = np.pad(filled, ((OUTLIER_WINDOW // 2, OUTLIER_WINDOW // 2), (0, 0)), mode="edge")
        around = np.median(sliding_window_view(edges, OUTLIER_WINDOW, axis=0), axis=-1)
        far[:, columns] |= distance[:, columns] > np.maximum(JUMP_SHARE * limit_m, OUTLIER_TIMES * around)
    return np.asarray(far)


def _nan_median(values: FloatArray) -> FloatArray:
    """Return the median (column,) of what is there in each column of (row, column), 0 where nothing is."""
    shown = np.isfinite(values).any(axis=0)
    out = np.zeros(values.shape[1])
    out[shown] = np.nanmedian(values[:, shown], axis=0)
    return out


def _outlier_note(outliers: NDArray[np.bool_], tracked: tuple[Marker, ...]) -> str:
    frames = outliers.sum(axis=0)
    named = [f"{tracked[m].name} ({frames[m]} frames)" for m in np.argsort(-frames)[:6] if frames[m]]
    more = int((frames > 0).sum()) - len(named)
    return f"Left out where they lie far from the body: {', '.join(named)}{f' and {more} more' if more else ''}."


def _in_frame_of(body: Body, recording: Recording) -> tuple[FloatArray, list[str]]:
    """Return the marker positions in the body's ground frame, and a note if they had to be turned."""
    positions = recording.require_markers().positions
    if body.up == "z":
        if not recording.is_world:
            raise RecordingError(
                f"{recording.name} has not been brought into the world frame (x forward, y left, z up); "
                "prepare the recording first"
            )
        return positions, []
    if recording.is_world:
        return positions @ OURS_FROM_OPENSIM, ["Markers were turned from the world frame to OpenSim's axes (y up)."]
    return positions, ["Markers were taken as they stand in the file: OpenSim's axes (y up)."]


def _drop_unseen(
    body: Body,
    recording: Recording,
    tracked: tuple[Marker, ...],
    targets: FloatArray,
    seen: NDArray[np.bool_],
    notes: list[str],
) -> tuple[tuple[Marker, ...], FloatArray, NDArray[np.bool_]]:
    """Leave out markers that are never seen, name the ones that are missing, and refuse when too few remain."""
    ever = np.asarray(seen.any(axis=0))
    kept = tuple(m for m, is_seen in zip(tracked, ever, strict=True) if is_seen)
    wanted = [m.name for m in body.markers if m.weight > 0]
    there = {m.name for m in kept}
    missing = [n for n in wanted if n not in there]
    labels = recording.require_markers().labels
    if len(kept) < 3:
        nearest = suggest(missing[0], labels) if missing else "The body has no markers: fit it to a static trial first."
        raise RecordingError(
            f"{recording.name} shows {len(kept)} of the {len(wanted)} markers of body '{body.name}', "
            f"and at least 3 are needed. {nearest}"
        )
    if missing:
        notes.append(f"Markers of the body that this recording does not show: {', '.join(missing)}.")
    return kept, targets[:, ever], seen[:, ever]


def _with_minimum(settings: IkSettings, tracked: int) -> SolveSettings:
    solver = settings.solver
    return SolveSettings(
        tolerance=solver.tolerance,
        max_iterations=solver.max_iterations,
        starts=solver.starts,
        minimum_markers=max(3, solver.minimum_markers, int(np.ceil(settings.minimum_fraction * tracked))),
    )


def _targets(
    body: Body, tree: Tree, held: tuple[str, ...], settings: IkSettings, notes: list[str]
) -> tuple[CoordinateTarget, ...]:
    """Return the wanted coordinate values: those asked for, and the pull to the default for the others."""
    pull = settings.pull if settings.pull is not None else (DEFAULT_PULL if body.up == "z" else 0.0)
    asked = {t.coordinate for t in settings.coordinate_targets}
    if pull == 0.0:
        return settings.coordinate_targets
    pulled = [
        tree.coordinates[c]
        for c, is_root in zip(tree.inputs, tree.is_root, strict=True)
        if not is_root and tree.coordinates[c] not in held and tree.coordinates[c] not in asked
    ]
    shown = {name[-1] for name in pulled if name.startswith("midtarsal_dorsiflexion_")}
    feet = f", feet of several parts with {FOOT_TIMES * pull:g}" if shown else ""
    notes.append(
        f"Joint coordinates are drawn to their default with weight {pull:g} against the markers, "
        f"axial knee rotation with {TIGHT_TIMES * pull:g}, arms with {ARM_TIMES * pull:g}{feet}."
    )
    rest = {name: np.array([body.coordinate(name).default]) for name in pulled}
    return (
        *settings.coordinate_targets,
        *(CoordinateTarget(name, rest[name], pull * _times(name, shown)) for name in pulled),
    )


def _times(name: str, parted_feet: Collection[str]) -> float:
    """Return how much a coordinate is pulled, against most; sides whose foot is shown in parts are given."""
    if name.startswith(FOOT) and name[-1] in parted_feet:
        return FOOT_TIMES
    if name.startswith(TIGHT):
        return TIGHT_TIMES
    return ARM_TIMES if name.startswith(ARM) else 1.0


def _bridge_hidden(
    body: Body,
    tracked: tuple[Marker, ...],
    held: tuple[str, ...],
    solution: PoseSolution,
    seen: NDArray[np.bool_],
    rate_hz: float,
    notes: list[str],
) -> tuple[FloatArray, FloatArray | None]:
    """Draw each coordinate straight across solved frames in which all markers that show it were hidden.

    Also say where that lasts long, (time, coordinate), None if nowhere.
    """
    tree = flatten(body, tracked, held=held)
    values = np.array(solution.values)
    is_shown = np.ones(values.shape)
    solved = solution.is_solved == 1
    shown = (seen.astype(float) @ (compute_reach(tree) > MINIMUM_REACH_M)) > 0
    frames = np.arange(len(values))
    for column, coordinate in enumerate(tree.inputs):
        hidden = solved & ~shown[:, column]
        known = solved & shown[:, column]
        if hidden.any() and known.any():
            values[hidden, coordinate] = np.interp(frames[hidden], frames[known], values[known, coordinate])
            long = _long_runs(~known, MAXIMUM_GAP_S * rate_hz) & hidden
            is_shown[long, coordinate] = 0.0
            empty = f" and left empty in motion files for {long.sum()} of them" if long.any() else ""
            notes.append(
                f"{tree.coordinates[coordinate]}: all markers that show it were hidden in {hidden.sum()} frames; "
                f"drawn straight across them{empty}."
            )
    for coordinate in tree.coordinate_order:
        if tree.coordinate_driver[coordinate] >= 0:
            is_shown[:, coordinate] = is_shown[:, tree.coordinate_driver[coordinate]]
    return with_dependent(tree, values), None if is_shown.all() else is_shown


def _long_runs(mask: NDArray[np.bool_], longest: float) -> NDArray[np.bool_]:
    """Return the runs of True of more than ``longest`` frames."""
    out = np.zeros_like(mask)
    for start, end in runs_of(mask):
        out[start:end] = end - start > longest
    return out


def _describe(solution: PoseSolution, tracked: tuple[Marker, ...], times_s: FloatArray, notes: list[str]) -> None:
    """Say how it was solved, how well it fits, and which frames are missing."""
    solved = solution.is_solved == 1
    notes.append(
        f"Inverse kinematics by bounded weighted least squares on {len(tracked)} markers, kernels: {KERNELS}; "
        f"{solved.sum()} of {len(solved)} frames solved."
    )
    if not solved.any():
        return
    squared = solution.marker_error[solved] ** 2
    by_marker = np.sqrt(np.nansum(squared, axis=0) / np.maximum(np.isfinite(squared).sum(axis=0), 1))
    worst = int(np.argmax(by_marker))
    notes.append(
        f"Distance of model and measured markers: root mean square {1000 * np.sqrt(np.nanmean(squared)):.1f} mm, "
        f"largest for {tracked[worst].name} ({1000 * by_marker[worst]:.1f} mm)."
    )
    if not solved.all():
        notes.append(f"Not solved (too few markers, or no convergence): {_spans(~solved, times_s)}.")


def _spans(mask: NDArray[np.bool_], times_s: FloatArray) -> str:
    """Return stretches of frames in words: '0.10-0.15 s, 1.20 s'."""
    spans = [
        f"{times_s[a]:.2f} s" if b - a == 1 else f"{times_s[a]:.2f}-{times_s[b - 1]:.2f} s" for a, b in runs_of(mask)
    ]
    return ", ".join(spans[:6]) + (f" and {len(spans) - 6} more stretches" if len(spans) > 6 else "")
