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

@final
class Dynamics:
    """A tree with masses; what each array holds is said by ``kinechain.loads.newton_euler.Dynamics``.

    Raises ValueError where arrays do not fit the tree or point outside each other, TypeError for other types.
    """

    def __init__(
        self,
        tree: Tree,
        segment_parent: IntArray,
        node_segment: IntArray,
        mass: FloatArray,
        centre: FloatArray,
        inertia: FloatArray,
        joint_centre: FloatArray,
        gravity: FloatArray,
        /,
    ) -> None: ...
    def inverse(
        self, values: FloatArray, velocities: FloatArray, accelerations: FloatArray, external: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return the arrays of ``kinechain.loads.newton_euler.Forces``; ``external`` of no rows means none act."""

    def reactions(
        self,
        values: FloatArray,
        joint_wrench: FloatArray,
        tensions: FloatArray,
        load_path: IntArray,
        load_segment: IntArray,
        unit_loads: FloatArray,
        joint_segment: IntArray,
        sign: FloatArray,
        axes_segment: IntArray,
        axes: FloatArray,
        point_segment: IntArray,
        point: FloatArray,
    ) -> FloatArray:
        """Return force and moment (time, joint, 6) as ``kinechain.loads.joint_reactions`` asks for them."""

def low_pass(values: FloatArray, frequency: float, padding: int) -> FloatArray:
    """Return values (time, column) through ``kinechain.motion.smooth.low_pass``; frequency in cycles per sample."""

def quintic_rates(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return first and second derivative per step of the spline of ``kinechain.loads.kinematics``."""

@final
class Paths:
    """Paths over a body as flat arrays; what each array holds is said by ``kinechain.body.paths.Paths``.

    Raises ValueError where arrays do not fit each other or point outside each other, KeyError where one is missing.
    """

    def __init__(self, tree: Tree, arrays: dict[str, IntArray | FloatArray]) -> None: ...
    def measure(
        self, values: FloatArray, with_arms: bool, with_loads: bool
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return lengths (time, path), derivatives (time, entry) and wrenches (time, load, 6)."""

def column_slopes(tree: Tree, values: FloatArray) -> FloatArray:
    """Return the derivative (time, node + coordinate) of every node's value, then coordinate, by its input."""

def fibre_forces(
    force: FloatArray,
    length: FloatArray,
    slack: FloatArray,
    height: FloatArray,
    speed: FloatArray,
    has_passive: FloatArray,
    curve: IntArray,
    active: FloatArray,
    velocity: FloatArray,
    passive: FloatArray,
    lengths: FloatArray,
    speeds: FloatArray,
    /,
) -> tuple[FloatArray, FloatArray]:
    """Return active and passive force (time, muscle), N, as ``kinechain.body.hill.fibre_forces`` says."""

def path_speeds(
    entry_path: IntArray,
    entry_column: IntArray,
    column_input: IntArray,
    arms: FloatArray,
    slopes: FloatArray,
    rates: FloatArray,
    paths: int,
    /,
) -> FloatArray:
    """Return how fast every path lengthens (time, path), m/s."""

def balance(
    entry_path: IntArray,
    entry_column: IntArray,
    column_row: IntArray,
    arms: FloatArray,
    slopes: FloatArray,
    strengths: FloatArray,
    passive: FloatArray,
    demand: FloatArray,
    low: FloatArray,
    high: FloatArray,
    weight: FloatArray,
    reserve_force: FloatArray,
    starts: FloatArray,
    exponent: float,
    tolerance: float,
    max_iterations: int,
    /,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, IntArray, IntArray]:
    """Return what ``kinechain.loads.balance.Shares`` holds, in its order."""

def cubic_spline(at: FloatArray, values: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return the natural cubic spline through values (time, column) at ``wanted``; NaN outside."""

def write_numbers(values: FloatArray) -> bytes:
    """Return rows (row, column) as text of eight decimals, tabs between, as ``kinechain.recording.writers.mot``."""

def read_numbers(text: str, columns: int, delimiter: str) -> FloatArray | None:
    """Return the plain numbers (row, column) of a text, None where it holds anything else."""

class TissueLaws:
    def __init__(
        self,
        slack: FloatArray,
        function: IntArray,
        function_start: IntArray,
        function_is_linear_outside: IntArray,
        knots: FloatArray,
        coefficients: FloatArray,
        /,
    ) -> None: ...
    def tensions(self, lengths: FloatArray) -> FloatArray:
        """Return the tension (time, tissue), N, of every tissue."""
    def arch(
        self, lengths: FloatArray, arms: FloatArray, moment: FloatArray, most: float
    ) -> tuple[FloatArray, FloatArray, IntArray]:
        """Return give (time,), tensions (time, tissue) and status (time,): 0 solved, 1 unknown, 2 too much."""

@final
class Standing:
    """A body that stands on pads; what each array holds is said by ``kinechain.chain.rest.Shared``.

    Raises ValueError where arrays do not fit each other or point outside each other, KeyError where one is missing.
    """

    def __init__(
        self,
        tree: Tree,
        free: IntArray,
        pad_node: IntArray,
        pad_position: FloatArray,
        direction_node: IntArray,
        direction_vector: FloatArray,
        spring: IntArray,
        function_start: IntArray,
        function_is_linear_outside: IntArray,
        knots: FloatArray,
        coefficients: FloatArray,
        /,
    ) -> None: ...
    def evaluate(self, arrays: dict[str, FloatArray], values: FloatArray) -> dict[str, FloatArray]:
        """Return the arrays of ``kinechain.chain.equilibrium.Evaluation`` at ``values`` (case, free)."""

    def solve(
        self, arrays: dict[str, FloatArray], starts: FloatArray, first: int, last: int
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, IntArray, IntArray]:
        """Return what ``kinechain.chain.rest.Rests`` holds of the cases from ``first`` to before ``last``."""
