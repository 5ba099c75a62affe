"""My desk: what is late, due and waiting; a lead sees the team's and may pick one person."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from orders.api.bulk import do_in_bulk
from orders.filters import people_of
from orders.models import Milestone
from orders.pages import desk as desk_page
from orders.words import DeskSection
from teams.http import PersonRequest
from teams.models import User

EVERYBODY = "all"
MAX_BULK = 300


@login_required
@require_GET
def desk(request: PersonRequest) -> HttpResponse:
    user, now = request.user, timezone.now()
    only = request.GET.get("section", "")
    only = only if only in DeskSection.values else ""
    who, people = _whose(request)
    sections = desk_page.read_desk(user, who, now, only)
    context = {
        "sections": sections,
        "only": only,
        "who": who,
        "people": people,
        "is_own": who == user,
        "is_empty": not any(section.total for section in sections),
        "view": "desk",
    }
    return render(request, "orders/desk.html", context)


@login_required
@require_GET
def desk_counts(request: PersonRequest) -> HttpResponse:
    """The numbers above the sections, asked for again after each completion."""
    who, _people = _whose(request)
    totals = desk_page.count_sections(request.user, who, timezone.now())
    counts = [(key, title, totals[key]) for key, title in DeskSection.choices]
    return render(request, "orders/_desk_counts.html", {"counts": counts, "who": who})


@login_required
@require_POST
def desk_complete(request: PersonRequest) -> HttpResponse:
    """Complete the checked rows; each is decided apart, and what was refused says why."""
    ids = [int(text) for text in request.POST.getlist("ids")[:MAX_BULK] if text.isascii() and text.isdigit()]
    visible = Milestone.objects.visible_to(request.user).select_related("order", "order__team")
    body = {"action": "complete", "ids": [pk for pk in ids if pk < 2**63], "values": {}}
    answer = do_in_bulk(visible, body, by=request.user, now=timezone.now())
    done = answer["done_count"]
    if done:
        messages.success(
            request, ngettext("%(count)s step completed.", "%(count)s steps completed.", done) % {"count": done}
        )
    _tell_refusals(request, visible, [result for result in answer["results"] if result["status"] != 200])
    if not ids:
        messages.warning(request, _("No row was checked."))
    return redirect(f"/?{request.GET.urlencode()}" if request.GET else "desk")


def _tell_refusals(request: PersonRequest, visible: QuerySet[Milestone], refused: list[dict]) -> None:
    steps = {step.pk: step for step in visible.filter(pk__in=[result["id"] for result in refused])}
    for result in refused[:10]:
        step = steps.get(result["id"])
        name = f"{step.order.number} · {step.name}: " if step else ""
        messages.warning(request, f"{name}{result['detail']}")
    if len(refused) > 10:
        messages.warning(request, _("%(count)s more were refused.") % {"count": len(refused) - 10})


def _whose(request: PersonRequest) -> tuple[User | None, list[User]]:
    """Whose desk it is (None: everybody's), and whose the reader may choose; strangers are not found, so not shown."""
    user = request.user
    if not desk_page.sees_team_desk(user):
        return user, []
    people = list(people_of(user).filter(is_active=True))
    wanted = request.GET.get("who", EVERYBODY)
    if wanted == "me":
        return user, people
    return next((person for person in people if person.username == wanted), None), people
