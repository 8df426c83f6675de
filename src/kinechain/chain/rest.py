r"""The readable twin of the compiled standing solver, in numpy; the two give the same numbers.

Energy of one case, over the free coordinates ``q``, of which ``r`` are those of the root and ``s`` those of the joints
(`kinechain.chain.situation.Situation` says what each array holds):

.. math::
    E = M g c_z - \sum_i a_i \int f_i(q_i - b_i)\,dq_i + \tfrac12 (q - q_0)^T K (q - q_0) - \tau^T (q - q_0)
        + \sum_p \big[ \tfrac12 k_p R(d_p)^2 + \tfrac12 h_p S(\ell_p) |t_p|^2 \big]

with the pad's depth :math:`d = \ell - n \cdot (p - a)`, its drift :math:`t = (I - n n^T)(p - a)`, the ramp
:math:`R(d) = w \ln(1 + e^{d/w})` and its slope :math:`S`.  Friction is anchored: it holds as far as the pad bears at
its anchor, S at :math:`\ell` and not at d.  Were it to follow d, the energy would give back what a strained pad stored
while it rises, as a push off the ground :math:`\tfrac12 h S'(d) |t|^2` that no friction makes; under a wedge of 10
degrees that push came to a tenth of the weight.  Posture control is
:math:`C = \tfrac12 k_c |c_{xy} - c^*|^2 + \tfrac12 \sum_u k_u |u - u^*|^2`.  It acts through joints alone:

.. math::
    E_r(r(s), s) = 0, \qquad \Phi(s) = E(r(s), s) + C(r(s), s) \text{ stationary}

With :math:`D = dr/ds = -E_{rr}^{-1} E_{rs}`, :math:`T = (D, I)` and :math:`\lambda = E_{rr}^{-1} C_r`:

.. math::
    \Phi_s = E_s + T^T \nabla C, \qquad
    \Phi_{ss} = T^T (\nabla^2 E + \nabla^2 C)\, T - T^T \frac{d}{d\varepsilon} \nabla^2 E(q + \varepsilon \lambda) T

The last term, the second derivative of :math:`r(s)`, is taken by a central difference along :math:`\lambda`.

Where :math:`E_{rr}` is positive definite, a body whose joints were locked would stay up.  Where it is not, as on a foot
that a wedge has twisted onto one edge of the heel and the other of the ball, such a body would topple, but people are
not locked: their muscles alone are too soft to hold them at any time (loram2002).  The rest is defined as before, the
least :math:`E + C` among the postures that the ground bears, :math:`E_r = 0`; only :math:`r(s)` cannot be followed
through the posture in which :math:`E_{rr}` is singular.  There, root and joints are solved for together, with
:math:`\lambda` as multipliers,

.. math::
    \nabla E + \nabla C - E_{\cdot r} \lambda = 0, \qquad E_r = 0

and the rest is a minimum where :math:`\Phi_{ss}` is positive definite, as before.  Such a body is `BALANCED`; without
control nothing balances it.

A node turns what it carries about an axis :math:`a` through :math:`o` (or slides it along :math:`a`), so a point moves
by :math:`m_i = a_i \times (p - o_i)`, and its second derivative by two nodes, i carrying j, is
:math:`a_i \times m_j`.  Nodes follow free coordinates by functions (the knee's splines), which the chain rule folds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from kinechain.body.body import Function
from kinechain.body.newton import coordinate_jets, frames_of_nodes, node_jets
from kinechain.body.tree import FunctionTable, Index, Tree, kernels
from kinechain.core.arrays import FloatArray, cross
from kinechain.core.gravity import GRAVITY_M_S2

if TYPE_CHECKING:
    from kinechain.chain.situation import Situation

__all__ = [
    "BALANCED",
    "CONVERGED",
    "FALLS",
    "LOST",
    "SITUATION_ARRAYS",
    "SMOOTHNESS_M",
    "Case",
    "Rest",
    "Rests",
    "Shared",
    "Terms",
    "find_rest",
    "find_rests",
    "terms_of",
]

#: How a case ended.
CONVERGED, LOST, FALLS, BALANCED = 0, 1, 2, 3

#: Half width of the ramp, m: a pad at its surface is pressed in by 0.7 of it (assumption: thinner than skin, so that it
#: only rounds the moment of contact; plausible 0.1 to 0.3 mm).
SMOOTHNESS_M = 0.0002
#: Largest residual of a joint, N m, and of the root, N or N m, at rest.
JOINT_TOLERANCE, ROOT_TOLERANCE = 1e-8, 1e-8
#: Coordinates of the root.
ROOT_COUNT = 6
#: Longest step of a coordinate, rad or m: at first, at most, and below which the search ends.
FIRST_RADIUS, LARGEST_RADIUS, SMALLEST_RADIUS = 0.1, 0.3, 1e-10
#: Steps of the joints, at most, where the way to the rest goes on after it and where not; of the root for each.
STEPS_ON_THE_WAY, JOINT_STEPS, ROOT_STEPS = 20, 200, 60
#: Steps of root and joints together, and how often one is cut by half, at most.
BALANCE_STEPS, BALANCE_CUTS = 30, 20
#: Largest residual, N m or N, of a balanced body whose root follows the joints again; larger ones tell of a stiffness
#: that is not symmetric.
BALANCED_RESIDUAL = 1e-6
#: The root may not go further than this from the reference, rad or m (45 degrees): the body falls.
LARGEST_FALL = np.pi / 4.0
#: A gain smaller than this, J, is lost in rounding: then the residual decides.
TIE_J = 1e-9
#: A step counts when it gains this share of what was promised.
ENOUGH = 1e-4
#: Step of the difference that the second derivative of the root's place is taken by, rad or m.
DIFFERENCE = 1e-6
#: The support is brought to its place in steps no shorter than this share of the way.
SHORTEST_WAY = 1.0 / 64.0
#: Share of a step by which the direction of the way is felt.
FEELER = 1e-3


@dataclass(frozen=True)
class Shared:
    """What all cases share.

    Attributes
    ----------
    tree : Tree
    free : (free,) array of int
        Inputs that are solved for, the root first.
    pad_node : (pad,) array of int
    pad_position : (pad, 3) array, m, node frame
    direction_node : (direction,) array of int
    direction_vector : (direction, 3) array, node frame
    springs : tuple of Function or None
        One per free coordinate.
    """

    tree: Tree
    free: Index
    pad_node: Index
    pad_position: FloatArray
    direction_node: Index
    direction_vector: FloatArray
    springs: tuple[Function | None, ...]

    @cached_property
    def compiled(self) -> Any:
        """The same inside the compiled extension."""
        table = FunctionTable()
        springs = np.array([-1 if s is None else table.add(s) for s in self.springs], dtype=np.int64)
        functions = table.arrays()
        return kernels().Standing(
            self.tree.compiled, self.free, self.pad_node, self.pad_position, self.direction_node,
            self.direction_vector, springs, functions["function_start"], functions["function_is_linear_outside"],
            functions["knots"], functions["coefficients"],
        )  # fmt: skip

    @cached_property
    def node_free(self) -> Index:
        """(node,) array: the free coordinate a node follows, -1 if none."""
        place = np.full(len(self.tree.inputs), -1)
        place[self.free] = np.arange(len(self.free))
        return np.asarray(place[self.tree.coordinate_input[self.tree.node_coordinate]])

    @cached_property
    def moving(self) -> Index:
        """(moving,) array: nodes that follow a free coordinate."""
        return np.flatnonzero(self.node_free >= 0)

    @cached_property
    def moving_root(self) -> Index:
        """(moving,) array: nodes that follow a coordinate of the root."""
        return np.flatnonzero((self.node_free >= 0) & (self.node_free < ROOT_COUNT))

    @cached_property
    def carries(self) -> np.ndarray:
        """(node, 1 + node) array: True where a node carries another; the ground, first, is carried by none."""
        path = self.tree.node_path
        return np.hstack([np.zeros((len(path), 1), dtype=bool), path])


@dataclass(frozen=True)
class Case:
    """One case of a situation, which says what each array means.

    Attributes
    ----------
    reference : (input,) array, rad or m
    mass : (segment,) array, kg
    centre : (segment, 3) array, m
    stiffness : (free, free) array, N m/rad
    spring_scale : (free,) array
    spring_shift : (free,) array, rad
    tonic : (free,) array, N m or N
    pad_stiffness, pad_shear : (pad,) array, N/m
    pad_level : (pad,) array, m
    pad_anchor : (pad, 3) array, m, world
    pad_normal : (pad, 3) unit array, world
    centre_gain : float, N/m
    centre_target : (2,) array, m, world
    direction_gain : (direction,) array, N m
    direction_target : (direction, 3) unit array, world
    force : (free,) array, N m or N
        Acts on the coordinates beside all else; it fades while a rest is looked for.
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
    centre_gain: float
    centre_target: FloatArray
    direction_gain: FloatArray
    direction_target: FloatArray
    force: FloatArray

    @classmethod
    def of(cls, situation: Situation, which: int, free: int) -> Case:
        """Return one case of a situation."""
        return cls(**{n: getattr(situation, n)[which] for n in SITUATION_ARRAYS}, force=np.zeros(free))

    @property
    def is_finite(self) -> bool:
        """True if every number is one."""
        return all(bool(np.isfinite(v).all()) for v in vars(self).values())


