"""How strong a person's muscles are, as far as the examination says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from kinechain.body.body import Body
from kinechain.body.muscle import Muscle, Musculature
from kinechain.body.paths import moment_arms
from kinechain.body.tree import flatten
from kinechain.care.person.exam import current_exam
from kinechain.care.person.person import Person
from kinechain.core.errors import SettingError, suggest
from kinechain.evidence.library import find_fact

__all__ = ["examined_strength", "isometric_capacity", "parse_strength", "with_strength"]

#: Examination items that measure the moment about one coordinate, N m per kg of body mass: coordinate, the direction
#: that is tested, the groups that are held to give it, and the source of what women and men give.
EXAMINED = {
    "hip_abduction_strength": (
        "hip_adduction",
        -1,
        ("gluteus_medius", "gluteus_minimus", "tensor_fasciae_latae"),
        "ramskov2014_hipabd",
    )
}

#: Fractions outside these come from a slip of the pen or a model of another person (assumption).
BELIEVED = (0.02, 4.0)


def isometric_capacity(body: Body, musculature: Musculature, coordinate: str, direction: int) -> float:
    """Return the largest isometric moment of all muscles about a coordinate in the neutral posture, N m.

    Parameters
    ----------
    body : Body
    musculature : Musculature
    coordinate : str
        With its side, e.g. 'hip_adduction_r'.
    direction : int
        1 in the direction of the coordinate, -1 against it.

    Notes
    -----
    Every muscle at its optimal length and full activation: an upper limit.
    """
    arms = moment_arms(body, musculature, np.zeros((1, len(body.coordinates))))[0]
    tree = flatten(body, locks=False)
    column = [tree.coordinates[i] for i in tree.inputs].index(coordinate)
    force = np.array([m.max_isometric_force_n * np.cos(m.pennation_rad) for m in musculature.muscles])
    moments = direction * arms[: len(force), column] * force
    return float(moments[moments > 0.0].sum())


def examined_strength(person: Person, body: Body, musculature: Musculature) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the strength that an examination gives to muscle groups, and sentences that say so.

    Parameters
    ----------
    person : Person
    body : Body
    musculature : Musculature

    Returns
    -------
    fractions : dict of group and side to fraction of the model's force
    notes : tuple of str

    Notes
    -----
    The share is that of the moment which other people of the sex give in the same test (of both, where it is not
    stated): assumption, the model's muscles are theirs.  It is not the share of what the model could give, because a
    person with a dynamometer at the leg reaches less than half of what all muscles give at their optimal length.
    """
    fractions: dict[str, float] = {}
    notes = []
    for item in current_exam(person)[0]:
        if item.id not in EXAMINED:
            continue
        stem, direction, groups, source = EXAMINED[item.id]
        usual, whose = _usual(source, person.sex)
        fraction = item.value / usual
        words = f"the examined {item.value:g} N m/kg over the {usual:.2f} N m/kg of {whose} ({source})"
        for side in ("r", "l") if item.side == "both" else (item.side[0],):
            word = "right" if side == "r" else "left"
            if not BELIEVED[0] <= fraction <= BELIEVED[1]:
                notes.append(
                    f"The examined {item.id.replace('_', ' ')} of the {word} side is {fraction:.2g} times the usual "
                    f"one, {words}, and was not used."
                )
                continue
            capacity = isometric_capacity(body, musculature, f"{stem}_{side}", direction) / body.mass_kg
            fractions |= {f"{group}_{side}": fraction for group in groups}
            notes.append(
                f"The {word} {', '.join(g.replace('_', ' ') for g in groups)} have {fraction:.2f} times the force of "
                f"the model: {words}. All muscles of the model together could give {capacity:.2f} N m/kg before that."
            )
    return fractions, tuple(notes)


def _usual(source: str, sex: str | None) -> tuple[float, str]:
    """Return the mean moment of people of a sex, N m/kg, and who they are."""
    who = {"female": ("women",), "male": ("men",)}.get(sex or "", ("women", "men"))
    facts = [find_fact("normative_posture_foot", source=source, subgroup=group) for group in who]
    people = facts[0].text("note").split(";")[0]
    return sum(fact.number() for fact in facts) / len(facts), f"{' and '.join(who)}, {people}"


def parse_strength(texts: Sequence[str], musculature: Musculature) -> dict[str, float]:
    """Read ``group_side=fraction`` as a user writes it.

    Parameters
    ----------
    texts : sequence of str
        Such as 'gluteus_medius_r=0.6'; without a side both are meant.
    musculature : Musculature

    Raises
    ------
    SettingError
        If a group does not exist or a fraction is no number from 0 to 10.
    """
    known = {key for m in musculature.muscles for key in _keys(m)}
    out: dict[str, float] = {}
    for text in texts:
        key, _, number = text.partition("=")
        key = key.strip()
        try:
            fraction = float(number)
        except ValueError:
            fraction = float("nan")
        if not 0.0 <= fraction <= 10.0:
            raise SettingError(f"a strength is written group_side=fraction, such as gluteus_medius_r=0.6; got '{text}'")
        names = [key] if key in known else [f"{key}_{side}" for side in "rl"]
        if not set(names) <= known:
            groups = {m.group for m in musculature.muscles if m.group}
            cure = suggest(key, known)
            if not cure.startswith("Did you mean") and groups:
                cure = suggest(key, groups, limit=60)
            raise SettingError(f"no muscle group named '{key}'. {cure}")
        out |= dict.fromkeys(names, fraction)
    return out


def with_strength(musculature: Musculature, fractions: Mapping[str, float]) -> Musculature:
    """Return the muscles with the force of some groups, or single muscles, multiplied.

    Parameters
    ----------
    musculature : Musculature
    fractions : mapping of 'group_side' or muscle name to fraction

    Raises
    ------
    SettingError
        If a name is no muscle's and no group's, or a fraction is not from 0 to 10.
    """
    known = {key for m in musculature.muscles for key in _keys(m)}
    for name, fraction in fractions.items():
        if name not in known:
            raise SettingError(f"no muscle or group and side is named '{name}'. {suggest(name, known)}")
        if not 0.0 <= fraction <= 10.0:
            raise SettingError(f"the strength of '{name}' is a share of the model's from 0 to 10, got {fraction}")

    def weakened(muscle: Muscle) -> Muscle:
        factor = math.prod(fractions[key] for key in _keys(muscle) if key in fractions)
        return muscle if factor == 1.0 else replace(muscle, max_isometric_force_n=muscle.max_isometric_force_n * factor)

    if not fractions:
        return musculature
    return replace(musculature, muscles=tuple(weakened(m) for m in musculature.muscles))


def _keys(muscle: Muscle) -> set[str]:
    """Return the names by which a muscle is called: its own and its group's."""
    return {muscle.name, f"{muscle.group}_{muscle.name[-1]}"} if muscle.group else {muscle.name}
