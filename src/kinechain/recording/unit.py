"""The unit of length, told from the size of the body."""

from __future__ import annotations

import numpy as np

from kinechain.core.errors import RecordingError
from kinechain.recording.recording import Markers

__all__ = ["check_size"]

#: Frames on which the size of the body is checked.
SIZE_FRAMES = 200


def check_size(name: str, markers: Markers) -> None:
    """Refuse a cloud of markers that is not the size of a person (0.4 to 2.6 m)."""
    frames = np.unique(np.linspace(0, len(markers.positions) - 1, SIZE_FRAMES).astype(int))
    # The outermost twentieth at each end is left out, so that one lost marker does not condemn a whole trial.
    seen = [cloud[np.isfinite(cloud).all(axis=1)] for cloud in markers.positions[frames]]
    spans = [np.ptp(np.percentile(cloud, (5.0, 95.0), axis=0), axis=0).max() for cloud in seen if len(cloud) > 1]
    size = float(np.median(spans)) if spans else 0.0
    if not 0.4 <= size <= 2.6:
        raise RecordingError(
            f"the markers of {name} span {size:.3g} m, which is not the size of a person; "
            "check the unit of length in the file"
        )
