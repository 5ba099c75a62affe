"""What a step's row says, put together without a template engine: a desk shows a hundred of them."""

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from orders.models import Milestone
from orders.pages.steps import StepRow
from orders.templatetags.order_tags import joined, role_name, side_name, stage_name, time_left
from orders.words import word_of
from orders.workflow import MilestoneStatus
from teams.templatetags.gendan import icon, initial, moment

SHOWN_OF_NOTE = 100


def name(row: StepRow, view: str) -> SafeString:
    """The step's name, what it waits for and needs, why its clock stands, and its note. On the page `view` of an
    order ("order") the role stands beside it, elsewhere the stage."""
    milestone = row.milestone
    beside = role_name(milestone.role) if view == "order" else stage_name(milestone.stage)
    title = f'<span class="step-name">{escape(capfirst(milestone.name))}</span>'
    hints = "\n".join(_hints(row))
    below = f'\n<span class="sub hints">\n{hints}\n</span>' if hints else ""
    if milestone.note:
        note = escape(Truncator(milestone.note).chars(SHOWN_OF_NOTE))
        below += f'<span class="sub">{icon("sticky-note")} {note}</span>'
    return SafeString(f'{title} <span class="faint tiny">{escape(beside)}</span>{below}')


def _hints(row: StepRow) -> list[str]:
    hints = []
    if row.gates:
        words = _("First this gate has to be passed:") + f" {joined(row.gates)}"
        hints.append(f'<span class="ink-late">{icon("lock")} {escape(words)}</span>')
    elif row.waits_for and row.milestone.status == MilestoneStatus.PENDING:
        words = _("after") + f" {joined(row.waits_for)}"
        hints.append(f"<span>{icon('corner-down-right')} {escape(words)}</span>")
    if row.missing:
        words = _("needs") + f" {joined(name for _kind, name in row.missing)}"
        hints.append(f"<span>{icon('paperclip')} {escape(words)}</span>")
    if row.pause:
        since = _("since") + f" {moment(row.pause.from_at)}"
        words = f"{side_name(row.pause.side)}: {row.pause.reason} · {since}"
        hints.append(f'<span class="ink-wait">{icon("hourglass")} {escape(words)}</span>')
    return hints


def due(row: StepRow) -> SafeString:
    """When it is due and how much working time is left; of a closed step, when that happened and how."""
    milestone = row.milestone
    if milestone.is_open:
        return SafeString(f'<span class="nowrap">{escape(moment(milestone.due_at))}</span>\n{_due_tag(row)}')
    is_done = milestone.status == MilestoneStatus.DONE
    at = milestone.actual_finish_at if is_done else milestone.closed_at
    sign, tone = (icon("check"), "done") if is_done else ("", "quiet")
    tag = f'<span class="tag is-{tone}">{sign}{escape(word_of(MilestoneStatus, milestone.status))}</span>'
    return SafeString(f'<span class="nowrap">{escape(moment(at))}</span><span class="due-tag">{tag}</span>')


def _due_tag(row: StepRow) -> str:
    tag = ""
    if row.is_overdue:
        tag = _tag("is-late", _calendar(row), "triangle-alert", time_left(row))
    elif row.is_late_waiting:
        words = _("late, waiting on %(side)s") % {"side": side_name(row.milestone.waiting_on)}
        tag = _tag("is-wait", _("The clock stands while others hold it"), "hourglass", words)
    elif row.pause:
        tag = _tag("is-wait", "", "circle-pause", _("waiting"))
    elif row.left is not None:
        tag = _tag("is-today" if row.tone == "today" else "", _calendar(row), "clock", time_left(row))
    return f'<span class="due-tag">{tag}</span>'


def _calendar(row: StepRow) -> str:
    return _("Working time of the calendar") + f" {row.milestone.calendar.name}"


def _tag(tone: str, title: str, sign: str, words: str) -> str:
    titled = f' title="{escape(title)}"' if title else ""
    return f'<span class="tag {tone}"{titled}>{icon(sign)}{escape(words)}</span>'


def why(milestone: Milestone, number: str) -> SafeString:
    """The link to how the due instant of a step of the order `number` was computed."""
    label = escape(_("Why this date: %(step)s") % {"step": milestone.name})
    title, url = escape(_("Why this date?")), escape(reverse("step_why", args=[number, milestone.pk]))
    return SafeString(
        f'<a class="why no-print" href="{url}" data-why aria-label="{label}" title="{title}">'
        f"{icon('circle-question-mark')}</a>"
    )


def holder(row: StepRow) -> SafeString:
    """Whom the step waits on outside, and who carries it."""
    milestone, outside = row.milestone, ""
    if row.is_waiting:
        outside = f'<span class="tag is-wait">{icon("hourglass")}{escape(side_name(milestone.waiting_on))}</span>\n'
    if milestone.assignee:
        sign, person = escape(initial(milestone.assignee)), escape(milestone.assignee)
        inner = (
            f'<span class="person small"><span class="avatar avatar-sm">{sign}</span>'
            f'<span class="clip">{person}</span></span>'
        )
    else:
        words = escape(_("nobody yet"))
        inner = f'<span class="small faint">{words}</span>'
    return SafeString(outside + inner)
