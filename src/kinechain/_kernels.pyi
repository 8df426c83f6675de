from typing import Any

from numpy.typing import NDArray

class Tree:
    def __init__(self, *arrays: NDArray[Any]) -> None: ...
