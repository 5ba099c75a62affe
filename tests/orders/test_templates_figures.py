"""Least lengths, differences between versions, and the drawn network: pure values."""

import csv
from dataclasses import replace
from itertools import combinations

import pytest

from orders.grammar import parse_template
from orders.lead_times import figures_of
from orders.pages.template_network import (
    BOX_HEIGHT,
    BOX_WIDTH,
    LINE_UNITS,
    _width,
    depths_of,
    draw_network,
    wrapped,
)
from orders.pages.templates import coverage_of
from orders.planning import Span
from orders.process import FOLDER, SHIPPED
from orders.template_diff import CellChange, Head, diff_of

HEAD = Head("名", "Name", "0")


def shipped(code):
    name = next(row[0] for row in SHIPPED if row[1] == code)
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return parse_template(csv.DictReader(file))


# Figures (domain table C8)


@pytest.mark.parametrize(
    ("code", "anchor", "days", "calendar_days"),
    [("EXPORT_FCL", "ETD", 43, 60), ("GARMENT_TNA", "EX_FACTORY", 60, 84), ("DOMESTIC_MTO", "DELIVERED", 31, 44)],
)
def test_golden_working_days_from_the_order_to_the_anchor(code, anchor, days, calendar_days):
    figures = figures_of(shipped(code))

    assert (figures.anchor, figures.days, figures.calendar_days) == (anchor, days, calendar_days)


def test_golden_floats_and_critical_path():
    figures = figures_of(shipped("EXPORT_FCL"))

    floats = dict(figures.floats)
    assert floats["ARTWORK_APPROVED"] == 16
    assert (floats["BOOKING"], floats["INLINE_QC"], floats["PP_SUBMIT"]) == (8, 7, 6)
    assert (floats["SI_SUBMITTED"], floats["ETD"]) == (2, 1)
    assert figures.critical[:3] == ("PO_RECEIVED", "CONTRACT_REVIEW", "PI_ISSUED")
    assert figures.critical[-2:] == ("CUSTOMS_RELEASED", "ETD")
    assert "ARTWORK_APPROVED" not in figures.critical


def test_a_process_without_an_anchor_to_plan_back_from_counts_to_its_end():
    figures = figures_of(shipped("CLAIM_8D"))

    assert (figures.anchor, figures.days) == ("", 23)
    assert figures.critical[-1] == "CLOSED"


def test_a_longer_critical_step_makes_the_process_longer_and_another_does_not():
    specs = shipped("EXPORT_FCL")

    def with_days(code, days):
        return tuple(replace(s, duration=Span(days, "w")) if s.code == code else s for s in specs)

    assert figures_of(with_days("MATERIAL_IN", 15)).days == 46
    assert figures_of(with_days("ARTWORK_APPROVED", 8)).days == 43


# Differences


def test_a_version_differs_not_from_itself():
    specs = shipped("EXPORT_FCL")

    assert not diff_of(specs, specs, HEAD, HEAD)


def test_rows_added_removed_moved_and_cells_changed():
    specs = shipped("CLAIM_8D")
    changed = [replace(spec, duration=Span(3, "w")) if spec.code == "CONTAINMENT" else spec for spec in specs]
    new = [*changed[:-2], replace(changed[-1], code="NEW"), changed[-1]]  # RESOLVED goes, NEW comes
    new[0], new[1] = new[1], new[0]

    diff = diff_of(specs, new, HEAD, replace(HEAD, buffer="2w"))

    assert diff.counts == {"added": 1, "removed": 1, "changed": 1, "moved": 1}
    assert next(row for row in diff.rows if row.kind == "changed").cells == (CellChange("duration", "1w", "3w"),)
    assert {row.spec.code for row in diff.rows if row.kind in {"added", "removed"}} == {"NEW", "RESOLVED"}
    assert diff.head == (CellChange("buffer", "0", "2w"),)


def test_a_row_that_moves_far_is_the_only_one_that_moved():
    specs = list(shipped("CLAIM_8D"))

    diff = diff_of(specs, [*specs[1:], specs[0]], HEAD, HEAD)

    assert [(row.kind, row.spec.code) for row in diff.rows] == [("moved", "CLAIM_RECEIVED")]


