"""Frames of an OpenSim model: bodies, ground, and the offset frames nested in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from xml.etree.ElementTree import Element

import numpy as np

from kinechain.body.body import GROUND
from kinechain.body.osim_xml import describe, floats, text
from kinechain.core.arrays import FloatArray, handed_over
from kinechain.core.errors import FileError, suggest
from kinechain.core.frames import about_axis

__all__ = ["Frame", "Frames", "collect_frames", "turned"]

Path = tuple[str, ...]

_AXES = np.eye(3)
_ZERO = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame fixed on a body.

    Attributes
    ----------
    body : str
        The body, or 'ground'.
    body_from_frame : (4, 4) array, m
    """

    body: str
    body_from_frame: FloatArray

    @cached_property
    def is_body(self) -> bool:
        """True if it is the body's own frame."""
        return bool((self.body_from_frame == np.eye(4)).all())

    def place(self, point: Sequence[float]) -> FloatArray:
        """Return a point (3,), m, given in this frame, in the body's; nobody else holds the array."""
        if self.is_body:
            # As the product with the identity, which makes 0 of -0.
            return handed_over(np.array([x + 0.0 for x in point]))
        return np.asarray((self.body_from_frame @ np.append(point, 1.0))[:3])


@dataclass(frozen=True, eq=False)
class Frames:
    """Every frame of a model by its path.

    Attributes
    ----------
    elements : dict
        From a path such as ``('jointset', 'hip_r', 'pelvis_offset')`` to the element found there.
    """

    elements: dict[Path, Element]
    _known: dict[str, Frame] = field(default_factory=dict, repr=False)

    def resolve(self, socket: str, owner: Path, asker: str) -> Frame:
        """Return the frame that a socket path points to.

        Parameters
        ----------
        socket : str
            Absolute (``/bodyset/pelvis``) or relative to its owner (``pelvis_offset``, ``../other``).
        owner : tuple of str
            Path of the component that holds the socket.
        asker : str
            How a message names that component.

        Raises
        ------
        FileError
            If the path leads nowhere or in a circle.
        """
        found = self.known(socket) or self._follow(socket, owner, asker)
        if socket.startswith("/"):
            self._known[socket] = found
        return found

    def known(self, socket: str) -> Frame | None:
        """Return the frame at an absolute path if it was resolved before: hundreds of points stand on few bodies."""
        return self._known.get(socket)

    def _follow(self, socket: str, owner: Path, asker: str) -> Frame:
        place: FloatArray | None = None
        seen: set[Path] = set()
        while True:
            path = self._find(socket, owner, asker)
            if path in seen:
                raise FileError(f"the offset frames behind {asker} hang on each other in a circle")
            seen.add(path)
            element = self.elements[path]
            if element.tag in ("Body", "Ground"):
                return Frame(GROUND if element.tag == "Ground" else path[-1], np.eye(4) if place is None else place)
            # As the product with the identity, which makes 0 of -0.
            place = _offset(element) + 0.0 if place is None else _offset(element) @ place
            socket, owner, asker = text(element, "socket_parent"), path, describe(element)

    def _find(self, socket: str, owner: Path, asker: str) -> Path:
        if not socket:
            raise FileError(f"{asker} does not say which frame it is fixed to")
        path = _join(socket, owner)
        if path in self.elements:
            return path
        # Early 4.0 files path the same components differently; a name that occurs once is still certain.
        named = [known for known in self.elements if path and known[-1] == path[-1]]
        bodies = [known for known in named if self.elements[known].tag in ("Body", "Ground")]
        for candidates in (named, bodies):
            if len(candidates) == 1:
                return candidates[0]
        raise FileError(f"{asker} points to '{socket}', which is not in the model. {suggest(socket, self._names())}")

    def _names(self) -> list[str]:
        return ["/" + "/".join(path) for path in self.elements]


def _join(socket: str, owner: Path) -> Path:
    path = [] if socket.startswith("/") else list(owner)
    for part in socket.split("/"):
        if part == ".." and path:
            path.pop()
        elif part not in ("", ".", ".."):
            path.append(part)
    return tuple(path)


def _offset(element: Element) -> FloatArray:
    """Return parent_from_frame of an offset frame; its orientation is a body-fixed x-y-z sequence."""
    out = np.zeros((4, 4))
    out[:3, :3] = turned(*floats(element, "orientation", 3, _ZERO))
    out[:3, 3] = floats(element, "translation", 3, _ZERO)
    out[3, 3] = 1.0
    return out


def turned(x: float, y: float, z: float) -> FloatArray:
    """Return the rotation (3, 3) of a body-fixed x-y-z sequence, rad."""
    if x == y == z == 0.0:
        return np.array(_AXES)
    return about_axis(_AXES[0], x) @ about_axis(_AXES[1], y) @ about_axis(_AXES[2], z)


# Once for the skeleton and once for the muscles of a file.  Nobody changes an element.
@lru_cache(maxsize=2)
def collect_frames(model: Element) -> Frames:
    """Return every body, the ground and every offset frame of a ``<Model>``, by path."""
    elements: dict[Path, Element] = {}
    ground = model.find("Ground")
    elements[(GROUND,)] = Element("Ground", {"name": GROUND}) if ground is None else ground
    _collect(model, (), elements)
    if ground is not None:
        _collect(ground, (GROUND,), elements)
    return Frames(elements)


def _collect(owner: Element, path: Path, elements: dict[Path, Element]) -> None:
    """Add the frames below a component: those in its sets, in its ``<components>`` and in a joint's ``<frames>``."""
    for child in owner:
        tag = child.tag
        if tag in ("components", "frames"):
            base, found = path, child
        elif tag.endswith("Set") and (objects := child.find("objects")) is not None:
            base, found = (*path, child.get("name") or tag.lower()), objects
        else:
            continue
        for component in found:
            place = (*base, component.get("name", ""))
            if component.tag in ("Body", "PhysicalOffsetFrame"):
                elements.setdefault(place, component)
            _collect(component, place, elements)
