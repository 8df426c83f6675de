"""Small hand-written OpenSim models, one per thing the reader must understand."""

GROUND_AND_GRAVITY = '<Ground name="ground" /><gravity>0 -9.80665 0</gravity>'


def document(model: str, version: str = "40000") -> str:
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n<OpenSimDocument Version="{version}">{model}</OpenSimDocument>\n'


def body(name: str, mass: str = "1.5", extra: str = "") -> str:
    return (
        f'<Body name="{name}">{extra}<mass>{mass}</mass><mass_center>0.01 -0.2 0.03</mass_center>'
        "<inertia>0.02 0.03 0.04 0.001 -0.002 0.003</inertia></Body>"
    )


def offset(name: str, parent: str, translation: str = "0 0 0", orientation: str = "0 0 0", inside: str = "") -> str:
    return (
        f'<PhysicalOffsetFrame name="{name}">{inside}<socket_parent>{parent}</socket_parent>'
        f"<translation>{translation}</translation><orientation>{orientation}</orientation></PhysicalOffsetFrame>"
    )


def coordinate(name: str, value: str = "0", span: str = "-3 3", clamped: str = "false", locked: str = "false") -> str:
    return (
        f'<Coordinate name="{name}"><default_value>{value}</default_value><range>{span}</range>'
        f"<clamped>{clamped}</clamped><locked>{locked}</locked></Coordinate>"
    )


def joint(kind: str, name: str, parent: str, child: str, coordinates: str = "", inside: str = "") -> str:
    """Return a joint whose two frames are moved and turned, so that their order matters."""
    frames = offset("parent_offset", parent, "0.11 -0.32 0.07", "0.3 -0.2 0.5") + offset(
        "child_offset", child, "-0.02 0.21 0.05", "-0.4 0.1 0.25"
    )
    return (
        f'<{kind} name="{name}"><socket_parent_frame>parent_offset</socket_parent_frame>'
        f"<socket_child_frame>child_offset</socket_child_frame><coordinates>{coordinates}</coordinates>"
        f"<frames>{frames}</frames>{inside}</{kind}>"
    )


def axis(slot: str, direction: str, function: str = "", driver: str = "") -> str:
    function = function or '<Constant name="function"><value>0</value></Constant>'
    return (
        f'<TransformAxis name="{slot}"><coordinates>{driver}</coordinates><axis>{direction}</axis>'
        f"{function}</TransformAxis>"
    )


def marker(name: str, frame: str, location: str = "0.1 0.2 0.3") -> str:
    return (
        f'<Marker name="{name}"><socket_parent_frame>{frame}</socket_parent_frame>'
        f"<location>{location}</location></Marker>"
    )


def model(bodies: str, joints: str, markers: str = "", constraints: str = "", extra: str = "") -> str:
    return document(
        f'<Model name="small">{GROUND_AND_GRAVITY}'
        f'<BodySet name="bodyset"><objects>{bodies}</objects><groups /></BodySet>'
        f'<JointSet name="jointset"><objects>{joints}</objects><groups /></JointSet>'
        f'<ConstraintSet name="constraintset"><objects>{constraints}</objects><groups /></ConstraintSet>'
        f'<MarkerSet name="markerset"><objects>{markers}</objects><groups /></MarkerSet>{extra}</Model>'
    )


LINE = '<LinearFunction name="function"><coefficients>1 0</coefficients></LinearFunction>'
FALLING_LINE = '<LinearFunction name="function"><coefficients>-1 0.2</coefficients></LinearFunction>'
SPLINE_POINTS = "<x>-1 -0.4 0.1 0.9 1.3</x><y>0.02 -0.05 0.01 0.12 0.1</y>"
SPLINE = f'<SimmSpline name="function">{SPLINE_POINTS}</SimmSpline>'
OLD_NAME_SPLINE = f'<NaturalCubicSpline name="function">{SPLINE_POINTS}</NaturalCubicSpline>'
SHORT_SPLINE = '<SimmSpline name="function"><x>-1 0 2</x><y>0.1 0.3 -0.2</y></SimmSpline>'
MULTIPLIED = (
    '<MultiplierFunction name="function"><function><SimmSpline>'
    f"{SPLINE_POINTS}</SimmSpline></function><scale>1.7</scale></MultiplierFunction>"
)
BROKEN_LINE = f'<PiecewiseLinearFunction name="function">{SPLINE_POINTS}</PiecewiseLinearFunction>'
CUBIC = '<PolynomialFunction name="function"><coefficients>0.3 -0.2 0.1 0.05</coefficients></PolynomialFunction>'
QUINTIC = (
    '<PolynomialFunction name="function"><coefficients>0.02 -0.1 0.3 -0.2 0.1 0.05</coefficients></PolynomialFunction>'
)


def spatial(*axes: str) -> str:
    return f"<SpatialTransform>{''.join(axes)}</SpatialTransform>"


