"""A person of plain geometry, built without anything of kinechain, whose angles and steps are known.

Bones are rigid point clouds hung from joint centres; x forward, y left, z up, m and degrees.
The hip centres stand where Harrington's regression puts them, so that nothing but the
program can explain a difference.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

SIDES = {"r": -1.0, "l": 1.0}
WORD = {"r": "right", "l": "left"}
WIDTH, DEPTH, THIGH, SHANK, ANKLE = 0.245, 0.155, 0.42, 0.41, 0.085
HIP = np.array([-(0.24 * DEPTH + 0.0099), 0.33 * WIDTH + 0.0073, -(0.30 * WIDTH + 0.0109)])


def turn(axis: str, degrees: object) -> np.ndarray:
    """Right-handed rotation about an axis, (..., 3, 3)."""
    angle = np.radians(np.asarray(degrees, dtype=float))
    i = "xyz".index(axis)
    j, k = (i + 1) % 3, (i + 2) % 3
    out = np.zeros((*angle.shape, 3, 3))
    out[..., i, i] = 1.0
    out[..., j, j] = out[..., k, k] = np.cos(angle)
    out[..., k, j] = np.sin(angle)
    out[..., j, k] = -out[..., k, j]
    return out


def about(axis: np.ndarray, degrees: float) -> np.ndarray:
    """Right-handed rotation about any unit axis."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def bones(thigh: dict[str, float], shank: dict[str, float]) -> dict[str, dict[str, np.ndarray]]:
    """Points of every bone from its proximal joint centre (pelvis: between the hips)."""
    middle = np.array([HIP[0], 0.0, HIP[2]])
    out: dict[str, dict[str, list[float]]] = {"pelvis": {}, "thorax": {}}
    out["thorax"] = {"c7": [-0.05, 0, 0.37], "t10": [-0.07, 0, 0.09], "xiphoid": [0.14, 0, 0.14]}
    out["thorax"]["suprasternal_notch"] = [0.09, 0, 0.31]
    for s, g in SIDES.items():
        out["pelvis"] |= {f"asis_{s}": [0, g * WIDTH / 2, 0], f"psis_{s}": [-DEPTH, g * 0.045, 0]}
        out["thorax"][f"acromion_{s}"] = [0.02, g * 0.19, 0.34]
        t, k, a = -thigh[s], -shank[s], -ANKLE
        out[f"femur_{s}"] = {
            f"greater_trochanter_{s}": [0, g * 0.07, 0],
            f"lateral_femoral_epicondyle_{s}": [0, g * 0.05, t],
            f"medial_femoral_epicondyle_{s}": [0, -g * 0.05, t],
        }
        out[f"tibia_{s}"] = {
            f"fibula_head_{s}": [-0.01, g * 0.045, -0.045],
            f"tibial_tuberosity_{s}": [0.045, 0, -0.05],
            f"lateral_malleolus_{s}": [0, g * 0.035, k],
            f"medial_malleolus_{s}": [0, -g * 0.035, k],
        }
        out[f"hindfoot_{s}"] = {
            f"heel_{s}": [-0.055, 0, a + 0.03],
            f"heel_proximal_{s}": [-0.052, 0, a + 0.065],
            f"sustentaculum_{s}": [-0.005, -g * 0.03, a + 0.045],
        }
        out[f"forefoot_{s}"] = {
            f"navicular_{s}": [0.045, -g * 0.03, a + 0.045],
            f"metatarsal_1_head_{s}": [0.125, -g * 0.035, a + 0.035],
            f"metatarsal_2_head_{s}": [0.135, 0, a + 0.045],
            f"metatarsal_5_head_{s}": [0.105, g * 0.05, a + 0.025],
            f"metatarsal_5_base_{s}": [0.04, g * 0.042, a + 0.025],
        }
    pelvis = {name: np.array(p) - middle for name, p in out.pop("pelvis").items()}
    return {"pelvis": pelvis, **{b: {n: np.array(p, float) for n, p in ps.items()} for b, ps in out.items()}}


