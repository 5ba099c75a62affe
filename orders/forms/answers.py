"""What an answer by the link in a message asks for. `values()` gives the keyword arguments of the service."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.forms.orders import DateInput
from orders.models import DelayReason, Milestone
from orders.snooze import Snooze
from orders.words import Side
from teams.models import Answer
from teams.refusals import RefusedForm
from teams.worktime import WorktimeError, end_of_working_day

CLOSING = time(18, 0)  # of a day that the step's calendar does not know or does not work


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class AnswerForm(RefusedForm):
    """About one step; nothing more is asked for than the answer itself."""

    def __init__(self, *args: Any, milestone: Milestone, **kwargs: Any) -> None:
        # Several stand on one page.
        super().__init__(*args, **{"auto_id": f"id_{type(self).__name__.lower()}_%s", **kwargs})
        self.milestone = milestone

    def values(self) -> dict[str, Any]:
        return self.cleaned_data


class LateForm(AnswerForm):
    """Until when, and why: a cause of the list, words of one's own, or both."""

    day = forms.DateField(label=_("Finished on"), widget=DateInput())
    clock = forms.TimeField(
        label=_("At"), required=False, widget=TimeInput(), help_text=_("Empty: by the end of the working day.")
    )
    delay_reason = forms.ModelChoiceField(
        label=_("Why it is late"), required=False, queryset=DelayReason.objects.none(), empty_label="—"
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=240)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason: Any = self.fields["delay_reason"]
        reason.queryset = DelayReason.objects.offered()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not given.get("delay_reason") and not given.get("note"):
            self.add_error("delay_reason", gettext("Please choose a cause or write a note."))
        return given

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "expected_at": self._expected_at(),
            "delay_reason": given["delay_reason"],
            "note": given["note"],
        }

    def _expected_at(self) -> datetime:
        day, clock = self.cleaned_data["day"], self.cleaned_data["clock"]
        if clock is None:
            try:
                return end_of_working_day(day, self.milestone.calendar.schedule())
            except WorktimeError:
                clock = CLOSING
        return datetime.combine(day, clock, timezone.get_current_timezone())

    def field_of(self, name: str) -> str:
        return {"expected_at": "day", "reason": "delay_reason"}.get(name, name)


class WaitingForm(AnswerForm):
    """Who holds the ball, and for what."""

    side = forms.ChoiceField(
        label=_("Who holds the ball"),
        choices=[choice for choice in Side.choices if choice[0] != Side.INTERNAL],
        widget=forms.RadioSelect,
        initial=Side.CUSTOMER,
    )
    reason = forms.CharField(label=_("Reason"), max_length=240)


class SnoozeForm(AnswerForm):
    """One tap for the usual ones; a day of one's own choice has a button beside it."""

    until = forms.ChoiceField(choices=Snooze.choices)
    day = forms.DateField(label=_("On another day"), required=False, widget=DateInput())


FORMS: dict[str, type[AnswerForm]] = {
    Answer.DONE: AnswerForm,
    Answer.LATE: LateForm,
    Answer.WAITING: WaitingForm,
    Answer.SNOOZE: SnoozeForm,
}
