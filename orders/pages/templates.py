"""What the pages of process templates show: the list, a version's steps, its coverage, its figures, its history."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.calendars import all_calendars, kind_of
from orders.grammar import StepSpec, parse_span, row_of
from orders.lead_times import Figures, figures_of
from orders.models import DocumentKind, Order, PlanJob, ProcessTemplate
from orders.pages.template_network import Drawing, draw_network, network_label
from orders.planning import PlanningError
from orders.process import read_steps, steps_of
from orders.services.plans import Changes, Proposal, propose
from orders.services.templates import Draft, diff_from, head_of, open_orders_by_version
from orders.step_words import (
    CALENDAR_KINDS,
    FLAGS,
    cell_words,
    column_words,
    days_words,
    ladder_words,
    latest_words,
    span_words,
    spec_name,
)
from orders.template_diff import Diff, diff_of
from orders.words import Stage, word_of
from teams.errors import DomainError
from teams.models import User, WorkCalendar
from teams.permissions import ROLES, RoleCode

SHOWN_FLOATS = 8
SHOWN_VERSIONS = 20


# The list


@dataclass(frozen=True)
class TemplateRow:
    """A process in the list; `figures` is None where its steps make no plan."""

    template: ProcessTemplate
    step_count: int
    figures: Figures | None
    anchor_name: str
    open_count: int
    older_count: int
    open_words: str


def template_rows(user: User) -> list[TemplateRow]:
    """The current version of every process; a constant number of queries."""
    templates = list(ProcessTemplate.objects.filter(is_current=True).order_by("kind", "code"))
    steps = read_steps(template.pk for template in templates)
    counts = open_orders_by_version(user)
    rows = []
    for template in templates:
        specs = tuple(spec for _pk, spec in steps[template.pk])
        figures = _figures(specs, template)
        by_version = counts.get(template.code, {})
        older = sum(count for version, count in by_version.items() if version != template.version)
        rows.append(
            TemplateRow(
                template,
                len(specs),
                figures,
                names_of(specs).get(figures.anchor, "") if figures else "",
                sum(by_version.values()),
                older,
                _versions_words(by_version),
            )
        )
    return rows


def _versions_words(by_version: Mapping[int, int]) -> str:
    return ", ".join(f"v{version}: {count}" for version, count in sorted(by_version.items(), reverse=True))


def _figures(specs: tuple[StepSpec, ...], template: ProcessTemplate) -> Figures | None:
    try:
        return figures_of(specs, parse_span(template.buffer or "0")) if specs else None
    except PlanningError:
        return None


# The steps of a version


@dataclass(frozen=True)
class StepLine:
    spec: StepSpec
    number: int
    name: str
    role: str
    duration: str
    depends_on: list[tuple[str, str, str]]  # code, name, lag in words
    latest: str
    ladder: list[str]
    documents: list[tuple[str, bool]]  # name, required
    flags: list[tuple[str, str, str]]  # icon, word, meaning
    calendar: str
    is_calendar_chosen: bool
    is_critical: bool


@dataclass(frozen=True)
class StageLines:
    stage: str
    name: str
    lines: list[StepLine] = field(default_factory=list)


def names_of(specs: Iterable[StepSpec]) -> dict[str, str]:
    """Step names in the reader's language, by code."""
    return {spec.code: spec_name(spec.name_zh, spec.name_en) for spec in specs}


def step_stages(
    specs: Sequence[StepSpec], calendars: Mapping[str, WorkCalendar], critical: Iterable[str]
) -> list[StageLines]:
    """The steps in their order, one group for each run of a stage."""
    names, chain = names_of(specs), set(critical)
    groups: list[StageLines] = []
    for number, spec in enumerate(specs, start=1):
        if not groups or groups[-1].stage != spec.stage:
            groups.append(StageLines(spec.stage, str(Stage(spec.stage).label)))
        groups[-1].lines.append(_step_line(spec, number, names, calendars, spec.code in chain))
    return groups


