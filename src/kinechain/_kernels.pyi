"""Compiled kernels; each has a readable twin in Python beside its caller."""

from typing import final

from kinechain.core.arrays import FloatArray, IntArray

@final
class Tree:
    """A body as flat arrays, checked once; what each array holds is said by ``kinechain.body.tree.Tree``.

    Raises ValueError where arrays do not fit each other or point outside each other, TypeError for other types.
    """

    def __init__(
        self,
        inputs: IntArray,
        is_angle: IntArray,
        coordinate_order: IntArray,
        coordinate_input: IntArray,
        coordinate_driver: IntArray,
        coordinate_function: IntArray,
        constants: FloatArray,
        node_parent: IntArray,
        node_is_rotation: IntArray,
        node_coordinate: IntArray,
        node_function: IntArray,
        node_rotation: FloatArray,
        node_translation: FloatArray,
        function_start: IntArray,
        function_is_linear_outside: IntArray,
        knots: FloatArray,
        coefficients: FloatArray,
        segment_node: IntArray,
        segment_rotation: FloatArray,
        segment_translation: FloatArray,
        marker_node: IntArray,
        marker_position: FloatArray,
        /,
    ) -> None: ...
    def segment_poses(self, values: FloatArray) -> FloatArray:
        """Return world_from_segment (time, segment, 4, 4) for inputs (time, input)."""

    def marker_positions(self, values: FloatArray) -> FloatArray:
        """Return positions (time, marker, 3), m, for inputs (time, input)."""

    def solve(
        self,
        low: FloatArray,
        high: FloatArray,
        targets: FloatArray,
        weights: FloatArray,
        wanted: FloatArray,
        wanted_coordinate: IntArray,
        wanted_weights: FloatArray,
        is_held: IntArray,
        is_usable: IntArray,
        starts: FloatArray,
        is_chained: bool,
        tolerance: float,
        max_iterations: int,
    ) -> tuple[FloatArray, FloatArray, FloatArray, IntArray, IntArray]:
        """Return inputs, marker error, objective, iterations and status, as ``kinechain.body.newton.Track``."""

    def evaluate(
        self,
        targets: FloatArray,
        weights: FloatArray,
        wanted: FloatArray,
        wanted_coordinate: IntArray,
        wanted_weights: FloatArray,
        z: FloatArray,
    ) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        """Return objective, gradient, Gauss-Newton and exact Hessian of one frame (1, marker, 3) at ``z`` (input,)."""
