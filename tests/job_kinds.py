"""Kinds of work for the tests of workers, which run in processes of their own."""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from kinechain.core.errors import InputError
from kinechain.store.audit import Actor, record
from kinechain.store.jobs import Job, Output
from kinechain.workspace.place import Place

Say = Callable[[str], None]

#: What stands in a file or an exception and must never reach the database.
SECRET = "Eva Geheim"


def good(place: Place, job: Job, say: Say) -> Sequence[Output]:
    """Take as long as asked, and make one output."""
    say("reading")
    print(SECRET)
    time.sleep(float(job.input.get("seconds", 0)))
    say("writing")
    return [Output("made.txt", "text/plain", job.key.encode())]


def refuses(place: Place, job: Job, say: Say) -> Sequence[Output]:
    """Refuse in a sentence."""
    raise InputError("there are no markers in it;\n take another recording")


def fault(place: Place, job: Job, say: Say) -> Sequence[Output]:
    """Break, with words that hold what a file holds."""
    raise KeyError(SECRET)


def dies(place: Place, job: Job, say: Say) -> Sequence[Output]:
    """End without a word, as a broken library does."""
    os.abort()


def greedy(place: Place, job: Job, say: Say) -> Sequence[Output]:
    """Ask for more memory than there may be."""
    return [Output("x", "text/plain", bytes(200 * 1024**3))]


def sockets(place: Place, job: Job, say: Say) -> Sequence[Output]:
    """Count the sockets that this process has from its parent."""
    mine = [n for n in range(3, 256) if _is_listening(n)]
    return [Output("sockets.txt", "text/plain", str(len(mine)).encode())]


def _is_listening(number: int) -> bool:
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return False
        with socket.socket(fileno=os.dup(number)) as found:
            return bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        return False


def note_done(place: Place, connection: Connection, job: Job) -> None:
    """Write down that a job is done, once each time this is called."""
    record(connection, Actor("worker", "test"), "job done", job.patient_id, {"job": job.id}, job.clinic_id)


def broken_hook(place: Place, connection: Connection, job: Job) -> None:
    """Write, and break."""
    note_done(place, connection, job)
    raise ZeroDivisionError(SECRET)
