"""``kinechain whatif``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinechain.cli.assessing import records_with
from kinechain.cli.inputs import sort_inputs
from kinechain.cli.terminal import progress, wrapped
from kinechain.core.errors import SettingError
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.core.text import printable

if TYPE_CHECKING:
    from kinechain.chain.respond import Response

__all__ = ["whatif"]


def whatif(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="PERSON.toml [RECORDING...]", help="A person file, and recordings if any.")
    ],
    change: Annotated[list[str], typer.Option("--change", help="What to alter; may be given again.", metavar="CHANGE")],
    static: Annotated[Path | None, typer.Option(help="The standing trial.", metavar="FILE")] = None,
    draws: Annotated[int, typer.Option(help="Draws of what was not measured.", metavar="N")] = 200,
    seed: Annotated[int, typer.Option(help="Of the draws.", metavar="N", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print every link and load as JSON.")] = False,
) -> None:
    """Show what a change would do to one standing person, at every link and load, with its interval.

    Changes given together are made together.  Not for people who are unscreened, locked by a danger sign, or under 18.
    docs/changes.md lists every change.

    Example: kinechain whatif person.toml --change "wedge left 5 raise=medial"

    Example: kinechain whatif person.toml --change "lift left 6" --change "heel_height both 20" --json
    """
    person_file, recordings = sort_inputs(inputs)
    if person_file is None:
        raise SettingError(
            "whatif needs a person file: without the answers to the danger-sign questions there is no what-if"
        )
    with progress() as say:
        say("Loading")
        from kinechain.analysis import Settings, try_changes
        from kinechain.chain.change import parse_change
        from kinechain.chain.person_chain import ChainSettings

        changes = [parse_change(text) for text in change]
        records = records_with(person_file)
        settings = Settings(chain=ChainSettings(draws=draws, seed=seed))
        held = (records.clearances, records.told)
        response = try_changes(records.person, changes, recordings, static, settings, say, *held)
    if as_json:
        from kinechain.report.chain_json import response_json

        typer.echo(response_json(response), nl=False)
        return
    typer.echo(wrapped("\n".join(printable(line) for line in _lines(response))))


def _lines(response: Response) -> list[str]:
    from kinechain.report.chain import what_if_table

    table = what_if_table(response)
    lines = [f"What if: {table.change}", "", "Links turn by (95 % interval):"]
    lines += [f"  {name}: {value}" for name, value in table.links] or ["  none by 0.05 degrees or more"]
    lines += ["", "Loads change by (95 % interval), and what they are now:"]
    lines += [f"  {name}: {value}; now {now}" for name, value, now in table.loads] or ["  none by 1 % or more"]
    if table.unsure:
        lines += ["", f"Could go either way: {table.unsure}."]
    return [*lines, "", *response.notes, "", INTENDED_PURPOSE]
