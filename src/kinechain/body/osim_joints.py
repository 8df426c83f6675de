"""OpenSim's joints as sequences of elementary mobilities."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from kinechain.body.body import Coordinate, Function, Joint, Mobility
from kinechain.body.osim_frames import Frames
from kinechain.body.osim_functions import find_function, read_function
from kinechain.body.osim_xml import describe, floats, number, numbers, require_unique, text, truth, words
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError
from kinechain.core.frames import transform

__all__ = ["OsimJoint", "read_joint"]

Kind = Literal["rotation", "translation"]

#: Order of the coordinates of OpenSim's plain joints, each (kind, axis).
_PLAIN_JOINTS: dict[str, tuple[tuple[Kind, int], ...]] = {
    "WeldJoint": (),
    "PinJoint": (("rotation", 2),),
    "SliderJoint": (("translation", 0),),
    "UniversalJoint": (("rotation", 0), ("rotation", 1)),
    "GimbalJoint": (("rotation", 0), ("rotation", 1), ("rotation", 2)),
    "BallJoint": (("rotation", 0), ("rotation", 1), ("rotation", 2)),
    "PlanarJoint": (("rotation", 2), ("translation", 0), ("translation", 1)),
    "FreeJoint": (
        ("rotation", 0),
        ("rotation", 1),
        ("rotation", 2),
        ("translation", 0),
        ("translation", 1),
        ("translation", 2),
    ),
}
_SLOTS = ("rotation1", "rotation2", "rotation3", "translation1", "translation2", "translation3")
#: OpenSim's range of a coordinate that states none.
_DEFAULT_RANGE = (-10.0, 10.0)


@dataclass(frozen=True, eq=False)
class OsimJoint:
    """A joint with the coordinates it owns.

    Attributes
    ----------
    joint : Joint
    coordinates : tuple of Coordinate
        In OpenSim's order.
    notes : tuple of str
        What was approximated.
    """

    joint: Joint
    coordinates: tuple[Coordinate, ...]
    notes: tuple[str, ...]


def read_joint(element: Element, frames: Frames, source: str) -> OsimJoint:
    """Return an OpenSim joint as elementary mobilities.

    Raises
    ------
    FileError
        If its type is not supported, a path dangles, its axes coincide or a number is unusable.
    """
    name = element.get("name", "")
    if element.tag != "CustomJoint" and element.tag not in _PLAIN_JOINTS:
        supported = ", ".join(("CustomJoint", *_PLAIN_JOINTS))
        raise FileError(f"{describe(element)} is of a type that is not supported; supported are {supported}")
    path = ("jointset", name)
    parent = frames.resolve(text(element, "socket_parent_frame"), path, describe(element))
    child = frames.resolve(text(element, "socket_child_frame"), path, describe(element))
    read = _custom if element.tag == "CustomJoint" else _plain
    mobilities, coordinates, notes = read(element)
    shift, moving = _without_constants(mobilities)
    place = parent.body_from_frame
    joint = Joint(
        name=name,
        parent=parent.body,
        child=child.body,
        parent_from_joint=place @ transform(translation=shift) if shift.any() else place,
        child_from_joint=child.body_from_frame,
        mobilities=moving,
        source=source,
    )
    return OsimJoint(joint, coordinates, tuple(f"{describe(element)}: {note}" for note in notes))


_Parts = tuple[list[Mobility], tuple[Coordinate, ...], list[str]]


def _plain(element: Element) -> _Parts:
    """Return a joint whose coordinates are its mobilities."""
    pattern = _PLAIN_JOINTS[element.tag]
    given = element.findall("coordinates/Coordinate")
    if len(given) > len(pattern):
        raise FileError(f"{describe(element)} has {len(given)} coordinates; it needs {len(pattern)}")
    mobilities, coordinates, notes = [], [], []
    for index, (kind, axis) in enumerate(pattern):
        name = f"{element.get('name', '')}_coord_{index}"
        source = given[index] if index < len(given) else Element("Coordinate", {"name": name})
        coordinate, found = _read_coordinate(source, kind)
        mobilities.append(Mobility(kind, np.eye(3)[axis], coordinate.name, Function.linear(1.0)))
        coordinates.append(coordinate)
        notes.extend(found)
    # OpenSim translates in the parent's frame, so translations come first whatever the order of coordinates.
    return sorted(mobilities, key=lambda m: m.kind != "translation"), tuple(coordinates), notes


def _custom(element: Element) -> _Parts:
    slots = _slots(element)
    own = element.findall("coordinates/Coordinate")
    given = {e.get("name", ""): e for e in own}
    require_unique([e.get("name", "") for e in own], "coordinate")
    used = list(dict.fromkeys(name for slot in _SLOTS for name in words(slots[slot], "coordinates")))
    coordinates, notes = [], []
    for name in (*used, *(name for name in given if name not in used)):
        coordinate, found = _read_coordinate(given.get(name, Element("Coordinate", {"name": name})), _kind(slots, name))
        coordinates.append(coordinate)
        notes.extend(found)
    known = {c.name: c for c in coordinates}
    mobilities: dict[str, Mobility] = {}
    for slot in _SLOTS:
        mobilities[slot], note = _read_axis(slots[slot], slot, known)
        if note:
            notes.append(note)
    moving = {m.coordinate for m in mobilities.values()}
    for index, coordinate in enumerate(coordinates):
        if coordinate.name not in moving:
            notes.append(f"coordinate '{coordinate.name}' moves nothing and is locked")
            coordinates[index] = replace(coordinate, is_locked=True)
    for group in (_SLOTS[:3], _SLOTS[3:]):
        if _are_aligned(*(mobilities[slot].axis.tolist() for slot in group)):
            raise FileError(f"{describe(element)} has two {group[0][:-1]} axes along one line")
    return [mobilities[slot] for slot in (*_SLOTS[3:], *_SLOTS[:3])], tuple(coordinates), notes


def _are_aligned(*axes: list[float]) -> bool:
    """Tell whether two of some unit axes (3,) lie along one line."""
    for one, other in combinations(axes, 2):
        (x, y, z), (u, v, w) = one, other
        if math.hypot(y * w - z * v, z * u - x * w, x * v - y * u) < 1e-5:
            return True
    return False


def _slots(element: Element) -> dict[str, Element]:
    """Return the six transform axes by name; one that is absent does not move."""
    holder = element.find("SpatialTransform")
    if holder is None:
        raise FileError(f"{describe(element)} has no <SpatialTransform>")
    found = holder.findall("TransformAxis")
    if len(found) > 6:
        raise FileError(f"{describe(element)} has {len(found)} transform axes; there are six")
    slots: dict[str, Element] = {}
    for index, axis in enumerate(found):
        slot = axis.get("name") or _SLOTS[index]
        if slot not in _SLOTS:
            raise FileError(f"{describe(element)} has a transform axis '{slot}'; there are {', '.join(_SLOTS)}")
        slots[slot] = axis
    return {slot: slots[slot] if slot in slots else _still(slot) for slot in _SLOTS}


def _still(slot: str) -> Element:
    element = Element("TransformAxis", {"name": slot})
    axis = SubElement(element, "axis")
    axis.text = " ".join("1" if str(i) == slot[-1] else "0" for i in (1, 2, 3))
    return element


def _read_axis(element: Element, slot: str, known: dict[str, Coordinate]) -> tuple[Mobility, str]:
    kind: Kind = "rotation" if slot.startswith("rotation") else "translation"
    axis = numbers(element, "axis", 3, (1.0, 0.0, 0.0))
    if math.sqrt(axis.dot(axis)) < 1e-9:
        raise FileError(f"<axis> of {describe(element)} is zero")
    names = words(element, "coordinates")
    if len(names) > 1:
        raise FileError(f"{describe(element)} depends on {len(names)} coordinates; one is supported")
    function, note = Function.constant(0.0), ""
    if not all(child.tag in ("coordinates", "axis") for child in element):
        reach = (known[names[0]].low, known[names[0]].high) if names else (0.0, 1.0)
        function, note = read_function(find_function(element), reach)
    driver = names[0] if names and not function.is_constant else None
    return Mobility(kind, axis, driver, function), note


def _kind(slots: dict[str, Element], name: str) -> Kind:
    """Say whether a coordinate is an angle: it turns something, or moves nothing by itself along a straight line.

    OpenSim calls a coordinate rotational or translational by the last axis that it drives with a slope of one;
    where there is none it counts as an angle here if it drives any rotation.
    """
    kind: Kind | None = None
    turns = False
    for slot in _SLOTS:
        if name not in words(slots[slot], "coordinates"):
            continue
        turns = turns or slot.startswith("rotation")
        line = slots[slot].find("LinearFunction")
        if line is not None and abs(floats(line, "coefficients", 2, (1.0, 0.0))[0]) == 1.0:
            kind = "rotation" if slot.startswith("rotation") else "translation"
    return kind or ("rotation" if turns else "translation")


def _read_coordinate(element: Element, kind: Kind) -> tuple[Coordinate, list[str]]:
    name = element.get("name", "")
    low, high = map(np.float64, floats(element, "range", 2, _DEFAULT_RANGE))
    if low > high:
        raise FileError(f"the range of {describe(element)} runs from {low:g} down to {high:g}")
    coordinate = Coordinate(
        name=name,
        kind=kind,
        low=low,
        high=high,
        default=number(element, "default_value", 0.0),
        is_locked=truth(element, "locked"),
        is_clamped=truth(element, "clamped"),
    )
    if truth(element, "prescribed"):
        return coordinate, [f"coordinate '{name}' is prescribed over time in the file; here it is not"]
    return coordinate, []


def _without_constants(mobilities: list[Mobility]) -> tuple[FloatArray, tuple[Mobility, ...]]:
    """Return the sum of the constant translations, m, joint frame, and the mobilities that are left.

    All translations stand before all rotations, so a constant one may be taken out of their order.
    """
    shift = np.zeros(3)
    left = []
    for mobility in mobilities:
        if not mobility.function.is_constant:
            left.append(mobility)
            continue
        value = mobility.function.value(0.0)
        if mobility.kind == "translation":
            if value != 0.0:
                shift = shift + value * mobility.axis
        elif value != 0.0:
            left.append(mobility)
    return shift, tuple(left)
