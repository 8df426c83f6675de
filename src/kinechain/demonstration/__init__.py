"""The example person: a recording that the project makes from its own body, with a stated asymmetry."""

from kinechain.demonstration.demonstrate import demonstrate

__all__ = ["demonstrate"]
