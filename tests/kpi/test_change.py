"""Why a figure changed: parts that sum to the whole exactly, and say what a reader would say."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.change import CAUSE, DENOMINATOR, MIX, WITHIN, _Group, _split, explain
from kpi.dimensions import DIMENSIONS
from kpi.figures import figure
from kpi.periods import Period
from kpi.registry import METRICS
from orders.models import DelayReason
from tests.factories import make_company, make_team, make_user
from tests.kpi.rows import MARCH, ask, local, put_order, put_step
from tests.kpi.test_agreement import NOW, people  # noqa: F401  # a fixture

APRIL = Period(date(2026, 4, 1), date(2026, 5, 1), "Asia/Shanghai")

groups = st.dictionaries(
    st.sampled_from("abcd"),
    st.lists(st.sampled_from(["hit", "x", "y", None]), min_size=1, max_size=6),
    min_size=1,
)


def as_groups(drawn):
    found = {}
    for key, outcomes in drawn.items():
        group = found[key] = _Group()
        for outcome in outcomes:
            group.add(1, Fraction(outcome == "hit"))
            if outcome != "hit":
                group.blame(outcome, 1)
    return found


def rate(drawn):
    outcomes = [outcome for each in drawn.values() for outcome in each]
    return Fraction(outcomes.count("hit"), len(outcomes))


@given(groups, groups, st.sampled_from([0, -1]))
def test_parts_sum_to_the_whole_exactly(before, now, sign):
    parts = _split(as_groups(before), as_groups(now), sign)
    effects = [effect[0] if kind == CAUSE else effect for kind, _key, effect in parts]
    assert sum(effects) == rate(now) - rate(before)
    assert all(isinstance(effect, Fraction) for effect in effects)


@pytest.mark.django_db
@pytest.mark.parametrize("code", METRICS)
@pytest.mark.parametrize("by", ["team", "customer", "assignee", "role"])
def test_every_figure_is_explained_to_the_last_fraction(people, code, by):  # noqa: F811
    if not DIMENSIONS[by].path_from(METRICS[code].subject):
        pytest.skip("its rows have no such thing")
    asked = ask(APRIL, now=NOW + timedelta(days=20), viewer=people["lead"])
    change = explain(code, asked, by)
    assert change.now.denominator == figure(code, asked).denominator
    if change.difference is None:
        assert not (change.before.denominator and change.now.denominator)
        assert change.parts == []
    else:
        assert sum(part.effect for part in change.parts) == change.difference
        difference = change.now.value - change.before.value
        assert float(change.difference) == pytest.approx(float(difference))


@pytest.mark.django_db
def test_a_worked_example_by_hand():
    """March: A 4 of 5, B 5 of 5. April: A 2 of 6 (two more for want of material), B 2 of 2, C 1 of 2."""
    team = make_team()
    companies = {name: make_company(team=team, code=name) for name in "ABC"}
    material = DelayReason.objects.create(code="m", name_zh="料", name_en="Material", side="supplier")

    def put(name, month, late, reason=None):
        promised = date(2026, month, 10)
        done = local(2026, month, 12 if late else 9)
        order = put_order(team, customer=companies[name], promised_date=promised, delivered_at=done)
        if reason:
            put_step(order, due_at=local(2026, month, 5), closed_at=local(2026, month, 9), delay_reason=reason)

    for name, month, on_time, reasons in (
        ("A", 3, 4, [None]),
        ("B", 3, 5, []),
        ("A", 4, 2, [None, None, material, material]),
        ("B", 4, 2, []),
        ("C", 4, 1, [None]),
    ):
        for _ in range(on_time):
            put(name, month, late=False)
        for reason in reasons:
            put(name, month, late=True, reason=reason)

    change = explain("K01", ask(APRIL), "customer", before=MARCH)

    assert change.difference == 100 * (Fraction(5, 10) - Fraction(9, 10))
    found = {(part.kind, part.key): part for part in change.parts}
    r_all = Fraction(9, 10)
    assert found[MIX, "A"].effect == 100 * (Fraction(6, 10) - Fraction(5, 10)) * (Fraction(4, 5) - r_all)
    assert found[MIX, "B"].effect == 100 * (Fraction(2, 10) - Fraction(5, 10)) * (1 - r_all)
    assert found[DENOMINATOR, "C"].effect == 100 * Fraction(2, 10) * (Fraction(1, 2) - r_all)
    assert found[CAUSE, "m"].effect == -100 * Fraction(6, 10) * Fraction(2, 6)
    assert found[CAUSE, "m"].rows == (0, 2)
    assert found[CAUSE, "none"].effect == -100 * Fraction(6, 10) * (Fraction(2, 6) - Fraction(1, 5))
    assert [part.key for part in change.parts if part.kind == WITHIN] == []
    assert change.parts[0].key == "m"  # the largest comes first


@pytest.mark.django_db
def test_what_cannot_be_compared_is_not_explained():
    put_order(make_team(), delivered_at=local(2026, 3, 9))
    change = explain("K01", ask(MARCH), "customer")
    assert (change.difference, change.parts) == (None, [])


@pytest.mark.django_db
def test_causes_of_a_figure_that_should_be_low_add_to_it():
    team = make_team()
    lead = make_user("lead", team=team)
    reason = DelayReason.objects.create(code="m", name_zh="料", name_en="Material", side="supplier")
    order = put_order(team)
    put_step(order, due_at=local(2026, 3, 5), closed_at=local(2026, 3, 4))
    put_step(order, due_at=local(2026, 4, 5), closed_at=local(2026, 4, 9), delay_reason=reason)

    change = explain("K22", ask(APRIL, viewer=lead), "clerk", before=MARCH)

    assert [(part.kind, part.key, part.effect) for part in change.parts] == [(CAUSE, "m", 100)]
