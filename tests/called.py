"""What a call of the command line came to, for the tests of its verbs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Called:
    """What a call came to."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The one line of a refusal, after checking that it is one."""
        lines = [line for line in self.err.splitlines() if not line.endswith(" ...")]
        assert (self.code, self.out, len(lines)) == (2, "", 1), (self.code, self.out, self.err)
        assert lines[0].startswith("kinechain: ")
        return lines[0]


Call = Callable[..., Called]
MakePerson = Callable[..., Path]
