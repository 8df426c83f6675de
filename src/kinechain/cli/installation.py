"""``kinechain doctor``."""

from __future__ import annotations

import typer

from kinechain.cli.terminal import progress

__all__ = ["doctor"]


def doctor() -> None:
    """Check this installation, and print the cure of what is wrong.

    Exit code 1 means that something does not work.

    Example: kinechain doctor
    """
    with progress() as say:
        say("Looking at this installation")
        from kinechain.doctor import examine_installation

        checks = examine_installation()
    width = max(len(check.name) for check in checks)
    for check in checks:
        typer.echo(f"{check.state:6} {check.name:{width}}  {check.found}")
        if check.cure:
            typer.echo(f"{'':6} {'':{width}}  -> {check.cure}")
    if any(check.state == "fault" for check in checks):
        raise typer.Exit(1)
