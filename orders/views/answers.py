"""Answering a message by its link, without a log-in: GET shows, POST answers, once."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from orders.forms.answers import FORMS, AnswerForm
from orders.models import Milestone
from orders.pages.answers import answer_page, url_of
from orders.services.answers import LinkWorthless, fault_of, give_answer, milestone_of
from teams import throttle
from teams.csrf import token_only_csrf
from teams.errors import DomainError, InvalidInput, NotPermitted
from teams.http import PageRequest
from teams.models import AnswerLink, Miss
from teams.notifications.answer_tokens import digest_of
from teams.notifications.people import zone_of

# A link is a secret, so it stays out of caches, search engines and other sites' logs.
HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}
_STATUS = {Miss.REPLAYED: HTTPStatus.GONE, Miss.EXPIRED: HTTPStatus.GONE}


@csrf_exempt  # checked below, by the token alone: the page has no referrer
@token_only_csrf
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: PageRequest, token: str) -> HttpResponse:
    """A used or expired link answers 410, every other one that leads nowhere 404; after too many of them 429."""
    links = AnswerLink.objects.select_related("notification__recipient")
    link = links.filter(digest=digest_of(token)).first()
    if link is None:
        response = _miss(request, Miss.FORGED)
    else:
        person = link.notification.recipient
        with (
            translation.override(person.language or request.organization.language),
            timezone.override(zone_of(person, request.organization)),
        ):
            response = _post(request, link) if request.method == "POST" else _get(request, link)
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


def _get(request: PageRequest, link: AnswerLink) -> HttpResponse:
    milestone = milestone_of(link)
    if fault := fault_of(link, timezone.now()):
        return _miss(request, fault, link=link, milestone=milestone)
    if milestone is None:
        return _miss(request, Miss.REVOKED)
    return _show(request, link, milestone, opened=request.GET.get("do", ""))


def _post(request: PageRequest, link: AnswerLink) -> HttpResponse:
    milestone = milestone_of(link)
    if fault := fault_of(link, timezone.now()):
        return _miss(request, fault, link=link, milestone=milestone)
    if milestone is None:
        return _miss(request, Miss.REVOKED)
    choice = request.POST.get("do", "")
    if choice not in FORMS:
        return _show(request, link, milestone, is_unclear=True, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    form = FORMS[choice](request.POST, milestone=milestone)
    if form.is_valid():
        try:
            given = give_answer(link_id=link.pk, answer=choice, now=timezone.now(), **form.values())
        except LinkWorthless as refusal:  # Somebody, or a second tap, was faster.
            link.refresh_from_db(fields=["used_at", "answer", "expires_at"])
            return _miss(request, refusal.miss, link=link, milestone=milestone)
        except DomainError as refusal:
            form.add_refusal(refusal)
            return _show(request, link, milestone, opened=choice, form=form, status=_status_of(refusal))
        else:
            context = {"given": given, "answer": choice, "order_url": url_of(milestone)}
            return render(request, "orders/answer_given.html", context)
    return _show(request, link, milestone, opened=choice, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _status_of(refusal: DomainError) -> HTTPStatus:
    if isinstance(refusal, NotPermitted):
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.UNPROCESSABLE_ENTITY if isinstance(refusal, InvalidInput) else HTTPStatus.CONFLICT


def _show(
    request: PageRequest,
    link: AnswerLink,
    milestone: Milestone,
    *,
    opened: str = "",
    form: AnswerForm | None = None,
    status: int = 200,
    is_unclear: bool = False,
) -> HttpResponse:
    page = answer_page(link, milestone, now=timezone.now(), opened=opened, form=form)
    context = {"page": page, "form": form, "is_unclear": is_unclear}
    return render(request, "orders/answer.html", context, status=status)


def _miss(request: PageRequest, miss: str, **context: Any) -> HttpResponse:
    """The link leads nowhere; counted, so that guessing is slowed."""
    if not throttle.take_miss(request, miss, timezone.now()):
        response = render(request, "orders/answer_miss.html", {"miss": "", "is_too_many": True}, status=429)
        response.headers["Retry-After"] = str(int(throttle.SHORT_WINDOW.total_seconds()))
        return response
    milestone = context.get("milestone")
    shown = {"miss": miss, **context, "order_url": url_of(milestone) if milestone else ""}
    return render(request, "orders/answer_miss.html", shown, status=_STATUS.get(Miss(miss), HTTPStatus.NOT_FOUND))
