"""Muscle forces and joint reactions of a person from files: body, motion, ground reaction, moments, muscles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from kinechain.body.musculature import person_muscles
from kinechain.care.person.person import Person
from kinechain.loads.analyze_loads import analyze_loads
from kinechain.loads.loads import Loads, LoadSettings
from kinechain.loads.person_dynamics import person_walk, trial_sentences
from kinechain.loads.strength import examined_strength, parse_strength

__all__ = ["person_walk_loads"]


def person_walk_loads(
    person: Person,
    recording: Path,
    static: Path | None,
    forces: Path | None,
    settings: LoadSettings,
    strength: Sequence[str],
    say: Callable[[str], None],
) -> Loads:
    """Fit a person's body, solve a walk, and return what it costs muscles and joints.

    Parameters
    ----------
    person, recording, static, forces, say
        As for `kinechain.loads.person_dynamics.person_walk`.
    settings : LoadSettings
    strength : sequence of str
        Such as 'gluteus_medius_r=0.6', before what the examination says.

    Raises
    ------
    InputError
        If a file cannot be used, nobody walks in it, or there is no such muscle group.
    """
    body, gait = person_walk(person, recording, static, forces, settings, say)
    say("Sharing the moments among the muscles")
    muscles = person_muscles(body, fascia_area_mm2=settings.fascia_area_mm2)
    examined, notes = examined_strength(person, body, muscles)
    fractions = {**examined, **parse_strength(strength, muscles)}
    loads = analyze_loads(body, muscles, gait, replace(settings, strength=fractions))
    return replace(loads, notes=(*body.notes, *muscles.notes, *notes, *trial_sentences(gait), *loads.notes))
