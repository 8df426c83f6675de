"""Without compiled kernels every load comes out the same, from a posture to the joints, lost frames included."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import load_table
import numpy as np
import pytest

from kinechain.body.tree import KERNELS

SCRIPT = """
import sys, warnings
if sys.argv[1] == "Python":
    sys.modules["kinechain._kernels"] = None
sys.path[:0] = sys.argv[3:]
warnings.simplefilter("error")

import numpy as np
from load_table import generic_man, one_legged, still_loads
from kinechain.body.musculature import person_muscles
from kinechain.body.tree import KERNELS
from kinechain.loads.analyze_loads import load_model

assert KERNELS == sys.argv[1]
body = generic_man()
model = load_model(body, person_muscles(body))
values = np.repeat(one_legged(model), 3, axis=0)
values[1] = np.nan
external = np.zeros((3, len(body.segments), 6))
external[:, [s.name for s in body.segments].index("calcaneus_r"), 2] = 9.80665 * body.mass_kg
loads = still_loads(model, values, external)
tables = (loads.moments, loads.activations, loads.muscle_forces, loads.reserves, loads.tissue_forces)
reactions = [np.hstack([r.force, r.moment]) for r in (*loads.reactions, *loads.net_reactions)]
np.save(sys.argv[2], np.hstack([*(t.values for t in tables), *reactions]))
"""


@pytest.mark.skipif(KERNELS != "compiled", reason="there is nothing to compare with")
def test_loads_without_a_compiler_are_the_same(tmp_path: Path) -> None:
    found = {}
    folder = str(Path(load_table.__file__).parent)
    for kernels in ("compiled", "Python"):
        out = tmp_path / f"{kernels}.npy"
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, kernels, str(out), folder], capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr[-2000:]
        found[kernels] = np.load(out)
    compiled, python = found["compiled"], found["Python"]
    assert compiled.shape[1] > 600
    assert np.isnan(python[1]).all() and np.isfinite(python[[0, 2]]).all()
    np.testing.assert_allclose(python, compiled, rtol=1e-7, atol=1e-5)
