"""An installation for tests of store, workspace and web: two clinics, their people, and a client signed in as each.

``place`` is empty and comes once on SQLite and once on PostgreSQL.  ``clinic`` (on SQLite, for quick tests of pages)
and ``each_clinic`` (on both) hold the people; ``client_for`` signs in on ``clinic``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

import kinechain

if TYPE_CHECKING:
    from kinechain.store.audit import Actor
    from kinechain.workspace.place import Place

ADDRESS = "http://testserver.local"
PASSWORD = "walk slowly and look"
ROLES = ("admin", "clinician", "other_clinician", "patient", "other_patient", "nobody")


@dataclass(frozen=True)
class OneClinic:
    """Ids of a clinic and its people.

    ``patient`` has said no to every danger sign, has the examination of the example person, and a link;
    ``new_patient`` has answered nothing and has no link.
    """

    id: str
    admin: str
    clinician: str
    patient: str
    new_patient: str
    link: str


@dataclass(frozen=True)
class Clinics:
    """An installation and the two clinics on it; what belongs to the own one can be asked here directly."""

    place: Place
    own: OneClinic
    other: OneClinic

    @property
    def patient(self) -> str:
        """The screened patient of the own clinic."""
        return self.own.patient

    def actor(self, role: str = "clinician") -> Actor:
        """Return who acts in workspace functions; a role as `client_for` knows it."""
        from kinechain.store.audit import Actor

        of = self.other if role.startswith("other_") else self.own
        if role.endswith("patient"):
            return Actor("patient", of.link, "", of.id, of.patient, request=str(uuid4()))
        kind: Any = "admin" if role == "admin" else "clinician"
        who = of.admin if role == "admin" else of.clinician
        return Actor(kind, who, NAMES[kind], of.id, request=str(uuid4()))


NAMES = {"admin": "Ada Admin", "clinician": "Cleo Clinician"}


def email(role: str) -> str:
    """Return the address an account signs in with; its password is PASSWORD."""
    return f"{role}@clinic.example"


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep settings and keys of this machine out of a test."""
    _leave_home(monkeypatch, tmp_path / "home")
    return tmp_path / "home"


def _leave_home(patch: pytest.MonkeyPatch, home: Path) -> None:
    patch.setenv("KINECHAIN_HOME", str(home))
    for name in ("EMERGENCY_NUMBER", "CRISIS_LINE", "CLINIC", "PASSPHRASE", "KEY", "KEY_FILE"):
        patch.delenv(f"KINECHAIN_{name}", raising=False)


@pytest.fixture
def sqlite_place(tmp_path: Path, own_home: Path, _empty_folder: Path) -> Iterator[Place]:
    """Return an empty installation on SQLite."""
    yield from _opened(_copy(_empty_folder, tmp_path))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, own_home: Path) -> Iterator[Place]:
    """Return an empty installation, once on each database."""
    if request.param == "sqlite":
        yield from _opened(_copy(request.getfixturevalue("_empty_folder"), tmp_path))
    else:
        yield from _opened(tmp_path / "data", request.getfixturevalue("postgres_url"))


@pytest.fixture
def clinic(tmp_path: Path, own_home: Path, _clinics_folder: Path) -> Iterator[Clinics]:
    """Return two clinics with their people, on SQLite."""
    folder = _copy(_clinics_folder, tmp_path)
    ids = json.loads((folder / "clinics.json").read_text())
    for place in _opened(folder):
        yield Clinics(place, OneClinic(**ids["own"]), OneClinic(**ids["other"]))


@pytest.fixture
def lived(tmp_path: Path, own_home: Path, _lived_folder: Path) -> Iterator[Clinics]:
    """Return two clinics whose screened patients have consent, a visit, a plan, eight weeks of diary, an analysis."""
    folder = _copy(_lived_folder, tmp_path)
    ids = json.loads((folder / "clinics.json").read_text())
    for place in _opened(folder):
        yield Clinics(place, OneClinic(**ids["own"]), OneClinic(**ids["other"]))


@pytest.fixture
def each_clinic(place: Place) -> Clinics:
    """Return two clinics with their people, once on each database."""
    return make_clinics(place)


@pytest.fixture
def client_for(clinic: Clinics) -> Iterator[Callable[[str], Any]]:
    """Return a function from a role to a client of ``clinic`` that is signed in so; see ROLES."""
    from anyio.from_thread import start_blocking_portal

    from kinechain.web.app import create_app

    app = create_app(clinic.place)
    # One loop for all of them, as in a server; entering each client would start a thread and a lifespan for each.
    with start_blocking_portal() as portal:
        yield lambda role: signed_in(app, clinic, role, portal)


def signed_in(app: Any, clinic: Clinics, role: str, portal: Any) -> Any:
    """Return a client of an application, signed in as a role, which follows no redirects by itself."""
    from litestar.testing import TestClient

    from kinechain.store.sessions import add_session
    from kinechain.web.access import COOKIE, PATIENT_COOKIE

    # A fault shall come back as the answer it makes, as it would to a browser.
    client: Any = TestClient(app, base_url=ADDRESS, raise_server_exceptions=False)
    client.blocking_portal = portal
    client.follow_redirects = False
    client.csrf = ""
    if role != "nobody":
        actor = clinic.actor(role)
        of = {"account_id": actor.id} if actor.is_staff else {"link_id": actor.id}
        with clinic.place.database.writing() as connection:
            token, session = add_session(connection, **of)
        client.cookie = COOKIE if actor.is_staff else PATIENT_COOKIE
        client.cookies.set(client.cookie, token, domain="testserver.local")
        client.csrf = session.csrf
        client.token = token
    return client


