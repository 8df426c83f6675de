"""Body mass and height from a C3D's parameters: numbers only, and only where they can be a person's."""

from __future__ import annotations

import re

import numpy as np

from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.recording.readers.c3d_parameters import Parameters
from kinechain.recording.recording import Note

__all__ = ["find_body_size"]

GROUPS = ("PROCESSING", "SUBJECT", "SUBJECTS", "ANALYSIS", "MANUFACTURER", "TRIAL", "PARTICIPANT", "PATIENT")
#: Names of the two numbers, letters only, without a word for the unit behind them.
MASS = re.compile(r"^(subject|body|patient|total)?(mass|weight|gewicht|masse|poids|peso)$")
HEIGHT = re.compile(r"^(subject|body|patient|standing)?(height|stature|groesse|taille|altezza|altura)$")
UNIT_WORD = re.compile(r"[\s_(\[]*(kg|lbs?|pounds?|n|g|mm|cm|m|in|inch(es)?)[\])]*$", re.IGNORECASE)

#: What a person can weigh and measure: a newborn to beyond the heaviest and the tallest adults (assumptions).
MASS_KG = (3.0, 350.0)
HEIGHT_M = (0.4, 2.6)
#: The international pound and inch (agreement of 1959).
POUND_KG, INCH_M = 0.45359237, 0.0254
MASS_UNITS = {"kg": 1.0, "g": 1e-3, "n": 1 / GRAVITY_M_S2, "lb": POUND_KG, "lbs": POUND_KG, "pound": POUND_KG}
HEIGHT_UNITS = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "in": INCH_M, "inch": INCH_M, "inches": INCH_M}


def find_body_size(parameters: Parameters, subject: int | None, notes: list[Note]) -> tuple[float | None, float | None]:
    """Return the person's mass in kg and height in m as the file states them, None where it does not.

    Parameters
    ----------
    parameters : Parameters
    subject : int or None
        Which of several values is this person's.
    notes : list of Note
        Appended to.
    """
    mass = _find(parameters, MASS, MASS_UNITS, subject)
    height = _find(parameters, HEIGHT, HEIGHT_UNITS, subject)
    metres = _height(height, mass, notes)
    kilograms = _mass(mass, notes)
    if height is not None and metres is None and kilograms is not None and kilograms < 20.0:
        kilograms = None  # a mass of 10 beside an impossible height is a placeholder as well
    return kilograms, metres


def _find(
    parameters: Parameters, wanted: re.Pattern[str], units: dict[str, float], subject: int | None
) -> tuple[float, float | None, str] | None:
    """Return the first number of a wanted name, the size of its unit where that is said, and its place."""
    for group in GROUPS:
        for name in parameters.names(group):
            plain, unit = _plain(name)
            if wanted.match(plain):
                value = _number(parameters, group, name, subject)
                if value is not None:
                    unit = unit or (parameters.texts(group, f"{name}_UNITS") or [""])[0].lower()
                    return value, units.get(unit), f"{group}:{name}"
        labels, values = parameters.texts(group, "LABELS"), parameters.numbers(group, "VALUES")
        if group != "ANALYSIS" and values is not None:
            for label, number in zip(labels, values.ravel(order="F"), strict=False):
                plain, unit = _plain(label)
                if wanted.match(plain) and np.isfinite(number):
                    return float(number), units.get(unit), f"{group}:VALUES"
    return None


def _plain(name: str) -> tuple[str, str]:
    """Return the letters of a name without a unit at its end, and that unit."""
    match = UNIT_WORD.search(name)
    glued = match is None or not re.match(r"[\s_(\[]", match[0])
    stem, unit = (name, "") if match is None or glued else (name[: match.start()], match[1].lower())
    return re.sub(r"[^a-z]", "", stem.lower()), unit


def _number(parameters: Parameters, group: str, name: str, subject: int | None) -> float | None:
    """Return one number of a parameter; a number written as text counts, any other text does not."""
    values = parameters.numbers(group, name)
    if values is None:
        texts = parameters.texts(group, name)
        matches = [re.match(r"^\s*(\d{1,6}([.,]\d+)?)\s*(kg|mm|cm|m)?\s*$", t, re.IGNORECASE) for t in texts]
        found = [float(m[1].replace(",", ".")) for m in matches if m]
        values = np.array(found) if len(found) == len(texts) and found else None
    if values is None:
        return None
    flat = values.ravel()
    if flat.size > 1 and (subject is None or subject >= flat.size):
        return None
    value = float(flat[subject if flat.size > 1 and subject is not None else 0])
    return value if np.isfinite(value) and value > 0 else None


def _height(found: tuple[float, float | None, str] | None, mass: object, notes: list[Note]) -> float | None:
    if found is None:
        return None
    value, unit, place = found
    metres = value * unit if unit is not None else value * (1e-3 if value > 300 else 1e-2 if value > 3 else 1.0)
    # 48 to 90 is the length of an infant in centimetres and the height of an adult in inches.
    if unit is None and 48 <= value <= 90 and isinstance(mass, tuple) and mass[0] > 25.0:
        metres = value * INCH_M
        text = (
            f"The stated height of {value:g} was taken as inches ({metres:.3g} m), for nobody of that mass is shorter."
        )
        effect, cure = "Body size rests on it.", "State the height on the command line or in the person file."
        notes.append(Note("assumed", text, "person.height_unit", place, effect, cure))
    if HEIGHT_M[0] <= metres <= HEIGHT_M[1]:
        return metres
    _refuse(f"The stated height of {metres:.3g} m", "person.height", place, notes)
    return None


def _mass(found: tuple[float, float | None, str] | None, notes: list[Note]) -> float | None:
    if found is None:
        return None
    value, unit, place = found
    if unit is None and value > MASS_KG[1]:
        word, unit = ("newtons", 1 / GRAVITY_M_S2) if value < MASS_KG[1] * GRAVITY_M_S2 else ("grams", 1e-3)
        if MASS_KG[0] <= value * unit <= MASS_KG[1]:
            text = f"The stated mass of {value:g} was taken as {word}: {value * unit:.3g} kg."
            effect, cure = "Forces per body weight rest on it.", "State the mass in kg."
            notes.append(Note("assumed", text, "person.mass_unit", place, effect, cure))
    kilograms = value * (unit if unit is not None else 1.0)
    if MASS_KG[0] <= kilograms <= MASS_KG[1]:
        return kilograms
    _refuse(f"The stated mass of {kilograms:.3g} kg", "person.mass", place, notes)
    return None


def _refuse(what: str, code: str, place: str, notes: list[Note]) -> None:
    effect, cure = "It is ignored.", "State it on the command line or in the person file."
    notes.append(Note("defect", f"{what} is not that of a person and is ignored.", code, place, effect, cure))
