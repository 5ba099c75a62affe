"""Reviews: starting one, the people of a team by who needs help, and the page of a person."""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kpi import pages, reviews
from kpi.asking import check_reader
from kpi.goal_views import STATES, GoalRow, rows_of
from kpi.goals import check_setter, may_set, period_of, steered_teams, steers
from kpi.models import Review, ReviewAction, ReviewPage
from kpi.review_forms import ActionForm, NoteForm, ReviewForm
from teams.errors import DomainError, NotPermitted
from teams.http import PersonRequest
from teams.models import User

SHOWN = 100


@dataclass
class PersonRow:
    """One person in a review; `place` orders by who needs help, people without a goal last."""

    page: ReviewPage
    goals: list[GoalRow] = field(default_factory=list)
    open_count: int = 0
    late_count: int = 0
    done_count: int = 0

    @property
    def place(self) -> int:
        order = list(STATES)
        return min((order.index(row.attainment.state) for row in self.goals), default=len(order))


@login_required
@require_http_methods(["GET", "POST"])
def review_list(request: PersonRequest) -> HttpResponse:
    """The reviews that the person leads and their own pages; POST starts one."""
    user, now = request.user, timezone.now()
    teams = steered_teams(user)
    organization = request.organization
    periods = reviews.offered_periods(timezone.localdate(now, organization.zone), organization.timezone)
    form = ReviewForm(request.POST or None, teams=teams, periods=periods)
    if request.method == "POST":
        check_setter(user)
        if form.is_valid():
            try:
                review = reviews.start_review(**form.cleaned_data, by=user, now=now)
            except DomainError as refusal:
                form.add_refusal(refusal)
            else:
                messages.success(request, _("The review is started: a page for each person."))
                return redirect("review", pk=review.pk)
    else:
        check_reader(user)
    led = Review.objects.filter(team__in=teams).select_related("team", "by").order_by("-end", "-first", "team__name")
    own = ReviewPage.objects.filter(person=user).select_related("review__team").order_by("-review__end", "-pk")
    context = {
        "form": form,
        "may_start": bool(teams),
        "reviews": [(review, _period_text(review)) for review in led[:SHOWN]],
        "own": [(page, _period_text(page.review)) for page in own[:SHOWN]],
    }
    return render(request, "kpi/reviews.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def review(request: PersonRequest, pk: int) -> HttpResponse:
    """The people of a review: who needs help stands first."""
    found = get_object_or_404(Review.objects.visible_to(request.user).select_related("team", "by"), pk=pk)
    may_set(request.user, found.team)
    context = {"review": found, "period": _period_text(found), "people": _people(found, request.user, timezone.now())}
    return render(request, "kpi/review.html", context)


def _people(found: Review, viewer: User, now: datetime) -> list[PersonRow]:
    today = timezone.localdate(now)
    actions = Prefetch("actions", ReviewAction.objects.order_by("due_date", "pk"))
    rows = {
        page.person_id: _counted(PersonRow(page), today)
        for page in found.pages.select_related("person").prefetch_related(actions).order_by("person__name", "pk")
    }
    goals = reviews.goals_in(found, [row.page.person for row in rows.values()], viewer)
    for row in rows_of(goals, now):
        rows[row.goal.owner_id or 0].goals.append(row)
    return sorted(rows.values(), key=lambda row: row.place)


def _counted(row: PersonRow, today: date) -> PersonRow:
    for action in row.page.actions.all():
        row.done_count += action.done_at is not None
        row.open_count += action.done_at is None
        row.late_count += action.done_at is None and action.due_date < today
    return row


@login_required
@require_safe
def review_page(request: PersonRequest, pk: int) -> HttpResponse:
    """One person: goals, figures with their way so far, what was talked about, and what is to be done by when."""
    return _show(request, _page(request, pk))


@login_required
@require_POST
def review_note(request: PersonRequest, pk: int) -> HttpResponse:
    """Keep what was talked about."""
    page = _page(request, pk)
    form = NoteForm(request.POST, instance=page)
    if not form.is_valid():
        return _show(request, _page(request, pk), note=form)
    reviews.keep_note(page=page, note=form.cleaned_data["note"], by=request.user)
    messages.success(request, _("Kept."))
    return redirect("review_page", pk=pk)


@login_required
@require_POST
def review_action_add(request: PersonRequest, pk: int) -> HttpResponse:
    """Agree on something to be done."""
    page = _page(request, pk)
    may_set(request.user, page.review.team)
    form = ActionForm(request.POST)
    if form.is_valid():
        try:
            reviews.add_action(page=page, **form.cleaned_data, by=request.user, now=timezone.now())
        except NotPermitted:
            raise
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            return redirect("review_page", pk=pk)
    return _show(request, page, action=form)


@login_required
@require_POST
def review_action_done(request: PersonRequest, pk: int) -> HttpResponse:
    """Mark an action done, or with `open` not done after all."""
    action = get_object_or_404(
        ReviewAction.objects.select_related("page__review__team").filter(
            page__review__in=Review.objects.visible_to(request.user)
        ),
        pk=pk,
    )
    reviews.set_done(action=action, is_done="open" not in request.POST, by=request.user, now=timezone.now())
    return redirect("review_page", pk=action.page_id)


def _page(request: PersonRequest, pk: int) -> ReviewPage:
    found = ReviewPage.objects.filter(review__in=Review.objects.visible_to(request.user))
    page = get_object_or_404(found.select_related("person", "review__team", "review__by"), pk=pk)
    reviews.may_read(page, request.user)
    return page


def _show(
    request: PersonRequest, page: ReviewPage, *, note: NoteForm | None = None, action: ActionForm | None = None
) -> HttpResponse:
    user, now = request.user, timezone.now()
    context = {
        "page": page,
        "period": _period_text(page.review),
        "goals": rows_of(reviews.goals_in(page.review, [page.person], user), now),
        "cards": [pages.view_of(card, reviews.query_of(card, page)) for card in reviews.cards_of(page, user, now)],
        "actions": page.actions.order_by("done_at", "due_date", "pk"),
        "today": timezone.localdate(now),
        "note_form": note or NoteForm(instance=page),
        "action_form": action or ActionForm(),
        "may_steer": steers(user, page.review.team),
    }
    is_refused = bool((note and note.errors) or (action and action.errors))
    return render(request, "kpi/review_page.html", context, status=422 if is_refused else 200)


def _period_text(review: Review) -> str:
    return pages.period_text(period_of(review))
