"""Settings of loads: what cannot be meant is refused with its name and what can be chosen."""

import pytest

from kinechain.core.errors import SettingError
from kinechain.loads.loads import LoadSettings


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ground": "plates"}, "ground of the loads is 'plates'; choose automatic or measured or predicted"),
        ({"weighting": "mass"}, "choose activation or volume"),
        ({"balance": ""}, "choose levels or rhythm"),
        ({"cutoff_hz": float("nan")}, "cutoff_hz of the loads is nan"),
        ({"cutoff_hz": 0.0}, "from 0.1 to 1000"),
        ({"exponent": 0.5}, "from 1.5 to 5"),
        ({"fascia_area_mm2": 0.0}, "from 1 to 1000"),
        ({"plate_delay_s": float("nan")}, "plate_delay_s of the loads is nan"),
        ({"plate_delay_s": 16.0}, "from -1 to 1"),
        ({"seed": -1}, "seed of the loads is -1"),
        ({"samples": -1}, "samples of the loads is -1"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(wrong, words) -> None:
    with pytest.raises(SettingError) as refused:
        LoadSettings(**wrong)
    assert words in str(refused.value)


def test_what_can_be_meant_is_taken() -> None:
    assert LoadSettings(plate_delay_s=None, samples=10_000, exponent=5.0, fascia_area_mm2=290.0).samples == 10_000
