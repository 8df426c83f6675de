"""Pieces of paths around surfaces: closed forms, taut strings drawn without them, laws and derivatives."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial import ConvexHull

from kinechain.body.path_surfaces import MUST_BEND, STRAIGHT, bend

ALL = (-1, 1.0)
KINDS = {"cylinder": 0, "sphere": 1, "ellipsoid": 2}


def around(kind: str, p, q, *, radii=(0.05, 0.05, 0.05), half_length=np.inf, side=ALL, method=0, shortest=False):
    return bend(
        KINDS[kind], np.array(radii, float), half_length, side, method, np.array(p, float), np.array(q, float), shortest
    )


def hull_length(ring: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    """Length of the string from p to q drawn tight over the points of a plane ring to the left of the line."""
    d = q - p
    left = ring[d[0] * (ring[:, 1] - p[1]) - d[1] * (ring[:, 0] - p[0]) > 0]
    points = np.vstack([left, p, q])
    corners = points[ConvexHull(points).vertices]
    whole = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).sum()
    return float(whole - np.linalg.norm(p - q))


def ellipse(a: float, b: float, count: int = 200_000) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.column_stack([a * np.cos(angle), b * np.sin(angle)])


@pytest.mark.parametrize("kind", ["cylinder", "sphere"])
def test_a_string_in_the_plane_is_two_tangents_and_an_arc(kind):
    r, p, q = 0.05, np.array([-0.12, 0.01, 0.0]), np.array([0.09, 0.02, 0.0])
    need, piece = around(kind, p, q)
    far = np.linalg.norm(p), np.linalg.norm(q)
    between = np.arccos(p @ q / (far[0] * far[1]))
    arc = r * (between - np.arccos(r / far[0]) - np.arccos(r / far[1]))
    assert need == MUST_BEND
    assert piece.arc == pytest.approx(arc, rel=1e-12)
    assert piece.length == pytest.approx(np.sqrt(far[0] ** 2 - r**2) + arc + np.sqrt(far[1] ** 2 - r**2), rel=1e-12)
    # a tension runs along the tangents
    assert (p - piece.first) / np.linalg.norm(p - piece.first) == pytest.approx(piece.gradient_p, abs=1e-12)
    assert (q - piece.last) / np.linalg.norm(q - piece.last) == pytest.approx(piece.gradient_q, abs=1e-12)


@pytest.mark.parametrize(("a", "b"), [(0.08, 0.05), (0.05, 0.08), (0.075, 0.17)])
@pytest.mark.parametrize("p", [(-0.3, 0.02), (-0.2, 0.05)])
def test_a_string_around_the_middle_of_an_ellipsoid_is_the_edge_of_a_convex_hull(a, b, p):
    p, q = np.array(p), np.array([0.2, 0.01])
    need, piece = around("ellipsoid", (*p, 0), (*q, 0), radii=(a, b, 0.2), side=(1, 1.0))
    assert need == MUST_BEND
    assert piece.length == pytest.approx(hull_length(ellipse(a, b), p, q), rel=1e-8)


def test_the_shortest_way_around_a_cylinder_is_what_a_search_finds():
    r, p, q = 0.05, np.array([-0.1, 0.005, -0.03]), np.array([0.13, -0.02, 0.12])

    def way(x: np.ndarray) -> float:
        touch = [np.array([r * np.cos(angle), r * np.sin(angle), z]) for angle, z in x.reshape(2, 2)]
        helix = np.hypot(r * (x[0] - x[2]), x[1] - x[3])
        return float(np.linalg.norm(p - touch[0]) + helix + np.linalg.norm(q - touch[1]))

    # The search is free to cut through the cylinder, so it is held to tangents by starting near and being smooth there.
    _, piece = around("cylinder", p, q, shortest=True)
    angles = [np.arctan2(t[1], t[0]) for t in (piece.first, piece.last)]
    start = np.array([angles[0] + 0.01, piece.first[2] + 0.01, angles[1] - 0.01, piece.last[2] - 0.01])
    levels = [minimize(lambda z, i=i: way(np.array([angles[0], z[0], angles[1], z[1]])), start[[1, 3]]) for i in (0,)]
    assert piece.length == pytest.approx(levels[0].fun, abs=1e-9)
    assert np.array([piece.first[2], piece.last[2]]) == pytest.approx(levels[0].x, abs=1e-4)
    level = np.sqrt(p[:2] @ p[:2] - r * r) + np.sqrt(q[:2] @ q[:2] - r * r)
    assert piece.length > np.hypot(level, q[2] - p[2])


def test_opensims_curve_lies_in_a_plane_through_both_ends_and_an_apex():
    """The plane drawn as WrapCylinder.cpp draws it, by points; the closed form never forms it."""
    r, p, q = 0.05, np.array([-0.1, 0.005, -0.03]), np.array([0.13, -0.02, 0.12])
    _, piece = around("cylinder", p, q)
    rho = np.hypot(*p[:2]), np.hypot(*q[:2])
    middle = p + rho[0] / (rho[0] + rho[1]) * (q - p)
    apex = np.array([*(r * middle[:2] / np.linalg.norm(middle[:2])), middle[2]])
    normal = np.cross(p - apex, q - apex)
    for touch in (piece.first, piece.last):
        assert np.hypot(*touch[:2]) == pytest.approx(r, rel=1e-12)
        assert normal @ (touch - apex) / np.linalg.norm(normal) == pytest.approx(0, abs=1e-12)
    _, shortest = around("cylinder", p, q, shortest=True)
    assert 0 < piece.length - shortest.length < 1e-3


def test_an_ellipsoid_with_equal_radii_is_a_sphere():
    generator = np.random.default_rng(4)
    for _ in range(20):
        p, q = generator.normal(size=(2, 3)) * 0.03 + np.array([[-0.12, 0, 0], [0.1, 0.03, 0.02]])
        ball, egg = (around(kind, p, q) for kind in ("sphere", "ellipsoid"))
        assert ball[0] == egg[0]
        if ball[1] is not None:
            assert egg[1].length == pytest.approx(ball[1].length, abs=1e-10)
            assert egg[1].gradient_p == pytest.approx(ball[1].gradient_p, abs=1e-7)


def differences(kind: str, p: np.ndarray, q: np.ndarray, step: float, options: dict) -> np.ndarray:
    """Return the derivative (end, axis) of the length by differences; NaN where a step leaves the surface."""
    found = np.zeros((2, 3))
    for end in range(2):
        for axis in range(3):
            lengths = []
            for sign in (1, -1):
                moved = [p.copy(), q.copy()]
                moved[end][axis] += sign * step
                near = around(kind, *moved, **options)[1]
                lengths.append(np.nan if near is None else near.length)
            found[end, axis] = (lengths[0] - lengths[1]) / (2 * step)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", [ALL, (0, 1.0), (1, -1.0), (2, 1.0)])
@pytest.mark.parametrize("method", [0, 1, 2])
@pytest.mark.parametrize("shortest", [False, True])
def test_gradients_are_those_of_the_length(kind, side, method, shortest):
    if (kind != "ellipsoid" and method) or (kind != "cylinder" and shortest):
        pytest.skip("the same as without")
    generator = np.random.default_rng(11)
    options = {"side": side, "method": method, "shortest": shortest}
    options["radii"] = (0.05, 0.09, 0.07) if kind == "ellipsoid" else (0.06,) * 3
    bent = 0
    for _ in range(60):
        p, q = generator.normal(size=(2, 3)) * 0.12
        _, piece = around(kind, p, q, **options)
        if piece is None or piece.arc > 0.25:
            continue
        found, again = (differences(kind, p, q, step, options) for step in (1e-6, 2e-6))
        # A step across the edge where the path lets go or changes sides, or beside one where it swings round.
        if not np.abs(found - again).max() < 1e-7:
            continue
        bent += 1
        assert piece.gradient_p == pytest.approx(found[0], abs=2e-7, rel=1e-6)
        assert piece.gradient_q == pytest.approx(found[1], abs=2e-7, rel=1e-6)
    assert bent >= 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirrored_piece_is_the_mirror_of_the_piece(kind, axis):
    mirror = np.ones(3)
    mirror[axis] = -1
    generator = np.random.default_rng(5)
    bent = 0
    for _ in range(40):
        p, q = generator.normal(size=(2, 3)) * 0.12
        for side in (ALL, (0, 1.0), (1, -1.0)):
            other = (side[0], -side[1]) if side[0] == axis else side
            # OpenSim's rule for halves of a cylinder prefers clockwise, and is no mirror of itself
            method = 3 if kind == "cylinder" else 0
            one = around(kind, p, q, side=side, method=method)
            two = around(kind, mirror * p, mirror * q, side=other, method=method)
            assert one[0] == two[0]
            if one[1] is None:
                continue
            bent += 1
            assert two[1].length == pytest.approx(one[1].length, abs=1e-9)
            assert mirror * two[1].gradient_p == pytest.approx(one[1].gradient_p, abs=1e-6)
            assert mirror * two[1].last == pytest.approx(one[1].last, abs=1e-7)
    assert bent > 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_piece_read_backwards_is_as_long(kind):
    generator = np.random.default_rng(6)
    for _ in range(60):
        p, q = generator.normal(size=(2, 3)) * 0.12
        one, two = around(kind, p, q), around(kind, q, p)
        assert one[0] == two[0]
        if one[1] is not None:
            assert two[1].length == pytest.approx(one[1].length, abs=1e-9)
            assert two[1].gradient_q == pytest.approx(one[1].gradient_p, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_piece_touches_or_lets_go_without_a_jump(kind):
    lengths = []
    for height in np.linspace(0.03, 0.07, 4001):
        p, q = np.array([-0.1, height, 0.01]), np.array([0.12, height, -0.02])
        _, piece = around(kind, p, q)
        lengths.append(np.linalg.norm(p - q) if piece is None else piece.length)
    lengths = np.array(lengths)
    assert np.abs(np.diff(lengths)).max() < 3e-5
    assert lengths[0] > lengths[-1] + 1e-4


def test_a_piece_misses_what_it_does_not_cross():
    for kind in KINDS:
        assert around(kind, (-0.1, 0.06, 0), (0.1, 0.06, 0)) == (STRAIGHT, None)
        assert around(kind, (-0.2, 0.0, 0), (-0.1, 0.0, 0)) == (STRAIGHT, None)
        # an end inside: OpenSim lets such a piece run straight
        assert around(kind, (-0.2, 0.0, 0), (0.01, 0.01, 0)) == (STRAIGHT, None)


def test_a_cylinder_ends():
    p, q = (-0.1, 0.01, 0.3), (0.1, 0.01, 0.32)
    assert around("cylinder", p, q, half_length=0.4)[0] == MUST_BEND
    assert around("cylinder", p, q, half_length=0.25) == (STRAIGHT, None)


@pytest.mark.parametrize("kind", ["cylinder", "sphere"])
def test_one_half_only_sends_the_path_around_that_half(kind):
    p, q = np.array([-0.12, 0.01, 0.0]), np.array([0.09, 0.02, 0.0])
    above, below = (around(kind, p, q, side=(1, sign))[1] for sign in (1.0, -1.0))
    assert above.first[1] > 0
    if kind == "cylinder":
        # an end on the side that may be touched must be the reason to bend, not the line alone
        below = around(kind, p - [0, 0.03, 0], q - [0, 0.03, 0], side=(1, -1.0))[1]
        assert below.first[1] < 0
        far = around(kind, p * [1, -1, 1], q * [1, -1, 1], side=(1, 1.0))[1]
        assert far.first[1] > 0
        assert far.length == pytest.approx(hull_length(ellipse(0.05, 0.05), p[:2] * [1, -1], q[:2] * [1, -1]), rel=1e-8)
    else:
        assert below.first[1] < 0
        assert below.length > above.length