def stand(
    pelvis: tuple[float, float, float] = (10.0, 0.0, 0.0),
    trunk: tuple[float, float, float] = (-10.0, 0.0, 0.0),
    legs: dict[str, dict[str, object]] | None = None,
    shank: dict[str, float] | None = None,
) -> dict[str, np.ndarray]:
    """Return the markers of one posture, (3,) arrays.

    ``pelvis``: anterior tilt, right side up, counter-clockwise.  ``trunk`` against the pelvis: flexion, bending to the
    right, counter-clockwise.  Each leg: ``hip`` (flexion, adduction, internal rotation), ``knee`` (flexion, varus,
    internal rotation), ``foot`` (dorsiflexion) and ``heel``, eversion about an axis 42 deg up and 16 deg medial.
    """
    shank = shank or {"r": SHANK, "l": SHANK}
    cloud = bones({"r": THIGH, "l": THIGH}, shank)
    tilt, up, ccw = pelvis
    frame = turn("z", ccw) @ turn("x", -up) @ turn("y", tilt)
    at = {"pelvis": (frame, np.zeros(3))}
    flexion, bend, twist = trunk
    base = frame @ np.array([-0.03, 0.0, 0.15])
    at["thorax"] = (frame @ turn("y", flexion) @ turn("x", bend) @ turn("z", twist), base)
    for s, g in SIDES.items():
        leg = {"hip": (10.0, 0.0, 0.0), "knee": (0.0, 0.0, 0.0), "foot": 0.0, "heel": 0.0} | (legs or {}).get(s, {})
        hip, knee, dorsiflexion, eversion = leg["hip"], leg["knee"], leg["foot"], leg["heel"]
        femur = frame @ turn("y", -hip[0]) @ turn("x", -g * hip[1]) @ turn("z", -g * hip[2])
        tibia = femur @ turn("y", knee[0]) @ turn("x", -g * knee[1]) @ turn("z", -g * knee[2])
        foot = tibia @ turn("y", -dorsiflexion)
        hip_centre = frame @ np.array([0.0, g * HIP[1], 0.0])
        knee_centre = hip_centre - THIGH * femur[:, 2]
        ankle = knee_centre - shank[s] * tibia[:, 2]
        rise, medial = np.radians([42.0, 16.0])
        axis = g * np.array([np.cos(rise) * np.cos(medial), -g * np.cos(rise) * np.sin(medial), np.sin(rise)])
        below = np.array([0.0, 0.0, -0.02])
        heel = foot @ about(axis, eversion)
        at[f"femur_{s}"], at[f"tibia_{s}"], at[f"forefoot_{s}"] = (
            (femur, hip_centre),
            (tibia, knee_centre),
            (foot, ankle),
        )
        at[f"hindfoot_{s}"] = (heel, ankle + (foot - heel) @ below)
    return {n: at[b][1] + at[b][0] @ p for b, points in cloud.items() for n, p in points.items()}


def held(markers: dict[str, np.ndarray], frames: int = 40) -> dict[str, np.ndarray]:
    """Return a posture on the floor as trajectories."""
    low = min(p[2] for n, p in markers.items() if n.startswith(("heel", "metatarsal")))
    return {n: np.repeat([p + np.array([0.0, 0.0, 0.025 - low])], frames, axis=0) for n, p in markers.items()}


