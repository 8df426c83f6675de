"""A clinician has looked at an alert: who, when and why, written into the journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import typer

from kinechain.care.follow_up.alerts import Alert
from kinechain.care.follow_up.events import Acknowledged
from kinechain.care.records.following import present_alerts
from kinechain.cli.person_files import Records, moment_of, new_id, read_records, write_events
from kinechain.cli.signing import confirmed
from kinechain.cli.terminal import wrapped
from kinechain.core.errors import SettingError, suggest
from kinechain.evidence.wording import say

__all__ = ["acknowledge"]


def acknowledge(records: Records, names: Sequence[str], clinician: str, why: str, day: date) -> Records:
    """Write down that a clinician has looked at alerts, and return what is known afterwards; it lifts nothing.

    Parameters
    ----------
    records : Records
    names : sequence of str
        As printed, e.g. 'pain.worsening'; with its first day where only that spell is meant.
    clinician, why : str
    day : date

    Raises
    ------
    LockedError
        If the passphrase does not open the clinician's key.
    SettingError
        If there is no such alert, a reason or a clinician is missing, or the clinician has no key here.
    """
    if not clinician or not why.strip():
        raise SettingError("--acknowledge needs --clinician NAME and --why TEXT: who looked, and what they found")
    alerts = present_alerts(records, day)
    seen = [alert for name in names for alert in _named(name, alerts)]
    by = confirmed(clinician)
    keys = dict.fromkeys(alert.key for alert in seen)
    where = write_events(
        records, [Acknowledged(id=new_id(), at=moment_of(day), by=by, why=why.strip(), alert=key) for key in keys]
    )
    told = say("terminal.acknowledged", alerts=", ".join(keys), clinician=by, file=where.name).text
    if any(alert.suspends for alert in seen):
        told += " " + say("terminal.acknowledged_danger", command=f"kinechain screen {records.path} --clear").text
    typer.echo(wrapped(told), err=True)
    return read_records(records.path)


def _named(name: str, alerts: Sequence[Alert]) -> list[Alert]:
    """Return the alerts of a name: all spells of a rule, or the one that began on the day it names."""
    found = [alert for alert in alerts if name in (alert.id, alert.key)]
    if not found:
        raise SettingError(f"there is no alert '{name[:60]}'. {suggest(name, [alert.id for alert in alerts])}")
    return found
