"""Statistical process control: XmR charts with their signals, Pareto, percentiles. Pure: no clock, no queries.

Sources: Shewhart's individuals chart as in the NIST/SEMATECH e-Handbook 6.3.2.2 and Wheeler's “Understanding
Variation”; rules of Western Electric; screening of ranges after Nelson (Journal of Quality Technology 14, 1982).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, fsum, isfinite, log, sqrt
from typing import SupportsFloat

D2 = 1.128  # mean range of two values of a normal distribution, in sigmas
D4 = 3.267  # upper limit of such ranges, in mean ranges
SCREENED = 3.5  # a range beyond as many mean ranges says nothing of the usual ones
FIRM, PROVISIONAL = 20, 12  # points of a baseline
RUN = 8
VITAL = 0.8
# Times are charted by their logarithms unless these lean more to the left, by as much, than the times to the right. The
# margin is what `spc_simulation` found to keep false alarms within 15 and 40 of 1,000 for normal and lognormal times.
LEANING = 0.5

BEYOND_LIMITS, RUN_OF_EIGHT, TWO_OF_THREE = "beyond_limits", "run_of_eight", "two_of_three"
RULES = (BEYOND_LIMITS, RUN_OF_EIGHT, TWO_OF_THREE)

Signal = tuple[int, str]


@dataclass(frozen=True)
class XmrChart:
    """Limits of individual values and of their moving ranges, in the unit of the values.

    `signals` are (index of the value, rule), by index; a pattern is told at each value that completes it. `sigma` is
    the mean moving range / 1.128.
    """

    values: tuple[float, ...]
    baseline: int
    center: float
    mr_bar: float
    lcl: float
    ucl: float
    mr_ucl: float
    signals: list[Signal]

    @property
    def sigma(self) -> float:
        return self.mr_bar / D2

    @property
    def ranges(self) -> list[float]:
        """The moving range of each value but the first."""
        return [abs(after - before) for before, after in pairwise(self.values)]

    @property
    def is_firm(self) -> bool:
        """Taken from enough values to be kept; a chart of fewer is provisional."""
        return self.baseline >= FIRM


def xmr(values: Sequence[SupportsFloat], baseline: int | None = None) -> XmrChart:
    """The chart of individual values in the order of time.

    Args:
        values: at least two.
        baseline: how many leading values the limits are taken from; all by default.

    Raises:
        ValueError: fewer than two values in the baseline, or more than there are, or one that is no finite number.
    """
    return _chart(_finite(values), baseline)


@dataclass(frozen=True)
class ControlChart:
    """An XmR chart as people look at it: in the unit of the values, whatever it was computed in.

    Attributes:
        segments: a chart for each stretch between declared changes, with the index of its first value.
        is_logarithmic: limits were taken from logarithms, so they lie at unequal distances from the center.
    """

    segments: list[tuple[int, XmrChart]]
    is_logarithmic: bool

    @property
    def signals(self) -> list[Signal]:
        return [(first + index, rule) for first, chart in self.segments for index, rule in chart.signals]


def control_chart(
    values: Sequence[SupportsFloat],
    *,
    baseline: int = FIRM,
    restarts: Sequence[int] = (),
    is_duration: bool = False,
) -> ControlChart:
    """The chart for a process: limits from a screened baseline, frozen, and begun anew at each declared change.

    Ranges beyond 3.5 mean ranges are left out of the mean once. Durations cannot fall below 0, so neither does their
    lower limit; where the logarithms of durations lie more evenly than the durations, limits come from them.

    Args:
        values: in the order of time.
        baseline: leading values of each stretch to take limits from; a shorter stretch uses all it has.
        restarts: indices of the first values after a declared change. A stretch of one value has no chart.

    Raises:
        ValueError: no stretch has two values, or one is no finite number.
    """
    numbers = _finite(values)
    starts = sorted({0, *(index for index in restarts if 0 < index < len(numbers))})
    stretches = [(start, numbers[start:end]) for start, end in pairwise([*starts, len(numbers)]) if end - start > 1]
    if not stretches:
        raise ValueError("a control chart needs two values")
    in_logarithms = is_duration and all(_is_better_in_logarithms(stretch[:baseline]) for _, stretch in stretches)
    segments = []
    for start, stretch in stretches:
        length = min(baseline, len(stretch))
        if in_logarithms:
            chart = _in_unit(_chart([log(value) for value in stretch], length, is_screened=True), stretch)
        else:
            chart = _chart(stretch, length, is_screened=True, floor=0.0 if is_duration else None)
        segments.append((start, chart))
    return ControlChart(segments, in_logarithms)


@dataclass(frozen=True)
class ParetoRow:
    """`share` and `cumulative_share` lie in 0…1; `vital`: of the smallest set that makes up 80 % of the whole."""

    key: str
    value: float
    cumulative: float
    share: float
    cumulative_share: float
    vital: bool


def pareto(items: Mapping[str, SupportsFloat]) -> list[ParetoRow]:
    """The parts of a whole, largest first, ties by key; shares are 0 where the whole is 0.

    Raises:
        ValueError: a part is negative or no finite number.
    """
    values = dict(zip(items, _finite(list(items.values())), strict=True))
    if any(value < 0 for value in values.values()):
        raise ValueError("a part cannot be negative")
    whole = fsum(values.values())
    rows: list[ParetoRow] = []
    for key in sorted(values, key=lambda key: (-values[key], key)):
        before = rows[-1] if rows else None
        cumulative = fsum(row.value for row in rows) + values[key]
        rows.append(
            ParetoRow(
                key,
                values[key],
                cumulative,
                share=values[key] / whole if whole else 0.0,
                cumulative_share=cumulative / whole if whole else 0.0,
                # The rounding of sums must not ask for one part more.
                vital=values[key] > 0 and (before is None or before.cumulative_share < VITAL - 1e-12),
            )
        )
    return rows


def percentile(values: Sequence[SupportsFloat], q: float) -> float | None:
    """The value below which the share `q` of 0…1 lies, with linear interpolation (R7 of Hyndman and Fan).

    None of no values.

    Raises:
        ValueError: `q` outside 0…1, or a value that is no finite number.
    """
    if not 0 <= q <= 1:
        raise ValueError("q has to lie in 0…1")
    ordered = sorted(_finite(values))
    if not ordered:
        return None
    place = (len(ordered) - 1) * q
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _chart(
    values: Sequence[float], baseline: int | None, *, is_screened: bool = False, floor: float | None = None
) -> XmrChart:
    length = len(values) if baseline is None else baseline
    if not 2 <= length <= len(values):
        raise ValueError("the baseline needs two values, and cannot be longer than the values")
    center = fsum(values[:length]) / length
    ranges = [abs(after - before) for before, after in pairwise(values[:length])]
    mr_bar = fsum(ranges) / len(ranges)
    if is_screened:
        usual = [each for each in ranges if each <= SCREENED * mr_bar]
        mr_bar = fsum(usual) / len(usual)
    sigma = mr_bar / D2
    lcl, ucl = center - 3 * sigma, center + 3 * sigma
    return XmrChart(
        tuple(values),
        length,
        center,
        mr_bar,
        lcl if floor is None else max(floor, lcl),
        ucl,
        D4 * mr_bar,
        _signals(values, center, sigma),
    )


def _signals(values: Sequence[float], center: float, sigma: float) -> list[Signal]:
    """Which values no longer look like chance; sums that differ from the center by rounding only lie on it."""
    near = 1e-9 * max(abs(center), sigma)
    sides = [0 if abs(value - center) <= near else 1 if value > center else -1 for value in values]
    far = [side if abs(value - center) > 2 * sigma + near else 0 for value, side in zip(values, sides, strict=True)]
    found: list[Signal] = []
    run = 0
    for index, (value, side) in enumerate(zip(values, sides, strict=True)):
        run = 0 if not side else run + 1 if index and side == sides[index - 1] else 1
        if abs(value - center) > 3 * sigma + near:
            found.append((index, BEYOND_LIMITS))
        if run >= RUN:
            found.append((index, RUN_OF_EIGHT))
        if far[index] and index >= 2 and far[index - 2 : index].count(far[index]) >= 1:
            found.append((index, TWO_OF_THREE))
    return found


def _in_unit(chart: XmrChart, values: Sequence[float]) -> XmrChart:
    """A chart of logarithms in the unit of their values; signals stay. Ranges are those of the values themselves."""
    ranges = [abs(after - before) for before, after in pairwise(values[: chart.baseline])]
    mr_bar = fsum(ranges) / len(ranges)
    return XmrChart(
        tuple(values),
        chart.baseline,
        exp(chart.center),
        mr_bar,
        exp(chart.lcl),
        exp(chart.ucl),
        D4 * mr_bar,
        chart.signals,
    )


def _is_better_in_logarithms(values: Sequence[float]) -> bool:
    return min(values) > 0 and _skewness(values) + _skewness([log(value) for value in values]) > -LEANING


def _skewness(values: Sequence[float]) -> float:
    mean = fsum(values) / len(values)
    variance = fsum((value - mean) ** 2 for value in values) / len(values)
    return fsum((value - mean) ** 3 for value in values) / len(values) / sqrt(variance) ** 3 if variance else 0.0


def _finite(values: Sequence[SupportsFloat]) -> list[float]:
    numbers = [float(value) for value in values]
    if not all(isfinite(number) for number in numbers):
        raise ValueError("a value is no finite number")
    return numbers
