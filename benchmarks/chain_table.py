"""The table of docs/validation_chain.md: every published experiment on the chain beside the simulation.

::

    python benchmarks/chain_table.py            # prints the table
    python benchmarks/chain_table.py --write    # and puts it into the page

Rows that `kinechain validate` cannot compute from the package alone are filled in here: still postures from
``spine_table.py``, and walking people from ``spine_walking.py`` where the shared recordings are at hand.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from spine_table import table as spine_rows

from kinechain.chain.alter import alter
from kinechain.chain.change import parse_change
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.experiments import LABELS, read_packaged
from kinechain.chain.links import compute_links, link_index
from kinechain.chain.mechanisms import switch_off
from kinechain.chain.stand import standing_situation
from kinechain.chain.study_people import study_model
from kinechain.chain.validate import Outcome, share_passed, validate
from kinechain.cli.validating import example_walk
from kinechain.core.errors import KinechainError
from kinechain.report.validation import summary_of, validation_rows

PAGE = Path(__file__).parents[1] / "docs" / "validation_chain.md"
HEAD = "\n## The table\n"
#: Rows whose terms are switched off one at a time.
TERMS_OF = ("pinto2008_bilateral_tilt", "pinto2008_unilateral_tilt", "pinto2008_unilateral_obliquity")
#: What is added between rotation and flexion of the hip, N m/rad.
COUPLINGS = (-20.0, -40.0, -50.0, -60.0)
#: Postures of spine_table.py.
WILKE = {
    "wilke1999_flexed": "standing flexed forward",
    "wilke1999_lift_round": "lifting 20 kg, round flexed back",
    "wilke1999_lift_knees": "lifting 20 kg, flexed knees",
}


def main() -> None:
    start = time.perf_counter()
    outcomes = validate(read_packaged(), say=lambda step: print(f"{step} ...", file=sys.stderr), walk=example_walk)
    seconds = time.perf_counter() - start
    outcomes = tuple({**{o.experiment.key: o for o in outcomes}, **_from_benchmarks()}.values())
    text = "\n".join(
        [*_lines(outcomes), *_terms(), *_coupling(), "", f"The whole table took {seconds:.0f} s by the clock.", ""]
    )
    print(text)
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text(encoding="utf-8").partition(HEAD)[0]
        PAGE.write_text(page.rstrip() + "\n" + HEAD + text, encoding="utf-8")


def _from_benchmarks() -> dict[str, Outcome]:
    """Return the rows that other benchmarks compute, as far as they can be here."""
    known = read_packaged()
    computed = {row.item: row.computed for row in spine_rows("christophy2012") if row.source == "wilke1999"}
    out = {}
    for key, posture in WILKE.items():
        published = known[key].published.value
        ratio = computed[posture]
        passed = published is not None and abs(ratio - published) <= 0.3 * published
        out[key] = Outcome(known[key], ratio, unit="1", people=1, passed=passed, reason="L4/5, `spine_table.py`")
    return out | _walking()


def _walking() -> dict[str, Outcome]:
    """Return what the shared recordings show, or nothing where they are not at hand."""
    packaged = read_packaged()
    try:
        from spine_walking import walks

        found = [w.compression["l3_l4"] for w in walks("levels", 2) if w.rhythm == "christophy2012"]
    except (KinechainError, OSError, SystemExit, ValueError) as error:
        print(f"walking people were left out: {error}", file=sys.stderr)
        return {}
    out = {}
    for key, values in (
        ("cappozzo1984_largest", [w[0] for w in found]),
        ("cappozzo1984_smallest", [w[1] for w in found]),
    ):
        shown = packaged[key].published
        low, high = min(values), max(values)
        inside = shown.low is not None and shown.high is not None and shown.low <= low and high <= shown.high
        middle = sorted(values)[len(values) // 2]
        reason = f"{len(values)} walks of two people, `spine_walking.py`; wanted inside the range"
        out[key] = Outcome(packaged[key], middle, low, high, None, "BW", len(values), inside, reason)
    return out


def _lines(outcomes: Sequence[Outcome]) -> list[str]:
    lines = ["", "`python benchmarks/chain_table.py --write`. " + summary_of(outcomes), ""]
    for label in LABELS:
        group = [
            o for o in outcomes if o.experiment.label == label and (o.simulated is not None or label == "predicted")
        ]
        if not group:
            continue
        passed, undetermined, count = share_passed(outcomes, label)
        lines += [f"### {label.capitalize() if label != 'NotComputable' else label}", ""]
        lines += [
            "| experiment | grade | published | simulated | interval | verdict | |",
            "|---|---|---|---|---|---|---|",
        ]
        for key, grade, published, simulated, interval, unit, verdict, reason in validation_rows(group):
            shown = f"**{verdict}**" if verdict != "pass" else verdict
            lines.append(f"| `{key}` | {grade} | {published} | {simulated} {unit} | {interval} | {shown} | {reason} |")
        lines += ["", f"{passed} of {count} pass, {undetermined} are undetermined or were not computed.", ""]
    return lines


def _terms() -> list[str]:
    """Return which mechanism makes what the wedges of Pinto 2008 do."""
    known = read_packaged()
    found = {key: switch_off(replace(known[key], unread=())) for key in TERMS_OF}
    lines = [
        "### Which mechanism",
        "",
        "Best value of everything unknown, eight bodies, one term off at a time; degrees.",
        "",
    ]
    lines += ["| | " + " | ".join(f"`{key}`" for key in found) + " |", "|---|" + "---|" * len(found)]
    for term in next(iter(found.values())):
        lines.append(f"| {term} | " + " | ".join(f"{found[key][term]:.2f}" for key in found) + " |")
    return lines


def _coupling() -> list[str]:
    """Return what the tilt would be if muscles tied rotation and flexion of the hip together more strongly."""
    wedge = parse_change("wedge both 10 raise=lateral")
    model = study_model("male", 1)
    still = standing_situation(model)
    pairs = [(model.free_index(f"hip_flexion_{s}"), model.free_index(f"hip_rotation_{s}")) for s in "rl"]
    lines = [
        "",
        "Pelvic tilt under both wedges (one man, best values) by what ties rotation to flexion of the hip:",
        "",
    ]
    lines += ["| N m/rad | tilt, degrees |", "|---|---|"]
    for more in (0.0, *COUPLINGS):
        stiffness = still.stiffness.copy()
        for i, j in pairs:
            stiffness[:, i, j] += more
            stiffness[:, j, i] += more
        tied = replace(still, stiffness=stiffness)
        rests = [solve_equilibrium(model, s) for s in (tied, alter(model, tied, wedge))]
        before, after = (compute_links(model, rest.inputs)[0, link_index("pelvis_tilt")] for rest in rests)
        told = f"{np.degrees(after - before):.2f}" if np.isfinite(after - before) else rests[1].reason[0]
        own = f"{stiffness[0][pairs[0]]:.1f}" + (" (the model)" if more == 0.0 else "")
        lines.append(f"| {own} | {told} |")
    return lines


if __name__ == "__main__":
    main()
