"""Forms of an administrator's channels: settings with their scope, and the table of what people are called there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import F
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from teams.channel_forms import ChannelForm
from teams.models import Address, Channel, Team, User
from teams.notifications.outcomes import is_personal
from teams.services.reach import Identity

LONGEST_VALUE = 254


class SharedChannelForm(ChannelForm):
    """Of a team or of everybody."""

    team = forms.ModelChoiceField(
        label=_("Who may use it"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=_("Whole organisation"),
        help_text=_("A team's channel is offered to its members only."),
    )

    def __init__(self, *args: Any, channel: Channel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, channel=channel, **kwargs)
        team: Any = self.fields["team"]
        team.queryset = Team.objects.order_by("name", "pk")
        team.initial = channel.team_id if channel else None
        self.order_fields([name for name in self.fields if name != "team"])


class SwitchForm(forms.Form):
    """Off, with a reason for colleagues; or on again."""

    to = forms.ChoiceField(choices=[("off", "off"), ("on", "on")])
    reason = forms.CharField(label=_("Reason, for your colleagues"), required=False, max_length=300)


@dataclass
class PersonLine:
    """A row of the table: what is typed, or saved."""

    person: User
    value: str
    is_on: bool
    is_dead: bool = False
    dead_reason: str = ""
    tested_at: datetime | None = None
    test_result: str = ""
    is_new: bool = False  # in an application, which a person enters by their name there
    fault: str = ""


def lines_of(channel: Channel, people: Sequence[User]) -> list[PersonLine]:
    """As it is saved."""
    rows = Address.objects.filter(channel=channel, user__in=people).select_related("user", "channel")
    known = {row.user_id: row for row in rows}
    return [_line(person, channel, known.get(person.pk)) for person in people]


def _line(person: User, channel: Channel, row: Address | None) -> PersonLine:
    row = row or Address(user=person, channel=channel, is_on=False)
    return PersonLine(
        person,
        row.text(),
        row.is_on,
        row.is_dead(),
        row.dead_reason,
        row.tested_at,
        row.test_result,
        is_new=is_personal(channel.kind) and not row.value,
    )


def typed(lines: Sequence[PersonLine], data: QueryDict) -> list[Identity]:
    """What was sent for the people of the table; whoever is not in it is left alone."""
    for line in lines:
        if f"value_{line.person.pk}" in data:
            line.value = data.get(f"value_{line.person.pk}", "").strip()[: LONGEST_VALUE + 1]
            line.is_on = line.is_new or f"on_{line.person.pk}" in data
    return [Identity(line.person.pk, line.value, line.is_on) for line in lines if f"value_{line.person.pk}" in data]


def note_faults(lines: Sequence[PersonLine], faults: Mapping[str, str]) -> None:
    for line in lines:
        line.fault = faults.get(f"{line.person.pk}.value", "")


def mapped_count(channel: Channel) -> int:
    return Address.objects.filter(channel=channel, user__is_active=True).exclude(value="").count()


def in_list(people: Any) -> Any:
    return people.order_by(F("name").asc(), "username")
