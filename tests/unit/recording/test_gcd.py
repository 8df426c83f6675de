"""Norm curves of GCD and CSV files."""

import numpy as np
import pytest

from kinechain.core.errors import FileError
from kinechain.recording.readers.gcd import read_curve_csv, read_gcd

HEAD = "#!DST-0.1 GCD Oxford Metrics\n$PREFIXES\nLeft\nRight\n!StrideLength 3\n1388.0 4.1 \n"


def block(name, points=51, columns=2, offset=0.0):
    rows = [
        f"{offset + 10 * np.sin(2 * np.pi * i / (points - 1)):.3f}" + " 2.500" * (columns - 1) for i in range(points)
    ]
    return f"!{name} 3\n" + "\n".join(f"{row} " for row in rows) + "\n"


@pytest.mark.parametrize("points", [51, 101])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_curves_with_their_spread(points, ending):
    text = (HEAD + block("HipFlexExt", points, offset=20) + block("LeftKneeFlexExt", points)).replace("\n", ending)
    curves = read_gcd(text, "norm.gcd")
    assert list(curves) == ["HipFlexExt", "LeftKneeFlexExt"]
    assert len(curves["HipFlexExt"].mean) == points
    assert curves["HipFlexExt"].mean[points // 4] == pytest.approx(30.0, abs=0.1)
    assert (curves["HipFlexExt"].sd == 2.5).all()
    assert (curves["LeftKneeFlexExt"].side, curves["LeftKneeFlexExt"].name) == ("left", "KneeFlexExt")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "does not begin with"),
        (HEAD, "holds no curves"),
        (HEAD + block("HipFlexExt", columns=1), "no standard deviations"),
        (HEAD + block("HipFlexExt", 20), "has 20 points"),
        (HEAD + block("HipFlexExt").replace("2.500", "-1"), "negative"),
        (HEAD + block("HipFlexExt").replace("2.500", "x", 1), "line 8 should hold 2 numbers"),
        (HEAD + block("HipFlexExt") * 2, "a second time"),
    ],
)
def test_a_gcd_that_holds_no_norms_is_refused(text, said):
    with pytest.raises(FileError, match=said):
        read_gcd(text, "norm.gcd")


def test_a_simple_table_of_norms():
    rows = [f"knee_flexion,{p},{p / 2},3" for p in range(0, 101, 5)]
    curve = read_curve_csv("variable,percent,mean,sd\n" + "\n".join(rows) + "\n", "n.csv")["knee_flexion"]
    np.testing.assert_allclose(curve.mean, np.arange(101) / 2)
    with pytest.raises(FileError, match="from 0 to 100"):
        read_curve_csv("variable,percent,mean,sd\n" + "\n".join(rows[:-2]) + "\n", "n.csv")
    with pytest.raises(FileError, match="columns variable, percent, mean and sd"):
        read_curve_csv("a,b\n1,2\n", "n.csv")
    with pytest.raises(FileError, match="line 2 should hold"):
        read_curve_csv("variable,percent,mean,sd\nknee_flexion,0,x,3\n", "n.csv")
