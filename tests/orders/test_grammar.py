import csv

import pytest

from orders.grammar import GrammarError, Ladder, Span, in_order, parse_ladder, parse_span, parse_step, parse_template
from orders.process import FOLDER, SHIPPED

COUNTS = {"PRE_SALES": 12, "EXPORT_FCL": 35, "GARMENT_TNA": 35, "DOMESTIC_MTO": 21, "SPARE_PARTS": 10, "CLAIM_8D": 9}


def rows(name):
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("name", "code"), [(name, code) for name, code, *_rest in SHIPPED])
def test_shipped_templates_follow_the_grammar(name, code):
    steps = parse_template(rows(name))

    assert len(steps) == COUNTS[code]
    assert {step.code for step in in_order(steps)} == {step.code for step in steps}
    assert sum("A" in step.flags for step in steps) == 1


@pytest.mark.parametrize(
    ("text", "expected"), [("0", Span(0, "w")), ("3w", Span(3, "w")), ("4h", Span(4, "h")), ("20c", Span(20, "c"))]
)
def test_span(text, expected):
    assert parse_span(text) == expected


@pytest.mark.parametrize("text", ["", "3", "w", "-3w", "3d", "3w ", "1.5w", "٣w", "99999w"])
def test_span_refuses(text):
    with pytest.raises(ValueError, match=r"^.*$"):
        parse_span(text)


def test_ladder_knows_missing_rungs():
    assert parse_ladder("-/1h/4h") == Ladder(None, Span(1, "h"), Span(4, "h"))
    assert parse_ladder("-") is None
    with pytest.raises(ValueError, match="1w/1w"):
        parse_ladder("1w/1w")


def step_row(**cells):
    return {"code": "A", "stage": "CONF", "role": "clerk", "duration": "1w", "flags": "A", **cells}


def test_dependencies_carry_their_lag():
    assert parse_step(step_row(depends_on="SEW_START+6w, CUT")).dependencies == (
        ("SEW_START", Span(6, "w")),
        ("CUT", None),
    )


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"code": "a b"}, "a b.code"),
        ({"stage": "XXX"}, "A.stage"),
        ({"role": "boss"}, "A.role"),
        ({"duration": "2x"}, "A.duration"),
        ({"depends_on": "B+2y"}, "A.depends_on"),
        ({"latest": "ETD+3w"}, "A.latest"),
        ({"sla": "1w"}, "A.sla"),
        ({"flags": "AZ"}, "A.flags"),
    ],
)
def test_a_faulty_cell_is_named(cells, field):
    with pytest.raises(GrammarError) as refusal:
        parse_step(step_row(**cells))

    assert list(refusal.value.fields) == [field]


@pytest.mark.parametrize(
    "table",
    [
        [step_row(), step_row()],  # twice the same code
        [step_row(depends_on="GONE")],
        [step_row(flags="")],  # no anchor
        [step_row(), step_row(code="B")],  # two anchors
        [step_row(depends_on="B"), step_row(code="B", flags="", depends_on="A")],  # a circle
    ],
)
def test_a_faulty_template_is_refused(table):
    with pytest.raises(GrammarError):
        parse_template(table)
