"""Read-only arrays inside values."""

import numpy as np
import pytest

from kinechain.core.arrays import frozen, runs_of


def test_a_frozen_array_does_not_show_later_writes_of_its_maker():
    mine = np.zeros(3)
    kept = frozen(mine)
    mine[0] = 1.0
    assert kept[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 2.0


def test_a_read_only_view_of_an_array_that_can_still_change_is_copied():
    mine = np.zeros(3)
    view = mine[:]
    view.setflags(write=False)
    kept = frozen(view)
    mine[0] = 1.0
    assert kept[0] == 0.0


def test_a_frozen_array_is_not_copied_again():
    kept = frozen([[1.0, 2.0]])
    assert frozen(kept) is kept
    assert frozen(kept.T) is not kept


def test_the_shape_is_checked_whether_or_not_it_is_copied():
    for array in (np.zeros((2, 3)), frozen(np.zeros((2, 3)))):
        with pytest.raises(ValueError, match="expected"):
            frozen(array, (None, 4))


def test_runs_reach_from_their_first_entry_to_the_one_after_the_last():
    assert runs_of(np.array([True, False, True, True, False, True])) == [(0, 1), (2, 4), (5, 6)]
    assert runs_of(np.zeros(3, dtype=bool)) == []
    assert runs_of(np.zeros(0, dtype=bool)) == []
