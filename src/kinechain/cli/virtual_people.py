"""``kinechain virtual`` and ``kinechain score``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinechain.cli.terminal import progress
from kinechain.core.errors import InputError, SettingError
from kinechain.core.purpose import INTENDED_PURPOSE

if TYPE_CHECKING:
    from kinechain.chain.score import Score

__all__ = ["score", "virtual"]


def virtual(
    count: Annotated[int, typer.Argument(metavar="N", help="How many people.", min=1, max=100_000)],
    out: Annotated[Path, typer.Option(help="Folder for the people.", metavar="DIR")],
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.", min=0)] = 0,
    none: Annotated[
        float, typer.Option(help="Share of people with no driver.", metavar="SHARE", min=0.0, max=1.0)
    ] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is true of them as JSON.")] = False,
) -> None:
    """Make people whose drivers are known: examination sheet, standing trial, and the truth beside them.

    Example: kinechain virtual 20 --seed 1 --out people

    Example: kinechain virtual 200 --seed 2 --none 0.25 --out people && kinechain score people
    """
    import json

    with progress() as say:
        say("Loading")
        from kinechain.chain.virtual_files import make_people

        try:
            truths = make_people(out, count, seed, none, say)
        except OSError as error:
            raise InputError(f"the people cannot be written to {out}: {error.strerror or error}") from error
    if as_json:
        rows = [{"name": t.name, "direction": t.direction, "drivers": dict(t.sizes)} for t in truths]
        typer.echo(json.dumps({"schema": "kinechain/virtual/1", "seed": seed, "people": rows}))
        return
    for truth in truths:
        typer.echo(f"{truth.name}: {', '.join(f'{k} ({v})' for k, v in truth.sizes.items()) or 'no driver'}")
    typer.echo(f"Written: {out} ({len(truths)} people); score the attribution with: kinechain score {out}")


def score(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made by kinechain virtual.")],
    draws: Annotated[int, typer.Option(help="Draws per person.", min=20)] = 200,
    seed: Annotated[int, typer.Option(help="Of the draws.", min=0)] = 0,
    measured: Annotated[
        list[str] | None,
        typer.Option(help="What the analyst has; several may be given.", metavar="exam|exam+mocap|exam+mocap+plates"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the score as JSON.")] = False,
) -> None:
    """Attribute every made person as any other, and hold what is said against what is true.

    Example: kinechain score people

    Example: kinechain score people --measured exam --draws 50 --json
    """
    with progress() as say:
        say("Loading")
        from kinechain.chain.attribute import AttributionSettings
        from kinechain.chain.score import score_forecasts
        from kinechain.chain.virtual_analyst import LEVELS, forecast_of, read_and_analyse
        from kinechain.chain.virtual_files import read_truths
        from kinechain.core.errors import SolveError

        levels = tuple(measured or LEVELS)
        if unknown := [level for level in levels if level not in LEVELS]:
            raise SettingError(f"--measured is '{unknown[0]}'; write {', '.join(LEVELS)}")
        truths = read_truths(folder)
        settings = AttributionSettings(draws=draws, seed=seed)
        scores: dict[str, Score] = {}
        directions: dict[str, dict[str, Score]] = {}
        refused: list[str] = []
        for level in levels:
            forecasts = []
            for place, truth in truths.items():
                say(f"Attributing {truth.name} by {level}")
                try:
                    forecasts.append(forecast_of(truth, read_and_analyse(place, level, settings), level))
                except SolveError as error:
                    refused.append(f"{truth.name}, {level}: {error}")
            scores[level] = score_forecasts(forecasts)
            groups = {
                d: [f for f in forecasts if f.direction == d] for d in dict.fromkeys(f.direction for f in forecasts)
            }
            directions[level] = {name: score_forecasts(group) for name, group in sorted(groups.items())}
    _print(scores, directions, refused, as_json)


def _print(
    scores: dict[str, Score], directions: dict[str, dict[str, Score]], refused: list[str], as_json: bool
) -> None:
    """Print the machine output alone, or a paragraph per level."""
    import json
    from dataclasses import asdict

    if as_json:
        content = {
            "schema": "kinechain/score/1",
            "refused": refused,
            "measured": {level: asdict(found) for level, found in scores.items()},
            "direction": {level: {d: asdict(v) for d, v in group.items()} for level, group in directions.items()},
        }
        typer.echo(json.dumps(_plain(content), allow_nan=False))
        return
    for level, found in scores.items():
        typer.echo("\n".join([f"{level}: {found.people} people, {found.truth_none} with no driver", *_lines(found)]))
        for direction, group in directions[level].items():
            held = f"{group.coverage.hits} of {group.coverage.count}"
            typer.echo(f"  drivers set {direction}: sets hold the truth of {held}, Brier {group.brier:.4f}")
    for sentence in refused:
        typer.echo(f"Not told: {sentence}")
    typer.echo(f"\n{INTENDED_PURPOSE}")


def _plain(value: object) -> object:
    """Return a value as JSON has it: what there is nobody for is null."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _lines(found: Score) -> list[str]:
    cover, false = found.coverage, found.false_attribution
    areas = ", ".join(
        f"{name} {area.value:.2f} ({area.positives})" for name, area in found.areas.items() if area.positives
    )
    blamed = f"{100 * false.value:.0f} % ({100 * false.low:.0f} to {100 * false.high:.0f})"
    return [
        f"  80 % sets hold the truth in {100 * cover.value:.0f} % ({100 * cover.low:.0f} to {100 * cover.high:.0f}); "
        f"they claim {100 * found.stated_mass:.0f} %",
        f"  with the last set counted in part: {100 * found.exact_coverage:.0f} % for 80 %",
        f"  sets: {found.sets:.1f} on average, {found.set_size:.1f} drivers in the first",
        f"  Brier {found.brier:.4f} (shares alone {found.brier_prior:.4f}), "
        f"log {found.log:.3f} (shares alone {found.log_prior:.3f})",
        f"  area under the curve: {areas or 'nothing is relevant in anybody'}",
        f"  somebody blamed although nothing is relevant: {blamed if false.count else 'nobody of that kind'}",
    ]
