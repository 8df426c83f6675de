"""A walker made of formulas: its events are known because they are put in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kinechain.motion.foot_paths import FootPaths
from kinechain.recording.recording import ForcePlate

STANCE = 0.62
FOOT = 0.2
WEIGHT_N = 700.0


def strikes(side: str, stride_s: float, until_s: float) -> np.ndarray:
    """Times of the foot strikes of one side; the left foot strikes at 0.1 s, the right half a stride later."""
    first = 0.1 + (0.0 if side == "left" else stride_s / 2)
    return np.arange(first, until_s, stride_s)


def foot(side: str, times: np.ndarray, stride_s: float, length_m: float, delay_s: float = 0.0) -> np.ndarray:
    """Path of a point that rests in stance and swings smoothly; ``delay_s`` moves its lift-off within the stance."""
    first = strikes(side, stride_s, 10.0)[0]
    out = np.zeros((len(times), 3))
    phase = (times - first) / stride_s
    step, within = np.floor(phase), phase - np.floor(phase)
    lift = STANCE + delay_s / stride_s
    swing = np.clip((within - lift) / (1.0 - lift), 0.0, 1.0)
    smooth = swing**3 * (10 - 15 * swing + 6 * swing**2)
    out[:, 0] = (step + smooth) * length_m + (0.0 if side == "left" else length_m / 2)
    out[:, 1] = 0.1 if side == "left" else -0.1
    out[:, 2] = 0.05 + 0.1 * np.sin(np.pi * swing) ** 2
    return out


def walk(
    stride_s: float = 1.1, length_m: float = 1.3, lasts_s: float = 4.0, rate_hz: float = 100.0, start_s: float = 0.0
) -> FootPaths:
    """Level walking along x at constant speed."""
    times = np.arange(round(lasts_s * rate_hz)) / rate_hz
    heel = {s: foot(s, times, stride_s, length_m, -0.12 * stride_s) for s in ("left", "right")}
    toe = {s: foot(s, times, stride_s, length_m) + np.array([FOOT, 0, 0]) for s in ("left", "right")}
    inner = {s: toe[s] - [0.01, 0.04 if s == "left" else -0.04, 0] for s in toe}
    outer = {s: toe[s] + [-0.02, 0.04 if s == "left" else -0.04, 0] for s in toe}
    tip = {s: toe[s] + [0.06, 0, 0] for s in toe}
    pelvis = np.zeros((len(times), 3))
    pelvis[:, 0] = (times - 0.1) * length_m / stride_s - 0.25 * length_m + 0.1
    pelvis[:, 1] = 0.02 * np.sin(2 * np.pi * times / stride_s)
    pelvis[:, 2] = 0.95
    return FootPaths(heel, toe, tip, inner, outer, pelvis, np.ones(len(times), dtype=bool), rate_hz, start_s)


def plate(
    paths: FootPaths, side: str, first_s: float, off_s: float, rate_hz: float = 1000.0, shift_m: float = 0.0
) -> ForcePlate:
    """A plate under one stance: a half-sine force whose centre moves from heel to toe."""
    count = round(len(paths.pelvis) / paths.rate_hz * rate_hz)
    times = paths.start_s + np.arange(count) / rate_hz
    part = np.clip((times - first_s) / (off_s - first_s), 0.0, 1.0)
    force = np.zeros((count, 3))
    force[:, 2] = WEIGHT_N * np.sin(np.pi * part)
    middle = paths.start_s + np.arange(len(paths.pelvis)) / paths.rate_hz
    standing = np.argmin(np.abs(middle - (first_s + off_s) / 2))
    heel = paths.heel[side][standing]
    pressure = heel + np.outer(0.05 + 0.15 * part, [1.0, 0, 0]) + [0, shift_m, 0]
    pressure[:, 2] = 0.0
    pressure[force[:, 2] < 20.0] = np.nan
    x, y = heel[:2]
    corners = np.array([[x - 0.1, y - 0.2, 0], [x + 0.4, y - 0.2, 0], [x + 0.4, y + 0.2, 0], [x - 0.1, y + 0.2, 0]])
    return ForcePlate("plate", corners, force, pressure, np.zeros((count, 3)), rate_hz, paths.start_s)


POINTS = ("heel", "forefoot", "hallux", "inner", "outer")


def remade(paths: FootPaths, change: Callable[[np.ndarray], np.ndarray]) -> FootPaths:
    """Paths of which every point (time, 3) is changed in the same way."""
    feet = {name: {s: change(p) for s, p in getattr(paths, name).items()} for name in POINTS}
    pelvis = change(paths.pelvis)
    return replace(paths, **feet, pelvis=pelvis, is_seen=np.ones(len(pelvis), dtype=bool))


def paced(paths: FootPaths, pace: np.ndarray) -> FootPaths:
    """The same way walked at a changing pace: 1 as it was, 0 standing still; one value per frame of the result."""
    when = np.concatenate([[0.0], np.cumsum(pace)[:-1]])
    frames = np.arange(len(paths.pelvis))
    return remade(paths, lambda p: np.stack([np.interp(when, frames, column) for column in p.T], axis=1))


def turned(paths: FootPaths, at: int, lasts: int, by_rad: float) -> FootPaths:
    """The same walk with a turn on the spot, about the pelvis: ``lasts`` frames are put in at frame ``at``."""
    centre = paths.pelvis[at] * [1.0, 1.0, 0.0]
    steps = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0.0, 1.0, lasts))

    def about(p: np.ndarray, angles: np.ndarray) -> np.ndarray:
        c, s, x, y = np.cos(angles), np.sin(angles), *(p - centre).T[:2]
        return np.stack([c * x - s * y, s * x + c * y, p[:, 2]], axis=1) + centre

    def change(p: np.ndarray) -> np.ndarray:
        on_the_spot = np.repeat(p[at : at + 1], lasts, axis=0)
        return np.vstack([p[:at], about(on_the_spot, by_rad * steps), about(p[at:], np.full(len(p) - at, by_rad))])

    return remade(paths, change)
