"""Published experiments beside the simulation: a table for a terminal, rows for a page, JSON."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping, Sequence

from kinechain.chain.experiments import LABELS
from kinechain.chain.validate import Outcome, share_passed
from kinechain.core.text import printable

__all__ = ["render_validation", "summary_of", "validation_json", "validation_rows"]

SCHEMA = "kinechain/validation/1"
_WIDTH = 100
_HEAD = f"{'experiment, published':46s} {'grade':5s} {'simulated':>16s} {'interval':>17s} {'verdict':>12s}"


def validation_json(outcomes: Sequence[Outcome], mechanisms: Mapping[str, Mapping[str, float]] = {}) -> str:
    """Return the machine output, one object with ``experiments``.

    Parameters
    ----------
    outcomes : sequence of Outcome
    mechanisms : mapping of key to (term to value)
        Of rows whose terms were switched off one at a time.
    """
    rows = [
        {
            "key": o.experiment.key,
            "study": o.experiment.study,
            "row": o.experiment.row,
            "title": o.experiment.title,
            "label": o.experiment.label,
            "grade": o.experiment.grade,
            "counted": o.experiment.is_counted,
            "published": o.experiment.published.value,
            "published_text": o.experiment.published.text,
            "simulated": _finite(o.simulated),
            "low": _finite(o.low),
            "high": _finite(o.high),
            "spread": _finite(o.spread),
            "unit": o.unit,
            "people": o.people,
            "passed": o.passed,
            "verdict": o.verdict,
            "reason": o.reason,
            "mechanisms": {k: _finite(v) for k, v in mechanisms.get(o.experiment.key, {}).items()} or None,
        }
        for o in outcomes
    ]
    passed, undetermined, count = share_passed(outcomes)
    share = {"passed": passed, "undetermined": undetermined, "rows": count}
    return json.dumps({"schema": SCHEMA, "experiments": rows, "predicted": share}, indent=2, allow_nan=False) + "\n"


def validation_rows(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """Return one row per experiment: key, grade, published, simulated, interval, unit, verdict, reason."""
    return [
        (
            o.experiment.key,
            o.experiment.grade,
            o.experiment.published.text,
            _number(o.simulated),
            "" if o.low is None or o.high is None else f"{_number(o.low)} to {_number(o.high)}",
            o.unit if o.simulated is not None else "",
            o.verdict if o.experiment.is_counted else f"({o.verdict})",
            o.reason,
        )
        for o in outcomes
    ]


def render_validation(outcomes: Sequence[Outcome], mechanisms: Mapping[str, Mapping[str, float]] = {}) -> str:
    """Return the table for a terminal of 100 columns, grouped by label.

    Parameters
    ----------
    outcomes : sequence of Outcome
    mechanisms : mapping of key to (term to value)
    """
    lines = []
    for label in LABELS:
        group = [o for o in outcomes if o.experiment.label == label]
        if not group:
            continue
        lines += ["", f"{label} ({len(group)})", "-" * _WIDTH]
        if label != "NotComputable":
            lines.append(
                f"{'experiment, published':52s} {'grade':5s} {'simulated':>10s} {'interval':>17s} {'verdict':>12s}"
            )
        for outcome, row in zip(group, validation_rows(group), strict=True):
            lines += _lines(outcome, row)
            for term, value in mechanisms.get(outcome.experiment.key, {}).items():
                lines.append(f"      {term}: {_number(value)} {outcome.unit}")
    return "\n".join(map(printable, [*lines[1:], "", *textwrap.wrap(summary_of(outcomes), _WIDTH)]))


def summary_of(outcomes: Sequence[Outcome]) -> str:
    """Return how many of the predicted rows pass, in sentences."""
    passed, undetermined, count = share_passed(outcomes)
    if not count:
        return "None of these rows is predicted and counted."
    return (
        f"Of {count} predicted rows {passed} pass ({100 * passed / count:.0f} %), {undetermined} are undetermined or "
        f"could not be computed, {count - passed - undetermined} miss. The interval is that of means over worlds that "
        "differ in what the model does not know; where it spans zero the sign is not decided. A verdict in brackets is "
        "not counted."
    )


def _lines(outcome: Outcome, row: tuple[str, ...]) -> list[str]:
    key, grade, published, simulated, interval, unit, verdict, reason = row
    if outcome.simulated is None:
        told = f"  {key} ({grade}): {published}. Not computed: {reason}"
        return textwrap.wrap(told, _WIDTH, subsequent_indent="      ", break_long_words=False)
    first = f"  {key:44s} {grade:5s} {simulated + ' ' + unit:>16s} {interval:>17s} {verdict:>12s}"
    told = f"{outcome.experiment.title}: {published}" + ("" if outcome.passed else f". {reason}")
    return [first, *textwrap.wrap(told, _WIDTH, initial_indent="      ", subsequent_indent="      ")]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _number(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    if value == 0 or abs(value) < 5e-4:
        return "0"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
