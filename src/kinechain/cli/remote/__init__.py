"""``kinechain remote``: the verbs, asked of a workspace that runs elsewhere."""

from __future__ import annotations

import typer

from kinechain.cli.remote.following import log, plan, progress
from kinechain.cli.remote.measures import assess, recordings, send, whatif
from kinechain.cli.remote.people import fhir, me, patients, person, register, screen

__all__ = ["remote"]

remote = typer.Typer(
    name="remote",
    help="""Ask a workspace elsewhere: the verbs over its API, in your name.

    The address stands in --server or KINECHAIN_SERVER, the token in KINECHAIN_TOKEN, where no list of processes shows
    it; make one in the workspace on the page Account. Answers are JSON, as of the local verb with --json.

    Example: kinechain remote patients --server https://clinic.example""",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

#: In the order in which the help names them.
VERBS = (
    *(me, patients, register, person, screen, send, recordings, assess, whatif),
    *(plan, log, progress, fhir),
)

for verb in VERBS:
    remote.command()(verb)
