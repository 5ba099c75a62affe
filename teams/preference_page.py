"""What the page of a person's notifications shows; reads only."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from teams.models import Address, Channel, ChannelKind, ContactHours, TopicChoice, User
from teams.notifications.channels.catalog import CATALOG, Kind
from teams.notifications.people import LAST_RANK
from teams.preference_forms import HoursForm, TopicsForm, WayForm
from teams.services.channels import Way, own_channels


@dataclass
class WayRow:
    """A channel that the person may use, and how they stand in it; `address` is not saved where they never chose."""

    channel: Channel
    address: Address
    form: WayForm

    @property
    def kind(self) -> Kind:
        return CATALOG[self.channel.kind]

    @property
    def is_mail(self) -> bool:
        return self.channel.kind == ChannelKind.EMAIL

    @property
    def is_own(self) -> bool:
        return self.channel.owner_id is not None

    @property
    def is_dead(self) -> bool:
        return self.address.is_dead()

    @property
    def works(self) -> bool:
        """Messages can go there now."""
        return self.address.is_on and not self.is_dead and bool(self.address.text() or not self.is_mail)


def read_ways(user: User, sent: QueryDict | None = None) -> list[WayRow]:
    """The ways offered to the person in their order; `sent` is what was typed, if anything was."""
    channels = list(Channel.objects.offered_to(user).select_related("team").order_by("pk"))
    known = {row.channel_id: row for row in Address.objects.filter(user=user)}
    pairs = [(channel, known.get(channel.pk) or _unsaved(user, channel)) for channel in channels]
    pairs.sort(key=lambda pair: (pair[1].pk is None and pair[0].kind != ChannelKind.EMAIL, pair[1].rank, pair[0].pk))
    rows = []
    for place, (channel, address) in enumerate(pairs, start=1):
        address.user, address.channel = user, channel
        label = CATALOG[channel.kind].address_label
        form = WayForm(
            sent,
            prefix=f"way{channel.pk}",
            count=len(pairs),
            has_value=bool(label) and channel.kind != ChannelKind.EMAIL,
            label=label,
            initial={"is_on": address.is_on, "place": place, "value": address.value},
        )
        rows.append(WayRow(channel, address, form))
    return rows


def _unsaved(user: User, channel: Channel) -> Address:
    """Mail is a way unless the person says otherwise; all others only once they say so."""
    is_mail = channel.kind == ChannelKind.EMAIL
    return Address(user=user, channel=channel, is_on=is_mail, rank=LAST_RANK if is_mail else 0)


def wanted_ways(rows: list[WayRow]) -> list[Way]:
    """What valid forms say, in the order that they say."""
    in_order = sorted(rows, key=lambda row: row.form.cleaned_data["place"])
    return [
        Way(row.channel.pk, row.form.cleaned_data["is_on"], row.form.cleaned_data.get("value", "")) for row in in_order
    ]


def topics_form(user: User, rows: list[WayRow], sent: QueryDict | None = None) -> TopicsForm:
    chosen = {choice.topic: choice for choice in TopicChoice.objects.filter(user=user)}
    named = {pk for choice in chosen.values() for pk in choice.channels}
    ways = [row.channel for row in rows if row.works or row.channel.pk in named]
    return TopicsForm(sent, chosen=chosen, ways=ways)


def hours_form(user: User, sent: QueryDict | None = None) -> HoursForm:
    return HoursForm(sent, hours=ContactHours.objects.filter(user=user).first())


def page_of(user: User, **given: Any) -> dict[str, Any]:
    """The context of the page; `given` are forms that were sent and have faults."""
    rows = given.get("ways") or read_ways(user)
    return {
        "ways": rows,
        "topics": given.get("topics") or topics_form(user, rows),
        "hours": given.get("hours") or hours_form(user),
        "failed": [channel for channel in own_channels(user) if channel.off_at is not None],
    }
