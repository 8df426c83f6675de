"""``kinechain demo`` and ``kinechain assess``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinechain.cli.habits import (
    ExchangeSidesOption,
    MirroredOption,
    RateOption,
    UpOption,
    checked_up,
    turned_over,
)
from kinechain.cli.inputs import is_person_file, sort_inputs
from kinechain.cli.load_options import (
    GroundOption,
    LoadsOption,
    PlateDelayOption,
    SamplesOption,
    SeedOption,
    StrengthOption,
    load_settings,
)
from kinechain.cli.person_files import Records, read_records
from kinechain.cli.terminal import progress, wrapped
from kinechain.core.errors import InputError, SettingError
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.core.text import printable

if TYPE_CHECKING:
    from kinechain.analysis import Assessment
    from kinechain.findings.balance import Stance

__all__ = ["assess", "demo", "records_with"]

EXIT_LOCKED = 1
#: Name of the folder of loads, as in ``report.write``.
LOADS = "loads"


def demo(
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report.", metavar="DIR", show_default="kinechain-demo")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the assessment as JSON; files only with --out.")
    ] = False,
) -> None:
    """Assess the example person: a walk that the project made itself, with a stated asymmetry.

    Example: kinechain demo --out demo
    """
    with progress() as say:
        from kinechain.demonstration.demonstrate import demonstrate

        folder = _folder(out, "kinechain-demo", as_json)
        try:
            assessment = demonstrate(say, folder)
        except OSError as error:
            raise InputError(f"the example cannot be written to {folder}: {error.strerror or error}") from error
        say("Writing the report")
        written = _write(assessment, folder)
    _print_assessment(assessment, written, as_json)


def assess(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PERSON.toml|RECORDING", help="A person file, walking trials, or both.", show_default=False
        ),
    ] = None,
    static: Annotated[Path | None, typer.Option(help="The standing trial.", metavar="FILE")] = None,
    mass: Annotated[float | None, typer.Option(help="Body mass.", metavar="KG")] = None,
    height: Annotated[float | None, typer.Option(help="Standing height.", metavar="M")] = None,
    sex: Annotated[str | None, typer.Option(help="Chooses proportions and norms.", metavar="female|male")] = None,
    age: Annotated[float | None, typer.Option(help="Age.", metavar="YEARS")] = None,
    foot_length: Annotated[float | None, typer.Option(help="Heel to longest toe.", metavar="M")] = None,
    rhythm: Annotated[
        str, typer.Option(help="Lumbar rhythm.", metavar="christophy2012|lifting_full_body")
    ] = "christophy2012",
    profile: Annotated[
        str | None, typer.Option(help="Marker-set profile; chosen from the labels if not given.", metavar="NAME|FILE")
    ] = None,
    up: UpOption = "",
    mirrored: MirroredOption = False,
    exchange_sides: ExchangeSidesOption = False,
    rate: RateOption = None,
    norms: Annotated[
        Path | None,
        typer.Option(help="Your own norm curves, drawn in place of the published ones.", metavar="FILE.gcd|FILE.csv"),
    ] = None,
    lab: Annotated[
        Path | None,
        typer.Option(help="Your own errors between sessions, in place of the published ones.", metavar="FILE.toml"),
    ] = None,
    eyes: Annotated[
        str | None,
        typer.Option(help="Eyes in the standing trial; without it sway is not judged.", metavar="open|closed"),
    ] = None,
    surface: Annotated[str, typer.Option(help="Floor of the standing trial.", metavar="firm|foam")] = "firm",
    loads: LoadsOption = True,
    ground: GroundOption = "automatic",
    plate_delay: PlateDelayOption = None,
    samples: SamplesOption = 0,
    seed: SeedOption = 0,
    strength: StrengthOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report.", metavar="DIR", show_default="kinechain-report")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the assessment as JSON; files only with --out.")
    ] = False,
) -> None:
    """Assess one person from an examination, from recordings, or from both.

    Exit code 1 means: done, and the plan is locked (a danger sign, or the questions were not answered).

    Example: kinechain assess person.toml

    Example: kinechain assess walk1.c3d walk2.c3d --static standing.c3d --mass 67 --height 1.66

    Example: kinechain assess person.toml walk.trc --json > assessment.json

    Example: kinechain assess person.toml walk.c3d --norms our_lab.gcd

    Example: kinechain assess person.toml walk.c3d --samples 50 --strength gluteus_medius_r=0.6
    """
    person_file, recordings = sort_inputs(inputs or [])
    if static is not None and is_person_file(static):
        raise SettingError(f"--static names {static.name}, a person file; give the standing trial (C3D or TRC)")
    if person_file is None and not recordings and static is None:
        raise SettingError("nothing to assess: give a person file (TOML), a recording (C3D or TRC), or both")
    with progress() as say:
        records = records_with(person_file, mass=mass, height=height, sex=sex, age=age, foot_length=foot_length)
        say("Loading")
        from kinechain.analysis import Settings
        from kinechain.analysis import assess as assess_person
        from kinechain.care.person.repeatability import read_lab_errors

        settings = Settings(
            rhythm=rhythm,
            profile=profile,
            up=checked_up(up),
            turned_over=turned_over(mirrored, exchange_sides),
            rate_hz=rate,
            loads=load_settings(loads, ground, plate_delay, samples, seed, strength),
            stance=_stance(eyes, surface),
            lab=read_lab_errors(lab) if lab else None,
        )
        held = (records.clearances, records.told)
        assessment = assess_person(records.person, recordings, static, settings, say, norms, *held)
        say("Writing the report")
        written = _write(assessment, _folder(out, "kinechain-report", as_json))
    _print_assessment(assessment, written, as_json)
    if assessment.screen.plan_locked:
        raise typer.Exit(EXIT_LOCKED)


def _stance(eyes: str | None, surface: str) -> Stance | None:
    """Return how the person stood, None if that is not stated."""
    from kinechain.findings.balance import Stance

    if surface not in ("firm", "foam"):
        raise SettingError(f"--surface is '{surface}'; write firm or foam")
    if eyes is None and surface == "foam":
        raise SettingError("--surface foam needs --eyes open or --eyes closed: the norms of sway differ by both")
    if eyes not in (None, "open", "closed"):
        raise SettingError(f"--eyes is '{eyes}'; write open or closed")
    return None if eyes is None else Stance(eyes, surface, is_stated=True)  # type: ignore[arg-type]


def records_with(
    path: Path | None,
    *,
    mass: float | None = None,
    height: float | None = None,
    sex: str | None = None,
    age: float | None = None,
    foot_length: float | None = None,
) -> Records:
    """Read the person file and the journal beside it, if any; an option replaces what it says, but not age and sex."""
    from kinechain.care.person.person import Person
    from kinechain.care.person.person_file import check_person_number

    records = read_records(path) if path else Records(Path(), Person())
    if sex not in (None, "female", "male"):
        raise SettingError(f"--sex is '{sex}'; write female or male, or leave it out")
    given = {
        "mass_kg": ("--mass", mass),
        "height_m": ("--height", height),
        "age_years": ("--age", age),
        "foot_length_m": ("--foot-length", foot_length),
    }
    numbers = {
        key: check_person_number(key, value, option) for key, (option, value) in given.items() if value is not None
    }
    for key, option, value in (("age_years", "--age", age), ("sex", "--sex", sex)):
        stated = getattr(records.person, key)
        if value is not None and stated is not None and value != stated:
            raise SettingError(
                f"{option} is {value}, and the person file says {stated}; the danger signs are judged by that, so "
                "correct the file if it is wrong"
            )
    person = replace(records.person, **({"sex": sex} if sex else {}), **numbers)  # type: ignore[arg-type]
    return replace(records, person=person)


def _folder(out: Path | None, usual: str, as_json: bool) -> Path | None:
    """Return where files go: machine output alone writes none unless a folder is named."""
    return out or (None if as_json else Path(usual))


def _write(assessment: Assessment, folder: Path | None) -> tuple[Path, ...]:
    if folder is None:
        return ()
    from kinechain.report.write import write_outputs

    try:
        return tuple(write_outputs(assessment, folder))
    except OSError as error:
        raise InputError(f"the report cannot be written to {folder}: {error.strerror or error}") from error


def _print_assessment(assessment: Assessment, written: Sequence[Path], as_json: bool) -> None:
    """Print the machine output alone, or page one, what was used and what was written."""
    if as_json:
        from kinechain.report.json import assessment_json

        typer.echo(assessment_json(assessment), nl=False)
        return
    from kinechain.report.verdict import render_verdict

    used = [*([assessment.standing.recording.name] if assessment.standing else [])]
    used += [trial.recording.name for trial in assessment.trials]
    lines = [render_verdict(assessment), ""]
    if assessment.is_demonstration:
        lines += ["Demonstration: the walk was made by the project itself.", ""]
    if used:
        lines.append(f"Recordings used: {', '.join(used)}")
    lines += [f"Not used, or to be checked: {sentence}" for sentence in assessment.refused]
    lines += _written_lines(written)
    lines += ["", INTENDED_PURPOSE]
    typer.echo(wrapped("\n".join(printable(line) for text in lines for line in text.split("\n"))))


def _written_lines(written: Sequence[Path]) -> list[str]:
    """Name what was written; of the many files of loads only their folder."""
    of_loads = [path for path in written if path.parent.name == LOADS]
    lines = [f"Written: {path}" for path in written if path not in of_loads]
    return lines + ([f"Written: {of_loads[0].parent} ({len(of_loads)} files)"] if of_loads else [])
