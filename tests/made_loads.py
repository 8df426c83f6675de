"""Loads nobody carried: every peak is put there by hand, so a report can be held against it."""

from __future__ import annotations

import numpy as np

from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.loads import (
    FOOT_REGIONS,
    MEASURED,
    NO_CONTACT,
    PREDICTED,
    FootReaction,
    GroundReaction,
    JointReaction,
    Loads,
    LoadSettings,
    Table,
)

#: Peak and the frame after foot strike at which it stands, per side; in body weights.
CONTACT_BW = {"hip": (2.75, 50), "knee": (2.5, 48), "ankle": (3.75, 54)}
#: Left is weaker than right by this factor throughout.
LEFT = 0.8
#: Compression, forward shear of the lumbar levels: base and rise, in body weights, twice a stride, 10 frames after
#: each foot strike.
LUMBAR_BW = {"l3_l4": (0.75, 1.0), "l4_l5": (0.75, 1.125), "l5_s1": (0.75, 1.25)}
SHEAR_BW = 0.25
ACHILLES_BW, FASCIA_BW = 3.5, 0.75
#: Internal moments, N m/kg, positive as the coordinate: peak and frame.
MOMENTS = {
    "hip_flexion": (-0.75, 12),
    "hip_adduction": (-0.875, 16),
    "knee_flexion": (-0.5, 14),
    "ankle_dorsiflexion": (-1.5, 52),
}
POWERS = {"hip_flexion": (1.25, 60), "knee_flexion": (-0.75, 12), "ankle_dorsiflexion": (2.5, 56)}
SHARES = (0.25, 0.125, 0.25, 0.25, 0.125)
VERTICAL_BW = (1.125, 1.0625)
STRIDE_FRAMES, STANCE_FRAMES = 110, 68
#: First foot strike of each side, frames.
STRIKE = {"left": 10, "right": 65}
MUSCLES = ("glmed1", "vaslat", "soleus", "gasmed", "tibant", "IL_L1", "MF_m1s", "rect_abd")
#: Parts of the Achilles tension.
TRICEPS = {"soleus": 0.625, "gasmed": 0.375}
RESIDUAL_N = 16.0
RESERVE_NM = 1.5


def _bump(frames: np.ndarray, start: int, at: int, width: float, every: int = STRIDE_FRAMES) -> np.ndarray:
    """Return 1 at a frame after each foot strike, and hardly anything far from it."""
    away = (frames - start - at + every / 2) % every - every / 2
    return np.exp(-((away / width) ** 2))


def _stance(frames: np.ndarray, side: str) -> np.ndarray:
    return (frames - STRIKE[side]) % STRIDE_FRAMES <= STANCE_FRAMES


def _foot(frames: np.ndarray, side: str, weight: float, origin: int) -> FootReaction:
    on = _stance(frames, side)
    size = 1.0 if side == "right" else LEFT
    up = sum(peak * _bump(frames, STRIKE[side], at, 9.0) for peak, at in zip(VERTICAL_BW, (16, 50), strict=True))
    forward = 0.1875 * (_bump(frames, STRIKE[side], 56, 8.0) - _bump(frames, STRIKE[side], 12, 8.0))
    inward = -1.0 if side == "left" else 1.0
    force = weight * size * np.stack([forward, inward * 0.0625 * _bump(frames, STRIKE[side], 14, 9.0), up], axis=1)
    force[~on] = 0.0
    regions = np.array(SHARES)[None, :, None] * force[:, None, :]
    point = np.zeros_like(force)
    point[~on] = np.nan
    return FootReaction(
        side, force, point, np.zeros_like(force), regions,
        np.repeat(point[:, None, :], len(FOOT_REGIONS), axis=1), np.where(on, origin, NO_CONTACT),
    )  # fmt: skip


