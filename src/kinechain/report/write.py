"""Every file of one assessment, written whole or not at all."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from errno import EISDIR, ENOTDIR
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.loads.export import LOAD_FILES, write_load_files
from kinechain.motion.trial import GaitTrial
from kinechain.recording.writers.mot import write_mot
from kinechain.recording.writers.parquet import write_parquet
from kinechain.report.content import build_content
from kinechain.report.figures import Palette
from kinechain.report.html import render_html
from kinechain.report.json import assessment_json
from kinechain.report.pdf import render_pdf

if TYPE_CHECKING:
    from kinechain.analysis import Assessment, Standing
    from kinechain.body.body import Body

__all__ = ["write_outputs"]

#: What the motion files of an assessment are called.
MOTION_NAME = re.compile(r"motion(_[A-Za-z0-9_-]+)?\.(mot|parquet)")
#: The folder of the files of loads, and what those are called.
LOADS = "loads"
LOADS_NAME = re.compile(rf"[A-Za-z0-9_-]+({'|'.join(re.escape(ending) for ending in LOAD_FILES)})")


def write_outputs(assessment: Assessment, out: Path, palette: Palette | None = None) -> tuple[Path, ...]:
    """Write report, data and motion of an assessment.

    Files are made in a hidden folder beside their place and moved there at the end, so a
    reader never sees half a file and an error leaves what was there before.  Motion files of an
    earlier assessment in the same folder go, so that two people's files never lie side by side.

    Parameters
    ----------
    assessment : Assessment
    out : Path
        Folder; made if it does not exist.
    palette : Palette, optional
        Colours of the two sides.

    Returns
    -------
    tuple of Path
        ``report.html``, ``report.pdf``, ``assessment.json``, then per walking trial ``motion.mot`` and
        ``motion.parquet`` (the second and later trials carry the name of their recording), then per trial with loads,
        and for standing, the files of `kinechain.loads.export` in the folder ``loads``.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=out) as hidden:
        files = _files(assessment, palette)
        for name, _ in files:
            if (out / name).is_dir():
                raise IsADirectoryError(EISDIR, "a folder stands where a file belongs", str(out / name))
        made = [_write(Path(hidden) / name, make) for name, make in files]
        loads = _write_loads(assessment, Path(hidden) / LOADS, out / LOADS)
        earlier = _earlier_motion(out)
        written = tuple(path.replace(out / path.relative_to(hidden)) for path in (*made, *loads))
        for path in earlier - set(written):
            path.unlink(missing_ok=True)
        return written


def _write_loads(assessment: Assessment, hidden: Path, place: Path) -> list[Path]:
    """Write the loads of trials and of standing into a hidden folder, and make the folder they will be moved to."""
    standing = assessment.standing_loads
    if not assessment.loads and standing is None:
        return []
    if place.exists() and not place.is_dir():
        raise NotADirectoryError(ENOTDIR, "a file stands where the folder of loads belongs", str(place))
    hidden.mkdir()
    written: list[Path] = []
    names = _recording_names(assessment.trials)
    for trial, loads, name in zip(assessment.trials, assessment.loads, names, strict=True):
        written += write_load_files(loads, hidden, name, *_headers(trial, assessment)) if loads.moments.labels else ()
    if standing is not None and standing.moments.labels and assessment.standing is not None:
        name = _free_name("standing", names)
        written += write_load_files(standing, hidden, name, *_headers(assessment.standing, assessment))
    place.mkdir(exist_ok=True)
    return written


def _headers(trial: GaitTrial | Standing, assessment: Assessment) -> tuple[list[str], dict[str, str]]:
    """Return what a file carries of its making, as lines for people and by key."""
    origin = _origin(trial, assessment)
    return [f"{key}: {value}" for key, value in origin.items()], origin


def _recording_names(trials: tuple[GaitTrial, ...]) -> list[str]:
    """Return one name per trial, from its recording, all different."""
    names: list[str] = []
    for number, trial in enumerate(trials, 1):
        names.append(_free_name(_plain_name(trial) or f"walk_{number}", names))
    return names


