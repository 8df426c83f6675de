"""What fascia, ligaments, tendons and nerves carry, from how long their paths are.

A tissue whose tension a muscle already gives (Achilles tendon, iliotibial band) has a length and no law of its own, so
that nothing is counted twice; its tension is the sum of the forces of its muscles.

How far an arch gives under load is less than markers on a foot can show, and most marker sets show nothing of it.
`solve_arch` therefore asks how far it must give for fascia and ligaments to carry the moment at the midfoot, and
`infer_toe_dorsiflexion` how far toes that no marker shows are bent while they lie on the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import Body
from kinechain.body.muscle import Musculature, Tissue
from kinechain.body.pose import segment_poses
from kinechain.body.tree import KERNELS, FunctionTable, kernels
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import SettingError
from kinechain.recording.recording import Side

__all__ = [
    "Arch",
    "compute_achilles_tension",
    "compute_fascia_tension",
    "compute_iliotibial_tension",
    "compute_tissue_strains",
    "compute_tissue_tensions",
    "infer_toe_dorsiflexion",
    "solve_arch",
]

#: How far an arch may give or rise, rad; no tissue of a living foot reaches it.
_MOST_GIVE = 0.5
#: Halvings of that range; the last is below 1e-12 rad.
_HALVINGS = 40
#: What the kernel says of an instant whose moment nothing carries.
_TOO_MUCH = 2

_TRICEPS_SURAE = ("gastrocnemius_lateral", "gastrocnemius_medial", "soleus")
_TENSOR = ("tensor_fasciae_latae",)
_PLANTAR_FASCIA = "plantar_fascia"


def compute_tissue_strains(musculature: Musculature, lengths: FloatArray) -> FloatArray:
    """Return the strain of every tissue: length over slack length, less 1.

    For a nerve and every tissue whose slack length is that of the neutral upright posture, this is the change against
    that posture.

    Parameters
    ----------
    musculature : Musculature
    lengths : (time, tissue) array, m
        Of the paths of ``musculature.tissues``, in that order.

    Returns
    -------
    (time, tissue) array, 1
        Negative while slack.

    Raises
    ------
    SettingError
        If there is not one column per tissue.
    """
    lengths = _columns(lengths, len(musculature.tissues), "length", "tissue")
    slack = np.array([t.slack_length_m for t in musculature.tissues])
    return np.asarray(lengths / slack - 1.0)


def compute_tissue_tensions(musculature: Musculature, lengths: FloatArray) -> FloatArray:
    """Return the tension of every tissue.

    Parameters
    ----------
    musculature : Musculature
    lengths : (time, tissue) array, m
        Of the paths of ``musculature.tissues``, in that order.

    Returns
    -------
    (time, tissue) array, N
        0 while slack and for every tissue without a law; NaN where the length is.

    Raises
    ------
    SettingError
        If there is not one column per tissue.
    """
    lengths = _columns(lengths, len(musculature.tissues), "length", "tissue")
    if KERNELS == "compiled":
        return np.asarray(_laws(musculature).tensions(np.ascontiguousarray(lengths)))
    return _tensions(musculature, lengths)


def _tensions(musculature: Musculature, lengths: FloatArray) -> FloatArray:
    strains = compute_tissue_strains(musculature, lengths)
    columns = [_tension(tissue, strains[:, i]) for i, tissue in enumerate(musculature.tissues)]
    return np.stack(columns, axis=1) if columns else np.empty((len(strains), 0))


def compute_fascia_tension(musculature: Musculature, tensions: FloatArray, side: Side) -> FloatArray:
    """Return the tension of the whole plantar fascia of one foot: the sum over its bands.

    Parameters
    ----------
    musculature : Musculature
    tensions : (time, tissue) array, N
    side : 'left' or 'right'

    Returns
    -------
    (time,) array, N
    """
    tensions = _columns(tensions, len(musculature.tissues), "tension", "tissue")
    end = f"_{side[0]}"
    of = [i for i, t in enumerate(musculature.tissues) if t.name.startswith(_PLANTAR_FASCIA) and t.name.endswith(end)]
    return np.asarray(tensions[:, of].sum(axis=1))


def compute_achilles_tension(musculature: Musculature, muscle_forces: FloatArray, side: Side) -> FloatArray:
    """Return the tension of the Achilles tendon: the forces of the triceps surae along it.

    Parameters
    ----------
    musculature : Musculature
    muscle_forces : (time, muscle) array, N
        Along the tendon, active and passive.
    side : 'left' or 'right'

    Returns
    -------
    (time,) array, N
    """
    return _sum_of_groups(musculature, muscle_forces, side, _TRICEPS_SURAE)


def compute_iliotibial_tension(musculature: Musculature, muscle_forces: FloatArray, side: Side) -> FloatArray:
    """Return the tension that tensor fasciae latae gives the iliotibial band.

    What gluteus maximus pulls into the band is not part of it: in the tables that muscle ends on the femur.

    Parameters
    ----------
    musculature : Musculature
    muscle_forces : (time, muscle) array, N
        Along the tendon, active and passive.
    side : 'left' or 'right'

    Returns
    -------
    (time,) array, N
    """
    return _sum_of_groups(musculature, muscle_forces, side, _TENSOR)


def infer_toe_dorsiflexion(body: Body, values: FloatArray, side: Side, is_loaded: NDArray[np.bool_]) -> FloatArray:
    """Return how far toes that lie flat on the floor are dorsiflexed against the forefoot.

    For recordings without markers on the toes, in which they move as one with the foot.

    Parameters
    ----------
    body : Body
    values : (time, coordinate) array, rad or m
    side : 'left' or 'right'
    is_loaded : (time,) array of bool
        Whether the ground presses the toes of this foot flat: where it carries half of body weight or more
        (assumption).  With less, toward toe-off, the fascia bends them back, and taking them as flat would strain it
        too far.

    Returns
    -------
    (time,) array, rad
        Of ``mtp_dorsiflexion``; 0 while they are not loaded or the foot lies flat, within the range of the coordinate.

    Notes
    -----
    Assumption: as long as the foot is loaded, the toes stay on the floor, and the floor is level.
    """
    end = side[0]
    forefoot, joint = [s.name for s in body.segments].index(f"forefoot_medial_{end}"), body.joint_of(f"toes_{end}")
    axis = joint.parent_from_joint[:3, :3] @ joint.mobilities[0].axis
    world = segment_poses(body, values)[:, forefoot, :3, :3]
    up_here = world[:, 2, :]
    upright = np.array([0.0, 0.0, 1.0])
    # The turn about the joint's axis that brings the toes' own upward axis nearest to the vertical.
    across = np.cross(axis, upright)
    angle = np.arctan2(up_here @ across, up_here @ (upright - (axis @ upright) * axis))
    high = body.coordinate(f"mtp_dorsiflexion_{end}").high
    return np.where(
        np.asarray(is_loaded, dtype=bool), np.clip(angle, 0.0, high), np.where(np.isnan(angle), np.nan, 0.0)
    )


@dataclass(frozen=True, eq=False)
class Arch(Immutable):
    """How far the arch of one foot gives, and what its tissues then carry.

    Attributes
    ----------
    dorsiflexion_rad : (time,) array, rad
        Of the midfoot against the hindfoot, from where the lengths were measured; positive: the arch is lower.
    tensions : (time, tissue) array, N
        Of all tissues of the musculature; those that do not cross the midfoot keep their tension.
    is_beyond : (time,) array of bool
        The moment is more than the tissues carry anywhere in the range: an impossible demand.
    """

    dorsiflexion_rad: FloatArray
    tensions: FloatArray
    is_beyond: NDArray[np.bool_]

    def __post_init__(self) -> None:
        object.__setattr__(self, "dorsiflexion_rad", frozen(self.dorsiflexion_rad, (None,), "dorsiflexion_rad"))
        shape = (len(self.dorsiflexion_rad), None)
        object.__setattr__(self, "tensions", frozen(self.tensions, shape, "tensions"))


def solve_arch(
    musculature: Musculature,
    lengths: FloatArray,
    arms: FloatArray,
    moment: FloatArray,
    scales: FloatArray | None = None,
) -> Arch:
    """Return how far an arch gives until its tissues carry a moment at the midfoot.

    Parameters
    ----------
    musculature : Musculature
    lengths : (time, tissue) array, m
        With the midfoot held where ``arms`` were taken, the toes as they were: dorsiflexed toes wind the fascia up.
    arms : (time, tissue) array, m
        Moment arms about ``midtarsal_dorsiflexion`` of one side; 0 for what does not cross it.
    moment : (time,) array, N m
        That flattens the arch: of the ground, weight and motion, less what muscles take of it.
    scales : (time, tissue) array, optional
        Factor on the tension of every tissue, where it differs between the instants (sampled people).

    Returns
    -------
    Arch
        Where the moment is zero or lifts the arch, it rises until nothing is tense any more, at most to where it was
        measured: bone on bone carries the rest.  NaN where an input is, and where the moment is more than the tissues
        carry anywhere in the range.

    Raises
    ------
    SettingError
        If the arrays do not fit the musculature.

    Notes
    -----
    Static: tensions times arms equal the moment at every instant.  Arms are held over the few degrees of giving, which
    says about 5 to 15 % too much tension where the arch gives 3 to 8 degrees.
    """
    lengths = _columns(lengths, len(musculature.tissues), "length", "tissue")
    arms = _columns(arms, len(musculature.tissues), "moment arm", "tissue")
    moment = np.asarray(moment, dtype=float)
    if arms.shape != lengths.shape or moment.shape != (len(lengths),):
        raise SettingError(
            f"lengths {lengths.shape}, arms {arms.shape} and moment {moment.shape} must run over the same instants"
        )
    if scales is not None and np.shape(scales) != lengths.shape:
        raise SettingError(f"scales of shape {np.shape(scales)} do not belong to lengths of shape {lengths.shape}")

    if KERNELS == "compiled" and scales is None:
        give, tensions, status = _laws(musculature).arch(
            *(np.ascontiguousarray(a) for a in (lengths, arms, moment)), _MOST_GIVE
        )
        too_much = np.asarray(status == _TOO_MUCH)
    else:
        give, tensions, too_much = _solve_arch(musculature, lengths, arms, moment, scales)
    give, tensions = np.where(too_much, np.nan, give), np.where(too_much[:, None], np.nan, tensions)
    return Arch(give, tensions, too_much)


@lru_cache(maxsize=16)
def _laws(musculature: Musculature) -> Any:
    """Return the laws of the tissues inside the compiled extension."""
    table = FunctionTable()
    laws = [None if t.kind == "nerve" else t.tension for t in musculature.tissues]
    rows = np.array([-1 if law is None else table.add(law) for law in laws], dtype=np.int64)
    slack = np.array([t.slack_length_m for t in musculature.tissues], dtype=float)
    return kernels().TissueLaws(slack, rows, *table.arrays().values())


# The Python twin of the kernel: all instants at once, by halving.


def _solve_arch(
    musculature: Musculature,
    lengths: FloatArray,
    arms: FloatArray,
    moment: FloatArray,
    scales: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    def tensions(give: FloatArray) -> FloatArray:
        found = compute_tissue_tensions(musculature, lengths - arms * give[:, None])
        return found if scales is None else np.asarray(found * scales)

    def carried(give: FloatArray) -> FloatArray:
        return np.asarray(-(tensions(give) * arms).sum(axis=1))

    known = np.isfinite(moment) & np.isfinite(arms).all(axis=1) & np.isfinite(lengths).all(axis=1)
    too_much = known & (carried(np.full(len(moment), _MOST_GIVE)) < moment)
    low, high = np.full(len(moment), -_MOST_GIVE), np.full(len(moment), _MOST_GIVE)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        enough = carried(middle) >= moment
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    # Without a moment there is no least give: the arch stays where it was, or rises until nothing is tense.
    give = np.where(moment > 0.0, high, np.minimum(_slack_give(musculature, lengths, arms), 0.0))
    give = np.where(known, give, np.nan)
    return give, np.where(known[:, None], tensions(give), np.nan), too_much


def _slack_give(musculature: Musculature, lengths: FloatArray, arms: FloatArray) -> FloatArray:
    """Return the dorsiflexion at which the last tissue with a law becomes slack, (time,) array, rad."""
    slack = np.array(
        [np.inf if t.tension is None or t.kind == "nerve" else t.slack_length_m for t in musculature.tissues]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        at = np.where(arms < 0.0, (slack - lengths) / -arms, np.inf)
    lowest = np.min(at, axis=1, initial=np.inf)
    return np.where(np.isfinite(lowest), np.maximum(lowest, -_MOST_GIVE), 0.0)


def _sum_of_groups(
    musculature: Musculature, muscle_forces: FloatArray, side: Side, groups: tuple[str, ...]
) -> FloatArray:
    forces = _columns(muscle_forces, len(musculature.muscles), "force", "muscle")
    end = f"_{side[0]}"
    of = [i for i, m in enumerate(musculature.muscles) if m.group in groups and m.name.endswith(end)]
    missing = set(groups) - {musculature.muscles[i].group for i in of}
    if missing:
        raise SettingError(f"this musculature has no {', '.join(sorted(missing))} on the {side}; use person_muscles")
    return np.asarray(forces[:, of].sum(axis=1))


def _tension(tissue: Tissue, strain: FloatArray) -> FloatArray:
    if tissue.tension is None or tissue.kind == "nerve":
        return np.where(np.isnan(strain), np.nan, 0.0)
    tension = np.maximum(tissue.tension.evaluate(strain)[0], 0.0)
    return np.where(strain < 0.0, 0.0, tension)


def _columns(values: FloatArray, count: int, quantity: str, item: str) -> FloatArray:
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or values.shape[1] != count:
        raise SettingError(
            f"got {quantity}s of shape {values.shape}; there are {count} {item}s: give one row per instant and one "
            f"column per {item}, in the order of the musculature"
        )
    return values
