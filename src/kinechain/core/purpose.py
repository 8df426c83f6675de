"""The sentence every output carries."""

__all__ = ["INTENDED_PURPOSE"]

INTENDED_PURPOSE = (
    "Research and education. Not a medical device: it supports, and never replaces, "
    "the judgement of a clinician, who decides."
)
