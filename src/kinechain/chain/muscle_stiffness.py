"""What active muscles and tense tissues resist about a posture, from their paths alone.

A path of length ``L`` whose tension is ``F`` there and grows by ``k`` per metre has, about the posture, the energy
``F dL + 1/2 k dL^2``.  Over the coordinates that is the moment ``F r`` (``r = -dL/dq``, the moment arms) and the
stiffness::

    K = k r r'  +  F d2L/dq2

The first term is never negative in any direction and couples all joints a path crosses; the second, geometric one is
what a tension does because its arms change, and may take stiffness away.

Of muscle only the ACTIVE part is counted here: what muscle does at rest is in the passive moments of
`kinechain.chain.joint_stiffness`.  ``k`` is the short-range stiffness, ``gamma F / fibre length`` (cui2008), with the
tendon in series.  It is the answer to the first tenths of a degree; turned further, muscle yields: ``share`` is what
is left of it (``posture_share`` in ``body/parts/joint_stiffness.csv``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kinechain.body.body import Body
from kinechain.body.hill import flatten_fibres, strength, tendon_force_strain
from kinechain.body.muscle import Musculature
from kinechain.body.paths import column_slopes, flatten_paths, input_arms, measure_paths
from kinechain.body.tables import lookup
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import SettingError, suggest
from kinechain.recording.recording import Side

__all__ = [
    "Coupling",
    "PathStiffness",
    "lowered_arches",
    "muscle_couplings",
    "muscle_stiffness",
    "posed_paths",
    "tissue_stiffness",
]

#: Steps by which arms are differenced, rad or m; lengths are smooth over them but where a path meets a surface.
_STEP = 1e-4
#: Strain over which the slope of a tissue's law is taken: laws are straight between their rows.
_SPAN = 0.0025
#: Angles of the midfoot that are tried for the one at which its tissues carry a moment, rad.
_GIVES = np.radians(np.linspace(-5.0, 15.0, 401))
#: The tissue that was fitted to what riener1999 leaves over: the passive moment of the hip holds it.
_COUNTED_ELSEWHERE = "anterior_hip"


@dataclass(frozen=True, eq=False)
class PathStiffness(Immutable):
    """The paths of a body about one posture: what any tension in them resists.

    Attributes
    ----------
    musculature : Musculature
    free : tuple of str
    lengths : (path,) array, m
        Muscles, then tissues.
    arms : (path, free) array, m/rad or m/m
        Moment arms: minus the derivative of the length.
    bends : (path, free, free) array, m/rad^2
        Second derivative of the length, made symmetric.
    asymmetry : (path,) array, m/rad^2
        Largest difference between the two orders of differentiation; exact derivatives have none.
    """

    musculature: Musculature
    free: tuple[str, ...]
    lengths: FloatArray
    arms: FloatArray
    bends: FloatArray
    asymmetry: FloatArray

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, frozen(value))

    @property
    def muscle_count(self) -> int:
        """Number of muscles; paths from here on are tissues."""
        return len(self.musculature.muscles)

    def matrix(self, stiffness: FloatArray, tension: FloatArray | None = None, *, first: int = 0) -> FloatArray:
        """Return the stiffness over the coordinates, (case, free, free) array, N m/rad.

        Parameters
        ----------
        stiffness : (case, path) array, N/m
            Of some paths that follow each other.
        tension : (case, path) array or None, N
            Of the same; None leaves the geometric term out.
        first : int
            The first of them.
        """
        some = slice(first, first + stiffness.shape[1])
        arms, free = self.arms[some], len(self.free)
        out = stiffness @ (arms[:, :, None] * arms[:, None, :]).reshape(len(arms), -1)
        if tension is not None:
            out += tension @ self.bends[some].reshape(len(arms), -1)
        out = out.reshape(-1, free, free)
        return np.asarray(0.5 * (out + out.transpose(0, 2, 1)))


@dataclass(frozen=True)
class Coupling:
    """What one muscle does between two coordinates.

    Attributes
    ----------
    muscle : str
    elastic, geometric : float
        N m/rad: of its stiffness, and of its tension through arms that change.
    """

    muscle: str
    elastic: float
    geometric: float


def posed_paths(body: Body, musculature: Musculature, posture: FloatArray, free: tuple[str, ...]) -> PathStiffness:
    """Return the paths of a body about a posture.

    Parameters
    ----------
    body : Body
    musculature : Musculature
        Of that body.
    posture : (coordinate,) array, rad or m
        All coordinates of the body, in its order; those with a driver are computed from it.
    free : tuple of str
        Coordinates the stiffness is asked for.

    Raises
    ------
    SettingError
        If a coordinate is not one of the body's, or follows another.
    """
    paths = flatten_paths(body, musculature, locks=False)
    inputs = [paths.tree.coordinates[c] for c in paths.tree.inputs]
    for name in free:
        if name not in inputs:
            raise SettingError(f"'{name}' is no coordinate that moves '{body.name}'. {suggest(name, inputs)}")
    posture = np.asarray(posture, dtype=float)
    if posture.shape != (len(body.coordinates),):
        raise SettingError(f"'{body.name}' has {len(body.coordinates)} coordinates, got a posture {posture.shape}")
    columns = np.array([inputs.index(name) for name in free])
    moved = np.zeros((1 + 2 * len(free), len(inputs)))
    moved[:] = posture[paths.tree.inputs]
    rows = np.arange(len(free))
    moved[1 + rows, columns] += _STEP
    moved[1 + len(free) + rows, columns] -= _STEP
    lengths, entries, _ = measure_paths(paths, moved)
    arms = input_arms(paths, moved, entries)[:, :, columns]
    # Row i: how all arms change with coordinate i; the length bends by as much, with the other sign.
    changes = -(arms[1 : 1 + len(free)] - arms[1 + len(free) :]).transpose(1, 0, 2) / (2.0 * _STEP)
    skew = np.abs(changes - changes.transpose(0, 2, 1)).max(axis=(1, 2), initial=0.0)
    bends = 0.5 * (changes + changes.transpose(0, 2, 1))
    return PathStiffness(musculature, tuple(free), lengths[0], arms[0], bends, skew)


def muscle_stiffness(
    paths: PathStiffness,
    activations: ArrayLike,
    *,
    tone: ArrayLike = 1.0,
    share: ArrayLike = 1.0,
    range_constant: ArrayLike | None = None,
    geometric: bool = True,
) -> FloatArray:
    """Return the stiffness of active muscles about the posture, (case, free, free) array, N m/rad.

    Parameters
    ----------
    paths : PathStiffness
        From `posed_paths`.
    activations : (muscle,) or (case, muscle) array or one number, 1
        E.g. of `kinechain.loads.person_loads.standing_loads`, or one tone of all muscles.
    tone : (case,) array or one number, 1
        Factor on all activations.
    share : (case,) array or one number, 1
        What is left of the short-range stiffness at the size of the motion asked about; the tension stays.
    range_constant : (case,) array or one number, optional
        Stiffness of fibres in forces per optimal length (gamma); default: ``short_range_constant`` of the table.
    geometric : bool
        Whether the tension's own term is in it.
    """
    stiffness, force = _muscle_terms(paths, activations, tone, range_constant)
    shares = np.asarray(share, dtype=float).reshape(-1, 1)
    if len(shares) > 1 and len(force) == 1:
        force = np.broadcast_to(force, (len(shares), force.shape[1]))
    return paths.matrix(shares * stiffness, force if geometric else None)


def muscle_couplings(
    paths: PathStiffness, activations: ArrayLike, first: str, second: str, *, share: float = 1.0
) -> tuple[Coupling, ...]:
    """Return which muscles tie two coordinates together, those that do most first.

    Parameters
    ----------
    paths : PathStiffness
    activations : (muscle,) array or one number, 1
    first, second : str
        Two of ``paths.free``.  A positive sum: when the one grows, muscles pull the other down.
    share : float
        As for `muscle_stiffness`.
    """
    for name in (first, second):
        if name not in paths.free:
            raise SettingError(f"these paths were not asked about '{name}'. {suggest(name, paths.free)}")
    i, j = paths.free.index(first), paths.free.index(second)
    stiffness, force = (v[0] for v in _muscle_terms(paths, activations, 1.0, None))
    count = paths.muscle_count
    elastic = share * stiffness * paths.arms[:count, i] * paths.arms[:count, j]
    geometric = force * paths.bends[:count, i, j]
    found = zip(paths.musculature.names, elastic.tolist(), geometric.tolist(), strict=False)
    return tuple(sorted((Coupling(*row) for row in found), key=lambda c: -abs(c.elastic + c.geometric)))


def _muscle_terms(
    paths: PathStiffness, activations: ArrayLike, tone: ArrayLike, range_constant: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Return short-range stiffness, N/m, and active force, N, of every muscle, (case, muscle) arrays."""
    muscles = paths.musculature.muscles
    own = np.asarray(activations, dtype=float)
    if own.shape[-1:] not in ((), (len(muscles),)):
        raise SettingError(f"{own.shape[-1]} activations do not belong to {len(muscles)} muscles")
    constant = lookup("joint_stiffness", law="short_range_constant") if range_constant is None else range_constant
    tones, gammas = (np.asarray(v, dtype=float).reshape(-1, 1) for v in (tone, constant))
    cases = max(len(tones), len(gammas), len(np.atleast_2d(own)))
    active = np.broadcast_to(np.clip(own * tones, 0.0, 1.0), (cases, len(muscles)))
    length = paths.lengths[None, : len(muscles)]
    force = np.asarray(active * strength(paths.musculature, length, np.zeros_like(length)))
    return _series(paths, force, gammas), force


