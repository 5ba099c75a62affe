"""What a goal is set with; what it lacks to be SMART is told beside the field."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from kpi.goals import MOST_STEPS, possible_parents, steered_teams
from kpi.models import Goal
from kpi.registry import offered_to
from orders.filters import people_of
from teams.models import Team, User
from teams.permissions import Permission
from teams.refusals import DayInput, RefusedForm

LARGEST = Decimal(10) ** 10


class GoalForm(RefusedForm):
    """`until` is the last day that counts. Nothing is required here: the service says what is missing, and why."""

    title = forms.CharField(label=gettext_lazy("Goal"), required=False, max_length=120)
    code = forms.ChoiceField(label=gettext_lazy("Figure"), required=False)
    baseline = forms.DecimalField(label=gettext_lazy("From (baseline)"), required=False, decimal_places=3)
    target = forms.DecimalField(label=gettext_lazy("To (target)"), required=False, decimal_places=3)
    first = forms.DateField(label=gettext_lazy("First day"), required=False, widget=DayInput())
    until = forms.DateField(label=gettext_lazy("Last day"), required=False, widget=DayInput())
    ladder = forms.CharField(
        label=gettext_lazy("By the end of each quarter"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("numbers with a comma between them, the last one is the target; empty: evenly"),
    )
    team = forms.ModelChoiceField(label=gettext_lazy("Team"), required=False, queryset=Team.objects.none())
    owner = forms.ModelChoiceField(label=gettext_lazy("Person"), required=False, queryset=User.objects.none())
    parent = forms.ModelChoiceField(label=gettext_lazy("Serves the goal"), required=False, queryset=Goal.objects.none())
    reason = forms.CharField(
        label=gettext_lazy("Why it matters"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    # The letters of SMART and the fields that stand for them.
    GROUPS = (
        ("S", pgettext_lazy("SMART", "specific: what, and whose"), ("title", "team", "owner")),
        (
            "M",
            pgettext_lazy("SMART", "measurable: by which figure, from where to where"),
            ("code", "baseline", "target"),
        ),
        ("A", pgettext_lazy("SMART", "attainable: step by step"), ("ladder",)),
        ("R", pgettext_lazy("SMART", "relevant: why, and for which larger goal"), ("reason", "parent")),
        ("T", pgettext_lazy("SMART", "timed: from when to when"), ("first", "until")),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User, goal: Goal | None = None) -> None:
        super().__init__(data, initial=_initial(goal) if goal else {})
        teams = user.access.teams_allowing(Permission.KPI_STEER)
        fields: Any = self.fields
        figures = offered_to(user).values()
        fields["code"].choices = [("", "—"), *((each.code, f"{each.name} {each.code}") for each in figures)]
        fields["team"].queryset = steered_teams(user)
        fields["team"].empty_label = _("the whole company") if teams is None else "—"
        fields["owner"].queryset = people_of(user)
        fields["owner"].empty_label = _("the whole team")
        parents = possible_parents(user)
        fields["parent"].queryset = parents.exclude(pk=goal.pk) if goal else parents
        fields["parent"].empty_label = "—"

    def clean_ladder(self) -> list[Decimal]:
        parts = [part for part in re.split(r"[,，、;；\s]+", self.cleaned_data["ladder"]) if part]
        try:
            steps = [Decimal(part.rstrip("%％")) for part in parts]
        except InvalidOperation:
            steps = [Decimal("NaN")]
        if any(not step.is_finite() or abs(step) >= LARGEST for step in steps) or len(steps) > MOST_STEPS:
            raise forms.ValidationError(_("write numbers with a comma between them, e.g. 90, 92, 94"))
        return [round(step, 3) for step in steps]

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        found = dict(self.cleaned_data)
        until: date | None = found.pop("until")
        found["end"] = until + timedelta(days=1) if until else None
        return found

    def groups(self) -> list[tuple[str, Any, list[forms.BoundField]]]:
        return [(letter, words, [self[name] for name in names]) for letter, words, names in self.GROUPS]

    @staticmethod
    def field_of(name: str) -> str:
        return "until" if name == "end" else name


def _initial(goal: Goal) -> dict[str, Any]:
    plain = {name: getattr(goal, name) for name in ("title", "code", "first", "team", "owner", "parent", "reason")}
    numbers = {name: getattr(goal, name).normalize() for name in ("baseline", "target")}
    return {
        **plain,
        **{name: f"{number:f}" for name, number in numbers.items()},
        "until": goal.end - timedelta(days=1),
        "ladder": ", ".join(f"{step.normalize():f}" for step in goal.ladder),
    }
