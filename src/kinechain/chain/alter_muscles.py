"""What changes in muscles: weakness by group or by nerve root, and forces that are pulled with.

A weaker muscle is taken at the same drive: its force, and with it what its activity adds to the stiffness of the joints
it crosses, fall alike (that people drive it harder instead is behaviour, which is not computed).  What standing muscles
hold of a joint's moment is shared by what each could give, force by lever arm; their stiffness by force by arm squared.
Arms are those of the model's own posture.  The joints of the arch are held by tissue, and stay.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from kinechain.body.muscle import Musculature
from kinechain.body.paths import moment_arms
from kinechain.chain.alter_joints import ARCH
from kinechain.chain.alteration import Alteration, Fields, scaled_stiffness
from kinechain.chain.change import groups_of
from kinechain.chain.situation import ChainModel
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError

__all__ = ["pull_muscles", "share_left", "weaken_group", "weaken_root"]


def weaken_group(a: Alteration) -> Fields:
    """Return a muscle group with a fraction of its force lost."""
    return _weaker(a, _in_group(a, _muscles(a.model)).astype(float))


def weaken_root(a: Alteration) -> Fields:
    """Return the muscles of a nerve root weakened, each by the root's share of it (roots share a muscle evenly)."""
    root, on = a.change.word("root"), [side[0] for side in a.sides]
    muscles = _muscles(a.model).muscles
    share = np.array([m.roots.count(root) / max(len(m.roots), 1) * (m.name[-1] in on) for m in muscles])
    return _weaker(a, share)


def pull_muscles(a: Alteration) -> Fields:
    """Return the moments of a muscle group that pulls with a force more, shared by the strength of its muscles."""
    muscles = _muscles(a.model)
    force = _in_group(a, muscles) * np.array([m.max_isometric_force_n for m in muscles.muscles])
    tonic = a.situation.tonic.copy()
    arms = _arms(a.model)
    for side in a.sides:
        own = force * np.array([m.name[-1] == side[0] for m in muscles.muscles])
        tonic += np.outer(a.amount, own @ arms / own.sum())
    return {"tonic": tonic}


def share_left(weight: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """Return which part of a sum is left when the strength of its members changes, (case, sum) array.

    Parameters
    ----------
    weight : (member, sum) array
        What each member gives at full strength, none negative; a sum of nothing loses nothing.
    before, after : (case, member) array
    """
    # Not by matrix products: their last bit hangs on how many cases there are.
    had, has = (np.einsum("cm,ms->cs", strength, weight) for strength in (before, after))
    return np.asarray(np.where(had > 0.0, has / np.where(had > 0.0, had, 1.0), 1.0))


def _weaker(a: Alteration, share: FloatArray) -> Fields:
    """Return a situation whose muscles lost the amount times their share (muscle,) of it."""
    muscles, arms, now = _muscles(a.model), _arms(a.model), a.situation
    strength = now.strength * (1.0 - np.outer(a.share, share))
    force = np.array([m.max_isometric_force_n for m in muscles.muscles])[:, None]
    pulls = (force * np.maximum(arms, 0.0), force * np.maximum(-arms, 0.0), force * arms**2)
    towards, against, stiff = (share_left(pull, now.strength, strength) for pull in pulls)
    held = _is_held_by_muscle(a.model)
    return {
        "strength": strength,
        "stiffness": scaled_stiffness(now.stiffness, np.where(held, stiff, 1.0)),
        "tonic": now.tonic * np.where(held, np.where(now.tonic > 0.0, towards, against), 1.0),
    }


def _muscles(model: ChainModel) -> Musculature:
    if model.musculature is None:
        raise SettingError("this body was made without muscles, so none of them can change; make it with its muscles")
    return model.musculature


def _in_group(a: Alteration, muscles: Musculature) -> np.ndarray:
    """Return which muscles are of the group and on the sides of a change, (muscle,) array of bool."""
    groups, on = groups_of(a.change.word("group")), [side[0] for side in a.sides]
    chosen = np.array([m.group in groups and m.name[-1] in on for m in muscles.muscles], dtype=bool)
    if not chosen.any():
        raise SettingError(f"this body has no muscle of the group '{a.change.word('group')}'")
    return chosen


@lru_cache(maxsize=8)
def _arms(model: ChainModel) -> FloatArray:
    """Return the moment arms of the muscles in the model's own posture, (muscle, free) array, m/rad."""
    muscles = _muscles(model)
    values = np.array([[c.default for c in model.body.coordinates]])
    names = [c.name for c in model.body.coordinates]
    arms = moment_arms(model.body, muscles, values)[0, : len(muscles.muscles), [names.index(n) for n in model.free]].T
    arms = np.array(arms)
    arms.setflags(write=False)
    return arms


def _is_held_by_muscle(model: ChainModel) -> np.ndarray:
    """Return which free coordinates muscles hold in standing, (free,) array of bool."""
    return np.array([not n.startswith(ARCH) for n in model.free], dtype=bool)
