"""Control charts, Pareto and percentiles against published values and by what has to hold for any values."""

import json
import math
import statistics
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from kpi.spc import (
    BEYOND_LIMITS,
    RULES,
    RUN_OF_EIGHT,
    TWO_OF_THREE,
    control_chart,
    pareto,
    percentile,
    xmr,
)
from kpi.spc_simulation import PROCESSES, simulate

# NIST/SEMATECH e-Handbook 6.3.2.2, individuals control chart of a flow rate.
FLOW_RATE = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
# One sigma of these is 1: ranges of 1.128 about 0, the rest of a chart with it as baseline is told in sigmas.
STEADY = [0.564, -0.564] * 10

numbers = st.floats(-1e6, 1e6, allow_nan=False)


def signals_after(values: list[float]) -> list[tuple[int, str]]:
    """Signals of `values` in sigmas, counted from the first of them."""
    chart = xmr([*STEADY, *values], baseline=len(STEADY))
    return [(index - len(STEADY), rule) for index, rule in chart.signals if index >= len(STEADY)]


def test_limits_are_those_of_the_nist_handbook():
    chart = xmr(FLOW_RATE)
    assert chart.center == pytest.approx(50.81)
    assert chart.mr_bar == pytest.approx(1.8778, abs=5e-5)
    assert chart.ucl == pytest.approx(55.8041, abs=5e-5)
    assert chart.lcl == pytest.approx(45.8159, abs=5e-5)
    assert chart.mr_ucl == pytest.approx(3.267 * 1.8778, abs=5e-4)
    assert chart.signals == []
    assert chart.baseline == 10
    assert not chart.is_firm


def test_limits_come_from_the_baseline_alone():
    chart = xmr([*FLOW_RATE, 70, 20], baseline=10)
    assert (chart.center, chart.ucl) == (xmr(FLOW_RATE).center, xmr(FLOW_RATE).ucl)
    assert chart.signals == [(10, BEYOND_LIMITS), (11, BEYOND_LIMITS)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.05, 0], [(0, BEYOND_LIMITS)]),
        ([2.95, 0], []),
        ([-3.05, 0], [(0, BEYOND_LIMITS)]),
        ([0.5] * 7 + [-0.5], []),
        ([0.5] * 9, [(7, RUN_OF_EIGHT), (8, RUN_OF_EIGHT)]),
        ([0.5] * 7 + [0] + [0.5] * 7, []),
        ([2.1, 2.1], [(1, TWO_OF_THREE)]),
        ([2.1, 0, 2.1], [(2, TWO_OF_THREE)]),
        ([2.1, 0, 0, 2.1], []),
        ([2.1, -2.1], []),
        ([2.1, 2.1, 0.5], [(1, TWO_OF_THREE)]),
        ([2.1, 3.1], [(1, BEYOND_LIMITS), (1, TWO_OF_THREE)]),
        ([-2.1, -2.1, -2.1], [(1, TWO_OF_THREE), (2, TWO_OF_THREE)]),
    ],
)
def test_signals_name_their_rule(values, expected):
    assert signals_after([-0.1, *values])[0:] == [(index + 1, rule) for index, rule in expected]


def test_a_process_that_never_moves_has_no_signal_until_it_moves():
    chart = xmr([0.1] * 12)
    assert (chart.lcl, chart.ucl, chart.signals) == (chart.center, chart.center, [])
    assert xmr([*[0.1] * 12, 0.2], baseline=12).signals == [(12, BEYOND_LIMITS)]


@given(st.lists(numbers, min_size=2, max_size=40), st.data())
def test_a_chart_agrees_with_its_own_definition(values, data):
    baseline = data.draw(st.integers(2, len(values)))
    chart = xmr(values, baseline)
    ranges = [abs(after - before) for before, after in pairwise(values[:baseline])]
    assert chart.center == pytest.approx(statistics.fmean(values[:baseline]), abs=1e-6)
    assert chart.mr_bar == pytest.approx(statistics.fmean(ranges), abs=1e-6)
    assert chart.ucl - chart.center == pytest.approx(3 * chart.mr_bar / 1.128, abs=1e-5)
    assert {rule for _, rule in chart.signals} <= set(RULES)
    assert chart.signals == sorted(chart.signals, key=lambda signal: (signal[0], RULES.index(signal[1])))


@pytest.mark.parametrize(
    ("values", "baseline"),
    [([], None), ([1], None), ([1, 2], 1), ([1, 2], 3), ([1, math.nan], None), ([1, math.inf], None)],
)
def test_what_no_chart_can_be_made_of_is_refused(values, baseline):
    with pytest.raises(ValueError, match=r"baseline|finite"):
        xmr(values, baseline)


