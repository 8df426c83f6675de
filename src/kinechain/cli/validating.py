"""``kinechain validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinechain.cli.terminal import progress

if TYPE_CHECKING:
    from kinechain.chain.experiments import Experiment
    from kinechain.chain.walking_replay import Walk

__all__ = ["example_walk", "validate"]


def validate(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY...|FILE.toml]", help="Experiments or studies by key, or files of them.", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    mechanisms: Annotated[
        bool, typer.Option("--mechanisms", help="Switch terms off one at a time, and print what is left.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the drawn people.", min=0)] = 1,
) -> None:
    """Replay published experiments in the simulation: published beside simulated, misses included.

    Without a key all packaged experiments are run, which takes some minutes. Every row has the label it got before its
    first run. A row that fails ends with exit code 1; one that is undetermined or not computable does not.

    Example: kinechain validate

    Example: kinechain validate Pinto2008 --mechanisms

    Example: kinechain validate my_experiment.toml --json
    """
    from kinechain.chain.mechanisms import has_terms, switch_off
    from kinechain.chain.validate import Settings
    from kinechain.chain.validate import validate as run
    from kinechain.report.validation import render_validation, validation_json

    experiments = _experiments(what or [])
    with progress() as say:
        outcomes = run(experiments, Settings(seed=seed), say, example_walk)
        terms = {key: switch_off(e) for key, e in experiments.items() if mechanisms and has_terms(e)}
    if as_json:
        typer.echo(validation_json(outcomes, terms), nl=False)
    else:
        typer.echo(render_validation(outcomes, terms))
    if any(o.passed is False and o.experiment.is_counted for o in outcomes):
        raise typer.Exit(1)


def _experiments(what: list[str]) -> dict[str, Experiment]:
    """Return what was asked for: files, keys of packaged experiments and of studies, all where nothing is asked."""
    from kinechain.chain.experiments import read_experiments, read_packaged
    from kinechain.chain.validate import select

    files = [name for name in what if name.endswith(".toml") or Path(name).is_file()]
    keys = [name for name in what if name not in files]
    found = select(keys, read_packaged()) if keys or not files else {}
    for name in files:
        found.update(read_experiments(Path(name)))
    return found


def example_walk() -> Walk:
    """Return the walk of the example person, made and read like any other."""
    import tempfile

    from kinechain.analysis import Settings, assess
    from kinechain.body.musculature import person_muscles
    from kinechain.chain.standing_model import chain_model
    from kinechain.chain.walking_replay import Walk
    from kinechain.demonstration.demonstrate import example_person, write_recordings
    from kinechain.demonstration.walk import Asymmetry

    person = example_person()
    with tempfile.TemporaryDirectory(prefix="kinechain-") as passing:
        standing, walking = write_recordings(Path(passing), person, Asymmetry())
        found = assess(person, [walking], standing, Settings(chain=None))
    assert found.body is not None
    model = chain_model(found.body, person_muscles(found.body))
    return Walk(model, found.body, found.trials[0], found.loads[0])