def _free_name(name: str, taken: list[str]) -> str:
    return next(n for n in (name, *(f"{name}_{k}" for k in range(2, len(taken) + 3))) if n not in taken)


def _plain_name(trial: GaitTrial) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "_", Path(trial.recording.name).stem).strip("_")


def _earlier_motion(out: Path) -> set[Path]:
    """Return motion and loads of an assessment written here before: beside a new one they could be another person's."""
    before = out / "assessment.json"
    if not before.is_file() or "kinechain/assessment/" not in before.read_text("utf-8", errors="replace")[:400]:
        return set()
    found = {path for path in out.iterdir() if path.is_file() and MOTION_NAME.fullmatch(path.name)}
    if (out / LOADS).is_dir():
        found |= {path for path in (out / LOADS).iterdir() if path.is_file() and LOADS_NAME.fullmatch(path.name)}
    return found


def _write(path: Path, make: Callable[[Path], None]) -> Path:
    make(path)
    return path


def _files(assessment: Assessment, palette: Palette | None) -> list[tuple[str, Callable[[Path], None]]]:
    content = cache(lambda: build_content(assessment, palette))
    files: list[tuple[str, Callable[[Path], None]]] = [
        ("report.html", lambda path: _write_text(path, render_html(assessment, palette, content()))),
        ("report.pdf", lambda path: _write_bytes(path, render_pdf(assessment, palette, content()))),
        ("assessment.json", lambda path: _write_text(path, assessment_json(assessment))),
    ]
    body = assessment.body
    if body is not None:
        trials = (*assessment.trials, *assessment.parts)
        for trial, stem in zip(trials, _stems(trials), strict=True):
            files.append((f"{stem}.mot", lambda path, trial=trial: _write_motion(path, body, trial, assessment)))  # type: ignore[misc]
            files.append((f"{stem}.parquet", lambda path, trial=trial: _write_table(path, body, trial, assessment)))  # type: ignore[misc]
    return files


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _stems(trials: tuple[GaitTrial, ...]) -> list[str]:
    """Return one file stem per trial: 'motion', then 'motion_<recording>', all different."""
    stems: list[str] = []
    for number, trial in enumerate(trials):
        name = _plain_name(trial) or str(number + 1)
        stem = f"motion_{name}" if number else "motion"
        stems.append(f"{stem}_{number + 1}" if stem in stems else stem)
    return stems


def _write_motion(path: Path, body: Body, trial: GaitTrial, assessment: Assessment) -> None:
    motion = trial.motion
    kinds = [body.coordinate(name).kind for name in motion.coordinates]
    remarks, _ = _headers(trial, assessment)
    write_mot(motion.coordinates, kinds, motion.shown_values, motion.times_s, path, remarks)


def _write_table(path: Path, body: Body, trial: GaitTrial, assessment: Assessment) -> None:
    """Write coordinates and clinical angles side by side, in SI units."""
    motion, angles = trial.motion, trial.angles
    names = [*motion.coordinates, *(f"angle.{label}" for label in angles.labels)]
    units = ["rad" if body.coordinate(name).kind == "rotation" else "m" for name in motion.coordinates]
    units += ["rad"] * len(angles.labels)
    write_parquet(
        names,
        units,
        np.hstack([motion.values, angles.values]),
        motion.times_s,
        path,
        metadata=_origin(trial, assessment),
    )


def _origin(trial: GaitTrial | Standing, assessment: Assessment) -> dict[str, str]:
    """Return what a motion file carries of its making."""
    provenance = assessment.provenance
    return {
        "recording": trial.recording.name,
        "recording_sha256": trial.recording.sha256,
        "body_sha256": trial.motion.body_hash,
        "version": provenance.version,
        "kernels": provenance.kernels,
        **{f"setting.{key}": value for key, value in provenance.settings.items()},
        "intended_purpose": INTENDED_PURPOSE,
    }
