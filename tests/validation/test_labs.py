"""Every walk of every shared laboratory through the whole path: assessed, or refused for the reason that is true."""

from functools import cache

import pytest
from lab_table import Outcome, run, trials
from manifest_rows import SHARED

#: What is not simply assessed on both sides, and the words that say why.
OTHERWISE = {
    "dev/bmc_gait_pressure/walk1.trc": ("refused", "--exchange-sides"),
    "dev/rezaie_qtm_running/gait_1_marker.trc": ("in part", "running"),
    "dev/rezaie_qtm_running/gait_2_marker.trc": ("in part", "running"),
}
#: Walks in which the left foot strikes only once while the person is in view.
ONE_SIDE = {"dev/c3dorg_qualisys/Walking_Hybrid_1_1.c3d": "right"}


@cache
def outcome(path: str) -> Outcome:
    return run(path)


@pytest.mark.parametrize("path", trials() if (SHARED / "data").is_dir() else ["absent"])
def test_a_walk_of_a_laboratory(shared: object, path: str) -> None:
    row = outcome(path)
    verdict, words = OTHERWISE.get(path, ("assessed", ""))
    assert row.verdict == verdict, row.told
    assert words in row.told
    if verdict == "assessed":
        assert row.sides == ONE_SIDE.get(path, "both")
        assert row.measures >= 20
