"""What a template may not be: each refusal names the step and the column, and nothing is half read."""

import csv

import pytest
from django.utils import translation

from orders.grammar import FULL_COLUMNS, GrammarError, Known, parse_template, row_of
from orders.models import DocumentKind
from orders.process import FOLDER, SHIPPED

KNOWN = Known(documents=DocumentKind.values, calendars={"CN_OFFICE"})
LONG = "X" * 41


def row(code, **cells):
    return {
        **{"code": code, "name_zh": code, "name_en": code, "stage": "CONF", "role": "clerk", "duration": "1w"},
        **cells,
    }


def table(**changed):
    """A → B → C (the anchor) → D, with cells of B changed."""
    return [
        row("A"),
        {**row("B", depends_on="A"), **changed},
        row("C", depends_on="B", flags="A"),
        row("D", depends_on="C"),
    ]


def refused(rows):
    with pytest.raises(GrammarError) as refusal:
        parse_template(rows, KNOWN)
    return refusal.value


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"code": " "}, "code"),
        ({"code": "b"}, "code"),
        ({"code": "B C"}, "code"),
        ({"code": "B-1"}, "code"),
        ({"code": "订单"}, "code"),
        ({"code": LONG}, "code"),
        ({"name_zh": "", "name_en": ""}, "name_zh"),
        ({"name_zh": "长" * 121}, "name_zh"),
        ({"name_en": "x" * 201}, "name_en"),
        ({"name_en": "a\x00b"}, "name_en"),
        ({"stage": ""}, "stage"),
        ({"role": ""}, "role"),
        ({"role": "boss"}, "role"),
        ({"role": "clerk,qc"}, "role"),
        ({"duration": ""}, "duration"),
        ({"duration": "-1w"}, "duration"),
        ({"duration": "401w"}, "duration"),
        ({"duration": "401c"}, "duration"),
        ({"duration": "3201h"}, "duration"),
        ({"duration": "99999999w"}, "duration"),
        ({"duration": "3y"}, "duration"),
        ({"depends_on": "A+401w"}, "depends_on"),
        ({"depends_on": "A+2"}, "depends_on"),
        ({"depends_on": "A,A"}, "depends_on"),
        ({"depends_on": "B"}, "depends_on"),
        ({"depends_on": "GONE"}, "depends_on"),
        ({"latest": "GONE-2w"}, "latest"),
        ({"latest": "A-2w"}, "latest"),  # comes before
        ({"latest": "B-2w"}, "latest"),
        ({"latest": "C+2w"}, "latest"),
        ({"latest": "C-500w"}, "latest"),
        ({"sla": "1w"}, "sla"),
        ({"sla": "1w/1w/900w"}, "sla"),
        ({"documents": "CI,XX!"}, "documents"),
        ({"documents": "CI,CI!"}, "documents"),
        ({"documents": "!"}, "documents"),
        ({"flags": "X"}, "flags"),
        ({"flags": "a"}, "flags"),
        ({"flags": "GG"}, "flags"),
        ({"calendar": "MARS"}, "calendar"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_faulty_cell_is_named_by_row_and_column(cells, column, language):
    with translation.override(language):
        refusal = refused(table(**cells))
        words = [fault.words for fault in refusal.faults]

    assert (1, column) in {(fault.row, fault.column) for fault in refusal.faults}
    assert all(words)


@pytest.mark.parametrize("duration", ["400w", "400c", "3200h", "0"])
def test_the_longest_durations_are_taken(duration):
    assert parse_template(table(duration=duration), KNOWN)[1].duration


def test_a_parallel_step_does_not_come_after():
    rows = [*table(), row("E", depends_on="A", latest="C-1w")]

    assert [(fault.step, fault.column) for fault in refused(rows).faults] == [("E", "latest")]


def test_every_fault_is_told_at_once():
    rows = table(role="", duration="1x")
    rows[3] |= {"documents": "XX"}

    assert [(fault.row, fault.column) for fault in refused(rows).faults] == [
        (1, "role"),
        (1, "duration"),
        (3, "documents"),
    ]


def test_a_circle_names_just_the_steps_on_it():
    rows = [row("A"), row("B", depends_on="A,D"), row("C", depends_on="B", flags="A"), row("D", depends_on="C")]
    rows.append(row("E", depends_on="D"))

    refusal = refused(rows)

    assert {fault.step for fault in refusal.faults} == {"B", "C", "D"}
    assert {fault.column for fault in refusal.faults} == {"depends_on"}
    assert "E" not in str(refusal.faults[0].message).split(": ")[-1]


@pytest.mark.parametrize(
    ("rows", "steps"),
    [
        ([], []),
        ([row("A"), row("B", depends_on="A")], []),  # no anchor
        ([row("A", flags="A"), row("B", depends_on="A", flags="AG")], ["A", "B"]),
        ([row("A", flags="A"), row("A")], ["A"]),
    ],
)
def test_a_table_at_fault_is_refused(rows, steps):
    assert [fault.step for fault in refused(rows).faults if fault.row is not None] == steps


def test_two_hundred_steps_are_the_most():
    rows = [row("S0", flags="A"), *(row(f"S{n}", depends_on=f"S{n - 1}") for n in range(1, 201))]

    assert len(parse_template(rows[:-1], KNOWN)) == 200
    assert refused(rows).faults[0].row is None


@pytest.mark.parametrize("name", [name for name, *_rest in SHIPPED])
def test_a_row_written_out_reads_as_the_same_step(name):
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        specs = parse_template(csv.DictReader(file), KNOWN)

    rows = [row_of(spec) for spec in specs]
    again = parse_template(rows, KNOWN)

    assert tuple(rows[0]) == FULL_COLUMNS
    assert [row_of(spec) for spec in again] == rows
    assert [spec.dependencies for spec in again] == [spec.dependencies for spec in specs]
    assert [spec.documents for spec in again] == [spec.documents for spec in specs]