def _reactions(frames: np.ndarray, weight: float) -> tuple[JointReaction, ...]:
    out = []
    for level, (base, rise) in LUMBAR_BW.items():
        bump = _bump(frames, STRIKE["left"], 10, 6.0, STRIDE_FRAMES // 2)
        side = 0.125 * (_bump(frames, STRIKE["left"], 10, 6.0) - _bump(frames, STRIKE["right"], 10, 6.0))
        force = weight * np.stack([SHEAR_BW * bump, side, -(base + rise * bump)], axis=1)
        out.append(JointReaction(level, force, np.zeros_like(force)))
    for side in ("right", "left"):
        size = 1.0 if side == "right" else LEFT
        for joint, (peak, at) in CONTACT_BW.items():
            down = -weight * size * peak * _bump(frames, STRIKE[side], at, 12.0)
            force = np.stack([0.0 * down, 0.0 * down, down], axis=1)
            out.append(JointReaction(f"{joint}_{side[0]}", force, np.zeros_like(force)))
    return tuple(out)


def _sided(frames: np.ndarray, peaks: dict[str, tuple[float, int]], factor: float, unit: str) -> Table:
    labels, columns = [], []
    for side in ("right", "left"):
        for name, (peak, at) in peaks.items():
            size = factor * (1.0 if side == "right" else LEFT)
            labels.append(f"{name}_{side[0]}")
            columns.append(size * peak * _bump(frames, STRIKE[side], at, 8.0))
    return Table(tuple(labels), np.stack(columns, axis=1), unit)


def _with(table: Table, labels: tuple[str, ...], columns: list[np.ndarray]) -> Table:
    return Table((*labels, *table.labels), np.column_stack([*columns, table.values]), table.unit)


def made_loads(frames: int = 500, rate_hz: float = 100.0, mass_kg: float = 64.0, origin: int = PREDICTED) -> Loads:
    """Return loads with the peaks above.

    Parameters
    ----------
    frames : int
    rate_hz : float
    mass_kg : float
    origin : int
        `MEASURED` or `PREDICTED`, of every contact.
    """
    assert origin in (MEASURED, PREDICTED)
    at, weight = np.arange(frames), mass_kg * GRAVITY_M_S2
    feet = tuple(_foot(at, side, weight, origin) for side in ("right", "left"))
    word = "measured by force plates" if origin == MEASURED else "predicted from the motion"
    ground = GroundReaction(at / rate_hz, feet, (f"Every contact was {word}.",))  # type: ignore[arg-type]
    lumbar = -0.25 * mass_kg * _bump(at, STRIKE["left"], 10, 8.0, STRIDE_FRAMES // 2)
    residuals = [RESIDUAL_N * np.cos(at / 7.0), np.full(frames, 4.0)]
    moments = _sided(at, MOMENTS, mass_kg, "N m")
    moments = _with(moments, ("pelvis_tx", "pelvis_tilt", "lumbar_flexion"), [*residuals, lumbar])
    labels = tuple(f"{name}_{side[0]}" for side in ("right", "left") for name in MUSCLES)
    activations = np.stack(
        [0.5 * _bump(at, STRIKE[side], 20 + 5 * k, 15.0) for side in ("right", "left") for k in range(len(MUSCLES))],
        axis=1,
    )
    forces = 800.0 * activations
    for side in ("right", "left"):
        for name, part in TRICEPS.items():
            size = part * ACHILLES_BW * weight * (1.0 if side == "right" else LEFT)
            forces[:, labels.index(f"{name}_{side[0]}")] = size * _bump(at, STRIKE[side], 54, 8.0)
    tissues = {"plantar_fascia_medial": (FASCIA_BW / 4, 58), "plantar_fascia_central": (3 * FASCIA_BW / 4, 58)}
    tension = _sided(at, tissues, weight, "N")
    lengths = Table((*tension.labels, "sciatic_r"), np.full((frames, len(tension.labels) + 1), 0.25), "m")
    reserve = Table(("hip_rotation_r",), RESERVE_NM * np.sin(at / 11.0)[:, None], "N m")
    return Loads(
        times_s=at / rate_hz,
        mass_kg=mass_kg,
        settings=LoadSettings(),
        ground=ground,
        moments=moments,
        powers=_sided(at, POWERS, mass_kg, "W"),
        activations=Table(labels, activations, "1"),
        muscle_forces=Table(labels, forces, "N"),
        reserves=reserve,
        tissue_forces=tension,
        tissue_lengths=lengths,
        reactions=_reactions(at, weight),
        notes=("Static optimisation of the sum of squared activations.",),
    )


def unsolved_loads(why: str, frames: int = 500, mass_kg: float = 64.0) -> Loads:
    """Return what stands for a trial whose loads could not be computed."""
    feet = []
    for side in ("right", "left"):
        nothing, regions = np.full((frames, 3), np.nan), np.full((frames, len(FOOT_REGIONS), 3), np.nan)
        feet.append(FootReaction(side, nothing, nothing, nothing, regions, regions, np.full(frames, -1.0)))
    times = np.arange(frames) / 100.0
    none = {unit: Table((), np.empty((frames, 0)), unit) for unit in ("N m", "W", "1", "N", "m")}
    return Loads(
        times_s=times,
        mass_kg=mass_kg,
        settings=LoadSettings(),
        ground=GroundReaction(times, tuple(feet)),  # type: ignore[arg-type]
        moments=none["N m"],
        powers=none["W"],
        activations=none["1"],
        muscle_forces=none["N"],
        reserves=none["N m"],
        tissue_forces=none["N"],
        tissue_lengths=none["m"],
        reactions=(),
        notes=(why,),
    )
