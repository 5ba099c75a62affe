"""A chat message or a mail pasted on the desk: what it says, marked in its text, and the changes that it asks for."""

from dataclasses import asdict
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from orders.messages.reading import LONGEST
from orders.pages.messages import Piece, pieces_of
from orders.services import messages as services
from orders.services.messages import Proposal
from orders.words import Side
from teams.errors import DomainError
from teams.http import PersonRequest

SALT = "orders.messages"
KEPT_SECONDS = 24 * 3600


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def message_paste(request: PersonRequest) -> HttpResponse:
    """GET asks for the text, POST reads it; nothing is changed by either."""
    text = request.POST.get("text", "") if request.method == "POST" else ""
    if not text.strip():
        error = _("Paste a message first.") if request.method == "POST" else ""
        return render(request, "orders/message.html", {"error": error}, status=422 if error else 200)
    if len(text) > LONGEST:
        error = _("The message is too long; paste at most %(limit)s characters.") % {"limit": f"{LONGEST:,}"}
        return render(request, "orders/message.html", {"error": error, "text": text[:LONGEST]}, status=422)
    text = text.replace("\r\n", "\n").replace("\x00", "")
    marks, proposals = services.propose(text, user=request.user, now=timezone.now())
    return _show(request, text, pieces_of(text, marks), proposals)


@login_required
@require_POST
def message_take(request: PersonRequest) -> HttpResponse:
    """Do what was checked of the proposals that were shown; they come back signed."""
    text = request.POST.get("text", "")[:LONGEST]
    try:
        kept = signing.loads(request.POST.get("proposals", ""), salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        error = _("The proposals are too old or damaged. Look at the message again.")
        return render(request, "orders/message.html", {"error": error, "text": text}, status=422)
    if kept["by"] != request.user.pk:
        return redirect("message_paste")
    proposals = [_proposal(each) for each in kept["proposals"]]
    chosen = {
        place: proposal
        for place, proposal in enumerate(proposals)
        if f"take-{place}" in request.POST and not proposal.problem
    }
    days = {place: request.POST.get(f"day-{place}", "") for place in chosen}
    try:
        act = services.take(
            chosen=chosen, days=days, side=request.POST.get("side", ""), by=request.user, now=timezone.now()
        )
    except DomainError as refusal:
        marks, _again = services.propose(text, user=request.user, now=timezone.now())
        return _show(request, text, pieces_of(text, marks), proposals, refusal=refusal, chosen=set(chosen))
    return redirect("act", pk=act.pk)


def _proposal(values: dict[str, Any]) -> Proposal:
    return Proposal(**{**values, "days": tuple(values["days"])})


def _show(
    request: PersonRequest,
    text: str,
    pieces: list[Piece],
    proposals: list[Proposal],
    *,
    refusal: DomainError | None = None,
    chosen: set[int] | None = None,
) -> HttpResponse:
    faults = refusal.fields if refusal else {}
    rows = [
        {
            "place": place,
            "proposal": proposal,
            "words": services.words_of(proposal),
            "is_checked": place in chosen if chosen is not None else services.is_certain(proposal),
            "day": request.POST.get(f"day-{place}", ""),
            "fault": faults.get(f"take-{place}", ""),
        }
        for place, proposal in enumerate(proposals)
    ]
    kept = {"by": request.user.pk, "proposals": [asdict(proposal) for proposal in proposals]}
    context = {
        "text": text,
        "pieces": pieces,
        "rows": rows,
        "refusal": refusal,
        "side_fault": faults.get("side", ""),
        "asks_side": any(proposal.asks_side and not proposal.problem for proposal in proposals),
        "sides": Side.choices,
        "side": request.POST.get("side", ""),
        "may_take": any(not proposal.problem for proposal in proposals),
        "proposals": signing.dumps(kept, salt=SALT, compress=True),
    }
    return render(request, "orders/message.html", context, status=422 if refusal else 200)
