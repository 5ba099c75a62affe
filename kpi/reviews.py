"""Reviews of goals (CAP06): one page for each person of a team, with goals, figures and what is to be done by when."""

from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kpi.action_reminders import subject_of
from kpi.boards import standard_codes
from kpi.dashboard import Card, dashboard
from kpi.dimensions import is_filtered_by, of_person
from kpi.goals import may_set, period_of, visible_goals
from kpi.models import Goal, Review, ReviewAction, ReviewPage
from kpi.periods import Period, month_of, months_before
from kpi.questions import Question
from kpi.registry import METRICS, offered_to
from teams.errors import InvalidInput
from teams.models import Organization, Team, User
from teams.notifications import outbox

MONTHS, QUARTERS = 6, 4  # offered: the running ones and those before
MOST_ACTIONS = 50


def offered_periods(today: date, zone: str) -> list[Period]:
    """The running month and those before it, then the same of quarters; newest first."""
    month = month_of(today, zone).first
    quarter = months_before(month, (month.month - 1) % 3)
    months = [months_before(month, count) for count in range(MONTHS)]
    quarters = [months_before(quarter, 3 * count) for count in range(QUARTERS)]
    return [
        *(Period(first, months_before(first, -1), zone) for first in months),
        *(Period(first, months_before(first, -3), zone) for first in quarters),
    ]


@transaction.atomic
def start_review(*, team: Team, period: Period, by: User, now: datetime) -> Review:
    """Open a page for each active person of the team.

    Raises:
        NotPermitted: the person does not steer the team.
        InvalidInput: naming the field: the period has not begun, there is such a review, the team is empty.
    """
    may_set(by, team)
    if period.start_at > now:
        message = _("This period has not begun yet.")
        raise InvalidInput(message, fields={"period": message})
    people = User.objects.filter(memberships__team=team, is_active=True).distinct()
    if not people:
        message = _("Nobody belongs to this team.")
        raise InvalidInput(message, fields={"team": message})
    try:
        with transaction.atomic():
            review = Review.objects.create(team=team, first=period.first, end=period.end, by=by, created_at=now)
    except IntegrityError as error:
        message = _("There is a review of this team and period already.")
        raise InvalidInput(message, fields={"period": message}) from error
    ReviewPage.objects.bulk_create(ReviewPage(review=review, person=person) for person in people)
    return review


def may_read(page: ReviewPage, user: User) -> None:
    """Refuse who neither steers the team nor is the person that the page is about."""
    if page.person_id != user.pk:
        may_set(user, page.review.team)


def keep_note(*, page: ReviewPage, note: str, by: User) -> None:
    """Keep what was talked about.

    Raises:
        NotPermitted: the person does not steer the team.
    """
    may_set(by, page.review.team)
    page.note = note
    page.save(update_fields=["note"])


@transaction.atomic
def add_action(*, page: ReviewPage, text: str, due_date: date, by: User, now: datetime) -> ReviewAction:
    """Agree on something to be done by the end of a day.

    Raises:
        NotPermitted: the person does not steer the team.
        InvalidInput: naming the field: the day has passed, or there are too many.
    """
    may_set(by, page.review.team)
    ReviewPage.objects.select_for_update().get(pk=page.pk)  # two at once count one after the other
    if due_date < now.astimezone(Organization.current().zone).date():
        message = _("This day has passed.")
        raise InvalidInput(message, fields={"due_date": message})
    if page.actions.count() >= MOST_ACTIONS:
        message = _("There are %(most)s actions on this page; that is the most.") % {"most": MOST_ACTIONS}
        raise InvalidInput(message, fields={"text": message})
    return page.actions.create(text=text, due_date=due_date, by=by, created_at=now)


@transaction.atomic
def set_done(*, action: ReviewAction, is_done: bool, by: User, now: datetime) -> None:
    """Mark an action done, or open again; the person themselves may as well. Twice is once.

    Raises:
        NotPermitted: the person neither steers the team nor is meant.
    """
    may_read(action.page, by)
    action.done_at = (action.done_at or now) if is_done else None
    action.save(update_fields=["done_at"])
    if is_done:
        outbox.cancel(subjects=[subject_of(action)], reason="done")


def goals_in(review: Review, people: Sequence[User], viewer: User) -> list[Goal]:
    """The goals of these people that fall into the review's period, as far as `viewer` may read them."""
    found = visible_goals(viewer).filter(owner__in=people, dropped_at=None, first__lt=review.end, end__gt=review.first)
    return list(found.select_related("team", "owner").order_by("end", "title", "pk"))


def cards_of(page: ReviewPage, viewer: User, now: datetime) -> list[Card]:
    """What the person's role looks at, over the orders and steps that are theirs and that `viewer` sees.

    A figure whose rows belong to no person is left out.
    """
    offered = offered_to(viewer)
    wanted = [code for code in standard_codes(page.person) if code in offered]
    dimensions = {code: _whose(code) for code in wanted}
    cards: dict[str, Card] = {}
    asked = Question(period_of(page.review), viewer, now)
    for dimension in dict.fromkeys(dimensions.values()):
        codes = [c for c in wanted if dimensions[c] == dimension and is_filtered_by(METRICS[c].subject, [dimension])]
        found = dashboard(asked.narrowed(dimension, page.person_id), codes=codes)
        cards |= dict(zip(codes, found, strict=True))
    return [cards[code] for code in wanted if code in cards]


def query_of(card: Card, page: ReviewPage) -> str:
    """The question behind a card, as the address of the figure's own page has it."""
    period = period_of(page.review)
    asked = {"since": period.first, "until": period.last, _whose(card.figure.code): page.person.username}
    return f"?{urlencode(asked)}"


def _whose(code: str) -> str:
    """The dimension by which a figure's rows are a person's."""
    return of_person(METRICS[code].subject)
