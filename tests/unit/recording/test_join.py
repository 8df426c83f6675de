"""Joining markers and plates that came in two files."""

from dataclasses import replace

import numpy as np
import pytest
from people import labels, walking

from kinechain.core.errors import RecordingError
from kinechain.recording.join import join_plates, join_recordings
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.recording import ForcePlate, Markers, Recording


def markers(name="walk1.trc"):
    return Recording(name, "0" * 64, "TRC", Markers(labels(), walking(), 100.0))


def table(name="walk1_grf.mot", point=(0.0, -0.1, 0.0), start=0.0):
    n = 200
    plate = ForcePlate(
        "plate 1",
        np.full((4, 3), np.nan),
        np.tile([0.0, 0, 700], (n, 1)),
        walking()[:, labels().index("R_FCC")] + point,
        np.zeros((n, 3)),
        100.0,
        start,
    )
    return Recording(name, "1" * 64, "MOT", plates=(plate,))


def test_files_are_paired_by_the_beginning_of_their_names():
    out = join_recordings((markers("walk1.trc"), markers("walk10.trc"), table("walk10_forces.mot"), table("other.mot")))
    assert [r.name for r in out] == ["walk1.trc", "walk10.trc", "other.mot"]
    assert [len(r.plates) for r in out] == [0, 1, 1]
    assert any("walk10_forces.mot" in n.text for n in out[1].notes)


def test_joined_plates_are_prepared_with_the_markers():
    ready = prepare_recording(join_plates(markers(), table()))
    np.testing.assert_allclose(ready.plates[0].force[0], [0, 0, 700], atol=1e-6)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (table(point=(9.0, 0, 0)), "m away from every marker"),
        (table(start=50.0), "do not overlap"),
        (markers(), "join plates"),
    ],
)
def test_what_does_not_belong_together_is_refused(other, said):
    with pytest.raises(RecordingError, match=said):
        join_plates(markers(), other)


def test_a_prepared_recording_is_not_joined():
    with pytest.raises(RecordingError, match="before preparing"):
        join_plates(replace(markers(), is_world=True), table())
