"""The straight line from one person and their recordings to an assessment; read this first.

::

    person file ──► screen_person
    file ──► collect_recordings ──► fit_body ──► analyze_gait ──► find_findings ──► person_loads ──► person_chain
                                                                                                       └──► make_plan
                                                                                                        └─► Assessment
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np

from kinechain import __version__
from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.body.solve import KERNELS
from kinechain.care.drivers import may_attribute
from kinechain.care.finding import Finding, Unmeasured
from kinechain.care.person.person import Person, PersonSide
from kinechain.care.person.repeatability import LabErrors
from kinechain.care.planning.plan import OrthosisParameters, Plan, Predict
from kinechain.care.planning.planner import make_plan
from kinechain.care.screening.clearance import TrustedClearance
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import screen_person
from kinechain.care.screening.screen import Flag, Screen
from kinechain.chain.change import Change
from kinechain.chain.orthosis_effect import orthosis_effect
from kinechain.chain.person_chain import (
    ChainSettings,
    PersonChain,
    StandingPerson,
    person_chain,
    standing_person,
    what_if,
)
from kinechain.chain.respond import Response
from kinechain.core.arrays import Immutable
from kinechain.core.errors import InputError, KinechainError, LockedError, SettingError, SolveError
from kinechain.core.estimate import Estimate
from kinechain.findings.balance import Stance
from kinechain.findings.doubts import contradicted, doubts, mass_slip
from kinechain.findings.find import find_findings
from kinechain.findings.loads import summarise_loads, with_samples
from kinechain.findings.muscle_timing import compare_with_emg
from kinechain.findings.own_norms import OwnNorms, read_own_norms
from kinechain.findings.part import find_part
from kinechain.findings.standing_loads import summarise_standing
from kinechain.loads.loads import Load, Loads, LoadSettings
from kinechain.loads.muscle_activity import MuscleCurve
from kinechain.loads.person_loads import PersonLoads, person_loads
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.motion.motion import Motion
from kinechain.motion.trial import GaitTrial, analyze_gait, no_cycle
from kinechain.motion.weight import mass_mismatch, standing_weight
from kinechain.recording.clock import too_slow_for_gait
from kinechain.recording.collect import Collection, collect_recordings, named
from kinechain.recording.prepare import PrepareSettings
from kinechain.recording.read import ReadSettings
from kinechain.recording.recording import Recording

__all__ = ["Assessment", "Provenance", "Settings", "Standing", "StoodUp", "assess", "stand_up", "try_changes"]

#: Way against the direction the body faces, m, from which a walk is one backwards (assumption: half a stride).
BACKWARDS_M = 0.5


@dataclass(frozen=True)
class Settings:
    """What a user may choose; every field is printed with the result.

    Attributes
    ----------
    rhythm : str
        Lumbar rhythm of the body: 'christophy2012' or 'lifting_full_body'.
    profile : str or None
        Marker-set profile by name or file; None chooses it from the labels.
    cutoff_hz : float
        Low-pass cut-off of the coordinates.
    up : str
        Axis of the laboratory that points up, such as '+y'; '' tells it from the body.
    turned_over : 'mirrored', 'exchanged' or ''
        What a body is whose right and left stand the wrong way round: seen in mirrored axes, or with the labels of its
        sides exchanged.
    rate_hz : float or None
        True frame rate of the markers where the files state a wrong one.
    loads : LoadSettings or None
        How loads are computed; None computes none.  Their cut-off is ``cutoff_hz`` above, not one of their own.
    stance : Stance or None
        Eyes and floor of the standing trial, which no recording says; None: not stated, and sway is not judged.
    chain : ChainSettings or None
        How the chain is computed; None: no gains, no drivers, no what-ifs.
    lab : LabErrors or None
        Errors between sessions the laboratory found itself; None: the published ones.
    """

    rhythm: str = "christophy2012"
    profile: str | None = None
    cutoff_hz: float = 6.0
    up: str = ""
    turned_over: Literal["", "mirrored", "exchanged"] = ""
    rate_hz: float | None = None
    loads: LoadSettings | None = field(default_factory=LoadSettings)
    stance: Stance | None = None
    chain: ChainSettings | None = field(default_factory=ChainSettings)
    lab: LabErrors | None = None


@dataclass(frozen=True)
class Provenance:
    """What made this result: versions, inputs and settings, enough to make it again.

    Attributes
    ----------
    version : str
        Of kinechain.
    kernels : str
        'compiled' or 'Python'.
    inputs : mapping of file name to SHA-256
    settings : mapping of setting to value
    versions : mapping of package to version
    """

    version: str
    kernels: str
    inputs: Mapping[str, str]
    settings: Mapping[str, str]
    versions: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Standing(Immutable):
    """The standing trial: the recording, and the pose of the fitted body in it."""

    recording: Recording
    motion: Motion


@dataclass(frozen=True, eq=False)
class StoodUp(Immutable):
    """One person standing, and what they were made from.

    Attributes
    ----------
    person : StandingPerson
    standing : Standing or None
        Of the standing trial.
    notes : tuple of str
        What was taken from the recordings, and what they say against it.
    """

    person: StandingPerson
    standing: Standing | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Assessment(Immutable):
    """Everything one run says of one person; rendering adds nothing to it.

    Attributes
    ----------
    person : Person
    screen : Screen
    body : Body or None
        None for an examination without recordings.
    standing : Standing or None
    trials : tuple of GaitTrial
    findings : tuple of Finding
    unmeasured : tuple of Unmeasured
    refused : tuple of str
        Recordings or parts that could not be used, each a sentence.
    notes : tuple of str
        What was found, assumed or repaired, in sentences.
    provenance : Provenance
    is_demonstration : bool
        True if the recording was generated by the project itself; said on every page.
    parts : tuple of GaitTrial
        Walks of at least a step and less than a stride, and runs: angles against time, nothing judged per stride; each
        is also named in ``refused``.
    own_norms : OwnNorms or None
        Curves a laboratory brought along, drawn in place of the published ones.
    loads : tuple of Loads
        One per trial, in their order; empty if none were computed.
    load_rows : tuple of Load
        Peaks and means of them over the strides, see ``findings.loads``.
    standing_loads : Loads or None
        Of the standing trial.
    other_rhythm_loads : tuple of Loads
        The same trials under the other lumbar rhythm; empty if not asked for.
    no_loads : str
        Why ``loads`` is empty, in a sentence.
    muscle_curves : tuple of MuscleCurve
        Surface EMG over the stride beside computed activations; empty without EMG.
    chain : PersonChain or None
        How changes travel through this body, and which parameters carry load; None while locked, unscreened, under 18,
        of unknown age, or not asked for.
    no_chain : str
        Why ``chain`` is None, in a sentence.
    plan : Plan or None
        None while locked, unscreened, under 18 or of unknown age.
    no_plan : str
        Why ``plan`` is None, in a sentence.
    """

    person: Person
    screen: Screen
    body: Body | None
    standing: Standing | None
    trials: tuple[GaitTrial, ...]
    findings: tuple[Finding, ...]
    unmeasured: tuple[Unmeasured, ...]
    refused: tuple[str, ...]
    notes: tuple[str, ...]
    provenance: Provenance
    is_demonstration: bool = False
    parts: tuple[GaitTrial, ...] = ()
    own_norms: OwnNorms | None = None
    loads: tuple[Loads, ...] = ()
    load_rows: tuple[Load, ...] = ()
    standing_loads: Loads | None = None
    other_rhythm_loads: tuple[Loads, ...] = ()
    no_loads: str = ""
    muscle_curves: tuple[MuscleCurve, ...] = ()
    chain: PersonChain | None = None
    no_chain: str = ""
    plan: Plan | None = None
    no_plan: str = ""


def assess(
    person: Person | None = None,
    recordings: Sequence[Path] = (),
    static: Path | None = None,
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
    norms: Path | None = None,
    clearances: Sequence[TrustedClearance] = (),
    told: Sequence[Flag] = (),
    today: date | None = None,
) -> Assessment:
    """Assess one person from an examination, from recordings, or from both.

    Parameters
    ----------
    person : Person, optional
        As read from a person file; its own recordings are used as well.
    recordings : sequence of path
        Walking trials (C3D, TRC); a standing trial among them is found by itself.
    static : path, optional
        The standing trial.
    settings : Settings, optional
    progress : callable, optional
        Called with one short sentence per step.
    norms : path, optional
        A laboratory's own norm curves (GCD or CSV), drawn in place of the published ones.
    clearances : sequence of TrustedClearance
        Of danger signs, by a clinician (`kinechain.care.screening.keyring.trusted`).
    told : sequence of Flag
        What the journal holds against a plan (`kinechain.care.follow_up.standing.told_since`).
    today : date, optional
        Day the plan begins.

    Returns
    -------
    Assessment

    Raises
    ------
    InputError
        If there is nothing to assess, or none of the recordings can be used.
    """
    person, settings, say = person or Person(), settings or Settings(), progress or (lambda _: None)
    paths, static = _paths(person, recordings, static)
    if not paths and static is None and not person.exam:
        raise InputError("nothing to assess: give a person file with an examination, a recording (C3D or TRC), or both")
    own = read_own_norms(norms) if norms is not None else None
    say("Asking the danger signs")
    screen = screen_person(person, clearances, told)
    say("Reading the recordings")
    material = _collect(paths, static, settings)
    say("Fitting the body")
    size, size_notes = _body_size(person, material)
    body, standing = _fit(size, material, settings)
    say("Solving the motion")
    trials, parts, refused = _analyze(body, material, settings)
    if not trials and not parts and standing is None and (paths or static):
        raise InputError(refused[0] if refused else "none of the recordings can be used")
    say("Judging the measures")
    findings, unmeasured = _judge(person, body, standing, trials, settings)
    if body is not None:
        findings = (*findings, *find_part(body, parts))
    loads = _loads(person, body, trials, standing, settings, say)
    rows = summarise_loads(body, trials, loads.walking, person) if body is not None and loads.walking else ()
    rows = with_samples(rows, loads.samples)
    muscle_curves, emg_notes = compare_with_emg(trials, loads.walking)
    chain, no_chain = _chain(person, screen, body, standing, findings, settings, say)
    predict = _predictor(person, screen, body, standing, settings) if chain is not None else None
    plan, no_plan = _plan(person, clearances, told, findings, chain, predict, today or date.today())
    return Assessment(
        person=person,
        screen=screen,
        body=body,
        standing=standing,
        trials=trials,
        findings=findings,
        unmeasured=unmeasured,
        refused=(*refused, *contradicted(size, findings), *doubts(body, standing is not None, trials, parts)),
        notes=(*size_notes, *(body.notes if body else ()), *(own.notes if own else ()), *loads.notes, *emg_notes),
        provenance=_provenance(material, settings, own),
        parts=parts,
        own_norms=own,
        loads=loads.walking,
        load_rows=(*rows, *(summarise_standing(loads.standing) if loads.standing is not None else ())),
        standing_loads=loads.standing,
        other_rhythm_loads=loads.other_rhythm,
        no_loads=_no_loads(body, trials, settings),
        muscle_curves=muscle_curves,
        chain=chain,
        no_chain=no_chain,
        plan=plan,
        no_plan=no_plan,
    )


def try_changes(
    person: Person,
    changes: Sequence[Change],
    recordings: Sequence[Path] = (),
    static: Path | None = None,
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
    clearances: Sequence[TrustedClearance] = (),
    told: Sequence[Flag] = (),
) -> Response:
    """Return what changes would do to one standing person, made together.

    Parameters
    ----------
    person, recordings, static, settings, progress, clearances, told
        As for `assess`; a standing trial makes the posture the person's own.
    changes : sequence of Change

    Raises
    ------
    SettingError
        If the person may be given no what-if: danger signs, not screened, under 18, age unknown.
    InputError
        If mass and height cannot be of one adult, or a recording cannot be used.
    SolveError
        If the body does not stand with the changes.
    """
    settings, say = settings or Settings(), progress or (lambda _: None)
    permission = may_attribute(person, screen_person(person, clearances, told))
    if not permission.is_given:
        raise SettingError(permission.reason)
    up = stand_up(person, recordings, static, settings, say)
    say("Making the changes")
    answer = what_if(up.person, changes, permission)
    return replace(answer, notes=(*up.notes, *answer.notes))


def stand_up(
    person: Person,
    recordings: Sequence[Path] = (),
    static: Path | None = None,
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> StoodUp:
    """Let one person stand, as the chain has them, before anything is changed.

    Parameters
    ----------
    person, recordings, static, settings, progress
        As for `try_changes`.  Whether the person may be told anything of it is for the caller to ask.

    Returns
    -------
    StoodUp

    Raises
    ------
    InputError
        If mass and height cannot be of one adult, or a recording cannot be used.
    """
    settings, say = settings or Settings(), progress or (lambda _: None)
    say("Reading the recordings")
    material = _collect(*_paths(person, recordings, static), settings)
    say("Fitting the body")
    size, notes = _body_size(person, material)
    if slip := mass_slip(size):
        raise InputError(f"{slip}: nothing that depends on mass can be told of it; check both")
    body, standing = _fit(size, material, settings)
    say("Standing the body up")
    stood = standing_person(person, body, standing.motion if standing else None, settings.chain)
    findings, _ = _judge(person, body, standing, (), settings)
    return StoodUp(stood, standing, (*contradicted(size, findings), *notes))


def _judge(
    person: Person, body: Body | None, standing: Standing | None, trials: Sequence[GaitTrial], settings: Settings
) -> tuple[tuple[Finding, ...], tuple[Unmeasured, ...]]:
    """Return the measures of a person beside their norms, and what was not measured."""
    recording, still = (standing.recording, standing.motion) if standing else (None, None)
    return find_findings(person, body, recording, still, trials, settings.stance, settings.lab)


def _paths(person: Person, recordings: Sequence[Path], static: Path | None) -> tuple[list[Path], Path | None]:
    """Return the walking trials and the standing trial, those of the person file included."""
    return [*map(Path, recordings), *map(Path, person.recordings)], static or (
        Path(person.static) if person.static else None
    )


def _collect(paths: Sequence[Path], static: Path | None, settings: Settings) -> Collection:
    """Read recordings as the settings say."""
    reading = ReadSettings(rate_hz=settings.rate_hz)
    preparing = PrepareSettings(up=settings.up, turned_over=settings.turned_over)
    return collect_recordings(paths, static, settings.profile, reading, preparing)


def _chain(
    person: Person,
    screen: Screen,
    body: Body | None,
    standing: Standing | None,
    findings: Sequence[Finding],
    settings: Settings,
    say: Callable[[str], None],
) -> tuple[PersonChain | None, str]:
    """Compute the chain, where it may be given and was asked for; else say why not."""
    permission = may_attribute(person, screen)
    if not permission.is_given:
        return None, permission.reason
    if settings.chain is None:
        return None, "The chain was not asked for."
    still = standing.motion if standing else None
    try:
        return person_chain(person, screen, body, still, findings, settings.chain, say), ""
    except KinechainError as error:
        return None, f"The chain of this body could not be computed: {str(error).rstrip('.')}."


def _plan(
    person: Person,
    clearances: Sequence[TrustedClearance],
    told: Sequence[Flag],
    findings: Sequence[Finding],
    chain: PersonChain | None,
    predict: Predict | None,
    today: date,
) -> tuple[Plan | None, str]:
    """Make the plan, where the danger signs hold back none; else say why not."""
    try:
        unlocked = unlock(person, clearances, told)
    except LockedError as error:
        return None, str(error)
    plan = make_plan(
        person,
        unlocked,
        findings=findings,
        drivers=chain.drivers if chain is not None else None,
        today=today,
        version=__version__,
        predict=predict,
    )
    return plan, ""


def _predictor(
    person: Person, screen: Screen, body: Body | None, standing: Standing | None, settings: Settings
) -> Predict:
    """Return what tells the effect of an orthosis on this person; the body stands up only when it is asked."""

    def predict(parameters: OrthosisParameters, side: PersonSide) -> tuple[tuple[str, Estimate], ...]:
        stood = standing_person(person, body, standing.motion if standing else None, settings.chain)
        try:
            return orthosis_effect(stood, may_attribute(person, screen), parameters, side)
        except SolveError:
            # The sheet then says itself that nothing was computed.
            return ()

    return predict


def _loads(
    person: Person,
    body: Body | None,
    trials: Sequence[GaitTrial],
    standing: Standing | None,
    settings: Settings,
    say: Callable[[str], None],
) -> PersonLoads:
    """Compute the loads of every walk and of standing, where a body and the wish for them are there."""
    if body is None or settings.loads is None or not (trials or standing):
        return PersonLoads()
    chosen = replace(settings.loads, cutoff_hz=settings.cutoff_hz)
    still = standing.motion if standing else None

    def summarise(loads: Sequence[Loads]) -> tuple[Load, ...]:
        return summarise_loads(body, trials, loads, person)

    return person_loads(person, body, settings.rhythm, trials, summarise, still, chosen, say)


def _no_loads(body: Body | None, trials: Sequence[GaitTrial], settings: Settings) -> str:
    """Say why there are no loads of walking."""
    if settings.loads is None:
        return "Joint loads were not asked for."
    if body is None or not trials:
        return "Joint loads need a walk with markers of at least one stride; none was recorded."
    return ""


def _body_size(person: Person, material: Collection) -> tuple[BodySize, tuple[str, ...]]:
    """Take size from the person, else from the files, else from the plates; say which."""
    notes: list[str] = []
    recordings = [r for r in (material.standing, *material.walking) if r is not None]
    stated = next((r.mass_kg for r in recordings if r.mass_kg), None)
    weight = next((w for r in recordings if (w := standing_weight(r)) is not None), None)
    mass = person.mass_kg or stated or (weight.mass_kg if weight and weight.is_whole else None)
    height = person.height_m or next((r.height_m for r in recordings if r.height_m), None)
    if person.mass_kg is None and mass is not None:
        notes.append(
            f"Body mass {mass:.1f} kg taken from {'the recording' if stated else 'the force plates while standing'}."
        )
    if mismatch := mass_mismatch(mass, weight):
        notes.append(f"{mismatch.text} {mismatch.cure} Until then forces are not judged against body weight.")
    if person.height_m is None and height is not None:
        notes.append(f"Height {height:.2f} m taken from the recording.")
    size = BodySize(
        mass_kg=mass, height_m=height, sex=person.sex, age_years=person.age_years, foot_length_m=person.foot_length_m
    )
    return size, tuple(notes)


def _fit(size: BodySize, material: Collection, settings: Settings) -> tuple[Body | None, Standing | None]:
    """Fit the person's body and its standing pose."""
    if material.standing is None and not material.walking:
        return None, None
    walking = material.walking[0] if material.walking else None
    body = fit_body(size, static=material.standing, recording=walking, rhythm=settings.rhythm)
    if material.standing is None:
        return body, None
    return body, Standing(material.standing, solve_motion(body, material.standing))


