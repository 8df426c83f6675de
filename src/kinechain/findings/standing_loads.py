"""The loads of standing still: means over the frames of the standing trial."""

from __future__ import annotations

from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.estimate import Estimate
from kinechain.findings.loads import load_series
from kinechain.loads.loads import PREDICTED, Load, Loads
from kinechain.loads.lumbar import estimate_facet_share

__all__ = ["FACET_SHARE", "STANDING", "STANDING_LOADS", "summarise_standing"]

#: The phase of every load here.
STANDING = "quiet standing"

#: Name of the share of the facets, as printed.
FACET_SHARE = "L5/S1: share of the compression that the facet joints take, erect"

#: Site, quantity, name as printed, what is looked at, unit, whether it is one value for both sides.
STANDING_LOADS: tuple[tuple[str, str, str, str, str, bool], ...] = (
    *(
        (
            level,
            "compression_mean",
            f"{level.upper().replace('_', '/')} compression in standing",
            f"-reaction {level} z",
            "N",
            True,
        )
        for level in ("l3_l4", "l4_l5", "l5_s1")
    ),
    *(
        (
            level,
            "anterior_shear_mean",
            f"{level.upper().replace('_', '/')} forward shear of the upper vertebra in standing",
            f"reaction {level} x",
            "N",
            True,
        )
        for level in ("l4_l5", "l5_s1")
    ),
    *(
        (
            site,
            "resultant_mean",
            f"{site.capitalize()} contact force in standing",
            f"reaction {site}_{{s}} size",
            "N",
            False,
        )
        for site in ("hip", "knee", "ankle")
    ),
    ("achilles", "tension_mean", "Achilles tendon tension in standing", "tension achilles_{s}", "N", False),
    ("plantar_fascia", "tension_mean", "Plantar fascia tension in standing", "tension plantar_fascia_{s}", "N", False),
    ("ground", "vertical_mean", "Vertical ground reaction in standing", "ground up", "N", False),
)


def summarise_standing(loads: Loads) -> tuple[Load, ...]:
    """Return the mean loads of a standing trial.

    Parameters
    ----------
    loads : Loads

    Returns
    -------
    tuple of Load
        The interval is that of the frames, 2.5 to 97.5 %: how far the load moved while the person stood; that of the
        share of the facets is the one of its source (`kinechain.loads.lumbar.estimate_facet_share`, erect posture).
    """
    predicted = any(bool((np.asarray(f.origin) == PREDICTED).any()) for f in loads.ground.feet)
    origin: Literal["measured", "predicted"] = "predicted" if predicted else "measured"
    rows = []
    for site, quantity, _, words, unit, is_midline in STANDING_LOADS:
        sides: tuple[Literal["left", "right", "both"], ...] = ("both",) if is_midline else ("left", "right")
        for side in sides:
            series = load_series(loads, words, "right" if side == "both" else side)
            estimate = None if series is None else _mean(series, unit)
            if estimate is not None:
                rows.append(Load(site, side, quantity, estimate, STANDING, origin))
    share = estimate_facet_share(0.0)
    if isinstance(share, Estimate) and any(r.joint == "l5_s1" for r in loads.reactions):
        rows.append(Load("l5_s1", "both", "facet_share", share, STANDING, origin))
    return tuple(rows)


def _mean(series: FloatArray, unit: str) -> Estimate | None:
    seen = series[np.isfinite(series)]
    if not len(seen):
        return None
    value = float(seen.mean())
    low, high = (float(x) for x in np.quantile(seen, [0.025, 0.975]))
    frames = "one frame" if len(seen) == 1 else f"spread of {len(seen)} frames"
    return Estimate(value, min(low, value), max(high, value), unit, frames)
