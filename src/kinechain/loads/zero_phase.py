"""Filters without a shift in time, for signals sampled far faster than a body moves: plates, muscles, accelerations."""

from __future__ import annotations

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError

__all__ = ["zero_phase"]

#: Periods of the slowest cut-off added at both ends, as far as the signal reaches; by then the filter has settled.
PADDING_PERIODS = 3.0


def zero_phase(
    values: FloatArray, rate_hz: float, above_hz: float | None = None, below_hz: float | None = None, order: int = 2
) -> FloatArray:
    """Return what a signal holds between two frequencies, not shifted in time.

    Parameters
    ----------
    values : (time,) or (time, column) array
        Without gaps.
    rate_hz : float
    above_hz, below_hz : float, optional
        Cut-offs of the high-pass and the low-pass filter.
    order : int
        Of one pass; both passes together halve the amplitude at a cut-off and count as twice the order.

    Returns
    -------
    array of the same shape

    Raises
    ------
    SettingError
        If a cut-off is not between 0 and half the sampling rate, or the signal is too short to filter.

    Notes
    -----
    A Butterworth filter run forwards and backwards multiplies every frequency by the square of its gain; that product
    is applied to the spectrum directly: ``1 / (1 + (tan(pi f / rate) / tan(pi cutoff / rate)) ** (2 order))`` for the
    low-pass (bilinear transform), its mirror image for the high-pass.  The ends are continued by reflection in their
    last value.  Loading SciPy's signal package would take longer than this.
    """
    cuts = [c for c in (above_hz, below_hz) if c is not None]
    for cut in cuts:
        if not 0.0 < cut < rate_hz / 2:
            raise SettingError(
                f"a cut-off of {cut:g} Hz cannot be used on {rate_hz:g} samples per second; choose one between 0 and "
                f"{rate_hz / 2:g} Hz"
            )
    if len(values) < 4:
        raise SettingError(f"{len(values)} samples are too few to filter; record longer")
    padding = min(len(values) - 1, int(np.ceil(PADDING_PERIODS * rate_hz / min(cuts, default=rate_hz))))
    padded = np.concatenate(
        [2 * values[:1] - values[padding:0:-1], values, 2 * values[-1:] - values[-2 : -padding - 2 : -1]]
    )
    frequency = np.fft.rfftfreq(len(padded), 1.0 / rate_hz)
    gain = np.ones(len(frequency))
    tangent = np.tan(np.pi * np.minimum(frequency / rate_hz, 0.5 - 1e-12))
    for limit, sign in ((below_hz, 1.0), (above_hz, -1.0)):
        if limit is not None:
            with np.errstate(divide="ignore", over="ignore"):
                ratio = (tangent / np.tan(np.pi * limit / rate_hz)) ** (2.0 * order * sign)
                gain /= 1.0 + ratio
    shape = (len(gain),) + (1,) * (values.ndim - 1)
    out = np.fft.irfft(np.fft.rfft(padded, axis=0) * gain.reshape(shape), len(padded), axis=0)
    return np.asarray(out[padding : padding + len(values)])
