"""EMG of bursts whose times, order and strength are known; channels that show no muscle; agreement of known curves."""

import numpy as np
import pytest

from kinechain.core.errors import RecordingError, SettingError
from kinechain.core.estimate import NotMeasured
from kinechain.evidence.library import read_facts
from kinechain.loads.loads import Table
from kinechain.loads.muscle_activity import (
    EMG_MUSCLES,
    activation_of,
    agreement,
    bursts,
    channel_of,
    envelopes,
    muscle_curves,
    onset_order,
    published_bursts,
)
from kinechain.motion.cycles import Cycle
from kinechain.recording.recording import Recording, Series

RATE = 1500.0
SECONDS = 6.0


def emg(spans, seed=0, strength=1.0, noise=0.03, rate=RATE):
    """Noise in the band of a muscle, loud within the spans (s) and quiet outside."""
    rng = np.random.default_rng(seed)
    n = round(SECONDS * rate)
    time = np.arange(n) / rate
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequency = np.fft.rfftfreq(n, 1 / rate)
    spectrum *= (frequency / 60.0) * np.exp(-frequency / 60.0)
    signal = np.fft.irfft(spectrum, n)
    signal /= signal.std()
    loud = np.zeros(n)
    for begin, end in spans:
        loud[(time >= begin) & (time < end)] = strength
    return loud * signal + noise * rng.standard_normal(n)


def recording(rate=RATE, **channels):
    labels = tuple(channels)
    values = np.column_stack([channels[label] for label in labels]) * 1e-4
    times = np.arange(len(values)) / rate
    return Recording("walk.c3d", "0" * 64, "C3D", series=Series(labels, values, ("V",) * len(labels), times))


def only(rec):
    found = envelopes(rec)
    assert not isinstance(found, NotMeasured)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_bursts_are_found_within_20_ms(seed: int) -> None:
    spans = [(0.8, 1.4), (2.1, 2.5), (3.6, 4.5)]
    (envelope,), bad = only(recording(R_soleus=emg(spans, seed)))
    assert not bad
    found = bursts(envelope)
    assert len(found) == 3
    np.testing.assert_allclose(found, spans, atol=0.020)


def test_the_order_of_onsets_is_recovered() -> None:
    """A trunk muscle that switches on 40 ms before the arm that is raised, and one of the leg 60 ms after it."""
    onsets = {"R_deltoid": 2.04, "R_soleus": 2.10, "L_multifidus": 2.00}
    found, _ = only(recording(**{k: emg([(t, t + 0.4)], i) for i, (k, t) in enumerate(onsets.items())}))
    order = onset_order(found, 1.5, 3.0)
    assert [muscle for muscle, _, _ in order] == ["multifidus", "deltoid", "soleus"]
    np.testing.assert_allclose([t for _, _, t in order], [2.00, 2.04, 2.10], atol=0.020)
    assert onset_order(found, 2.8, 3.0) == ()


def test_an_envelope_follows_its_strength() -> None:
    (envelope,), _ = only(recording(R_soleus=emg([(1, 2)], 1) + emg([(3, 4)], 2, strength=0.5, noise=0.0)))
    at = np.interp([1.5, 3.5, 5.0], envelope.times_s, envelope.values)
    strong, weak = (envelope.values[(envelope.times_s > a) & (envelope.times_s < a + 0.6)].mean() for a in (1.2, 3.2))
    assert envelope.values.max() == 1.0 and envelope.values.min() >= 0.0
    assert weak / strong == pytest.approx(0.5, abs=0.08)
    assert at[2] < 0.1
    assert envelope.band_hz == (20.0, 450.0)


