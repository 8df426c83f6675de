"""A C3D written byte by byte from the C3D User Guide, with every number in the writer's hand."""

import struct
from dataclasses import dataclass, field

import numpy as np

PROCESSORS = {"Intel": 84, "DEC": 85, "MIPS": 86}


def real(value, encoding):
    """One 32-bit real as a processor writes it; VAX reals are four times the IEEE ones, with their words swapped."""
    if encoding == "MIPS":
        return struct.pack(">f", value)
    if encoding == "Intel":
        return struct.pack("<f", value)
    low, high = struct.unpack("<HH", struct.pack("<f", 4.0 * value))
    return struct.pack("<HH", high, low)


def reals(values, encoding):
    flat = np.asarray(values, np.float32).ravel()
    if encoding == "DEC":
        words = (flat * np.float32(4)).astype("<f4").view("<u2").reshape(-1, 2)
        return words[:, ::-1].tobytes()
    return flat.astype(">f4" if encoding == "MIPS" else "<f4").tobytes()


def integers(values, encoding):
    flat = np.asarray(values).ravel().astype(np.int64) & 0xFFFF
    return flat.astype(">u2" if encoding == "MIPS" else "<u2").tobytes()


def word(value, encoding):
    return integers([value], encoding)


@dataclass
class Entry:
    """One parameter: text (list of str), integers or reals, with a shape of its own if wanted."""

    group: str
    name: str
    value: object
    kind: str = ""
    shape: tuple = ()
    is_locked: bool = False
    offset_error: int = 0
    has_description: bool = True

    def content(self, encoding):
        if self.kind == "text" or (isinstance(self.value, list) and self.value and isinstance(self.value[0], str)):
            raw = [x.encode() if isinstance(x, str) else x for x in self.value]
            width = max([len(x) for x in raw] + [1])
            shape = self.shape or (width, len(raw))
            return b"\xff", shape, b"".join(x.ljust(shape[0]) for x in raw)
        values = np.asarray(self.value)
        shape = self.shape or (values.shape if values.ndim else ())
        flat = values.ravel(order="F")
        if self.kind == "real" or (not self.kind and values.dtype.kind == "f"):
            return b"\x04", shape, reals(flat, encoding)
        if self.kind == "byte":
            return b"\x01", shape, flat.astype(np.int8).tobytes()
        return b"\x02", shape, integers(flat, encoding)


@dataclass
class C3dBytes:
    """A file to be; `points` (time, point, 3), `status` (time, point), `analogs` (sample, channel) as stored."""

    points: np.ndarray
    encoding: str = "Intel"
    is_real: bool = True
    scale: float = 0.1
    rate: float = 100.0
    first: int = 1
    status: np.ndarray | None = None
    analogs: np.ndarray | None = None
    entries: list = field(default_factory=list)
    header: dict = field(default_factory=dict)
    events: list = field(default_factory=list)
    padding: int = 0
    processor: int | None = None

    def samples(self):
        return 0 if self.analogs is None else len(self.analogs) // len(self.points)

    def section(self, data_block):
        e = self.encoding
        given = {(x.group, x.name) for x in self.entries}
        usual = [
            Entry("POINT", "USED", self.points.shape[1]),
            Entry("POINT", "SCALE", -self.scale if self.is_real else self.scale, "real"),
            Entry("POINT", "RATE", self.rate, "real"),
            Entry("POINT", "DATA_START", data_block),
            Entry("POINT", "FRAMES", min(len(self.points), 65535)),
            Entry("POINT", "UNITS", ["mm"]),
            Entry("POINT", "LABELS", [f"M{k}" for k in range(self.points.shape[1])] or [""]),
        ]
        if self.analogs is not None:
            usual += [
                Entry("ANALOG", "USED", self.analogs.shape[1]),
                Entry("ANALOG", "RATE", self.rate * self.samples(), "real"),
            ]
        entries = [x for x in usual if (x.group, x.name) not in given] + [
            x for x in self.entries if x.value is not None
        ]
        groups = list(dict.fromkeys(x.group for x in entries))
        out = b""
        for k, name in enumerate(groups, start=1):
            out += struct.pack("<bb", len(name), -k) + name.encode() + word(3, e) + b"\x00"
        for x in entries:
            kind, shape, raw = x.content(e)
            body = kind + bytes([len(shape)]) + bytes(shape) + raw + (b"\x00" if x.has_description else b"")
            length = -len(x.name) if x.is_locked else len(x.name)
            out += struct.pack("<bb", length, groups.index(x.group) + 1) + x.name.encode()
            out += word(2 + len(body) + x.offset_error, e) + body
        return out + b"\x00\x00\x00\x00"

    def build(self):
        e = self.encoding
        blocks = -(-(4 + len(self.section(2))) // 512)
        start = 2 + blocks
        section = self.section(start)
        number = self.processor if self.processor is not None else PROCESSORS[e]
        head = bytearray(512)
        head[0:2] = b"\x02\x50"
        values = 0 if self.analogs is None else self.samples() * self.analogs.shape[1]
        words = {2: self.points.shape[1], 3: values, 4: self.first, 5: min(self.first + len(self.points) - 1, 65535)}
        words |= {9: start, 10: self.samples()}
        for n, v in (words | {k: v for k, v in self.header.items() if isinstance(k, int)}).items():
            head[2 * n - 2 : 2 * n] = word(v, e)
        scale = self.header.get("scale", -self.scale if self.is_real else self.scale)
        head[12:16] = real(scale, e)
        head[20:24] = real(self.header.get("rate", self.rate), e)
        if self.events:
            head[298:302] = word(12345, e) + word(len(self.events), e)
            for k, (label, seconds, switch) in enumerate(self.events):
                head[304 + 4 * k : 308 + 4 * k] = real(seconds, e)
                head[376 + k] = switch
                head[396 + 4 * k : 400 + 4 * k] = label.encode().ljust(4)
        parameters = (b"\x01\x50" + bytes([min(blocks, 255), number]) + section).ljust(512 * blocks, b"\x00")
        return bytes(head) + parameters + self.data() + bytes(self.padding)

    def data(self):
        frames, count = self.points.shape[:2]
        status = np.zeros((frames, count)) if self.status is None else self.status
        factor = 1.0 if self.is_real else 1.0 / self.scale
        four = np.concatenate([self.points * factor, status[:, :, None]], axis=2).reshape(frames, -1)
        analogs = np.zeros((frames, 0)) if self.analogs is None else self.analogs.reshape(frames, -1)
        whole = np.concatenate([four, analogs], axis=1)
        return reals(whole, self.encoding) if self.is_real else integers(np.round(whole), self.encoding)