def _analyze(
    body: Body | None, material: Collection, settings: Settings
) -> tuple[tuple[GaitTrial, ...], tuple[GaitTrial, ...], tuple[str, ...]]:
    """Analyze every walking trial; what cannot be used of one becomes a sentence.

    Returns
    -------
    trials, parts : tuple of GaitTrial
        Walks of at least one stride; walks of less than one, and runs.
    refused : tuple of str
    """
    trials: list[GaitTrial] = []
    parts: list[GaitTrial] = []
    refused = list(material.refused)
    if body is None:
        return (), (), material.refused
    for recording in material.walking:
        try:
            trial = analyze_gait(body, recording, cutoff_hz=settings.cutoff_hz, least_cycles=0)
        except KinechainError as error:
            refused.append(named(recording.name, error))
            continue
        if why := too_slow_for_gait(recording.require_markers().rate_hz):
            refused.append(f"{recording.name}: {why}, so no measure of gait is taken.")
        elif recording.task != "walking" and _walks_backwards(trial):
            refused.append(
                f"{recording.name}: the person walks backwards; events, measures and norms are of walking forwards."
            )
        elif trial.is_running:
            parts.append(trial)
            refused.append(
                f"{recording.name}: this is running; its angles and events are given, and nothing is judged, because "
                "measures and norms here are of walking."
            )
        elif trial.cycles:
            trials.append(trial)
        elif recording.task == "walking" and _holds_a_step(trial):
            parts.append(trial)
            refused.append(f"No measure per stride: {no_cycle(trial)}")
        else:
            refused.append(no_cycle(trial))
    return tuple(trials), tuple(parts), tuple(refused)


