"""How calibrated the attribution is under each prior, on a linear stand-in of a standing body.

The loads of one body are solved once, at every whole SD of every parameter and for 40 draws of what is not known of it;
between these they are taken as linear, and parameters as additive.  That makes an attribution of a tenth of a second,
so that thousands of made people show what priors do.  The real body is scored by ``kinechain virtual`` and ``score``.

    python benchmarks/attribution_calibration.py --people 300 --priors mixture flat
"""

import argparse
from dataclasses import dataclass

import numpy as np

from kinechain.body.scale import BodySize, size_body
from kinechain.body.skeleton import template_body
from kinechain.care.drivers import Drivers, Permission
from kinechain.care.person.person import Person
from kinechain.care.screening.lock import unlock
from kinechain.chain.attribute import FLOOR_SHARE, AttributionSettings, attribute
from kinechain.chain.game import Evaluate
from kinechain.chain.person_game import chain_game
from kinechain.chain.players import PRIORS, Parameter, survey_person
from kinechain.chain.score import Forecast, score_forecasts
from kinechain.chain.standing_model import chain_model
from kinechain.chain.targets import TARGETS, Target
from kinechain.chain.unknowns import draw_unknowns
from kinechain.chain.virtual import Draw, draw_person, examine
from kinechain.core.arrays import FloatArray

BODIES, KNOTS = 40, np.arange(-4.0, 5.0)


@dataclass(frozen=True)
class StandIn:
    """Loads of one body, draw by draw of what is not known of it.

    What each parameter adds, by key, (knot, body, target), and the typical loads (body, target).
    """

    added: dict[str, FloatArray]
    typical: FloatArray
    targets: tuple[Target, ...]

    def load(self, key: str, deviation: FloatArray, body: FloatArray) -> FloatArray:
        """Return what a deviation, SDs, adds in some bodies, (case, target)."""
        place = np.clip(np.floor(deviation), -4, 3).astype(int) + 4
        share = (np.clip(deviation, -4, 4) - KNOTS[place])[:, None]
        added = self.added[key]
        return added[place, body] * (1 - share) + added[place + 1, body] * share

    def game(self, parameters: tuple[Parameter, ...], first: int) -> Evaluate:
        """Return the game of a person whose first draw has some body."""

        def evaluate(values: FloatArray, numbers: FloatArray) -> FloatArray:
            body = (numbers + first) % len(self.typical)
            out = self.typical[body].copy()
            for i, p in enumerate(parameters):
                deviation = (values[:, i] - p.mean) / p.sd
                if deviation.any():
                    out += self.load(p.key, deviation, body)
            return out

        return evaluate


def stand_in() -> StandIn:
    """Solve the loads that all people share."""
    size = BodySize(76.0, 1.78, "male", 30.0)
    model = chain_model(size_body(template_body(), size))
    parameters = survey_person(Person(sex="male", age_years=30.0, height_m=1.78)).unmeasured
    game = chain_game(model, parameters, draw_unknowns(BODIES, 11))
    mean, numbers = np.array([p.mean for p in parameters]), np.arange(BODIES)
    typical = game(np.tile(mean, (BODIES, 1)), numbers)
    added = {}
    for i, p in enumerate(parameters):
        values = np.tile(mean, (len(KNOTS), BODIES, 1))
        values[..., i] += p.sd * KNOTS[:, None]
        loads = game(values.reshape(-1, len(mean)), np.tile(numbers, len(KNOTS)))
        added[p.key] = loads.reshape(len(KNOTS), BODIES, -1) - typical
    every = np.concatenate([typical[None], *added.values()])
    # A target that is never told is not asked; a body that does not stand under some value is not taken.
    told = np.isfinite(every).mean(axis=(0, 1)) > 0.5
    stands = np.isfinite(every[..., told]).all(axis=(0, 2))
    targets = tuple(t for t, is_told in zip(TARGETS, told, strict=True) if is_told)
    return StandIn({k: a[:, stands][..., told] for k, a in added.items()}, typical[stands][:, told], targets)


def forecast(world: StandIn, draw: Draw, prior: str, random: np.random.Generator) -> Forecast:
    """Return what is said of one person, and what is true."""
    person = examine(draw, random)
    survey = survey_person(person)
    own, first = random.integers(0, len(world.typical), 2)
    parameters = (*survey.measured, *survey.unmeasured)
    settings = AttributionSettings(prior=prior)
    said = attribute(world.game(parameters, int(first)), survey, world.targets, Permission(unlock(person)), settings)
    truth = relevant(world, draw, said, int(own))
    probability = {p.key: 0.0 for p in survey.measured}
    probability |= {s.key: s.p_relevant for s in said.silent}
    probability |= dict(zip((p.key for p in said.players), said.p_relevant, strict=True))
    sets = tuple((frozenset(s.drivers), s.probability) for s in said.distribution)
    known = frozenset(probability)
    return Forecast(draw.name, "exam", probability, sets, truth & known, truth - known, draw.sizes, draw.direction)


def relevant(world: StandIn, draw: Draw, said: Drivers, own: int) -> frozenset[str]:
    """Return which drivers exceed 5 % of the person's typical load and the noise of the tests, for any target."""
    noise = {t.target: t.floor.of_noise for t in said.targets}
    floors = FLOOR_SHARE * np.abs(world.typical[own])
    floors = np.maximum(floors, [noise[t.id] for t in world.targets])
    parameters = {p.key: p for p in draw.parameters}
    harmful = np.array([t.harmful for t in world.targets])
    out = set()
    for key in draw.sizes:
        deviation = (draw.values[key] - parameters[key].mean) / parameters[key].sd
        if (harmful * world.load(key, np.array([deviation]), np.array([own]))[0] > floors).any():
            out.add(key)
    return frozenset(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--priors", nargs="+", default=["mixture", "flat"], choices=list(PRIORS))
    arguments = parser.parse_args()
    world = stand_in()
    print(f"{len(world.typical)} bodies, {len(world.targets)} targets")
    print(
        "| with none | prior | 80 % sets hold | Brier | by prior only | AUC small, medium, large | false attribution |"
    )
    print("|---|---|---|---|---|---|---|")
    for share in (0.25, 0.5, 0.75):
        for prior in arguments.priors:
            random = np.random.default_rng(arguments.seed)
            people = [draw_person(f"p{i}", share, random) for i in range(arguments.people)]
            score = score_forecasts([forecast(world, p, prior, random) for p in people])
            areas = ", ".join(f"{score.areas[s].value:.2f}" for s in ("small", "medium", "large"))
            print(
                f"| {share:.0%} | {prior} | {score.exact_coverage:.3f} ± {score.exact_error:.3f} | {score.brier:.4f} | "
                f"{score.brier_prior:.4f} | {areas} | {score.false_attribution.value:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
