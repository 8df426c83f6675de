"""What every note on a force plate says alike."""

from __future__ import annotations

from kinechain.recording.recording import Note

__all__ = ["DESCRIBE", "NO_FORCE", "ZERO", "refusal"]

#: Effect of leaving a plate out.
NO_FORCE = "No force, centre of pressure or foot contact is taken from it."
#: Cure where the file describes a plate wrongly.
DESCRIBE = "Check the description of the plate in the recording software and export the trial again."
#: Cure where the zero of a plate is wrong or unknown.
ZERO = "Zero the plates before the person steps on, and record a moment of nobody on them."


def refusal(name: str, code: str, why: str, cure: str = DESCRIBE) -> Note:
    """Return the note on a plate that is left out.

    Parameters
    ----------
    name : str
        Of the plate.
    code : str
        'plates.stuck', ...
    why : str
        A clause.
    cure : str
    """
    return Note("defect", f"{name}: not used, {why}.", code, name, NO_FORCE, cure)
