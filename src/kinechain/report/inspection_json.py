"""Inspections as JSON, schema ``kinechain/inspection/1``."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from kinechain import __version__
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.inspection.folder import LeftOut
from kinechain.inspection.inspection import Inspection, MarkerRow, PlateRow

__all__ = ["SCHEMA", "inspection_json", "read_inspection_schema"]

#: Name of the schema; its text is ``schema/inspection-1.json``.
SCHEMA = "kinechain/inspection/1"


def read_inspection_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``inspection_json``."""
    text = files("kinechain.report").joinpath("schema", "inspection-1.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def inspection_json(inspections: Sequence[Inspection], left_out: Sequence[LeftOut] = ()) -> str:
    """Return inspections as JSON: SI units named in the keys, no NaN, the same order for the same files.

    Parameters
    ----------
    inspections : sequence of Inspection
    left_out : sequence of LeftOut
        Files that are no recordings.

    Returns
    -------
    str
        Indented JSON that ends with a line break.
    """
    document = {
        "schema": SCHEMA,
        "intended_purpose": INTENDED_PURPOSE,
        "version": __version__,
        "files": [_file(i) for i in inspections],
        "left_out": [{"kind": group.kind, "names": list(group.names)} for group in left_out],
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _file(i: Inspection) -> dict[str, Any]:
    return {
        "name": i.name,
        "companions": list(i.companions),
        "bytes": i.bytes,
        "sha256": i.sha256,
        "format": i.format or None,
        "refused": i.refused or None,
        "task": i.task or None,
        "duration_s": _number(i.duration_s),
        "rate_hz": _number(i.rate_hz),
        "start_s": _number(i.start_s),
        "frames": i.frames,
        "speed_m_s": _number(i.speed_m_s),
        "strides": {side: count for side, count in i.strides},
        "markers": [_marker(row) for row in i.markers],
        "unlabelled": i.unlabelled,
        "marker_set": i.marker_set
        and {
            "name": i.marker_set.name,
            "is_usable": i.marker_set.is_usable,
            "score": _number(i.marker_set.score),
            "runner_up": i.marker_set.runner_up or None,
            "runner_up_score": _number(i.marker_set.runner_up_score),
            "unused": list(i.marker_set.unused),
            "missing": list(i.marker_set.missing),
        },
        "axes": i.axes
        and {
            "up": i.axes.up,
            "forward": i.axes.forward,
            "turned_deg": _number(i.axes.turned_deg),
            "is_mirrored": i.axes.is_mirrored,
            "scale": _number(i.axes.scale),
        },
        "plates": [_plate(row) for row in i.plates],
        "analog": list(i.analog),
        "outputs": list(i.outputs),
        "file_events": [_event(e) for e in i.file_events],
        "events": [_event(e) for e in i.events],
        "agreements": [
            {
                "kind": a.kind,
                "first": a.first,
                "second": a.second,
                "count": a.count,
                "median_ms": _number(a.median_ms),
                "median_absolute_ms": _number(a.median_absolute_ms),
            }
            for a in i.agreements
        ],
        "person": {
            "mass_kg": _number(i.mass_kg),
            "height_m": _number(i.height_m),
            "plate_mass_kg": _number(i.plate_mass_kg),
        },
        "uses": [{"name": u.name, "verdict": u.verdict, "reason": u.reason, "cure": u.cure or None} for u in i.uses],
        "defects": [
            {
                "code": d.code,
                "kind": d.kind,
                "place": d.place,
                "text": d.text,
                "effect": d.effect,
                "cure": d.cure,
            }
            for d in i.defects
        ],
        "findings": list(i.findings),
    }


def _marker(row: MarkerRow) -> dict[str, Any]:
    return {
        "label": row.label,
        "landmark": row.landmark or None,
        "seen_share": _number(row.seen_share),
        "filled_share": _number(row.filled_share),
        "gaps": row.gaps,
        "longest_gap_s": _number(row.longest_gap_s),
    }


def _plate(row: PlateRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "type": row.type,
        "is_used": row.is_used,
        "reason": row.reason or None,
        "middle_m": [_number(x) for x in row.middle_m] if row.middle_m else None,
        "size_m": [_number(x) for x in row.size_m] if row.size_m else None,
        "rate_hz": _number(row.rate_hz),
        "start_s": _number(row.start_s),
        "end_s": _number(row.end_s),
        "peak_n": _number(row.peak_n),
        "offset_n": _number(row.offset_n),
        "contacts": [
            {
                "side": c.side,
                "start_s": _number(c.start_s),
                "end_s": _number(c.end_s),
                "state": c.state,
                "reason": c.reason or None,
            }
            for c in row.contacts
        ],
    }


def _event(event: Any) -> dict[str, Any]:
    return {"kind": event.kind, "side": event.side, "time_s": _number(event.time_s), "source": event.source}


def _number(value: float | None) -> float | None:
    """Return six significant digits; None for what is missing or unbounded."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