#: A knee-like joint: skew axes that are not unit vectors, one coordinate through every kind of function.
CURVED = spatial(
    axis("rotation1", "0.2 0.3 2.0", FALLING_LINE, "bend"),
    axis("rotation2", "1 0.1 0", MULTIPLIED, "bend"),
    axis("rotation3", "0 1 0.3", '<Constant name="function"><value>0.15</value></Constant>'),
    axis("translation1", "1 0 0", SPLINE, "bend"),
    axis("translation2", "0.1 3 0", BROKEN_LINE, "bend"),
    axis("translation3", "0 0 1", '<Constant name="function"><value>0.04</value></Constant>'),
)
#: Another one for the remaining functions.
MORE_CURVED = spatial(
    axis("rotation1", "1 0 0", OLD_NAME_SPLINE, "fold"),
    axis("rotation2", "0 1 0", SHORT_SPLINE, "fold"),
    axis("rotation3", "0 0 1", LINE, "fold"),
    axis("translation1", "1 0 0", CUBIC, "fold"),
    axis("translation2", "0 1 0"),
    axis("translation3", "0 0 1", QUINTIC, "slide"),
)

#: Every supported joint in one chain; three markers hang on offset frames.
EVERY_JOINT = model(
    bodies="".join(
        [
            body("root"),
            body("pinned"),
            body("welded", extra=f"<components>{offset('wand', '..', '0.05 0.06 0.07', '0.1 0.2 0.3')}</components>"),
            body("universal"),
            body("ball"),
            body("gimbal"),
            body("planar"),
            body("slid"),
            body("curved", mass="0"),
            body("more_curved"),
        ]
    ),
    joints="".join(
        [
            # The children before their parents: the reader has to sort.
            joint("PinJoint", "pin", "/bodyset/root", "/bodyset/pinned", coordinate("pin_angle")),
            joint(
                "FreeJoint",
                "free",
                "/ground",
                "/bodyset/root",
                "".join(coordinate(f"free_{n}") for n in ("r1", "r2", "r3", "t1", "t2", "t3")),
            ),
            joint("WeldJoint", "weld", "/bodyset/pinned", "/bodyset/welded"),
            joint(
                "UniversalJoint",
                "universal_joint",
                "/bodyset/welded/wand",
                "/bodyset/universal",
                coordinate("u1") + coordinate("u2"),
            ),
            joint(
                "BallJoint",
                "ball_joint",
                "/bodyset/universal",
                "/bodyset/ball",
                "".join(coordinate(f"b{n}") for n in "123"),
            ),
            joint(
                "GimbalJoint",
                "gimbal_joint",
                "/bodyset/ball",
                "/bodyset/gimbal",
                "".join(coordinate(f"g{n}") for n in "123"),
            ),
            joint(
                "PlanarJoint",
                "planar_joint",
                "/bodyset/root",
                "/bodyset/planar",
                "".join(coordinate(f"p{n}") for n in "123"),
            ),
            joint("SliderJoint", "slider_joint", "/bodyset/planar", "/bodyset/slid", coordinate("s1")),
            joint("CustomJoint", "knee", "/bodyset/slid", "/bodyset/curved", coordinate("bend"), CURVED),
            joint(
                "CustomJoint",
                "more",
                "/bodyset/curved",
                "/bodyset/more_curved",
                coordinate("fold") + coordinate("slide", span="-2 2"),
                MORE_CURVED,
            ),
        ]
    ),
    markers="".join(
        [
            *(
                marker(f"on_{name}", f"/bodyset/{name}")
                for name in "root pinned welded universal ball gimbal planar slid curved more_curved".split()
            ),
            marker("on_ground", "/ground"),
            marker("on_wand", "/bodyset/welded/wand"),
            marker("on_child_offset", "/jointset/knee/child_offset"),
            marker("on_parent_offset", "../../jointset/knee/parent_offset"),
        ]
    ),
)

#: Couplers: a scale factor that is not one, a curve, and a chain of two lines.
COUPLED = model(
    bodies=body("a") + body("b") + body("c") + body("d"),
    joints="".join(
        [
            joint("PinJoint", "ja", "/ground", "/bodyset/a", coordinate("qa", "0.25", "-1 1", "true")),
            joint("PinJoint", "jb", "/bodyset/a", "/bodyset/b", coordinate("qb")),
            joint("PinJoint", "jc", "/bodyset/b", "/bodyset/c", coordinate("qc")),
            joint("PinJoint", "jd", "/bodyset/c", "/bodyset/d", coordinate("qd", "0", "-0.9 0.9", "true")),
        ]
    ),
    markers="".join(marker(f"on_{n}", f"/bodyset/{n}") for n in "abcd"),
    constraints="".join(
        f'<CoordinateCouplerConstraint name="c_{dependent}"><isEnforced>true</isEnforced>'
        f"<coupled_coordinates_function>{function}</coupled_coordinates_function>"
        f"<independent_coordinate_names>{driver}</independent_coordinate_names>"
        f"<dependent_coordinate_name>{dependent}</dependent_coordinate_name>"
        f"<scale_factor>{scale}</scale_factor></CoordinateCouplerConstraint>"
        for dependent, driver, function, scale in (
            ("qb", "qa", f"<SimmSpline>{SPLINE_POINTS}</SimmSpline>", "2.5"),
            ("qc", "qa", "<LinearFunction><coefficients>-2 0.1</coefficients></LinearFunction>", "0.5"),
            ("qd", "qc", "<LinearFunction><coefficients>3 0.05</coefficients></LinearFunction>", "-1"),
        )
    ),
)