def _step_line(
    spec: StepSpec, number: int, names: Mapping[str, str], calendars: Mapping[str, WorkCalendar], is_critical: bool
) -> StepLine:
    chosen = calendars.get(spec.calendar)
    return StepLine(
        spec=spec,
        number=number,
        name=names[spec.code],
        role=str(RoleCode(spec.role).label),
        duration=span_words(spec.duration),
        depends_on=[
            (code, names.get(code, code), _("then %(span)s") % {"span": span_words(lag)} if lag and lag.amount else "")
            for code, lag in spec.dependencies
        ],
        latest=latest_words(spec.latest, names) if spec.latest else "",
        ladder=ladder_words(spec.ladder),
        documents=[(word_of(DocumentKind, code), is_required) for code, is_required in spec.documents],
        flags=[(FLAGS[f][0], str(FLAGS[f][1]), str(FLAGS[f][2])) for f in FLAGS if f in spec.flags],
        calendar=chosen.name if chosen else str(CALENDAR_KINDS[kind_of(spec)]),
        is_calendar_chosen=chosen is not None,
        is_critical=is_critical,
    )


# Who owns what


@dataclass(frozen=True)
class CoverageRow:
    """`owned` says for each column whether that role owns the step; `fault` why the row has not exactly one owner."""

    code: str
    name: str
    owned: list[bool]
    fault: str


@dataclass(frozen=True)
class Coverage:
    roles: list[tuple[str, str, int]]  # code, name, how many steps
    stages: list[tuple[str, list[CoverageRow]]]

    @property
    def fault_count(self) -> int:
        return sum(bool(row.fault) for _stage, rows in self.stages for row in rows)


def owners_of(row: Mapping[str, str]) -> list[str]:
    """The roles that a row names as its owner, known or not; the rule wants exactly one, and a known one."""
    return [role for role in re.split(r"[,;/\s]+", row.get("role") or "") if role]


def coverage_of(rows: Sequence[Mapping[str, str]]) -> Coverage:
    """Steps by stage against the roles that occur, in the order of the table of roles."""
    owners = [owners_of(row) for row in rows]
    roles = [code for code in RoleCode.values if any(code in found for found in owners)]
    stages: dict[str, list[CoverageRow]] = {}
    for row, found in zip(rows, owners, strict=True):
        stage = word_of(Stage, row.get("stage") or "—")
        name = spec_name(row.get("name_zh") or "", row.get("name_en") or "") or row.get("code") or ""
        covered = CoverageRow(row.get("code") or "", name, [role in found for role in roles], _owner_fault(found))
        stages.setdefault(stage, []).append(covered)
    counts = [(code, str(RoleCode(code).label), sum(code in found for found in owners)) for code in roles]
    return Coverage(counts, list(stages.items()))


def _owner_fault(found: Sequence[str]) -> str:
    if not found:
        return _("nobody owns this step")
    unknown = [role for role in found if role not in ROLES]
    if unknown:
        return _("“%(text)s” is not a role") % {"text": unknown[0]}
    return _("more than one owner") if len(found) > 1 else ""


# Versions and what they changed


@dataclass(frozen=True)
class ShownChange:
    """A changed row in words: `cells` are column, old and new."""

    kind: str
    code: str
    name: str
    cells: list[tuple[str, str, str]]


@dataclass(frozen=True)
class ShownDiff:
    head: list[tuple[str, str, str]]
    rows: list[ShownChange]
    summary: str

    def __bool__(self) -> bool:
        return bool(self.head or self.rows)


@dataclass(frozen=True)
class VersionLine:
    template: ProcessTemplate
    diff: ShownDiff | None  # None: the first one
    open_count: int


def shown_diff(diff: Diff, calendars: Mapping[str, WorkCalendar]) -> ShownDiff:
    def cells(changes: Iterable[Any]) -> list[tuple[str, str, str]]:
        return [
            (
                column_words(c.column),
                cell_words(c.column, c.old, calendars),
                cell_words(c.column, c.new, calendars),
            )
            for c in changes
        ]

    rows = [
        ShownChange(row.kind, row.spec.code, spec_name(row.spec.name_zh, row.spec.name_en), cells(row.cells))
        for row in diff.rows
    ]
    return ShownDiff(cells(diff.head), rows, _summary(diff))


def _summary(diff: Diff) -> str:
    words = {
        "added": lambda n: ngettext("%(count)s step added", "%(count)s steps added", n),
        "removed": lambda n: ngettext("%(count)s step removed", "%(count)s steps removed", n),
        "changed": lambda n: ngettext("%(count)s step changed", "%(count)s steps changed", n),
        "moved": lambda n: ngettext("%(count)s step in another place", "%(count)s steps in another place", n),
    }
    parts = [words[kind](count) % {"count": count} for kind, count in diff.counts.items()]
    parts += [column_words(change.column) for change in diff.head]
    return " · ".join(parts)