def _series(paths: PathStiffness, force: FloatArray, gamma: FloatArray) -> FloatArray:
    """Return the stiffness of fibres and tendon one behind the other, (case, muscle) array, N/m."""
    fibres = flatten_fibres(paths.musculature)
    along = np.maximum(paths.lengths[: paths.muscle_count] - fibres.slack, 1e-9)
    cosine = along / np.hypot(along, fibres.height)
    # The force along the tendon is that of the fibres times the cosine, and so is the way.
    fibre = gamma * force * cosine / fibres.length
    tendon = _tendon_stiffness(paths.musculature, force)
    return np.asarray(fibre * tendon / np.maximum(fibre + tendon, 1e-9))


def _tendon_stiffness(musculature: Musculature, force: FloatArray) -> FloatArray:
    """Return the slope of every tendon's curve at its force, (case, muscle) array, N/m; infinite without a tendon."""
    muscles = musculature.muscles
    alike: dict[tuple[str, float], list[int]] = {}
    for i, muscle in enumerate(muscles):
        if muscle.tendon_slack_length_m > 0.0 and muscle.max_isometric_force_n > 0.0:
            alike.setdefault((muscle.curves, muscle.tendon_strain), []).append(i)
    out = np.full(force.shape, 1e12)
    for of in alike.values():
        curves, most = muscles[of[0]].curves, muscles[of[0]].tendon_strain
        strain = np.linspace(0.0, 1.2 * most, 241)
        curve = tendon_force_strain(strain, curves, most)
        strength_n = np.array([muscles[i].max_isometric_force_n for i in of])
        slope = np.interp(force[:, of] / strength_n, curve, np.gradient(curve, strain))
        out[:, of] = slope * strength_n / np.array([muscles[i].tendon_slack_length_m for i in of])
    return out


