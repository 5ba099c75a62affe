"""Forms of the moves of a milestone. `values()` gives the keyword arguments of the service."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.models import DelayReason
from orders.pages.steps import StepRow
from orders.words import Side
from teams.models import User


class InstantInput(forms.DateTimeInput):
    """The browser's own date and time picker, in the reader's zone."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class ReasonField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"label": _("Reason"), "max_length": 300, "widget": forms.TextInput(attrs={"autofocus": True}), **kwargs}
        )


class StepForm(forms.Form):
    """A form about one row; `title` and `submit` are what the reader sees around it."""

    title: Any = ""
    submit: Any = ""

    def __init__(self, *args: Any, row: StepRow, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        for name, field in self.fields.items():
            field.widget.attrs.setdefault("id", f"id_{row.milestone.pk}_{name}")

    def values(self) -> dict[str, Any]:
        return self.cleaned_data


class CompleteForm(StepForm):
    """When it truly happened, a note, the cause where it is late, and a file for each document still missing."""

    title = _("Complete this step")
    submit = pgettext_lazy("button", "Complete")

    actual_finish_at = forms.DateTimeField(
        label=_("When it happened"), required=False, widget=InstantInput(), help_text=_("Empty: now.")
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=4000)
    delay_reason = forms.ModelChoiceField(
        label=_("Why it is late"), required=False, queryset=DelayReason.objects.none(), empty_label="—"
    )

    def __init__(self, *args: Any, row: StepRow, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        if row.is_overdue or row.is_late_waiting:
            reason: Any = self.fields["delay_reason"]
            reason.queryset = DelayReason.objects.filter(is_active=True).order_by("side", "pk")
        else:
            del self.fields["delay_reason"]
        for kind, name in row.missing:
            self.fields[f"file_{kind}"] = forms.FileField(label=name)

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "actual_finish_at": given["actual_finish_at"],
            "note": given["note"],
            "delay_reason": given.get("delay_reason"),
            "files": {kind: given[f"file_{kind}"] for kind, _name in self.row.missing if given.get(f"file_{kind}")},
        }


class SkipForm(StepForm):
    title = _("Skip this step")
    submit = pgettext_lazy("button", "Skip")
    reason = ReasonField()


class ReopenForm(StepForm):
    title = _("Open this step again")
    submit = pgettext_lazy("button", "Reopen")
    reason = ReasonField()


class PauseForm(StepForm):
    """Who holds the ball, and why; waiting on the customer, an authority or force majeure stops our clock."""

    title = _("Waiting on others")
    submit = pgettext_lazy("button", "Wait")
    side = forms.ChoiceField(
        label=_("Who holds the ball"),
        choices=[choice for choice in Side.choices if choice[0] != Side.INTERNAL],
        widget=forms.RadioSelect,
        initial=Side.CUSTOMER,
    )
    reason = ReasonField()


class ResumeForm(StepForm):
    title = _("Go on")
    submit = pgettext_lazy("button", "Go on")
    reason = ReasonField(label=_("Note"), required=False)


class AssignForm(StepForm):
    """Another person of the order's team carries the step."""

    title = _("Give to somebody else")
    submit = pgettext_lazy("button", "Assign")
    assignee = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none(), empty_label=None)
    reason = ReasonField(label=_("Note"), required=False, widget=forms.TextInput)

    def __init__(self, *args: Any, row: StepRow, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        people = User.objects.filter(is_active=True, memberships__team=row.milestone.order.team_id).distinct()
        assignee: Any = self.fields["assignee"]
        assignee.queryset = people.order_by("name", "pk")
        assignee.initial = row.milestone.assignee_id


FORMS: dict[str, type[StepForm]] = {
    "complete": CompleteForm,
    "skip": SkipForm,
    "reopen": ReopenForm,
    "pause": PauseForm,
    "resume": ResumeForm,
    "assign": AssignForm,
}
