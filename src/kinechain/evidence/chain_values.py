"""Studies between foot and back, noise floors and disputed claims as values; `kinechain.evidence.chain` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Claim", "NoiseFloor", "Result", "Sentence", "Study"]


@dataclass(frozen=True)
class Result:
    """One result of a study, as it was read.

    Attributes
    ----------
    exposure, outcome, segment, condition : str
    kind : str
        One of ``KINDS``.
    where : str
        What was read: 'abstract', 'table 2', 'secondary' ...
    value : float or None
        None where only a direction or a null was read.
    unit : str
    sd, low, high : float or None
        Standard deviation, and the interval as published.
    p : str
        As printed.
    baseline, baseline_sd, exposure_value : float or None
    exposure_unit, direction, plane, sign_convention, note : str
    """

    exposure: str
    outcome: str
    segment: str
    condition: str
    kind: str
    where: str
    value: float | None = None
    unit: str = ""
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    p: str = ""
    baseline: float | None = None
    baseline_sd: float | None = None
    exposure_value: float | None = None
    exposure_unit: str = ""
    direction: str = ""
    plane: str = ""
    sign_convention: str = ""
    note: str = ""


@dataclass(frozen=True)
class Study:
    """One study and what was read in it.

    Attributes
    ----------
    key, citation : str
    year : int
        0: not on the page that was read.
    topics : tuple of int
    design, population : str
    n : str
        As printed.
    read_level : str
        How deep it was read.
    quality : str
        A = numeric and usable, B = partly numeric or weak design, C = direction or null only, D = secondary.
    independent : bool
        False: shares its data with another study.
    results : tuple of Result
    doi, pmid, place, caveat : str
        '' where there is none.
    """

    key: str
    citation: str
    year: int
    topics: tuple[int, ...]
    design: str
    population: str
    n: str
    read_level: str
    quality: str
    independent: bool
    results: tuple[Result, ...]
    doi: str = ""
    pmid: str = ""
    place: str = ""
    caveat: str = ""


@dataclass(frozen=True)
class NoiseFloor:
    """What a change has to exceed before it is called one.

    Attributes
    ----------
    key, quantity, unit, note : str
    value : float
    sd : float or None
    study : Study
    """

    key: str
    quantity: str
    value: float
    unit: str
    study: Study
    sd: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Sentence:
    """What was read for, against or about a claim.

    Attributes
    ----------
    stance : 'for', 'against', 'note' or 'distrust'
    text : str
        With keys of studies.
    studies : tuple of Study
    """

    stance: Literal["for", "against", "note", "distrust"]
    text: str
    studies: tuple[Study, ...]


@dataclass(frozen=True)
class Claim:
    """A popular claim and the verdict of this project.

    Attributes
    ----------
    number : int
        0: about numbers rather than a claim.
    claim, verdict : str
    sentences : tuple of Sentence
    """

    number: int
    claim: str
    verdict: str
    sentences: tuple[Sentence, ...]