def tissue_stiffness(paths: PathStiffness, *, scale: ArrayLike = 1.0, geometric: bool = True) -> FloatArray:
    """Return the stiffness of fasciae and ligaments about the posture, (case, free, free) array, N m/rad.

    Parameters
    ----------
    paths : PathStiffness
        From `posed_paths`, at a posture in which the tissues are as tense as when standing: in the neutral one of an
        unloaded foot they are slack (`lowered_arches`).
    scale : (case, tissue) array or one number, 1
        Factor on the tension law of each tissue.
    geometric : bool
        Whether the tension's own term is in it.

    Notes
    -----
    Tissues without a law carry nothing here (the force of a muscle already does), and the tissue 'anterior_hip' is
    left out: the passive moment of the hip holds it.
    """
    tissues = paths.musculature.tissues
    scales = np.atleast_2d(np.asarray(scale, dtype=float))
    if scales.shape[1] not in (1, len(tissues)):
        raise SettingError(f"{scales.shape[1]} factors do not belong to {len(tissues)} tissues")
    lengths = paths.lengths[paths.muscle_count :]
    around = [_tensions(paths.musculature, lengths, span) for span in (-_SPAN, 0.0, _SPAN)]
    slack = np.array([t.slack_length_m for t in tissues])
    stiffness = (around[2] - around[0]) / (2.0 * _SPAN * slack)
    return paths.matrix(scales * stiffness, scales * around[1] if geometric else None, first=paths.muscle_count)