def hum(hertz=50.0):
    time = np.arange(round(SECONDS * RATE)) / RATE
    return np.sin(2 * np.pi * hertz * time) + 0.3 * np.sin(2 * np.pi * 3 * hertz * time)


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        (np.zeros(9000), "flat"),
        (np.full(9000, 3.3), "flat"),
        (np.where(np.arange(9000) == 7, np.nan, emg([(1, 2)])), "not numbers"),
        (np.clip(emg([(1, 2), (3, 4)]), -0.8, 0.8), "stands at its limit"),
        (hum() + emg([(1, 2)], strength=0.2), "hum of the mains at 50 Hz"),
        (hum(hertz=60.0) + emg([(1, 2)], strength=0.2), "hum of the mains at 60 Hz"),
        (emg([(0, 6)], noise=0.0), "no burst"),
        (-0.7 * emg([(0.5, 1.5), (3, 4)], 9) + 0.1 * emg([(2, 3)], 5, noise=0.0), "repeats R_soleus"),
    ],
)
def test_a_channel_without_a_muscle_is_named(channel, said) -> None:
    found, bad = only(recording(R_soleus=emg([(0.5, 1.5), (3, 4)], 9), R_rectus_femoris=channel))
    assert [e.muscle for e in found] == ["soleus"]
    assert [b.label for b in bad] == ["R_rectus_femoris"]
    assert said in bad[0].reason


def test_two_muscles_that_work_together_are_no_crosstalk() -> None:
    found, bad = only(recording(R_soleus=emg([(1, 2)], 1), R_gastrocnemius_medialis=emg([(1, 2)], 2)))
    assert len(found) == 2 and not bad


def test_no_emg_and_slow_emg_say_so() -> None:
    nothing = envelopes(recording(Fz1=np.zeros(2000), EMG1=np.zeros(2000)))
    assert isinstance(nothing, NotMeasured) and "names a muscle" in nothing.reason
    brief = envelopes(recording(R_soleus=emg([(0, 6)])[:450]))
    assert isinstance(brief, NotMeasured) and "lasts 0.3 s" in brief.reason
    sideless = envelopes(recording(Fz1=np.zeros(100), **{"Vast Lat": np.zeros(100), "Soleus": np.zeros(100)}))
    assert isinstance(sideless, NotMeasured) and "2 channels name muscles and no side" in sideless.reason
    assert isinstance(envelopes(Recording("walk.trc", "0" * 64, "TRC")), NotMeasured)
    slow = envelopes(recording(100.0, R_soleus=emg([(1, 2)], rate=100.0)))
    assert isinstance(slow, NotMeasured) and "100 Hz" in slow.reason
    (half,), _ = only(recording(600.0, R_soleus=emg([(1, 2)], rate=600.0)))
    assert half.band_hz == (20.0, 270.0)


@pytest.mark.parametrize(
    ("label", "muscle", "side"),
    [
        ("R_tibialis_anterior", "tibialis_anterior", "right"),
        ("R_gastrocnemius_medialis", "gastrocnemius_medialis", "right"),
        ("R_gluteus_medius", "gluteus_medius", "right"),
        ("R_vastus_medialis", "vastus_medialis", "right"),
        ("L Med Ham", "semitendinosus", "left"),
        ("L Gastroc", "gastrocnemius", "left"),
        ("EMG.RGasMed", "gastrocnemius_medialis", "right"),
        ("R_TA", "tibialis_anterior", "right"),
        ("LSOL", "soleus", "left"),
    ],
)
def test_labels_name_muscles(label: str, muscle: str, side: str) -> None:
    assert channel_of(label) == (muscle, side)


@pytest.mark.parametrize("label", ["Fx1", "EMG7", "soleus", "LAT GAS", "RECTUS", "L_elbow", "R_GM", "Mx2", "Sync"])
def test_other_labels_name_none(label: str) -> None:
    assert channel_of(label) is None


def test_the_parts_of_a_muscle_are_found_in_a_body() -> None:
    labels = ("glmed1_r", "glmed2_r", "glmed1_l", "soleus_r", "gasmed_r", "gaslat_r")
    table = Table(labels, np.tile(np.arange(6.0), (4, 1)), "1")
    np.testing.assert_allclose(activation_of(table, "gluteus_medius", "right"), 0.5)
    np.testing.assert_allclose(activation_of(table, "gluteus_medius", "left"), 2.0)
    np.testing.assert_allclose(activation_of(table, "gastrocnemius", "right"), 4.5)
    assert activation_of(table, "rectus_femoris", "right") is None
    with pytest.raises(SettingError, match="no muscle named"):
        activation_of(table, "biceps", "right")