def csrf(client: Any) -> dict[str, str]:
    """Return the header that unsafe requests of a client carry."""
    return {"X-CSRF-Token": client.csrf}


def make_clinics(place: Place) -> Clinics:
    """Make two clinics with their people."""
    return Clinics(place, _make_one(place, "Own clinic", ""), _make_one(place, "Other clinic", "other_"))


def _make_one(place: Place, name: str, prefix: str) -> OneClinic:
    from kinechain.care.person.person_file import read_person
    from kinechain.store.accounts import add_account, add_clinic
    from kinechain.store.audit import Actor
    from kinechain.store.clock import now
    from kinechain.store.sessions import token_digest
    from kinechain.store.tables import link
    from kinechain.workspace.case import change_person
    from kinechain.workspace.passwords import hash_password
    from kinechain.workspace.patients import register

    hashed = hash_password(PASSWORD)
    with place.database.writing() as connection:
        clinic_id = add_clinic(connection, name)
        admin, clinician = (
            add_account(connection, clinic_id, email(prefix + role), NAMES[role], role, hashed).id for role in NAMES
        )
    actor = Actor("clinician", clinician, NAMES["clinician"], clinic_id)
    screened = register(place.database, actor, f"{prefix}Petra Muster", f"{prefix}p-1").id
    fresh = register(place.database, actor, f"{prefix}Quirin Neu", f"{prefix}p-2").id
    link_id = str(uuid4())
    with place.database.writing() as connection:
        # Its module would load the whole analysis.
        example = read_person(Path(kinechain.__file__).parent / "demonstration" / "person.toml")
        change_person(connection, actor, screened, lambda before: example, "write intake")
        connection.execute(
            link.insert().values(
                id=link_id,
                patient_id=screened,
                token_digest=token_digest(str(uuid4())),
                created_at=now(),
                created_by=clinician,
                expires_at=now() + timedelta(days=60),
            )
        )
    return OneClinic(clinic_id, admin, clinician, screened, fresh, link_id)


@pytest.fixture(scope="session")
def _empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of an empty installation, to be copied: migrating takes longer than copying."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    with pytest.MonkeyPatch.context() as patch:
        _leave_home(patch, folder / "home")
        for _ in _opened(folder):
            pass
    return folder


@pytest.fixture(scope="session")
def _clinics_folder(tmp_path_factory: pytest.TempPathFactory, _empty_folder: Path) -> Path:
    """Return a folder of an installation with two clinics, to be copied."""
    folder = _copy(_empty_folder, tmp_path_factory.mktemp("clinics"))
    with pytest.MonkeyPatch.context() as patch:
        _leave_home(patch, folder / "home")
        for place in _opened(folder):
            made = make_clinics(place)
    (folder / "clinics.json").write_text(json.dumps({"own": asdict(made.own), "other": asdict(made.other)}))
    return folder


@pytest.fixture(scope="session")
def _lived_folder(tmp_path_factory: pytest.TempPathFactory, _clinics_folder: Path) -> Path:
    """Return a folder as `_clinics_folder`, with more of a life in it; takes some seconds, once."""
    folder = _copy(_clinics_folder, tmp_path_factory.mktemp("lived"))
    ids = json.loads((folder / "clinics.json").read_text())
    with pytest.MonkeyPatch.context() as patch:
        _leave_home(patch, folder / "home")
        for place in _opened(folder):
            made = Clinics(place, OneClinic(**ids["own"]), OneClinic(**ids["other"]))
            for role in ("clinician", "other_clinician"):
                _live(made, role)
            _assess(made)
    return folder


def _live(clinics: Clinics, role: str) -> None:
    from kinechain.workspace.case import write_events
    from kinechain.workspace.example_clinic import _consent, _live_through

    actor = clinics.actor(role)
    patient_id = clinics.other.patient if role.startswith("other_") else clinics.own.patient
    with clinics.place.database.writing() as connection:
        write_events(connection, actor, patient_id, (_consent(),), "give consent")
    _live_through(clinics.place, actor, patient_id)


def _assess(clinics: Clinics) -> None:
    from kinechain.store.jobs import Kept, finish, lease
    from kinechain.workspace.assess_work import run_assessment
    from kinechain.workspace.assessing import ask_assessment, assessment_done

    place = clinics.place
    ask_assessment(place, clinics.actor(), clinics.patient)
    work = lease(place.database, "tests", ["assess"], 600)
    assert work is not None
    made = run_assessment(place, work, lambda step: None)
    kept = [Kept(item.name, item.media_type, *place.files.put(item.content)) for item in made]
    done = finish(place.database, work, kept, lambda connection, job: assessment_done(place, connection, job))
    assert done


def _copy(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to / "data"))


def _opened(folder: Path, url: str = "") -> Iterator[Place]:
    from kinechain.workspace.place import open_place

    place = open_place(folder, url, ADDRESS)
    try:
        yield place
    finally:
        place.database.close()