def lowered_arches(
    body: Body, musculature: Musculature, posture: FloatArray, moments: Mapping[Side, float]
) -> FloatArray:
    """Return a posture with both midfeet where fascia and ligaments carry what flattens the arch.

    Parameters
    ----------
    body : Body
    musculature : Musculature
    posture : (coordinate,) array, rad or m
        Its midtarsal angles are not read: the tables have the tissues slack in the neutral foot.
    moments : mapping of 'right' and 'left' to float, N m
        About the midfoot, of the ground and weight, less what muscles take of it; a side that is not named stays.

    Raises
    ------
    SettingError
        If the tissues carry the moment nowhere between 5 degrees above and 15 below the neutral arch.
    """
    names = [c.name for c in body.coordinates]
    out = np.array(posture, dtype=float)
    paths = flatten_paths(body, musculature, locks=False)
    for side, moment in moments.items():
        column = names.index(f"midtarsal_dorsiflexion_{side[0]}")
        tried = np.tile(out, (len(_GIVES), 1))
        tried[:, column] = _GIVES
        lengths, entries, _ = measure_paths(paths, tried[:, paths.tree.inputs])
        slopes = column_slopes(paths, tried[:, paths.tree.inputs])
        own = np.zeros_like(lengths)
        for entry in np.flatnonzero(paths.entry_input == list(paths.tree.inputs).index(column)):
            own[:, paths.entry_path[entry]] -= entries[:, entry] * slopes[:, paths.entry_column[entry]]
        own = own[:, len(musculature.muscles) :]
        held = -(own * _tensions(musculature, lengths[:, len(musculature.muscles) :])).sum(axis=1)
        if not held[0] <= moment <= held[-1]:
            raise SettingError(
                f"the tissues under the {side} midfoot carry {held[0]:.0f} to {held[-1]:.0f} N m, not {moment:.0f}; "
                "give the moment that flattens the arch of one foot, less what muscles take"
            )
        out[column] = np.interp(moment, held, _GIVES)
    return out


def _tensions(musculature: Musculature, lengths: FloatArray, strained: float = 0.0) -> FloatArray:
    """Return the tension of the tissues that are counted here, (..., tissue) array, N."""
    out = np.zeros_like(lengths)
    for i, tissue in enumerate(musculature.tissues):
        if tissue.tension is not None and not tissue.name.startswith(_COUNTED_ELSEWHERE):
            strain = lengths[..., i] / tissue.slack_length_m - 1.0
            out[..., i] = tissue.tension.evaluate(strain + strained)[0]
    return out
