"""What the page of reminder ladders shows: for each step the template's own, the team's own, and the one in force."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from orders.grammar import Ladder, StepSpec, parse_ladder, parse_span
from orders.models import LadderJob, Ladders, Milestone, ProcessTemplate, TeamLadder, TemplateStep
from orders.models.ladders import EVERY, Place
from orders.overlays.rows import ROWS
from orders.process import read_steps
from orders.services.ladders import Effect, LadderEdit
from orders.services.plans.jobs import PLANNED_ORDER
from orders.step_words import ladder_words, span_words, spec_name
from orders.words import Stage
from teams.models import Team, User
from teams.permissions import Permission, RoleCode

ANY = "*"  # in addresses and forms: every process, or all steps of one
ALL = "all"  # instead of a step: everything that the team says of the process


@dataclass(frozen=True)
class LadderLine:
    """A step, or all of a process (`code` is empty). `template` is None where the processes differ."""

    code: str
    name: str
    role: str
    template: list[str] | None
    own: TeamLadder | None
    own_words: list[str]
    in_force: str
    source: str
    ladder: Ladder | None  # the one in force
    is_known: bool = True  # whether one ladder is in force


@dataclass(frozen=True)
class LadderGroup:
    name: str
    lines: list[LadderLine] = field(default_factory=list)


@dataclass(frozen=True)
class LadderTable:
    """The ladders of a team for one process, or for all of them."""

    whole: LadderLine
    groups: list[LadderGroup]
    rows: list[TeamLadder]  # what the team says of this process

    @property
    def lines(self) -> dict[str, LadderLine]:
        return {line.code: line for line in [self.whole, *(line for group in self.groups for line in group.lines)]}


def ladder_sentence(ladder: Ladder | None) -> str:
    """“提前 1 个工作日提醒责任人 · 到期当时 · 逾期 2 工作小时报组长”: everything that a ladder tells, in its order."""
    parts = []
    if ladder and ladder.soon:
        parts.append(_("owner reminded %(span)s before") % {"span": span_words(ladder.soon)})
    parts.append(pgettext("rung of a ladder", "told when due"))
    if ladder and ladder.lead:
        words = _("lead told %(span)s late") if ladder.lead.amount else _("lead told when due")
        parts.append(words % {"span": span_words(ladder.lead)})
    if ladder and ladder.manager:
        words = _("manager told %(span)s late") if ladder.manager.amount else _("manager told when due")
        parts.append(words % {"span": span_words(ladder.manager)})
    return " · ".join(parts)


def editable_teams(user: User) -> list[Team]:
    """The teams whose ladders the person may edit: those whose steps they hand out."""
    teams = Team.objects.visible_to(user).order_by("name", "pk")
    return [team for team in teams if user.access.allows(Permission.MILESTONE_ASSIGN, team.pk)]


def table_of(team: Team, process: str, templates: Mapping[str, ProcessTemplate]) -> LadderTable:
    """The ladders of `team` for a process; for every process, the steps that several have in common."""
    rows = list(TeamLadder.objects.filter(team=team).select_related("by"))
    ladders = Ladders(process, {row.place: row.rungs for row in rows})
    own = {row.place: row for row in rows}
    if process:
        specs = [spec for _pk, spec in read_steps([templates[process].pk])[templates[process].pk]]
        codes = {spec.code for spec in specs}
        there = _codes_in_use(team, process) | {step for of, step in own if of == process and step}
        shared = [([spec], str(Stage(spec.stage).label)) for spec in specs]
        shared += [
            ([spec], _("By an order's terms, or from older versions")) for spec in _others(process, there - codes)
        ]
    else:
        shared = [(same, str(Stage(same[0].stage).label)) for same in _shared_specs(templates, own)]
    groups: dict[str, LadderGroup] = {}
    for same, heading in shared:
        group = groups.setdefault(heading, LadderGroup(heading))
        group.lines.append(_line(same, ladders, own))
    whole = _whole(ladders, own)
    return LadderTable(whole, list(groups.values()), [row for row in rows if row.template_code == process])


def _line(same: Sequence[StepSpec], ladders: Ladders, own: Mapping[Place, TeamLadder]) -> LadderLine:
    """A step; `same` are its rows in the processes that have it."""
    spec, row = same[0], own.get((ladders.process, same[0].code))
    place = ladders.place_of(spec.code)
    differs = len({each.ladder for each in same}) > 1
    is_known = place is not None or not differs
    ladder = ladders.of(spec) if is_known else None
    return LadderLine(
        code=spec.code,
        name=spec_name(spec.name_zh, spec.name_en),
        role=str(RoleCode(spec.role).label),
        template=None if differs else ladder_words(spec.ladder),
        own=row,
        own_words=_own_words(row),
        in_force=ladder_sentence(ladder) if is_known else _("as each process has it"),
        source=_source(ladders.process, place),
        ladder=ladder,
        is_known=is_known,
    )


def _whole(ladders: Ladders, own: Mapping[Place, TeamLadder]) -> LadderLine:
    """What holds for every step that has no ladder of its own."""
    row = own.get((ladders.process, EVERY))
    general = own.get((EVERY, EVERY))
    found = row or general
    return LadderLine(
        code=EVERY,
        name=_("All steps of the process") if ladders.process else _("All steps of every process"),
        role="",
        template=None,
        own=row,
        own_words=_own_words(row),
        in_force=ladder_sentence(found.rungs) if found else _("as the template has it, step by step"),
        source=_source(ladders.process, found.place) if found else "",
        ladder=found.rungs if found else None,
        is_known=found is not None,
    )


def _own_words(row: TeamLadder | None) -> list[str]:
    if row is None:
        return []
    return ladder_words(row.rungs) or [pgettext("ladder", "nobody but the owner, when due")]


def _source(process: str, place: Place | None) -> str:
    """Where the ladder in force is written."""
    if place is None:
        return pgettext("source of a ladder", "process template")
    match place[0] == process, bool(place[1]):
        case True, True:
            return pgettext("source of a ladder", "this step")
        case True, False:
            return pgettext("source of a ladder", "all steps of the process") if process else _every_step()
        case _, True:
            return pgettext("source of a ladder", "this step in every process")
    return _every_step()


def _every_step() -> str:
    return pgettext("source of a ladder", "all steps of every process")


def _codes_in_use(team: Team, process: str) -> set[str]:
    steps = Milestone.objects.open().filter(
        order__team=team, order__template__code=process, order__status__in=PLANNED_ORDER
    )
    return set(steps.order_by().values_list("code", flat=True).distinct())


def _others(process: str, codes: Iterable[str]) -> list[StepSpec]:
    """The rows of steps that the current version lacks: those that terms add, else as the last version had them."""
    wanted = set(codes)
    found = {row.step.code: row.step for rows in ROWS.values() for row in rows if row.step.code in wanted}
    older = TemplateStep.objects.filter(code__in=wanted - set(found))
    for step in (older.filter(template__code=process) if process else older).order_by("template__version"):
        found[step.code] = _spec(step)
    return [found[code] for code in sorted(found)]


def _spec(step: TemplateStep) -> StepSpec:
    return StepSpec(
        code=step.code,
        name_zh=step.name_zh,
        name_en=step.name_en,
        stage=step.stage,
        role=step.role,
        duration=parse_span(step.duration),
        dependencies=(),
        latest=None,
        ladder=parse_ladder(step.sla),
        documents=(),
        flags=step.flags,
    )


def _shared_specs(templates: Mapping[str, ProcessTemplate], own: Mapping[Place, TeamLadder]) -> list[list[StepSpec]]:
    """The rows of each step that more than one process has, or of which the team says something; by stage."""
    by_code: dict[str, list[StepSpec]] = {}
    for steps in read_steps(template.pk for template in templates.values()).values():
        for _pk, spec in steps:
            by_code.setdefault(spec.code, []).append(spec)
    said = {step for of, step in own if of == EVERY and step}
    for spec in _others(EVERY, said - set(by_code)):
        by_code[spec.code] = [spec]
    shared = [same for code, same in by_code.items() if len(same) > 1 or code in said]
    stages = list(Stage.values)
    return sorted(shared, key=lambda same: stages.index(same[0].stage))


@dataclass
class LadderPage:
    """What a request looks at: a team and a process (empty: every one), and what else it may pick."""

    team: Team
    process: str
    teams: list[Team]
    templates: dict[str, ProcessTemplate]
    effect: Effect | None = None

    @cached_property
    def table(self) -> LadderTable:
        return table_of(self.team, self.process, self.templates)

    @cached_property
    def job(self) -> LadderJob | None:
        """The last edit of the team's ladders."""
        return LadderJob.objects.filter(team=self.team).select_related("by", "team").order_by("-pk").first()

    @property
    def address(self) -> str:
        return f"{reverse('ladders')}?{urlencode({'team': self.team.code, 'template': self.process_text})}"

    @property
    def process_text(self) -> str:
        return self.process or ANY

    @property
    def process_name(self) -> str:
        return self.templates[self.process].name if self.process else capfirst(_every_process())

    @property
    def process_choices(self) -> list[tuple[str, str]]:
        return [*((code, template.name) for code, template in self.templates.items()), (ANY, _every_process())]

    def edit(self, target: str, ladder: str | None = None) -> LadderEdit:
        """The edit of a step, of all steps, or of everything that the team says of the process."""
        if target == ALL:
            return LadderEdit(self.process, is_all=True)
        return LadderEdit(self.process, EVERY if target == ANY else target, ladder)

    def line_of(self, target: str) -> LadderLine | None:
        return self.table.lines.get(EVERY if target == ANY else target)


def read_page(team: Team, process: str | None, teams: list[Team]) -> LadderPage | None:
    """The page of a process, by default the first one; None where there is no such process."""
    found = ProcessTemplate.objects.filter(is_current=True).order_by("code")
    # Those of orders first: they are most of the work.
    kinds = (ProcessTemplate.Kind.ORDER, *ProcessTemplate.Kind)
    templates = {template.code: template for template in sorted(found, key=lambda each: kinds.index(each.kind))}
    if process is None:
        process = next(iter(templates), ANY)
    if process != ANY and process not in templates:
        return None
    return LadderPage(team, EVERY if process == ANY else process, teams, templates)


def _every_process() -> str:
    return pgettext("ladders", "every process")