def _walks_backwards(trial: GaitTrial) -> bool:
    """Tell whether the pelvis ends well behind where it began."""
    x = trial.motion.coordinate("pelvis_tx")
    x = x[np.isfinite(x)]
    return len(x) > 0 and float(x[-1] - x[0]) < -BACKWARDS_M


def _holds_a_step(trial: GaitTrial) -> bool:
    """Tell whether at least two foot strikes were seen."""
    return sum(event.kind == "foot_strike" for event in trial.events) >= 2


def _provenance(material: Collection, settings: Settings, own: OwnNorms | None) -> Provenance:
    packages = ("numpy", "scipy", "mujoco", "ezc3d")
    return Provenance(
        version=__version__,
        kernels=KERNELS,
        inputs={**material.inputs, **({f"{own.name} (own norms)": own.sha256} if own else {})},
        settings=_named(settings),
        versions={"python": platform.python_version(), **{p: version(p) for p in packages}},
    )


def _named(settings: Settings) -> dict[str, str]:
    """Return every setting as printed, those of the loads by their own names."""
    flat = {k: str(v) for k, v in asdict(settings).items() if k not in ("loads", "stance", "chain", "lab")}
    flat["lab"] = f"{settings.lab.code}, {settings.lab.on.isoformat()}" if settings.lab else "published errors"
    flat["stance"] = settings.stance.words if settings.stance else "not stated"
    chain = {"chain": "none"} if settings.chain is None else asdict(settings.chain)
    flat |= {k if k == "chain" else f"chain_{k}": str(v) for k, v in chain.items()}
    if settings.loads is None:
        return {**flat, "loads": "none"}
    return flat | {f"loads_{k}": str(v) for k, v in asdict(settings.loads).items() if k != "cutoff_hz"}