def test_every_muscle_of_our_tables_with_electrodes_is_known() -> None:
    from importlib.resources import files

    folder = files("kinechain.body") / "parts"
    rows = [r for part in ("leg", "trunk") for r in (folder / f"muscles_{part}.csv").read_text("utf-8").splitlines()]
    names = [row.partition(",")[0].lower() for row in rows]
    # The body has no arm muscles: the deltoid only tells when an arm begins to move.
    for muscle in (m for m in EMG_MUSCLES.values() if m.id != "deltoid"):
        assert any(name.startswith(muscle.parts) for name in names), muscle.id


BELL = np.exp(-0.5 * ((np.arange(101) - 40.0) / 9.0) ** 2)


def test_an_activation_that_follows_by_a_known_delay_agrees() -> None:
    later = np.exp(-0.5 * ((np.arange(101) - 45.0) / 9.0) ** 2)
    found = agreement(np.array([BELL, BELL]), np.array([later, later]), [1.2, 1.2])
    assert found.correlation == pytest.approx(1.0, abs=1e-3)
    assert found.delay_s == pytest.approx(0.06, abs=0.006)
    assert found.overlap_percent >= 98.0
    assert found.peak_shift_percent == pytest.approx(5.0)
    assert found.strides == 2


def test_an_activation_before_the_emg_or_elsewhere_disagrees() -> None:
    opposite = np.roll(BELL[:-1], 50)
    opposite = np.r_[opposite, opposite[0]]
    found = agreement(BELL[None], opposite[None], [1.0])
    assert found.correlation < 0.0 and found.overlap_percent < 70.0
    earlier = np.exp(-0.5 * ((np.arange(101) - 35.0) / 9.0) ** 2)
    assert agreement(BELL[None], earlier[None], [1.0]).delay_s == 0.0
    with pytest.raises(RecordingError, match="no stride"):
        agreement(BELL[None], np.full((1, 101), np.nan), [1.0])


def test_published_bursts_are_brought_to_the_stance() -> None:
    row = next(f for f in read_facts("emg_onoff_walking") if f.columns["muscle_code"] == "SOLEUS")
    ((on, off),) = published_bursts("soleus", 62.0)
    assert on == pytest.approx(row.number("on") / 56.2 * 62.0)
    assert off == pytest.approx(row.number("off") / 56.2 * 62.0)
    assert published_bursts("tibialis_anterior", 62.0)[-1][1] == 100.0


def test_a_muscle_over_its_strides_for_a_page() -> None:
    cycles = [Cycle("right", t, t + 1.2, t + 0.72, None, None, "made") for t in (0.5, 1.7, 2.9)]
    cycles.append(Cycle("left", 0.5, 1.7, 1.2, None, None, "made"))
    spans = [(c.start_s + 0.3, c.start_s + 0.6) for c in cycles[:3]]
    found, _ = only(recording(R_soleus=emg(spans, 3)))
    times = np.arange(600) / 100.0
    computed = np.zeros(600)
    for begin, end in spans:
        computed[(times >= begin + 0.04) & (times < end + 0.04)] = 0.4
    (curve,) = muscle_curves([(found, cycles, Table(("soleus_r",), computed[:, None], "1"), times)])
    assert (curve.muscle, curve.side, curve.strides) == ("soleus", "right", 3)
    assert curve.stance_percent == pytest.approx(60.0)
    assert 25 <= int(np.argmax(curve.mean)) <= 50
    assert curve.computed is not None and curve.agreement is not None
    assert curve.agreement.correlation > 0.85 and curve.agreement.overlap_percent > 85.0
    assert len(curve.published) == 1
    (alone,) = muscle_curves([(found, cycles, None, None)])
    assert alone.computed is None and alone.agreement is None and alone.strides == 3
