"""The inspections are tested on the walker of the gait tests, dressed in the markers of Plug-in Gait."""

import sys
from pathlib import Path

UNIT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(UNIT / "motion"), str(Path(__file__).parent)]
