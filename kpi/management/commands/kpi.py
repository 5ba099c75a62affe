"""`manage.py kpi CODE --from D --to D`: a figure with numerator, denominator, members and exclusions."""

import json
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from kpi import figures
from kpi.dimensions import BY, DIMENSIONS
from kpi.errors import BadQuestion
from kpi.figures import Figure
from kpi.metrics.base import Metric
from kpi.questions import Question, read_by, read_filters, read_period
from kpi.registry import METRICS, metric_of
from kpi.serializers import figure_as_json
from kpi.subjects import CHECKS, COMPANIES, ORDERS, REMINDERS, SHIPMENTS, STEPS
from teams.errors import DomainError
from teams.models import User

# What names a row of each subject.
KEYS = {
    ORDERS.code: ("number",),
    STEPS.code: ("order__number", "code"),
    SHIPMENTS.code: ("number",),
    CHECKS.code: ("order__number", "kind", "round"),
    REMINDERS.code: ("pk",),
    COMPANIES.code: ("code",),
}


class Command(BaseCommand):
    help = "Print a figure with numerator, denominator, members and exclusions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", metavar="CODE", help=", ".join(METRICS))
        parser.add_argument("--from", dest="first", default="", metavar="D", help="first day, YYYY-MM-DD")
        parser.add_argument("--to", default="", metavar="D", help="first day that is no longer counted, YYYY-MM-DD")
        parser.add_argument("--by", default="", metavar="DIMENSION", help=", ".join(BY))
        parser.add_argument("--user", default="", metavar="NAME", help="through whose eyes; the whole organisation")
        parser.add_argument("--members", action="store_true", help="list the rows counted and the rows left out")
        parser.add_argument("--json", action="store_true", help="one JSON document and nothing else")
        for code in DIMENSIONS:
            parser.add_argument(f"--{code}", default="", metavar="CODE", help=f"only this {code}; none: without one")

    def handle(self, *args: Any, **options: Any) -> None:
        params = {"from": options["first"], "to": options["to"], **{code: options[code] for code in DIMENSIONS}}
        try:
            metric = metric_of(options["code"].upper())
            asked = self._asked(metric, params, options["user"])
            by = read_by(options["by"], period=asked.period, is_apart=metric.is_apart, subject=metric.subject)
        except BadQuestion as bad:
            raise CommandError(" ".join(f"--{name}: {text}." for name, text in bad.fields.items())) from bad
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        answer = self._answer(metric, asked, by, params, with_members=options["members"])
        self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) if options["json"] else _as_text(answer))

    def _asked(self, metric: Metric, params: dict[str, str], username: str) -> Question:
        now = timezone.now()
        viewer = User.objects.filter(username=username).first() if username else None
        if username and viewer is None:
            raise BadQuestion({"user": _("there is no user “%(name)s”") % {"name": username[:80]}})
        filters = read_filters(params, viewer=viewer, subject=metric.subject)
        return Question(read_period(params, now=now), viewer, now, filters)

    def _answer(
        self, metric: Metric, asked: Question, by: str, params: dict[str, str], *, with_members: bool
    ) -> dict[str, Any]:
        found = figures.figure(metric.code, asked)
        answer = {**figure_as_json(found), "members_url": _members_url(found, params)}
        if by:
            groups = figures.breakdown(metric.code, asked, by)
            answer["by"] = by
            answer["groups"] = [
                {"key": each.key, "label": each.label, **figure_as_json(each.figure)} for each in groups
            ]
        if with_members:
            answer["members"] = _keys(metric, figures.members(metric.code, asked))
            for each in answer["excluded"]:
                each["members"] = _keys(metric, figures.excluded_members(metric.code, asked, each["rule"]))
        return answer


def _keys(metric: Metric, rows: Any) -> list[Any]:
    """Orders and shipments by number, steps by order number and code, other rows by what tells them apart."""
    fields = KEYS[metric.subject.code]
    return ["/".join(str(part) for part in row) for row in rows.values_list(*fields)]


def _members_url(figure: Figure, params: dict[str, str]) -> str:
    asked = {**params, "from": figure.period.first.isoformat(), "to": figure.period.end.isoformat()}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{settings.BASE_URL}/api/v1/kpi/{figure.code}/members/?{query}"


def _as_text(answer: dict[str, Any]) -> str:
    lines = [
        f"{answer['code']} {answer['name']}",
        "  " + _("%(from)s to %(to)s (not included), %(timezone)s") % answer["period"],
        "  " + answer["formula"],
        "  " + _line(answer),
    ]
    left_out, members = _("left out"), _("members")
    lines += [f"  {left_out} {each['rule']}: {each['count']} – {each['label']}" for each in answer["excluded"]]
    lines += [f"  {name}: {value}" for name, value in answer["statistics"].items()]
    lines += [f"  {members}: {answer['members_url']}"]
    lines += [f"  {group['label']}: {_line(group)}" for group in answer.get("groups", [])]
    for rows in (answer, *answer["excluded"]):
        lines += [f"    {rows.get('rule', '')} {key}".rstrip() for key in rows.get("members", [])]
    return "\n".join(lines)


def _line(figure: dict[str, Any]) -> str:
    value = "–" if figure["value"] is None else f"{figure['value']:.2f} {figure['unit']}"
    return f"{value}  ({figure['numerator']} / {figure['denominator']})"
