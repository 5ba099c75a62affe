"""My desk: what is late, due and waiting; a lead sees the team's and may pick one person."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_safe

from orders.exports.columns import columns_for
from orders.exports.rows import read_steps
from orders.filters import people_of
from orders.pages import desk as desk_page
from orders.pages.people import read_loads
from orders.views.exports import asked_format, file_response
from orders.words import DeskSection
from teams.errors import NotPermitted
from teams.http import PersonRequest
from teams.models import User
from teams.permissions import Permission

EVERYBODY = "all"

# What a key does on the desk; `static/js/rows.js` and the rows themselves do it.
KEYS = [
    (("j", "k"), _("next and previous row")),
    (("Enter",), _("open the order")),
    (("c",), _("complete")),
    (("e",), _("complete with date, note or files")),
    (("1", "2", "3"), _("waiting on the customer, the supplier, the carrier")),
    (("w",), _("waiting on others, with a reason")),
    (("g",), _("go on, the ball is with us again")),
    (("s",), _("give to somebody else")),
    (("x",), _("check the row")),
    (("Shift", "x"), _("check up to this row")),
    (("a",), _("check all of the section, or none")),
    (("u",), _("undo what was just done")),
    (("v",), _("paste a message")),
    (("Ctrl", "Enter"), _("send the form")),
    (("/",), _("find orders")),
    (("?",), _("this list")),
]


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
        "key_list": KEYS,
        "done_rows": [] if only else desk_page.done_today(user, now),
        "may_assign": user.access.allows_somewhere(Permission.MILESTONE_ASSIGN),
        "may_skip": user.access.allows_somewhere(Permission.MILESTONE_SKIP),
    }
    return render(request, "orders/desk.html", context)


@login_required
@require_safe
def desk_export(request: PersonRequest) -> HttpResponseBase:
    """The desk by its address as csv or xlsx, all of it; the sheet can be edited and sent back like any of steps."""
    now, form, only = timezone.now(), asked_format(request), request.GET.get("section", "")
    if only not in {"", *DeskSection.values}:
        raise Http404
    who, _people = _whose(request)
    ids = desk_page.listed_ids(request.user, who, now, only)
    rows = read_steps(ids, now=now, zone=request.organization.zone)
    columns = columns_for("steps", sees_money=request.user.access.sees_any_money)
    return file_response(columns, rows, form, name=f"desk-{timezone.localdate(now)}", title=gettext("My desk"))


@login_required
@require_GET
def desk_counts(request: PersonRequest) -> HttpResponse:
    """The numbers above the sections, asked for again after each completion."""
    who, _people = _whose(request)
    totals = desk_page.count_sections(request.user, who, timezone.now())
    counts = [(key, title, totals[key]) for key, title in DeskSection.choices]
    return render(request, "orders/_desk_counts.html", {"counts": counts, "who": who})


@login_required
@require_GET
def desk_people(request: PersonRequest) -> HttpResponse:
    """Each person's load, for those who distribute work."""
    if not desk_page.sees_team_desk(request.user):
        raise NotPermitted(gettext("Your role may not do this."))
    loads = read_loads(request.user, timezone.now())
    return render(
        request, "orders/desk_people.html", {"loads": loads, "most": max((load.open for load in loads), default=1)}
    )


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