#: What of a situation the rest depends on.
SITUATION_ARRAYS = tuple(f.name for f in fields(Case) if f.name != "force")


@dataclass(frozen=True)
class Terms:
    """Energy of one case at one posture, with its derivatives by the free coordinates.

    Attributes
    ----------
    energy : float, J
    gradient : (free,) array, N m or N
    hessian : (free, free) array
    control : float, J
        What posture control is off.
    control_gradient : (free,) array
    control_hessian : (free, free) array
    centre_of_mass : (3,) array, m
    centre_jacobian : (3, free) array
    pad_position : (pad, 3) array, m, world
    pad_force : (pad, 3) array, N, world
        Of the ground on the body.
    directions : (direction, 3) array, world
    direction_jacobian : (direction, 3, free) array
    """

    energy: float
    gradient: FloatArray
    hessian: FloatArray
    control: float
    control_gradient: FloatArray
    control_hessian: FloatArray
    centre_of_mass: FloatArray
    centre_jacobian: FloatArray
    pad_position: FloatArray
    pad_force: FloatArray
    directions: FloatArray
    direction_jacobian: FloatArray


@dataclass(frozen=True)
class Rest:
    """Where one case ended.

    Attributes
    ----------
    values : (free,) array, rad or m
        NaN where there is no rest; so are the numbers.
    terms : Terms or None
    residual : float, N m or N
    smallest_eigenvalue : float, N m/rad
    iterations, status : int
        CONVERGED, LOST, FALLS or BALANCED.
    """

    values: FloatArray
    terms: Terms | None
    residual: float
    smallest_eigenvalue: float
    iterations: int
    status: int


