"""Forms of the moves of a milestone. `values()` gives the keyword arguments of the service."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.models import DelayReason, DocumentKind
from orders.pages.steps import StepRow
from orders.reasons import waiting_reason
from orders.words import Side
from teams.models import User

MAX_FILES = 20


class InstantInput(forms.DateTimeInput):
    """The browser's own date and time picker, in the reader's zone."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class FilesInput(forms.ClearableFileInput):
    """Several files at once; a phone offers its camera."""

    template_name = "django/forms/widgets/file.html"
    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__(attrs={"multiple": True, "data-files": ""})


class FilesField(forms.FileField):
    """A list of uploads, each checked by itself."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = data if isinstance(data, list | tuple) else [data]
        present = [upload for upload in given if upload not in self.empty_values]
        if not present:
            return [super().clean(None, initial)] if self.required else []
        return [super(FilesField, self).clean(upload, initial) for upload in present[:MAX_FILES]]


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
    """When it truly happened, a note, files for each document still missing and others, and the cause if it is late.

    A page asks for the cause; without one, nobody could later say why orders are late (CAP37).
    """

    title = _("Complete this step")
    submit = pgettext_lazy("button", "Complete")

    delay_reason = forms.ModelChoiceField(
        label=_("Why it is late"), queryset=DelayReason.objects.none(), empty_label=_("Please choose")
    )
    actual_finish_at = forms.DateTimeField(
        label=_("When it happened"), required=False, widget=InstantInput(), help_text=_("Empty: now.")
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=4000, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    other_files = FilesField(label=_("Other files"), required=False)

    def __init__(self, *args: Any, row: StepRow, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        reason: Any = self.fields["delay_reason"]
        reason.queryset = DelayReason.objects.offered()
        if not (row.is_overdue or row.is_late_waiting) or not reason.queryset.exists():
            del self.fields["delay_reason"]
        others = self.fields.pop("other_files")
        for kind, name in row.missing:
            self.fields[f"file_{kind}"] = FilesField(label=name)
        self.fields["other_files"] = others
        for name, field in self.fields.items():
            field.widget.attrs["id"] = f"id_{row.milestone.pk}_{name}"

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        files = [(kind, upload) for kind, _name in self.row.missing for upload in given.get(f"file_{kind}", ())]
        files += [(DocumentKind.OTHER, upload) for upload in given["other_files"]]
        return {
            "actual_finish_at": given["actual_finish_at"],
            "note": given["note"],
            "delay_reason": given.get("delay_reason"),
            "files": files,
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
    # The one click says only who is waited for; the sentence says the same until somebody writes a better one.
    is_quick = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, row: StepRow, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        if self.is_bound and self.data.get("is_quick"):
            self.fields["reason"].required = False

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"side": given["side"], "reason": given["reason"] or waiting_reason(given["side"])}


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
