"""The chain as JSON: gains, drivers, and what a change would do (schema ``kinechain/whatif/1``)."""

from __future__ import annotations

import json
import math
from typing import Any

from kinechain.care.drivers import Candidate, Drivers, DriverSet, Link, Player, TargetTable
from kinechain.chain.links import LINKS
from kinechain.chain.respond import Response
from kinechain.chain.targets import TARGETS
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.report.words import clinical

__all__ = ["WHAT_IF_SCHEMA", "drivers_json", "link_json", "response_json"]

#: Name of the schema of what ``kinechain whatif --json`` prints.
WHAT_IF_SCHEMA = "kinechain/whatif/1"


def link_json(link: Link) -> dict[str, Any]:
    """Return one gain."""
    return {
        "from": link.start,
        "to": link.end,
        "gain": rounded(link.gain.value),
        "low": rounded(link.gain.low),
        "high": rounded(link.gain.high),
        "unit": link.gain.unit,
        "sources": list(link.sources),
    }


def drivers_json(drivers: Drivers) -> dict[str, Any]:
    """Return which parameters carry load.

    Parameters
    ----------
    drivers : Drivers
    """
    return {
        "candidates": [_candidate(c) for c in drivers.candidates],
        "sets": [_set(s) for s in drivers.sets],
        "coverage": drivers.coverage,
        "none_supported": rounded(drivers.none_supported),
        "undetermined": drivers.undetermined,
        "verdict": drivers.verdict,
        "players": [_player(p, chance) for p, chance in zip(drivers.players, drivers.p_relevant, strict=True)],
        "not_players": [
            {"id": p.id, "side": p.side, "reason": p.reason, "next_test": p.next_test} for p in drivers.not_players
        ],
        "silent": [{"id": p.id, "side": p.side, "p_relevant": rounded(p.p_relevant)} for p in drivers.silent],
        "targets": [_target(t) for t in drivers.targets],
        "groups": [{"players": list(g.players), "correlation": rounded(g.correlation)} for g in drivers.groups],
        "priors": list(drivers.priors),
        "sensitivity": [
            {
                "prior": s.prior,
                "p_relevant": [rounded(p) for p in s.p_relevant],
                "none_supported": rounded(s.none_supported),
                "leading": _set(s.leading),
            }
            for s in drivers.sensitivity
        ],
        "next_tests": [
            {"id": t.id, "side": t.side, "test": t.test, "information_bits": rounded(t.information), "is_new": t.is_new}
            for t in drivers.next_tests
        ],
        "treatments": [
            {"players": list(t.players), "target": t.target, **_estimate(t.change)} for t in drivers.treatments
        ],
        "direction": {"answer": drivers.direction, "reason": drivers.direction_reason},
        "method": drivers.method,
        "audit_error": None if drivers.audit_error is None else rounded(drivers.audit_error),
        "draws": drivers.draws,
        "seed": drivers.seed,
    }


def response_json(response: Response) -> str:
    """Return what changes would do, schema ``kinechain/whatif/1``.

    Parameters
    ----------
    response : Response

    Returns
    -------
    str
        Indented JSON that ends with a line break.
    """
    document = {
        "schema": WHAT_IF_SCHEMA,
        "intended_purpose": INTENDED_PURPOSE,
        "changes": [c.text for c in response.changes],
        "links": [
            {"id": link.id, "side": link.side, "positive": link.positive, **_estimate(response.links[link.id])}
            for link in LINKS
        ],
        "loads": [
            {"id": t.id, "site": t.site, "side": t.side, "change": _estimate(change), "now": _estimate(now)}
            for t in TARGETS
            if not isinstance(change := response.targets[t.id], NotMeasured)
            and not isinstance(now := response.before[t.id], NotMeasured)
        ],
        "not_measured": [
            {"id": t.id, "side": t.side, "reason": answer.reason, "next_test": answer.next_test}
            for t in TARGETS
            if isinstance(answer := response.targets[t.id], NotMeasured)
        ]
        + [
            {
                "id": "adaptation",
                "side": "both",
                "reason": response.adaptation.reason,
                "next_test": response.adaptation.next_test,
            }
        ],
        "gains": [link_json(g) for g in response.gains],
        "failed": dict(response.failed),
        "notes": list(response.notes),
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "id": candidate.id,
        "side": candidate.side,
        "target": candidate.target,
        "contribution": rounded(candidate.contribution),
        "low": rounded(candidate.low),
        "high": rounded(candidate.high),
        "unit": candidate.unit,
        "p_relevant": rounded(candidate.p_relevant),
        "share": None if candidate.share is None else rounded(candidate.share),
        "grade": candidate.grade,
    }


def _set(found: DriverSet) -> dict[str, Any]:
    return {"drivers": list(found.drivers), "probability": rounded(found.probability)}


def _player(player: Player, chance: float) -> dict[str, Any]:
    return {
        "id": player.id,
        "side": player.side,
        "name": player.name,
        **_estimate(player.value),
        "norm": {"mean": player.norm.mean, "sd": player.norm.sd, "cohort": player.norm.cohort},
        "deviation_sd": rounded(player.deviation_sd),
        "p_outside": rounded(player.p_outside),
        "p_relevant": rounded(chance),
        "change": player.change,
        "grade": player.grade,
        "sources": list(player.sources),
    }


def _target(table: TargetTable) -> dict[str, Any]:
    return {
        "id": table.target,
        "site": table.site,
        "side": table.side,
        "now": _estimate(table.now),
        "typical": _estimate(table.typical),
        "floor": rounded(table.floor.value),
        "none_supported": rounded(table.none_supported),
        "undetermined": table.undetermined,
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    shown = clinical(estimate)
    return {"value": rounded(shown.value), "low": rounded(shown.low), "high": rounded(shown.high), "unit": shown.unit}


def rounded(value: float) -> float | None:
    """Return six significant digits; None for what is not finite."""
    return None if not math.isfinite(value) else float(f"{value:.6g}")