def test_an_extraordinary_range_does_not_widen_the_limits_of_a_process():
    values = [10.0, 11.0] * 10
    values[9] = 40.0
    assert control_chart(values).segments[0][1].mr_bar == pytest.approx(1.0)
    assert (9, BEYOND_LIMITS) in control_chart(values).signals
    assert xmr(values).mr_bar > 3


def test_limits_begin_anew_at_a_declared_change():
    chart = control_chart([10.0, 11.0] * 10 + [20.0, 21.0] * 10, restarts=[20])
    assert [(first, round(part.center, 6)) for first, part in chart.segments] == [(0, 10.5), (20, 20.5)]
    assert chart.signals == []
    assert control_chart([10.0, 11.0] * 10 + [20.0, 21.0] * 10).signals
    # The last value alone has no range to take limits from.
    assert [first for first, _ in control_chart([1.0, 2.0, 3.0], restarts=[2]).segments] == [0]


def test_durations_have_no_limit_below_zero():
    chart = control_chart([1.0, 0.0, 2.0, 0.0, 3.0, 1.0, 2.0], is_duration=True)
    assert not chart.is_logarithmic
    assert chart.segments[0][1].lcl == 0


def test_skewed_durations_are_judged_by_their_logarithms_and_shown_as_they_are():
    values = [2.0 ** (index % 5) for index in (0, 3, 1, 4, 2, 0, 1, 3, 2, 4, 1, 0, 2, 3, 1, 0, 4, 1, 2, 0)]
    chart = control_chart([*values, 1000.0], is_duration=True)
    assert chart.is_logarithmic
    part = chart.segments[0][1]
    logarithms = xmr([math.log(value) for value in values])
    assert part.values[-1] == 1000.0
    assert (part.center, part.ucl) == pytest.approx((math.exp(logarithms.center), math.exp(logarithms.ucl)))
    assert part.lcl > 0
    assert (20, BEYOND_LIMITS) in chart.signals


@pytest.mark.parametrize("process", PROCESSES)
def test_false_alarms_and_shifts_are_as_promised(process):
    """Less strict than the command's long run, whose figures stand in docs/kpi.md."""
    found = simulate(process, runs=300, seed=1)
    assert found.beyond <= 18
    assert found.any_rule <= 46
    assert found.found >= 0.77


def test_the_simulation_is_a_command(capsys):
    call_command("spc_simulation", "--runs", "5", "--json")
    assert [each["process"] for each in json.loads(capsys.readouterr().out)] == list(PROCESSES)
    call_command("spc_simulation", "--runs", "5")
    assert "lognormal 1.0" in capsys.readouterr().out
    with pytest.raises(CommandError, match="--runs"):
        call_command("spc_simulation", "--runs", "0")


def test_the_vital_few_are_the_smallest_set_of_four_fifths():
    rows = pareto({"supplier": 50, "booking": 30, "customer": 15, "other": 5})
    assert [(row.key, row.cumulative, row.vital) for row in rows] == [
        ("supplier", 50, True),
        ("booking", 80, True),
        ("customer", 95, False),
        ("other", 100, False),
    ]
    assert [row.share for row in rows] == [0.5, 0.3, 0.15, 0.05]
    assert [row.cumulative_share for row in rows] == [0.5, 0.8, 0.95, 1.0]


def test_equal_parts_stand_by_their_names_and_nothing_is_not_vital():
    assert [row.key for row in pareto({"b": 1, "a": 1, "c": 2})] == ["c", "a", "b"]
    assert [(row.share, row.vital) for row in pareto({"a": 0, "b": 0})] == [(0, False), (0, False)]
    assert pareto({}) == []
    with pytest.raises(ValueError, match="negative"):
        pareto({"a": -1})


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 1000), max_size=12))
def test_parts_make_up_the_whole(items):
    rows = pareto(items)
    assert [row.value for row in rows] == sorted(items.values(), reverse=True)
    if sum(items.values()):
        assert rows[-1].cumulative_share == pytest.approx(1)
        vital = [row for row in rows if row.vital]
        assert sum(row.value for row in vital) >= 0.8 * sum(items.values()) - 1e-6
        assert sum(row.value for row in vital[:-1]) < 0.8 * sum(items.values())


def test_percentiles_are_interpolated():
    values = [15, 20, 35, 40, 50]
    assert percentile(values, 0.4) == pytest.approx(29)
    assert [percentile(values, q) for q in (0, 0.5, 1)] == [15, 35, 50]
    assert percentile([7], 0.9) == 7
    assert percentile([], 0.5) is None
    with pytest.raises(ValueError, match="q has"):
        percentile([1], 1.5)


@given(st.lists(numbers, min_size=2, max_size=30))
def test_percentiles_agree_with_the_standard_library(values):
    cuts = statistics.quantiles(values, n=10, method="inclusive")
    assert [percentile(values, step / 10) for step in range(1, 10)] == pytest.approx(cuts, abs=1e-6)
