"""The page behind the link in a message: what it is about, and which answers its person may give."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders import notices
from orders.forms.answers import FORMS, AnswerForm
from orders.models import Milestone
from orders.pages.steps import StepRow, rows_of, with_row_data
from orders.workflow import RUNNING_ORDER
from teams.models import Answer, AnswerLink, User

# What each answer takes, by the name that a row has for it.
_NEEDS = {Answer.DONE: "complete", Answer.LATE: "complete", Answer.WAITING: "pause"}


@dataclass(frozen=True)
class AnswerPage:
    """`facts` are the message's own words, as of now; `offered` the answers that may be given."""

    link: AnswerLink
    person: User
    row: StepRow
    facts: Mapping[str, str]
    offered: frozenset[str]
    forms: Mapping[str, AnswerForm]
    opened: str = ""  # the answer whose form is unfolded; by default that which needs no typing

    @property
    def milestone(self) -> Milestone:
        return self.row.milestone

    @property
    def order_url(self) -> str:
        return url_of(self.milestone)

    @property
    def is_running(self) -> bool:
        return self.milestone.order.status in RUNNING_ORDER

    @property
    def may_complete(self) -> bool:
        return "complete" in self.row.actions

    @property
    def is_one_tap(self) -> bool:
        """Done takes one tap: nothing is missing and nothing stands before it."""
        return self.may_complete and not self.row.missing and not self.row.gates

    @property
    def missing_names(self) -> list[str]:
        return [name for _kind, name in self.row.missing]

    @property
    def stands_in_for(self) -> str:
        return str(self.link.notification.payload.get("for_name", ""))


def url_of(milestone: Milestone) -> str:
    """The order's page, behind the log-in."""
    return notices.order_path({"order": milestone.order.number})


def answer_page(
    link: AnswerLink, milestone: Milestone, *, now: datetime, opened: str = "", form: AnswerForm | None = None
) -> AnswerPage:
    """The page about `milestone`, which the link's person may see; `form` is the one that was sent, if any."""
    person = link.notification.recipient
    milestone = with_row_data(Milestone.objects.filter(pk=milestone.pk)).get()
    row = rows_of([milestone], user=person, now=now)[0]
    offered = frozenset(answer for answer in Answer.values if _is_offered(answer, row))
    forms = {answer: FORMS[answer](milestone=milestone) for answer in offered}
    if form is not None and opened in forms:
        forms[opened] = form
    opened = opened if opened in forms else Answer.SNOOZE
    return AnswerPage(link, person, row, _facts(milestone, now), offered, forms, opened)


def _is_offered(answer: str, row: StepRow) -> bool:
    if not row.milestone.is_open or row.milestone.order.status not in RUNNING_ORDER:
        return False
    return answer == Answer.SNOOZE or _NEEDS[Answer(answer)] in row.actions


def _facts(milestone: Milestone, now: datetime) -> dict[str, Any]:
    due = milestone.due_at
    facts = notices.words({**notices.facts_of(milestone, now), "due_at": (due or now).isoformat()})
    return facts if due else {**facts, "due": "", "over": "", "left": ""}
