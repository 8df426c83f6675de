"""What one standing body is subject to, and where it comes to rest: the values the chain works on.

Everything here carries a leading axis of cases, so that a thousand sampled people, or one person under a thousand
what-ifs, are one value.  A change (`kinechain.chain.change`) maps a `Situation` to a `Situation`; the solver
(`kinechain.chain.equilibrium`) maps it to an `Equilibrium`.

World frame: x forward, y left, z up; the floor is z = 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import Body, Function
from kinechain.body.muscle import Musculature
from kinechain.body.tree import Tree
from kinechain.core.arrays import FloatArray, Immutable, IntArray, frozen
from kinechain.core.errors import SettingError, suggest
from kinechain.recording.recording import Side

__all__ = ["ROOT", "ChainModel", "Direction", "Equilibrium", "Pad", "Situation"]

#: The coordinates that carry the whole body; no muscle acts on them, so that at rest only the ground and weight do.
ROOT = ("pelvis_tx", "pelvis_ty", "pelvis_tz", "pelvis_rotation", "pelvis_obliquity", "pelvis_tilt")


@dataclass(frozen=True, eq=False)
class Pad(Immutable):
    """A point of a sole that bears on the ground.

    Attributes
    ----------
    name : str
        E.g. 'heel_medial_r'.
    side : 'left' or 'right'
    region : str
        One of ``kinechain.loads.loads.FOOT_REGIONS``.
    segment : str
    position : (3,) array, m, segment frame
    """

    name: str
    side: Side
    region: str
    segment: str
    position: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", frozen(self.position, (3,), "position"))


@dataclass(frozen=True, eq=False)
class Direction(Immutable):
    """A direction of a segment that posture control keeps where it was.

    Attributes
    ----------
    name : str
        'thorax_up', 'thorax_forward', 'head_up' or 'head_forward'.
    segment : str
    vector : (3,) unit array, segment frame
    """

    name: str
    segment: str
    vector: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "vector", frozen(self.vector, (3,), "vector"))


@dataclass(frozen=True, eq=False)
class ChainModel(Immutable):
    """One body made ready to stand: what all its situations share.

    Attributes
    ----------
    body : Body
        With a free coordinate for every lumbar level and a coordinate for every personal parameter
        (`kinechain.chain.chain_body`).
    tree : Tree
        Of that body, ``flatten(body, locks=False)``.
    musculature : Musculature or None
        Of that body; None where only posture is asked.
    free : tuple of str
        Coordinates the equilibrium is solved for; the first six are `ROOT`.
    parameters : tuple of str
        Coordinates that stand for a personal parameter (subtalar axis, length of a thigh ...); 0 is the body as it is.
    pads : tuple of Pad
    directions : tuple of Direction
    springs : tuple of Function or None
        One per free coordinate: passive moment (N m) that acts on the coordinate (so that a positive one increases it)
        as a function of its value (rad); None: no passive moment beside ``Situation.stiffness``.
    notes : tuple of str
        What this body stands on, in sentences.
    """

    body: Body
    tree: Tree
    musculature: Musculature | None
    free: tuple[str, ...]
    parameters: tuple[str, ...]
    pads: tuple[Pad, ...]
    directions: tuple[Direction, ...]
    springs: tuple[Function | None, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.free[:6] != ROOT:
            raise SettingError(
                f"the free coordinates must begin with {', '.join(ROOT)}; got {', '.join(self.free[:6])}"
            )
        if len(self.springs) != len(self.free):
            raise SettingError(f"{len(self.springs)} springs do not belong to {len(self.free)} free coordinates")

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs of the tree, in the order of ``Situation.inputs``."""
        return tuple(self.tree.coordinates[c] for c in self.tree.inputs.tolist())

    def free_index(self, name: str) -> int:
        """Return the place of a coordinate among the free ones."""
        if name not in self.free:
            raise SettingError(f"'{name}' is not solved for in this body. {suggest(name, self.free)}")
        return self.free.index(name)

    def input_index(self, name: str) -> int:
        """Return the place of a coordinate among the inputs of the tree."""
        inputs = self.inputs
        if name not in inputs:
            raise SettingError(f"'{name}' is no input of this body. {suggest(name, inputs)}")
        return inputs.index(name)

    def pads_of(self, side: Side, *regions: str) -> IntArray:
        """Return the places of the pads of one foot, of all regions or of those named."""
        return np.array(
            [i for i, p in enumerate(self.pads) if p.side == side and (not regions or p.region in regions)],
            dtype=np.int64,
        )


