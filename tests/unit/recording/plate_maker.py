"""Force plates made backwards: from a known force at a known point to the channels that each type would store."""

from __future__ import annotations

import numpy as np

from kinechain.recording.plate_types import PlateSource

RATE = 1000.0
#: Laboratories with z up and with y up: the world's up and two directions in the floor, as rows.
LABS = {"z up": np.eye(3), "y up": np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])}


def bump(n: int = 600, begin: int = 200, end: int = 500) -> np.ndarray:
    """Return a half sine between two samples, 0 elsewhere, (n,)."""
    return np.where(
        (np.arange(n) >= begin) & (np.arange(n) < end), np.sin(np.pi * (np.arange(n) - begin) / (end - begin)), 0.0
    )


def load(rng: np.random.Generator, half=(0.2, 0.3), n: int = 600):
    """Return force (n, 3) N, point (n, 2) m and free moment (n,) N m on the person, in the axes of a plate (z down)."""
    share = bump(n, n // 3, n // 3 + 300)
    along = np.linspace(-1, 1, n)[:, None]
    force = np.stack([40 * share * along[:, 0], 20 * share * rng.uniform(-1, 1), -700 * share], axis=1)
    point = rng.uniform(-0.4, 0.4, 2) * half + along * rng.uniform(-0.3, 0.3, 2) * half
    return force, point, 6 * share * rng.uniform(-1, 1)


def corners(rng: np.random.Generator, lab: np.ndarray, half=(0.2, 0.3)) -> tuple[np.ndarray, np.ndarray]:
    """Return corners (4, 3) and lab_from_plate (3, 3) of a plate that lies somewhere in a floor, turned at random."""
    turn = rng.uniform(-np.pi, np.pi)
    x = np.array([np.cos(turn), np.sin(turn), 0.0])
    down = np.array([0.0, 0, -1])
    lab_from_plate = lab.T @ np.stack([x, np.cross(down, x), down], axis=1)
    signs = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    middle = lab.T @ np.array([*rng.uniform(-2, 2, 2), rng.uniform(-0.03, 0.03)])
    return middle + (signs * half) @ lab_from_plate[:, :2].T, lab_from_plate


def moment_at_surface(force, point, free):
    """Return the moment about the middle of the surface, by hand: r x F with r in the surface, plus the free moment."""
    x, y = point.T
    return np.stack([y * force[:, 2], -x * force[:, 2], free + x * force[:, 1] - y * force[:, 0]], axis=1)


def channels(kind: int, force, point, free, origin, rng) -> np.ndarray:
    """Return the channels that a plate of a type stores (types 4 to 7: after their calibration)."""
    moment = moment_at_surface(force, point, free)
    if kind == 1:
        return np.column_stack([force, point, free])
    if kind in (2, 4, 5):
        return np.column_stack([force, moment - np.cross(force, origin)])
    a, b, depth = origin
    mx, my, mz = (moment - np.cross(force, [0, 0, depth])).T
    # Four sensors share three equations; the rest is at will.
    share = bump(len(force), len(force) // 3, len(force) // 3 + 300)
    free_share, shear_share = rng.uniform(-50, 50), rng.uniform(-20, 20)
    sums = np.stack([force[:, 2], mx / b, -my / a, np.full(len(force), free_share) * share])
    pattern = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, -1, 1], [1, -1, 1, -1]])
    fz = np.linalg.solve(pattern, sums)
    fy_apart = shear_share * share  # Fy14 - Fy23
    fx_apart = (mz - a * fy_apart) / b  # Fx34 - Fx12
    fx12, fx34 = (force[:, 0] - fx_apart) / 2, (force[:, 0] + fx_apart) / 2
    fy14, fy23 = (force[:, 1] + fy_apart) / 2, (force[:, 1] - fy_apart) / 2
    if kind in (3, 7):
        return np.column_stack([fx12, fx34, fy14, fy23, *fz])
    fx = (0.3 * fx12, 0.7 * fx12, 0.6 * fx34, 0.4 * fx34)
    fy = (0.2 * fy14, 0.5 * fy23, 0.5 * fy23, 0.8 * fy14)
    return np.column_stack([c for i in range(4) for c in (fx[i], fy[i], fz[i])])


def source(kind: int, seed: int, lab: str = "z up", n: int = 600, **changes):
    """Return a plate of a type and what it must come to: force, point and free moment in the laboratory."""
    rng = np.random.default_rng([kind, seed])
    half = rng.uniform([0.15, 0.2], [0.3, 0.5])
    force, point, free = load(rng, half, n)
    place, lab_from_plate = corners(rng, LABS[lab], half)
    origin = np.array([*(0.7 * half), -0.05]) if kind in (3, 6, 7) else np.array([0.002, -0.001, -0.04])
    made = PlateSource("plate 1", kind, channels(kind, force, point, free, origin, rng), place, origin, RATE, 0.0)
    made = PlateSource(**{**vars(made), **changes})
    truth = (
        force @ lab_from_plate.T,
        place.mean(axis=0) + point @ lab_from_plate[:, :2].T,
        free[:, None] * lab_from_plate[:, 2],
    )
    return made, truth