def _foot_path(time: np.ndarray, strikes: list[tuple[float, float]], stance: float) -> tuple[np.ndarray, ...]:
    """Ankle x and z and pitch of a foot (toes up +, rad) that lands on the heel, rolls over the forefoot and swings."""
    x, z, pitch = np.zeros(len(time)), np.full(len(time), ANKLE), np.zeros(len(time))
    land, leave = np.radians(18.0), np.radians(-55.0)

    def ankle(at: float, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pivot = np.where(angle < 0, 0.12, -0.055)
        lift = -pivot * np.sin(angle) + ANKLE * np.cos(angle)
        return at + pivot - pivot * np.cos(angle) - ANKLE * np.sin(angle), lift

    for (start, here), (end, there) in pairwise(strikes):
        now = (time >= start) & (time < end)
        share, stride = (time[now] - start) / (end - start), end - start
        flat = np.clip(share / 0.10, 0, 1)
        rise = np.clip((share - 0.36) / (stance - 0.36), 0, 1)
        angle = land * (1 - flat**3 * (10 - 15 * flat + 6 * flat**2)) + leave * rise**1.8
        swing = np.clip((share - stance) / (1 - stance), 0, 1)
        length, rate = (1 - stance) * stride, leave * 1.8 / ((stance - 0.36) * stride)
        a, b = 2 * swing**3 - 3 * swing**2 + 1, swing**3 - 2 * swing**2 + swing
        c, d = 1 - a, swing**3 - swing**2
        angle = np.where(share > stance, a * leave + 0.3 * b * length * rate + c * land, angle)
        first, last = np.array(ankle(here, np.array(leave))), np.array(ankle(there, np.array(land)))
        speed = (np.array(ankle(here, np.array(leave + 1e-5 * rate))) - first) / 1e-5
        arrive = np.array([0.8 * (there - here) / stride * length, -0.1 * length])
        path = np.outer(a, first) + np.outer(b, length * speed) + np.outer(c, last) + np.outer(d, arrive)
        rolled = np.stack(ankle(here, angle), axis=1)
        x[now], z[now] = np.where(share[:, None] > stance, path, rolled).T
        pitch[now] = angle
    return x, z, pitch


def walk(
    step: dict[str, float],
    cadence: float,
    *,
    toe_out: tuple[float, float] = (6.0, 6.0),
    stance: float = 0.62,
    seed: int = 1,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the markers of a walk along x at 100 Hz, and its angles, (time,) arrays, deg.

    ``step``: length of the step that each foot ends, m; ``cadence`` in steps per minute; ``toe_out`` right and left.
    """
    period, far, clock, order = 60.0 / cadence, 0.0, 0.0, ["r", "l"] * 7
    strikes: dict[str, list[tuple[float, float]]] = {"r": [], "l": []}
    for i, s in enumerate(order):
        strikes[s].append((clock, far))
        clock, far = clock + period, far + step[order[(i + 1) % len(order)]]
    time = np.arange(strikes["l"][0][0] + 0.1, strikes["r"][-1][0] - 0.02, 0.01)
    phase = (time / (2 * period))[:, None]
    swing = np.sin(2 * np.pi * phase[:, 0])
    tilt, up, ccw = 10 + 1.5 * np.cos(4 * np.pi * phase[:, 0]), 3 * swing, 5 * np.cos(2 * np.pi * phase[:, 0])
    pelvis = turn("z", ccw) @ turn("x", -up) @ turn("y", tilt)
    thorax = turn("z", -0.6 * ccw) @ turn("y", np.full(len(time), 3.0))
    feet = {s: _foot_path(time, strikes[s], stance) for s in SIDES}
    ahead = sum(step.values()) / (2 * period) * time - 0.25 * sum(step.values()) + 0.05
    origin = np.stack([ahead, -0.02 * swing, -0.012 * np.cos(4 * np.pi * phase[:, 0])], axis=1)
    ankles = {s: np.stack([feet[s][0], np.full(len(time), g * 0.06), feet[s][1]], axis=1) for s, g in SIDES.items()}
    hips = {s: origin + pelvis @ np.array([0.0, g * HIP[1], 0.0]) for s, g in SIDES.items()}
    apart = np.concatenate([ankles[s] - hips[s] for s in SIDES])
    # As high as straight legs allow.
    reach = np.sqrt((0.985 * (THIGH + SHANK)) ** 2 - np.sum(apart[:, :2] ** 2, axis=1))
    height = np.array([0.0, 0.0, np.min(reach + apart[:, 2])])
    origin = origin + height
    at = {"pelvis": (pelvis, origin), "thorax": (thorax, origin + pelvis @ np.array([-0.03, 0.0, 0.15]))}
    truth: dict[str, np.ndarray] = {}
    for s, g in SIDES.items():
        at |= _leg(s, hips[s] + height, ankles[s], g * toe_out[s == "l"], feet[s][2])
        femur, tibia, foot = (at[f"{b}_{s}"][0] for b in ("femur", "tibia", "forefoot"))
        hip, knee, ankle = angles(pelvis, femur), angles(femur, tibia), angles(tibia, foot)
        truth |= {
            f"pelvis_tilt_{WORD[s]}": tilt,
            f"pelvis_obliquity_{WORD[s]}": -g * up,
            f"pelvis_rotation_{WORD[s]}": -g * ccw,
            f"hip_flexion_{WORD[s]}": -hip[0],
            f"hip_adduction_{WORD[s]}": -g * hip[1],
            f"knee_flexion_{WORD[s]}": knee[0],
            f"ankle_dorsiflexion_{WORD[s]}": -ankle[0],
            f"foot_progression_{WORD[s]}": -g * angles(np.eye(3), foot)[2],
        }
    cloud = bones({"r": THIGH, "l": THIGH}, {"r": SHANK, "l": SHANK})
    noise = np.random.default_rng(seed)
    markers = {n: at[b][1] + at[b][0] @ p for b, points in cloud.items() for n, p in points.items()}
    return {n: p + noise.normal(0, 0.0005, p.shape) for n, p in markers.items()}, truth


def _leg(s: str, hip: np.ndarray, ankle: np.ndarray, heading: float, pitch: np.ndarray) -> dict[str, tuple]:
    """Two-link leg whose knee bends along the foot; heading counter-clockwise, deg."""
    line = ankle - hip
    far = np.linalg.norm(line, axis=1, keepdims=True)
    line = line / far
    forward = turn("z", heading)[:, 0] - line * (line @ turn("z", heading)[:, 0])[:, None]
    forward = forward / np.linalg.norm(forward, axis=1, keepdims=True)
    down = (THIGH**2 - SHANK**2 + far**2) / (2 * far)
    knee = hip + down * line + np.sqrt(THIGH**2 - down**2) * forward
    left = np.cross(-line, forward)

    def frame(up: np.ndarray) -> np.ndarray:
        up = up / np.linalg.norm(up, axis=1, keepdims=True)
        return np.stack([np.cross(left, up), left, up], axis=2)

    foot = turn("z", heading) @ turn("y", -np.degrees(pitch))
    return {
        f"femur_{s}": (frame(hip - knee), hip),
        f"tibia_{s}": (frame(knee - ankle), knee),
        f"hindfoot_{s}": (foot, ankle),
        f"forefoot_{s}": (foot, ankle),
    }


def angles(proximal: np.ndarray, distal: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations about y, x and z, in that order, deg."""
    r = np.swapaxes(proximal, -1, -2) @ distal
    parts = (
        np.arctan2(r[..., 0, 2], r[..., 2, 2]),
        np.arcsin(-r[..., 1, 2]),
        np.arctan2(r[..., 1, 0], r[..., 1, 1]),
    )
    return tuple(np.degrees(p) for p in parts)


def mirrored(markers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the mirror image, with right and left labels exchanged."""
    other = {"_r": "_l", "_l": "_r"}
    return {n[:-2] + other[n[-2:]] if n[-2:] in other else n: p * [1, -1, 1] for n, p in markers.items()}


def write(path: Path, markers: dict[str, np.ndarray], *, heading: float = 0.0, up: str = "z", unit: str = "mm") -> Path:
    """Write trajectories (time, 3) as a TRC of a laboratory that the person crosses in some direction."""
    points = np.stack(list(markers.values()), axis=1) @ turn("z", heading).T + [0.7, -0.4, 0.0]
    if up == "y":
        points = points[..., [0, 2, 1]] * [1, 1, -1]
    points = points * (1000.0 if unit == "mm" else 1.0)
    count, names = len(points), list(markers)
    head = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"100\t100\t{count}\t{len(names)}\t{unit}\t100\t1\t{count}",
        "Frame#\tTime\t" + "\t\t\t".join(names),
        "\t\t" + "\t".join(f"X{i}\tY{i}\tZ{i}" for i in range(1, len(names) + 1)),
        "",
    ]
    rows = [
        "\t".join([str(i + 1), f"{i / 100:.2f}", *(f"{v:.6f}" if np.isfinite(v) else "" for v in p.ravel())])
        for i, p in enumerate(points)
    ]
    path.write_text("\n".join([*head, *rows]) + "\n")
    return path


def write_profile(path: Path) -> Path:
    """Write a marker-set profile in which every label is the landmark's own name."""
    sided = sorted({n[:-2] for b in bones(SHORT, SHORT).values() for n in b if n[-2:] in ("_r", "_l")})
    lines = ['title = "geometry"', 'source = "test"', 'citation = "test"', 'doi = ""', 'side_letters = ["r", "l"]']
    lines += ["[sided]", *(f'{n} = ["{n}_*"]' for n in sided)]
    lines += ["[midline]", *(f'{n} = ["{n}"]' for n in ("c7", "t10", "xiphoid", "suprasternal_notch"))]
    lines += ["[required]", 'sided = [["asis"], ["psis"], ["heel"]]']
    path.write_text("\n".join(lines) + "\n")
    return path


SHORT = {"r": SHANK, "l": SHANK}