def version_lines(
    template: ProcessTemplate, calendars: Mapping[str, WorkCalendar], open_counts: Mapping[int, int]
) -> list[VersionLine]:
    """The versions of a process, newest first, each with what it changed; a constant number of queries."""
    versions = list(
        ProcessTemplate.objects.filter(code=template.code)
        .select_related("made_by")
        .order_by("-version")[: SHOWN_VERSIONS + 1]
    )
    steps = {pk: [spec for _pk, spec in found] for pk, found in read_steps(v.pk for v in versions).items()}
    lines = []
    for version, before in zip(versions, [*versions[1:], None], strict=True):
        diff = None
        if before is not None:
            raw = diff_of(steps[before.pk], steps[version.pk], head_of(before), head_of(version))
            diff = shown_diff(raw, calendars)
        lines.append(VersionLine(version, diff, open_counts.get(version.version, 0)))
    return lines[:SHOWN_VERSIONS]


# A version as a whole


@dataclass(frozen=True)
class FigureWords:
    """The figures in words; `path` is the critical chain by name."""

    days: str
    range: str
    calendar_days: str
    last: str
    anchor: str
    path: list[tuple[str, str]]  # code, name
    floats: list[tuple[str, str, int]]  # code, name, working days


def figure_words(figures: Figures, specs: Sequence[StepSpec]) -> FigureWords:
    names = names_of(specs)
    calendar_days = ngettext("%(count)s calendar day", "%(count)s calendar days", figures.calendar_days)
    return FigureWords(
        days=days_words(figures.days),
        range=(
            _("%(least)s to %(most)s by weekday") % {"least": figures.least_days, "most": figures.most_days}
            if figures.least_days < figures.most_days
            else ""
        ),
        calendar_days=calendar_days % {"count": figures.calendar_days},
        last=days_words(figures.last_days),
        anchor=names.get(figures.anchor, ""),
        path=[(code, names[code]) for code in figures.critical],
        floats=[(code, names[code], days) for code, days in figures.floats[:SHOWN_FLOATS]],
    )


def template_context(template: ProcessTemplate, user: User) -> dict[str, Any]:
    """Everything on the page of a process's current version."""
    specs = tuple(spec for _pk, spec in steps_of(template.pk))
    calendars = all_calendars()
    figures = _figures(specs, template)
    counts = open_orders_by_version(user, template.code).get(template.code, {})
    drawing: Drawing = draw_network(specs, figures.critical if figures else ())
    return {
        "template": template,
        "buffer": span_words(parse_span(template.buffer)) if template.buffer not in {"", "0"} else "",
        "step_count": len(specs),
        "stages": step_stages(specs, calendars, figures.critical if figures else ()),
        "coverage": coverage_of([row_of(spec) for spec in specs]),
        "drawing": drawing,
        "drawing_label": network_label(drawing),
        "figures": figure_words(figures, specs) if figures else None,
        "versions": version_lines(template, calendars, counts),
        "open_count": sum(counts.values()),
        "older_count": sum(count for version, count in counts.items() if version != template.version),
    }


# Before a version is saved


@dataclass(frozen=True)
class Warning:
    words: str
    steps: list[str]


def warnings_of(specs: Sequence[StepSpec], figures: Figures) -> list[Warning]:
    """What may be meant, and is more often forgotten: steps nothing waits for, steps nobody is reminded of."""
    names = names_of(specs)
    awaited = {code for spec in specs for code, _lag in spec.dependencies}
    ends = [spec.code for spec in specs if spec.code not in awaited and spec.code != figures.anchor]
    silent = [spec.code for spec in specs if spec.ladder is None and spec.duration.amount]
    found = []
    if len(ends) > 1:  # a process has to end somewhere
        found.append(Warning(_("Nothing waits for these steps:"), [names[code] for code in ends]))
    if silent:
        found.append(Warning(_("Nobody is reminded of these steps:"), [names[code] for code in silent]))
    return found