@dataclass(frozen=True, eq=False)
class Situation(Immutable):
    """Everything the rest of a body depends on, for many cases at once.

    With the coordinates ``q`` (all inputs), the physical energy of one case is::

        E(q) =  sum_segments  mass g z(centre)
              - sum_free      integral of  spring_scale_i  springs_i(q_i - spring_shift_i)  dq_i
              + 1/2 (q - reference)' stiffness (q - reference)  -  tonic' (q - reference)
              + sum_pads      1/2 pad_stiffness  ramp(d)^2  +  1/2 pad_shear  step(pad_level)  |t|^2

    where ``d = pad_level - n.(p - anchor)`` is how far the pad is pressed in, ``t`` the part of ``p - anchor`` within
    the surface, ``ramp`` a smooth max(d, 0) and ``step`` its slope: friction holds where a pad bears at its anchor.
    Posture control adds no force from outside: it chooses, through the joints alone, where between all postures that
    the ground can bear the body rests, see `kinechain.chain.equilibrium`.

    Attributes
    ----------
    reference : (case, input) array, rad or m
        The posture in which the muscles hold what they hold; parameters included.
    mass : (case, segment) array, kg
    centre : (case, segment, 3) array, m, segment frame
        Of mass.
    stiffness : (case, free, free) array, N m/rad (N/m, N for translations)
        Symmetric; muscle, tissue and short-range stiffness about the reference; rows of the root are zero.
    spring_scale : (case, free) array
    spring_shift : (case, free) array, rad
    tonic : (case, free) array, N m or N
        What muscles hold in the reference posture; zero for the root, but where a body in motion is perturbed.
    pad_stiffness, pad_shear : (case, pad) array, N/m
    pad_level : (case, pad) array, m
        How far the pad is pressed in at the anchor.
    pad_anchor : (case, pad, 3) array, m, world
    pad_normal : (case, pad, 3) unit array, world
        Out of the support, towards the foot.
    centre_gain : (case,) array, N/m
        How strongly the joints bring the centre of mass back over the target.
    centre_target : (case, 2) array, m, world
    direction_gain : (case, direction) array, N m
    direction_target : (case, direction, 3) unit array, world
    strength : (case, muscle) array
        Share of each muscle's force that is left; of no columns where the model has no musculature.
    tissue_scale : (case, tissue) array
        Factor on the tension law of each tissue.
    """

    reference: FloatArray
    mass: FloatArray
    centre: FloatArray
    stiffness: FloatArray
    spring_scale: FloatArray
    spring_shift: FloatArray
    tonic: FloatArray
    pad_stiffness: FloatArray
    pad_shear: FloatArray
    pad_level: FloatArray
    pad_anchor: FloatArray
    pad_normal: FloatArray
    centre_gain: FloatArray
    centre_target: FloatArray
    direction_gain: FloatArray
    direction_target: FloatArray
    strength: FloatArray
    tissue_scale: FloatArray

    def __post_init__(self) -> None:
        cases = len(self.reference)
        for name, value in vars(self).items():
            array = frozen(value)
            if len(array) != cases:
                raise SettingError(f"'{name}' holds {len(array)} cases, the reference posture {cases}")
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.reference)

    def case(self, which: int | slice | IntArray | NDArray[np.bool_]) -> Situation:
        """Return some of the cases, the leading axis kept."""
        chosen = slice(which, which + 1 or None) if isinstance(which, int) else which
        return replace(self, **{name: value[chosen] for name, value in vars(self).items()})

    def repeated(self, times: int) -> Situation:
        """Return every case ``times`` times over: all of them once, then all again."""
        return replace(self, **{n: np.concatenate([v] * times) for n, v in vars(self).items()})

    @staticmethod
    def joined(parts: tuple[Situation, ...]) -> Situation:
        """Return the cases of several situations of one model, one after the other."""
        return Situation(**{n: np.concatenate([vars(p)[n] for p in parts]) for n in vars(parts[0])})


@dataclass(frozen=True, eq=False)
class Equilibrium(Immutable):
    """Where bodies come to rest.

    Attributes
    ----------
    inputs : (case, input) array, rad or m
        The posture; NaN where there is none.
    pad_force : (case, pad, 3) array, N, world
        Of the ground on the body.
    centre_of_mass : (case, 3) array, m, world
    residual : (case,) array, N m
        Largest generalised force that is left.
    smallest_eigenvalue : (case,) array, N m/rad
        Of the Hessian over the joint coordinates; positive: what disturbs the posture is answered.
    distance : (case,) array, rad
        Largest change of a joint angle against the reference.
    iterations : (case,) array of int
    reason : tuple of str
        '' where the case is solved; else why not: 'no rest was found', 'falls', 'not stable', 'far away', 'slips'.
    """

    inputs: FloatArray
    pad_force: FloatArray
    centre_of_mass: FloatArray
    residual: FloatArray
    smallest_eigenvalue: FloatArray
    distance: FloatArray
    iterations: IntArray
    reason: tuple[Literal["", "no rest was found", "falls", "not stable", "far away", "slips"], ...]

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                object.__setattr__(self, name, frozen(value))

    @property
    def is_solved(self) -> NDArray[np.bool_]:
        """(case,) array: True where the body stands."""
        return np.array([r == "" for r in self.reason], dtype=bool)
