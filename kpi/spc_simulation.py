"""How often a control chart calls chance a signal, and how soon it finds a shift; by simulation, the same each time.

Pure: no Django, no clock, no database.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp
from random import Random

from kpi.spc import BEYOND_LIMITS, FIRM, control_chart

FURTHER = 100  # values of a stable process after its baseline
SOON = 8  # values within which a shift is to be found
SHIFT = 1.5  # sigmas


def _normal(random: Random, shift: float) -> float:
    return random.gauss(100 + 10 * shift, 10)


def _skewed(spread: float) -> Callable[[Random, float], float]:
    return lambda random, shift: exp(random.gauss(2 + spread * shift, spread))


# A value of each process, shifted by so many sigmas.
PROCESSES: Mapping[str, Callable[[Random, float], float]] = {
    "normal": _normal,
    "lognormal 0.3": _skewed(0.3),
    "lognormal 0.5": _skewed(0.5),
    "lognormal 1.0": _skewed(1.0),
}


@dataclass(frozen=True)
class Simulated:
    """`beyond` and `any_rule`: false alarms of 1,000 values; `found`: share of shifts found within eight values."""

    process: str
    beyond: float
    any_rule: float
    found: float


def simulate(process: str, *, runs: int, seed: int) -> Simulated:
    """Charts of durations with a baseline of 20, `runs` of a stable and as many of a shifted process."""
    # Faked chance is what is wanted here.
    random = Random(f"{process} {seed}")  # noqa: S311
    value = PROCESSES[process]
    beyond = any_rule = found = 0
    for _run in range(runs):
        stable = [value(random, 0) for _ in range(FIRM + FURTHER)]
        alarms = [signal for signal in control_chart(stable, is_duration=True).signals if signal[0] >= FIRM]
        beyond += sum(rule == BEYOND_LIMITS for _, rule in alarms)
        any_rule += len({index for index, _ in alarms})
        shifted = [value(random, 0) for _ in range(FIRM)] + [value(random, SHIFT) for _ in range(SOON)]
        found += any(index >= FIRM for index, _ in control_chart(shifted, is_duration=True).signals)
    thousands = runs * FURTHER / 1000
    return Simulated(process, beyond / thousands, any_rule / thousands, found / runs)