def preview_context(template: ProcessTemplate, draft: Draft, user: User) -> dict[str, Any]:
    """The effect that a version would have, before it is saved."""
    calendars = all_calendars()
    specs = tuple(spec for _pk, spec in steps_of(template.pk))
    before = _figures(specs, template)
    after_words = figure_words(draft.figures, draft.specs)
    before_path = set(before.critical) if before else set()
    counts = open_orders_by_version(user, template.code).get(template.code, {})
    return {
        "diff": shown_diff(diff_from(template, draft), calendars),
        "before": figure_words(before, specs) if before else None,
        "after": after_words,
        "difference": draft.figures.days - before.days if before else 0,
        "path": [(code, name, code not in before_path) for code, name in after_words.path],
        "off_path": [
            names_of(specs)[code] for code in (before.critical if before else ()) if code not in draft.figures.critical
        ],
        "warnings": warnings_of(draft.specs, draft.figures),
        "open_count": sum(counts.values()),
        "next_version": template.version + 1,
    }


def conflict_context(base: ProcessTemplate | None, current: ProcessTemplate, draft: Draft) -> dict[str, Any]:
    """What somebody saved since `base`, and what this person changes against it."""
    calendars = all_calendars()
    if base is None:
        return {"theirs": None, "yours": shown_diff(diff_from(current, draft), calendars)}
    theirs = diff_of(_specs(base), _specs(current), head_of(base), head_of(current))
    return {"theirs": shown_diff(theirs, calendars), "yours": shown_diff(diff_from(base, draft), calendars)}


def _specs(template: ProcessTemplate) -> list[StepSpec]:
    return [spec for _pk, spec in steps_of(template.pk)]


# Moving open orders to a version

# What a proposal reads of an order.
MIGRATION_RELATIONS = ("customer", "supplier", "team", "template", "plan", "clerk")


@dataclass(frozen=True)
class MigrationRow:
    """An open order with what the new version would do to it; `fault` says why it cannot move."""

    order: Order
    added: int
    removed: int
    moved: int
    largest: tuple[str, str, datetime, datetime] | None  # step, "+3", old and new instant
    moves: list[dict[str, Any]]
    fault: str = ""


KINDS = {"added": 0, "removed": 1, "moved": 2}
SHOWN_JOBS = 5


def template_jobs(template: ProcessTemplate) -> list[PlanJob]:
    """The last jobs that moved orders of this process."""
    jobs = PlanJob.objects.filter(kind=PlanJob.Kind.TEMPLATE, template__code=template.code)
    return list(jobs.select_related("template", "by").order_by("-pk")[:SHOWN_JOBS])


def migration_row(order: Order, template: ProcessTemplate, now: datetime) -> MigrationRow:
    try:
        proposal = propose(order, Changes(template=template), now=now)
    except DomainError as refusal:
        return MigrationRow(order, 0, 0, 0, None, [], str(refusal))
    return _migration_row(order, proposal)


def _migration_row(order: Order, proposal: Proposal) -> MigrationRow:
    kinds = [str(move.kind) for move in proposal.moves]
    moves = [
        {
            "kind": str(move.kind),
            "name": spec_name(move.milestone.name_zh, move.milestone.name_en),
            "old": move.old,
            "new": move.new,
        }
        for move in sorted(proposal.moves, key=lambda m: (KINDS[str(m.kind)], m.milestone.position))
    ]
    both = [(move.milestone, move.old, move.new) for move in proposal.moves if move.old and move.new]
    shown = None
    if both:
        milestone, old, new = max(both, key=lambda move: abs(move[2] - move[1]))
        shown = (spec_name(milestone.name_zh, milestone.name_en), _difference(old, new), old, new)
    return MigrationRow(order, kinds.count("added"), kinds.count("removed"), kinds.count("moved"), shown, moves)


def _difference(old: datetime, new: datetime) -> str:
    """+3 d, −2 d, or hours where it is less than a day."""
    seconds = (new - old).total_seconds()
    sign = "+" if seconds >= 0 else "−"
    days = round(abs(seconds) / 86_400)
    if days:
        return ngettext("%(sign)s%(count)s day", "%(sign)s%(count)s days", days) % {"sign": sign, "count": days}
    hours = round(abs(seconds) / 3600)
    return ngettext("%(sign)s%(count)s hour", "%(sign)s%(count)s hours", hours) % {"sign": sign, "count": hours}