@dataclass(frozen=True)
class Rests:
    """Where many cases ended.

    Attributes
    ----------
    values : (case, free) array, rad or m
        NaN where there is no rest; so are the others.
    pad_force : (case, pad, 3) array, N, world
    centre_of_mass : (case, 3) array, m, world
    residual : (case,) array, N m or N
    smallest_eigenvalue : (case,) array, N m/rad
    iterations, status : (case,) array of int
        CONVERGED, LOST, FALLS or BALANCED.
    """

    values: FloatArray
    pad_force: FloatArray
    centre_of_mass: FloatArray
    residual: FloatArray
    smallest_eigenvalue: FloatArray
    iterations: Index
    status: Index


# Energy and derivatives.


def terms_of(shared: Shared, case: Case, values: FloatArray, *, root_only: bool = False) -> Terms:
    """Return the energy of a case and its derivatives at ``values`` (free,), perhaps by those of the root alone."""
    at = _pose(shared, case, values, root_only)
    total = float(case.mass.sum())
    centre, by_centre = _centre(at, case, total)
    pads, by_pad = at.points(shared.pad_node, shared.pad_position)
    directions, by_direction = at.directions()
    pad_energy, pad_gradient, pad_hessian = _pads(case, pads)
    off, gain = directions - case.direction_target, case.direction_gain
    weight = np.array([0.0, 0.0, total * GRAVITY_M_S2])
    pull = case.centre_gain * np.array([*(centre[:2] - case.centre_target), 0.0])

    gradient = by_centre @ weight + np.einsum("npi,pi->n", by_pad, pad_gradient)
    bend = cross(by_centre, weight[None]) + cross(by_pad, pad_gradient[None]).sum(axis=1)
    stiff = np.einsum("npi,pij,mpj->nm", by_pad, pad_hessian, by_pad, optimize=True)
    control = by_centre @ pull + np.einsum("ndi,di,d->n", by_direction, off, gain)
    control_bend = cross(by_centre, pull[None]) + cross(by_direction, gain[:, None] * off).sum(axis=1)
    kept = case.centre_gain * by_centre[:, :2] @ by_centre[:, :2].T
    kept += np.einsum("ndi,mdi,d->nm", by_direction, by_direction, gain, optimize=True)
    elastic, moment, rigidity = _springs(shared, case, values)
    count = at.fold.shape[1]
    return Terms(
        energy=float(weight @ centre) + pad_energy + elastic,
        gradient=at.fold.T @ gradient + moment[:count],
        hessian=at.second(stiff, bend, gradient) + rigidity[:count, :count],
        control=0.5 * float(pull[:2] @ (centre[:2] - case.centre_target)) + 0.5 * float(gain @ (off**2).sum(axis=-1)),
        control_gradient=at.fold.T @ control,
        control_hessian=at.second(kept, control_bend, control),
        centre_of_mass=centre,
        centre_jacobian=by_centre.T @ at.fold,
        pad_position=pads,
        pad_force=-pad_gradient,
        directions=directions,
        direction_jacobian=np.einsum("ndi,nf->dif", by_direction, at.fold),
    )


