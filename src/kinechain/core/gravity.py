"""Standard gravity, which turns masses into weights."""

from __future__ import annotations

__all__ = ["GRAVITY_M_S2"]

#: Standard gravity, by definition (3rd General Conference on Weights and Measures, 1901).
GRAVITY_M_S2 = 9.80665