def test_marks_in_another_order_are_no_difference():
    specs = shipped("EXPORT_FCL")

    assert not diff_of(specs, [replace(spec, flags=spec.flags[::-1]) for spec in specs], HEAD, HEAD)


# Coverage


@pytest.mark.parametrize(
    ("role", "has_fault"),
    [("clerk", False), ("", True), ("clerk,qc", True), ("clerk qc", True), ("boss", True), ("clerk, boss", True)],
)
def test_a_row_without_exactly_one_owner_is_a_fault(role, has_fault):
    rows = [
        {"code": "A", "name_en": "a", "stage": "CONF", "role": "clerk"},
        {"code": "B", "stage": "CONF", "role": role},
    ]

    coverage = coverage_of(rows)

    assert coverage.fault_count == has_fault
    assert not coverage.stages[0][1][0].fault


def test_each_shipped_step_is_owned_once():
    for _name, code, *_rest in SHIPPED:
        specs = shipped(code)
        coverage = coverage_of([{"code": s.code, "stage": s.stage, "role": s.role} for s in specs])

        rows = [row for _stage, stage_rows in coverage.stages for row in stage_rows]
        assert coverage.fault_count == 0
        assert [sum(row.owned) for row in rows] == [1] * len(specs)
        assert sum(count for _code, _name, count in coverage.roles) == len(specs)


# The drawn network


@pytest.mark.parametrize("code", [row[1] for row in SHIPPED])
def test_no_two_boxes_overlap_and_all_lie_within_the_drawing(code):
    specs = shipped(code)
    drawing = draw_network(specs, figures_of(specs).critical)

    for one, other in combinations(drawing.boxes, 2):
        assert abs(one.x - other.x) >= BOX_WIDTH or abs(one.y - other.y) >= BOX_HEIGHT, (one.code, other.code)
    assert all(box.x >= 0 and box.x + BOX_WIDTH <= drawing.width for box in drawing.boxes)
    assert all(box.y >= 0 and box.y + BOX_HEIGHT <= drawing.height for box in drawing.boxes)
    assert len(drawing.lines) == sum(len(spec.dependencies) for spec in specs)


@pytest.mark.parametrize("code", [row[1] for row in SHIPPED])
def test_every_step_stands_right_of_those_it_waits_for(code):
    specs = shipped(code)
    columns = depths_of(specs)

    assert all(columns[other] < columns[spec.code] for spec in specs for other, _lag in spec.dependencies)


@pytest.mark.parametrize("code", [row[1] for row in SHIPPED])
def test_no_line_runs_through_a_box(code):
    """Along a column a line keeps to its own row, so it meets no box there."""
    specs = shipped(code)
    drawing = draw_network(specs, figures_of(specs).critical)
    middles = {(box.x, box.y + BOX_HEIGHT // 2) for box in drawing.boxes}

    for line in drawing.lines:
        passed = [part.split("H") for part in line.path.split("C")[1:] if "H" in part]
        for bend, along in ((parts[0], parts[1]) for parts in passed):
            x, y = (int(number) for number in bend.split()[-2:])
            assert (x, y) not in middles, line
            assert int(along) == x + BOX_WIDTH or int(along) > x


def test_a_dependency_that_a_longer_way_makes_needless_is_not_on_the_chain():
    specs = shipped("CLAIM_8D")
    needless = tuple(
        replace(s, dependencies=(*s.dependencies, ("CONTAINMENT", None))) if s.code == "CORRECTIVE" else s
        for s in specs
    )

    drawing = draw_network(needless, figures_of(needless).critical)

    critical = {(line.start, line.end) for line in drawing.lines if line.is_critical}
    assert ("ROOT_CAUSE", "CORRECTIVE") in critical
    assert ("CONTAINMENT", "CORRECTIVE") not in critical


@pytest.mark.parametrize(
    "text",
    [
        "收到客户PO",
        "Document set ready (CI, PL, B/L copy, CO)",
        "x" * 90,
        "面料到厂验布四分制检验合格后入库登记完成",
        "A",
    ],
)
def test_a_name_is_wrapped_to_the_box(text):
    lines = wrapped(text, LINE_UNITS, 2)

    assert 1 <= len(lines) <= 2
    assert all(_width(line) <= LINE_UNITS for line in lines)
    assert "".join(lines).replace(" ", "").rstrip("…") in text.replace(" ", "")