@dataclass(frozen=True)
class _Posed:
    """A body in one posture, and how its moving nodes move it.

    Frames of the ground and all nodes; of the moving nodes, how each turns and slides what it carries, what free
    coordinate it follows (node, free), and the second derivative by it (node,).
    """

    shared: Shared
    rotation: FloatArray
    origin: FloatArray
    nodes: Index
    turn: FloatArray
    slide: FloatArray
    fold: FloatArray
    curvature: FloatArray

    def points(self, on: Index, local: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return points on nodes (point, 3) and how every moving node moves them (node, point, 3)."""
        places = self.origin[on + 1] + np.einsum("pij,pj->pi", self.rotation[on + 1], local)
        by = cross(self.turn[:, None], places[None]) + self.slide[:, None]
        return places, by * self.shared.carries[self.nodes][:, on + 1, None]

    def directions(self) -> tuple[FloatArray, FloatArray]:
        """Return the directions (direction, 3) and how every moving node turns them (node, direction, 3)."""
        on = self.shared.direction_node + 1
        vectors = np.einsum("dij,dj->di", self.rotation[on], self.shared.direction_vector)
        return vectors, cross(self.turn[:, None], vectors[None]) * self.shared.carries[self.nodes][:, on, None]

    def second(self, products: FloatArray, bend: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return the Hessian (free, free): products of first derivatives (node, node), and what bends with them."""
        upper = (self.turn @ bend.T) * self.shared.carries[self.nodes][:, self.nodes + 1]
        out = self.fold.T @ (products + upper + upper.T - np.diag(np.diag(upper))) @ self.fold
        np.add.at(out, (self.shared.node_free[self.nodes],) * 2, gradient * self.curvature)
        return np.asarray(out)


def _pose(shared: Shared, case: Case, values: FloatArray, root_only: bool) -> _Posed:
    tree, inputs = shared.tree, case.reference.copy()
    inputs[shared.free] = values
    value, slope, curvature = node_jets(tree, *coordinate_jets(tree, inputs))
    rotation, origin = frames_of_nodes(tree, value)
    nodes = shared.moving_root if root_only else shared.moving
    axis, turns = rotation[nodes + 1, :, 2], tree.node_is_rotation[nodes, None] == 1
    fold = np.zeros((len(nodes), ROOT_COUNT if root_only else len(shared.free)))
    fold[np.arange(len(nodes)), shared.node_free[nodes]] = slope[nodes]
    return _Posed(
        shared,
        rotation,
        origin,
        nodes,
        turn=np.where(turns, axis, 0.0),
        slide=np.where(turns, cross(origin[nodes + 1], axis), axis),
        fold=fold,
        curvature=curvature[nodes],
    )


def _centre(at: _Posed, case: Case, total: float) -> tuple[FloatArray, FloatArray]:
    """Return the centre of mass (3,) and how every moving node moves it (node, 3)."""
    tree = at.shared.tree
    local = np.einsum("sij,sj->si", tree.segment_rotation, case.centre) + tree.segment_translation
    centres, by = at.points(tree.segment_node, local)
    share = case.mass / total if total > 0 else np.full(len(case.mass), np.nan)
    return share @ centres, np.einsum("s,nsi->ni", share, by)


def _pads(case: Case, pads: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Return the energy of all pads, and its gradient (pad, 3) and Hessian (pad, 3, 3) by where each is."""
    normal, off = case.pad_normal, pads - case.pad_anchor
    height = (normal * off).sum(axis=-1)
    drift = off - height[:, None] * normal
    depth = case.pad_level - height
    ramp = SMOOTHNESS_M * np.logaddexp(0.0, depth / SMOOTHNESS_M)
    step, hold = _step(depth), _step(case.pad_level)
    rise = step * (1.0 - step) / SMOOTHNESS_M
    k, h = case.pad_stiffness, case.pad_shear * hold
    energy = 0.5 * float((k * ramp**2 + h * (drift**2).sum(axis=-1)).sum())
    gradient = -(k * ramp * step)[:, None] * normal + h[:, None] * drift
    along = k * (step**2 + ramp * rise) - h
    hessian = along[:, None, None] * normal[:, :, None] * normal[:, None, :] + h[:, None, None] * np.eye(3)
    return energy, gradient, hessian


def _step(depth: FloatArray) -> FloatArray:
    """Return the slope of the ramp, between 0 far above the surface and 1 deep in it."""
    decay = np.exp(-np.abs(depth) / SMOOTHNESS_M)
    return np.asarray(np.where(depth >= 0.0, 1.0, decay) / (1.0 + decay))


def _springs(shared: Shared, case: Case, values: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Return energy, gradient and Hessian of all that acts on coordinates."""
    off = values - case.reference[shared.free]
    bound = case.stiffness @ off
    energy = 0.5 * float(off @ bound) - float((case.tonic + case.force) @ off)
    gradient, hessian = bound - case.tonic - case.force, case.stiffness.copy()
    for i, spring in enumerate(shared.springs):
        if spring is None:
            continue
        at = float(values[i] - case.spring_shift[i])
        moment, slope, _ = spring.evaluate(at)
        energy -= case.spring_scale[i] * (integral(spring, at) - integral(spring, at - float(off[i])))
        gradient[i] -= case.spring_scale[i] * moment
        hessian[i, i] -= case.spring_scale[i] * slope
    return energy, gradient, hessian


def integral(function: Function, z: float) -> float:
    """Return the integral of a function from its first knot to ``z``."""
    knots = function.knots
    piece = min(max(int(knots.searchsorted(z, side="right")) - 1, 0), len(function.coefficients) - 1)
    inside = min(max(z, float(knots[0])), float(knots[-1])) if function.is_linear_outside else z
    d, beyond = inside - float(knots[piece]), z - inside
    c0, c1, c2, c3 = function.coefficients[piece].tolist()
    edge, slope = c0 + d * (c1 + d * (c2 + d * c3)), c1 + d * (2 * c2 + d * 3 * c3)
    before = sum(_area(c, w) for c, w in zip(function.coefficients[:piece], np.diff(knots), strict=False))
    return float(before + _area(function.coefficients[piece], d) + beyond * (edge + beyond * slope / 2))


def _area(c: FloatArray, d: float) -> float:
    return float(d * (c[0] + d * (c[1] / 2 + d * (c[2] / 3 + d * c[3] / 4))))


# Looking for the rest.


def find_rests(shared: Shared, situation: Situation, starts: FloatArray | None, first: int, last: int) -> Rests:
    """Return where the cases from ``first`` to before ``last`` come to rest; ``starts`` (case, free) or None."""
    free, pads = len(shared.free), len(shared.pad_node)
    with np.errstate(all="ignore"):
        each = [
            find_rest(shared, Case.of(situation, i, free), None if starts is None else starts[i])
            for i in range(first, last)
        ]
    force, centre = np.full((pads, 3), np.nan), np.full(3, np.nan)
    return Rests(
        values=np.array([r.values for r in each]).reshape(-1, free),
        pad_force=np.array([force if r.terms is None else r.terms.pad_force for r in each]).reshape(-1, pads, 3),
        centre_of_mass=np.array([centre if r.terms is None else r.terms.centre_of_mass for r in each]).reshape(-1, 3),
        residual=np.array([r.residual for r in each]),
        smallest_eigenvalue=np.array([r.smallest_eigenvalue for r in each]),
        iterations=np.array([r.iterations for r in each], dtype=np.int64),
        status=np.array([r.status for r in each], dtype=np.int64),
    )


def find_rest(shared: Shared, case: Case, start: FloatArray | None) -> Rest:
    """Return where a case comes to rest.

    Newton's steps from ``start`` (free,) where one is given; else, or where these lead nowhere, the support is brought
    from below the reference posture to where it is wanted; where this fails, Newton's steps from the reference; where
    these fail too, the support is brought once more, the root and the joints solved for together.
    """
    reference = case.reference[shared.free]
    if not case.is_finite or not (case.mass.sum() > 0) or (start is not None and not np.isfinite(start).all()):
        return Rest(np.full(len(reference), np.nan), None, np.nan, np.nan, 0, LOST)
    begin = reference if start is None else start
    terms = terms_of(shared, case, begin)
    reduced = _reduce(terms)
    spent = 0
    if reduced is not None and _is_rest(terms, reduced):
        return _ended(shared, case, begin, terms, reduced, 0)
    if start is not None:
        rest = _descend(shared, case, start, STEPS_ON_THE_WAY)
        spent = rest.iterations
        if rest.status == CONVERGED:
            return rest
    rest = _follow(shared, case, reference)
    spent += rest.iterations
    if rest.status != CONVERGED:
        rest = _descend(shared, case, reference, JOINT_STEPS)
        spent += rest.iterations
    if rest.status != CONVERGED and case.centre_gain > 0.0:
        balanced = _follow(shared, case, reference, is_balanced=True)
        spent += balanced.iterations
        rest = replace(balanced, status=BALANCED) if balanced.status == CONVERGED else rest
    is_found = rest.status in (CONVERGED, BALANCED)
    return replace(rest, iterations=spent) if is_found else _failed(reference, spent, rest.status)


@dataclass(frozen=True)
class _Reduced:
    """The problem with the root eliminated: residual (joint,), Hessian (joint, joint)."""

    residual: FloatArray
    hessian: FloatArray
    turn: FloatArray  # (free, joint): how all coordinates follow the joints
    control_root: FloatArray  # (root,): where the control would push the root


def _reduce(terms: Terms, *, is_held: bool = True) -> _Reduced | None:
    """Eliminate the root; None where the ground does not hold it with the joints locked, if that is asked."""
    n, h = ROOT_COUNT, terms.hessian
    if not (_is_positive(h[:n, :n]) if is_held else _is_regular(h[:n, :n])):
        return None
    root = -np.linalg.solve(h[:n, :n], h[:n, n:])
    turn = np.vstack([root, np.eye(h.shape[0] - n)])
    return _Reduced(
        residual=terms.gradient[n:] + turn.T @ terms.control_gradient,
        hessian=turn.T @ (h + terms.control_hessian) @ turn,
        turn=turn,
        control_root=np.asarray(np.linalg.solve(h[:n, :n], terms.control_gradient[:n])),
    )


def _bend_of_root(shared: Shared, case: Case, values: FloatArray, reduced: _Reduced) -> FloatArray:
    """Return what the second derivative of the root's place adds to the Hessian (joint, joint)."""
    return np.asarray(reduced.turn.T @ _bend(shared, case, values, reduced.control_root) @ reduced.turn)


def _bend(shared: Shared, case: Case, values: FloatArray, push: FloatArray) -> FloatArray:
    """Return how the Hessian (free, free) falls as the root goes along a push (root,)."""
    length = float(np.abs(push).max())
    if length == 0.0:
        return np.zeros((len(values), len(values)))
    along = np.zeros(len(values))
    along[:ROOT_COUNT] = push * (DIFFERENCE / length)
    ahead, behind = (terms_of(shared, case, values + sign * along).hessian for sign in (1.0, -1.0))
    return np.asarray((ahead - behind) * (-length / (2.0 * DIFFERENCE)))


def _is_rest(terms: Terms, reduced: _Reduced) -> bool:
    return bool(
        np.abs(terms.gradient[:ROOT_COUNT]).max() <= ROOT_TOLERANCE
        and np.abs(reduced.residual).max(initial=0.0) <= JOINT_TOLERANCE
    )


def _ended(shared: Shared, case: Case, values: FloatArray, terms: Terms, reduced: _Reduced, iterations: int) -> Rest:
    hessian = reduced.hessian + _bend_of_root(shared, case, values, reduced)
    residual = max(np.abs(terms.gradient[:ROOT_COUNT]).max(), np.abs(reduced.residual).max(initial=0.0))
    smallest = float(np.linalg.eigvalsh(hessian)[0]) if len(hessian) else np.inf
    return Rest(values, terms, float(residual), smallest, iterations, CONVERGED)


def _failed(values: FloatArray, iterations: int, status: int) -> Rest:
    return Rest(np.full(len(values), np.nan), None, np.nan, np.nan, iterations, status)


def _descend(shared: Shared, case: Case, values: FloatArray, most: int) -> Rest:
    """Go down Phi by at most so many Newton's steps inside a trust region, the root borne by the ground at each."""
    here = _bear(shared, case, values)
    radius, hits_ground = FIRST_RADIUS, True
    if here is None:
        return _failed(values, 0, FALLS)
    values = here
    terms = terms_of(shared, case, values)
    for iteration in range(1, most + 1):
        reduced = _reduce(terms)
        if reduced is None:
            return _failed(values, iteration, FALLS)
        if _is_rest(terms, reduced):
            return _ended(shared, case, values, terms, reduced, iteration - 1)
        # Where the root's bend turns the model upside down it holds for less than a step: better none.
        bent = reduced.hessian + _bend_of_root(shared, case, values, reduced)
        hessian = bent if _is_positive(bent) else reduced.hessian
        step = trusted_step(hessian, reduced.residual, radius)
        if step is None:
            return _failed(values, iteration, LOST)
        promised = -float(reduced.residual @ step + 0.5 * step @ hessian @ step)
        trial = _bear(shared, case, values + reduced.turn @ step)
        length = float(np.abs(step).max())
        hits_ground = trial is not None
        if trial is not None:
            there = terms_of(shared, case, trial)
            gain = terms.energy + terms.control - there.energy - there.control
            if _is_nearer(there, reduced) if promised < TIE_J else gain >= ENOUGH * promised:
                values, terms = trial, there
                radius = _widened(radius, length, gain / promised)
                continue
        radius = 0.25 * length
        if radius < SMALLEST_RADIUS:
            break
    return _failed(values, iteration, LOST if hits_ground else FALLS)


def _is_nearer(there: Terms, before: _Reduced) -> bool:
    after = _reduce(there)
    return after is not None and float(np.abs(after.residual).max()) < float(np.abs(before.residual).max())


def _bear(shared: Shared, case: Case, values: FloatArray) -> FloatArray | None:
    """Return the coordinates with the root where the ground bears the body, its joints held; None if it falls."""
    n = ROOT_COUNT
    start, radius = case.reference[shared.free[:n]], FIRST_RADIUS
    now = terms_of(shared, case, values, root_only=True)
    for _ in range(ROOT_STEPS):
        size = float(np.abs(now.gradient).max())
        if size <= 0.01 * ROOT_TOLERANCE:
            break
        step = trusted_step(now.hessian, now.gradient, radius)
        if step is None or np.abs(values[:n] + step - start).max() > LARGEST_FALL:
            return None
        promised = -float(now.gradient @ step + 0.5 * step @ now.hessian @ step)
        trial = np.concatenate([values[:n] + step, values[n:]])
        there = terms_of(shared, case, trial, root_only=True)
        gain, length = now.energy - there.energy, float(np.abs(step).max())
        if np.abs(there.gradient).max() < size if promised < TIE_J else gain >= ENOUGH * promised:
            values, now = trial, there
            radius = _widened(radius, length, gain / promised)
        else:
            radius = 0.25 * length
            if radius < SMALLEST_RADIUS:
                break
    held = np.abs(now.gradient).max() <= ROOT_TOLERANCE and _is_positive(now.hessian)
    return values if held else None


def _balance(shared: Shared, case: Case, values: FloatArray, multipliers: FloatArray) -> tuple[Rest, FloatArray]:
    """Return the rest next to ``values``, the root solved for with the joints, and its multipliers (root,)."""
    n, start = ROOT_COUNT, case.reference[shared.free[:ROOT_COUNT]]
    terms = terms_of(shared, case, values)
    left = _left(terms, multipliers)
    for iteration in range(BALANCE_STEPS):
        if np.abs(left).max() <= min(ROOT_TOLERANCE, JOINT_TOLERANCE):
            reduced = _reduce(terms, is_held=False)
            if reduced is None:
                break
            rest = _ended(shared, case, values, terms, reduced, iteration)
            return (rest if rest.residual <= BALANCED_RESIDUAL else _failed(values, iteration, FALLS)), multipliers
        step = _balancing_step(shared, case, values, terms, multipliers, left)
        if step is None:
            return _failed(values, iteration, FALLS), multipliers
        for _ in range(BALANCE_CUTS):
            trial, pushed = values + step[: len(values)], multipliers + step[len(values) :]
            if not np.abs(trial[:n] - start).max() <= LARGEST_FALL:
                return _failed(values, iteration, FALLS), multipliers
            there = terms_of(shared, case, trial)
            then = _left(there, pushed)
            if float(then @ then) < float(left @ left):
                break
            step = 0.5 * step
        else:
            break
        values, multipliers, terms, left = trial, pushed, there, then
    return _failed(values, BALANCE_STEPS, FALLS), multipliers


def _left(terms: Terms, multipliers: FloatArray) -> FloatArray:
    """Return what is left of the conditions of a rest: of the slope of E + C among borne postures, and of E_r."""
    slope = terms.gradient + terms.control_gradient - terms.hessian[:, :ROOT_COUNT] @ multipliers
    return np.concatenate([slope, terms.gradient[:ROOT_COUNT]])


def _balancing_step(
    shared: Shared, case: Case, values: FloatArray, terms: Terms, multipliers: FloatArray, left: FloatArray
) -> FloatArray | None:
    """Return Newton's step of coordinates and multipliers, no coordinate further than the first radius."""
    n, free = ROOT_COUNT, len(values)
    conditions = np.zeros((free + n, free + n))
    conditions[:free, :free] = terms.hessian + terms.control_hessian + _bend(shared, case, values, multipliers)
    conditions[:free, free:] = -terms.hessian[:, :n]
    conditions[free:, :free] = terms.hessian[:n]
    if not np.isfinite(conditions).all():
        return None
    try:
        step = -np.linalg.solve(conditions, left)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(step * min(1.0, FIRST_RADIUS / float(np.abs(step[:free]).max())))


def _follow(shared: Shared, case: Case, values: FloatArray, *, is_balanced: bool = False) -> Rest:
    """Bring the support from below the reference posture to where it is wanted, a rest at every step.

    So are the targets of control.  What the reference posture lacks of being at rest is a force that fades on the way.
    A step that leads to no rest is tried again half as long; the shortest one may lead anywhere downhill.  A balanced
    body has its root solved for with the joints at every step.
    """
    terms = terms_of(shared, case, values)
    below = replace(
        case,
        pad_anchor=terms.pad_position,
        pad_normal=np.tile([0.0, 0.0, 1.0], (len(case.pad_level), 1)),
        centre_target=terms.centre_of_mass[:2],
        direction_target=terms.directions,
    )
    terms = terms_of(shared, below, values)
    reduced = _reduce(terms)
    if reduced is None or not _is_positive(reduced.hessian):
        return _failed(values, 0, FALLS if reduced is None else LOST)
    lacking = np.concatenate([terms.gradient[:ROOT_COUNT], reduced.residual])
    share, step, spent, multipliers = 0.0, 1.0, 0, np.zeros(ROOT_COUNT)
    while True:
        before, felt, now = (_on_the_way(below, case, lacking, share + f * step) for f in (0.0, FEELER, 1.0))
        is_shortest = step <= SHORTEST_WAY
        # Where a pad is about to let go the tangent leads astray: the shortest step is tried without it as well.
        begins = (values,) if is_balanced else (_ahead(shared, before, felt, values), values if is_shortest else None)
        for begin in begins:
            rest, pushed = _failed(values, 0, FALLS), multipliers
            if is_balanced:
                rest, pushed = _balance(shared, now, values, multipliers)
            elif begin is not None:
                rest = _descend(shared, now, begin, JOINT_STEPS if is_shortest else STEPS_ON_THE_WAY)
            spent += rest.iterations + 1
            if rest.status == CONVERGED or not is_shortest:
                break
        if rest.status == CONVERGED:
            values, share, multipliers = rest.values, share + step, pushed
            if share == 1.0:
                return replace(rest, iterations=spent)
            step = min(2.0 * step, 1.0 - share)
        elif is_shortest:
            return replace(rest, iterations=spent)
        else:
            step *= 0.5


def _on_the_way(below: Case, wanted: Case, lacking: FloatArray, share: float) -> Case:
    if share == 1.0:
        return wanted
    normal = below.pad_normal + share * (wanted.pad_normal - below.pad_normal)
    length = np.sqrt((normal**2).sum(axis=-1, keepdims=True))
    return replace(
        wanted,
        pad_anchor=below.pad_anchor + share * (wanted.pad_anchor - below.pad_anchor),
        pad_normal=normal / np.where(length > 0, length, 1.0),
        centre_target=below.centre_target + share * (wanted.centre_target - below.centre_target),
        direction_target=below.direction_target + share * (wanted.direction_target - below.direction_target),
        force=(1.0 - share) * lacking,
    )


def _ahead(shared: Shared, before: Case, felt: Case, values: FloatArray) -> FloatArray | None:
    """Return where the next rest lies along the tangent of the way."""
    reduced = _reduce(terms_of(shared, before, values))
    borne = _bear(shared, felt, values)
    if reduced is None or borne is None:
        return None
    there = _reduce(terms_of(shared, felt, borne))
    if there is None:
        return None
    step = trusted_step(reduced.hessian, (there.residual - reduced.residual) / FEELER, LARGEST_RADIUS)
    if step is None:
        return None
    drift = (borne - values) / FEELER
    longest = float(np.abs(drift).max())
    drift *= min(1.0, LARGEST_RADIUS / longest) if longest > 0 else 1.0
    return np.asarray(values + drift + reduced.turn @ step)


def _widened(radius: float, length: float, kept: float) -> float:
    """Return the next radius after a step of some length that kept a share of its promise."""
    return min(2.0 * radius, LARGEST_RADIUS) if kept > 0.5 and length > 0.1 * radius else radius


def trusted_step(hessian: FloatArray, gradient: FloatArray, radius: float) -> FloatArray | None:
    """Return a step down the quadratic model, no longer than ``radius``; the Hessian is shifted as far as needed."""
    if not (np.isfinite(hessian).all() and np.isfinite(gradient).all()):
        return None
    if not len(gradient):
        return np.zeros(0)
    shift, size = 0.0, max(float(np.abs(np.diag(hessian)).max()), float(np.abs(gradient).max()) / radius)
    for _ in range(60):
        shifted = hessian + shift * np.eye(len(hessian))
        if _is_positive(shifted):
            step = -np.linalg.solve(shifted, gradient)
            if float(np.abs(step).max()) <= radius:
                return np.asarray(step)
        shift = max(4.0 * shift, 1e-6 * size)
    return None


def _is_regular(matrix: FloatArray) -> bool:
    """Say whether a matrix can be solved."""
    return bool(np.isfinite(matrix).all() and np.linalg.det(matrix) != 0.0)


def _is_positive(matrix: FloatArray) -> bool:
    """Say whether a symmetric matrix is positive definite."""
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return bool(np.isfinite(factor).all())
