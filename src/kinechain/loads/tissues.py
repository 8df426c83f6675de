"""What fascia, ligaments, tendons and nerves carry, from how long their paths are.

A tissue whose tension a muscle already gives (Achilles tendon, iliotibial band) has a length and no law of its own, so
that nothing is counted twice; its tension is the sum of the forces of its muscles.
"""

from __future__ import annotations

import numpy as np

from kinechain.body.muscle import Musculature, Tissue
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError
from kinechain.recording.recording import Side

__all__ = [
    "compute_achilles_tension",
    "compute_fascia_tension",
    "compute_iliotibial_tension",
    "compute_tissue_strains",
    "compute_tissue_tensions",
]

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
