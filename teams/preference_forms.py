"""Forms of a person's own notifications: topics, hours, ways, leaves."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from teams.models import Channel, ContactHours, TopicChoice, Urgency, User
from teams.notifications import registry
from teams.refusals import DayInput, RefusedForm
from teams.services.leave import possible_deputies
from teams.services.preferences import Choice


class ClockInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class TopicsForm(RefusedForm):
    """For each topic how urgently; and over which ways, where the person has several."""

    def __init__(self, *args: Any, chosen: Mapping[str, TopicChoice], ways: Sequence[Channel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ways = [(str(way.pk), way.label) for way in ways] if len(ways) > 1 else []
        for topic in registry.topics():
            choice = chosen.get(topic.code)
            self.fields[f"urgency_{topic.code}"] = forms.ChoiceField(
                label=str(topic.label), choices=Urgency.choices, initial=choice.urgency if choice else topic.urgency
            )
            if self.ways:
                self.fields[f"ways_{topic.code}"] = forms.MultipleChoiceField(
                    label=str(topic.label),
                    choices=self.ways,
                    required=False,
                    widget=forms.CheckboxSelectMultiple,
                    initial=[str(pk) for pk in choice.channels] if choice else [],
                )

    @property
    def rows(self) -> list[tuple[str, forms.BoundField, forms.BoundField | None]]:
        """For each topic its label, urgency and ways."""
        return [
            (
                str(topic.label),
                self[f"urgency_{topic.code}"],
                self[f"ways_{topic.code}"] if self.ways else None,
            )
            for topic in registry.topics()
        ]

    def choices(self) -> dict[str, Choice]:
        given = self.cleaned_data
        return {
            topic.code: Choice(
                given[f"urgency_{topic.code}"], tuple(int(pk) for pk in given.get(f"ways_{topic.code}", []))
            )
            for topic in registry.topics()
        }


class HoursForm(RefusedForm):
    digest_time = forms.TimeField(
        label=_("time of the morning digest"),
        required=False,
        widget=ClockInput(),
        help_text=_("Empty: in the morning, when your working day begins."),
    )
    quiet_from = forms.TimeField(label=_("quiet from"), required=False, widget=ClockInput())
    quiet_to = forms.TimeField(
        label=_("quiet until"),
        required=False,
        widget=ClockInput(),
        help_text=_("Outside your working hours nothing is sent anyway."),
    )

    def __init__(self, *args: Any, hours: ContactHours | None, **kwargs: Any) -> None:
        names = ("digest_time", "quiet_from", "quiet_to")
        super().__init__(*args, **{"initial": {name: getattr(hours, name, None) for name in names}, **kwargs})


class WayForm(RefusedForm):
    """A person in one channel; `place` is where it stands among their ways."""

    is_on = forms.BooleanField(label=_("in use"), required=False)
    place = forms.TypedChoiceField(label=_("order"), coerce=int)
    value = forms.CharField(label=_("address"), required=False, max_length=128)

    def __init__(self, *args: Any, count: int, has_value: bool, label: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place: Any = self.fields["place"]
        place.choices = [(str(number), str(number)) for number in range(1, count + 1)]
        self.fields["value"].label = label
        if not has_value:
            del self.fields["value"]


class LeaveForm(RefusedForm):
    """When somebody is away and who stands in."""

    from_date = forms.DateField(label=_("from"), widget=DayInput())
    to_date = forms.DateField(label=_("until and including"), widget=DayInput())
    deputy = forms.ModelChoiceField(
        label=_("deputy"),
        queryset=User.objects.none(),
        empty_label="—",
        help_text=_("Somebody who belongs to all of your teams and sees the same orders there."),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        deputy: Any = self.fields["deputy"]
        deputy.queryset = possible_deputies(person)
