"""Forms of bulk acts: what is said once for all rows. `values()` gives what the operation takes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.filters import people_of
from orders.forms.orders import DateInput
from orders.forms.steps import InstantInput
from orders.models import DelayReason, Milestone
from orders.reasons import waiting_reason
from orders.words import Priority, Side
from orders.workflow import ShipmentStatus
from teams.models import User

SIDES = [choice for choice in Side.choices if choice[0] != Side.INTERNAL]


def reason_field(**kwargs: Any) -> forms.CharField:
    return forms.CharField(**{"label": _("Reason"), "max_length": 300, **kwargs})


class ActForm(forms.Form):
    """`title` and `submit` are what the reader sees around it."""

    title: Any = ""
    submit: Any = ""
    is_grave = False

    def __init__(self, *args: Any, user: User, ids: Sequence[int] = (), now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.ids, self.now = user, ids, now
        for name, field in self.fields.items():
            field.widget.attrs["id"] = f"id_act_{name}"

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class CompleteAct(ActForm):
    title = _("Complete the checked steps")
    submit = pgettext_lazy("button", "Complete")
    delay_reason = forms.ModelChoiceField(
        label=_("Why it is late"),
        queryset=DelayReason.objects.none(),
        empty_label=_("Please choose"),
        help_text=_("Kept with the steps that are late."),
    )
    actual_finish_at = forms.DateTimeField(
        label=_("When it happened"), required=False, widget=InstantInput(), help_text=_("Empty: now.")
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=4000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        late = Milestone.objects.visible_to(self.user).filter(pk__in=self.ids).past_due(self.now)
        reason: Any = self.fields["delay_reason"]
        reason.queryset = DelayReason.objects.offered()
        if not late.exists() or not reason.queryset.exists():
            del self.fields["delay_reason"]


class SkipAct(ActForm):
    title = _("Skip the checked steps")
    submit = pgettext_lazy("button", "Skip")
    reason = reason_field()


class PauseAct(ActForm):
    title = _("Waiting on others")
    submit = pgettext_lazy("button", "Wait")
    side = forms.ChoiceField(
        label=_("Who holds the ball"), choices=SIDES, widget=forms.RadioSelect, initial=Side.CUSTOMER
    )
    reason = reason_field(required=False, help_text=_("Empty: only who is waited for."))

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"side": given["side"], "reason": given["reason"] or waiting_reason(given["side"])}


class ResumeAct(ActForm):
    title = _("Go on")
    submit = pgettext_lazy("button", "Go on")
    reason = reason_field(label=_("Note"), required=False)


class AssignAct(ActForm):
    title = _("Give to somebody else")
    submit = pgettext_lazy("button", "Assign")
    assignee = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none())
    reason = reason_field(label=_("Note"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assignee: Any = self.fields["assignee"]
        assignee.queryset = people_of(self.user).filter(is_active=True)


class EditAct(ActForm):
    """What is left empty stays as it is."""

    title = _("Change the checked orders")
    submit = pgettext_lazy("button", "Change")
    people = ("clerk", "sales_rep", "logistics_owner")
    clerk = forms.ModelChoiceField(label=_("Clerk"), required=False, queryset=User.objects.none())
    sales_rep = forms.ModelChoiceField(label=_("sales representative"), required=False, queryset=User.objects.none())
    logistics_owner = forms.ModelChoiceField(
        label=_("logistics coordinator"), required=False, queryset=User.objects.none()
    )
    priority = forms.ChoiceField(label=_("priority"), required=False, choices=[("", "—"), *Priority.choices])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        colleagues = people_of(self.user).filter(is_active=True)
        for name in self.people:
            field: Any = self.fields[name]
            field.queryset, field.empty_label = colleagues, _("as it is")

    def clean(self) -> dict[str, Any] | None:
        given = super().clean()
        if not self.errors and not any((given or {}).values()):
            raise forms.ValidationError(_("Say what shall change."))
        return given

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value}


class PromiseAct(ActForm):
    title = _("Move the promise of the checked orders")
    submit = pgettext_lazy("button", "Move the promise")
    new_date = forms.DateField(label=_("New promised date"), widget=DateInput())
    side = forms.ChoiceField(label=_("At whose wish"), choices=Side.choices, widget=forms.RadioSelect)
    reason = reason_field()


class HoldAct(ActForm):
    title = _("Put the checked orders on hold")
    submit = pgettext_lazy("button", "Hold")
    side = forms.ChoiceField(
        label=_("Because of"), choices=Side.choices, widget=forms.RadioSelect, initial=Side.CUSTOMER
    )
    reason = reason_field()


class CancelAct(HoldAct):
    title = _("Cancel the checked orders")
    submit = pgettext_lazy("button", "Cancel order")
    is_grave = True


class ResumeOrdersAct(ActForm):
    title = _("Take up the checked orders again")
    submit = pgettext_lazy("button", "Resume")
    reason = reason_field(label=_("Note"), required=False)


class ConfirmAct(ActForm):
    title = _("Confirm the checked orders")
    submit = pgettext_lazy("button", "Confirm")


class CloseAct(ActForm):
    title = _("Close the checked orders")
    submit = pgettext_lazy("button", "Close order")


class ShipAct(ActForm):
    """Cargo that moved: when, empty for now."""

    at = forms.DateTimeField(
        label=_("When it happened"), required=False, widget=InstantInput(), help_text=_("Empty: now.")
    )


def _ship_act(move: ShipmentStatus) -> type[ActForm]:
    words = {"title": SHIPMENT_TITLES[move], "submit": SHIPMENT_WORDS[move]}
    return type(f"Ship{move.title()}Act", (ShipAct,), words)


SHIPMENT_TITLES = {
    ShipmentStatus.BOOKED: _("Mark the checked shipments as booked"),
    ShipmentStatus.LOADED: _("Mark the checked shipments as loaded"),
    ShipmentStatus.DEPARTED: _("Mark the checked shipments as departed"),
    ShipmentStatus.ARRIVED: _("Mark the checked shipments as arrived"),
    ShipmentStatus.DELIVERED: _("Mark the checked shipments as delivered"),
}
SHIPMENT_WORDS = {
    ShipmentStatus.BOOKED: pgettext_lazy("button", "Booked"),
    ShipmentStatus.LOADED: pgettext_lazy("button", "Loaded"),
    ShipmentStatus.DEPARTED: pgettext_lazy("button", "Departed"),
    ShipmentStatus.ARRIVED: pgettext_lazy("button", "Arrived"),
    ShipmentStatus.DELIVERED: pgettext_lazy("button", "Delivered"),
}


class RollOverAct(ActForm):
    """The next sailing, of one shipment or of several on one vessel."""

    title = _("Roll over to the next sailing")
    submit = pgettext_lazy("button", "Roll over")
    etd = forms.DateField(label=_("New ETD"), widget=DateInput())
    eta = forms.DateField(
        label=_("New ETA"), required=False, widget=DateInput(), help_text=_("Empty: moves by as many days.")
    )
    vessel = forms.CharField(label=_("vessel or flight"), required=False, max_length=80)
    voyage = forms.CharField(label=_("voyage"), required=False, max_length=40)
    keeps_distance = forms.BooleanField(label=_("Cut-offs and ETA move by as many days"), required=False, initial=True)
    side = forms.ChoiceField(
        label=_("Because of"), choices=Side.choices, widget=forms.RadioSelect, initial=Side.CARRIER
    )
    reason = reason_field()

    def clean(self) -> dict[str, Any] | None:
        given = super().clean() or {}
        if given.get("etd") and given.get("eta") and given["eta"] < given["etd"]:
            self.add_error("eta", _("The arrival lies before the departure."))
        return given


class SheetAct(ActForm):
    """What an edited sheet has changed; it has a page of its own and asks nothing here."""

    title = _("Changes from a sheet")


class MessageAct(ActForm):
    """What a pasted message has changed; likewise."""

    title = _("Changes from a message")


# By the code of the operation (orders.services.acts.OPERATIONS).
ACT_FORMS: dict[str, type[ActForm]] = {
    "complete": CompleteAct,
    "skip": SkipAct,
    "pause": PauseAct,
    "resume": ResumeAct,
    "assign": AssignAct,
    "edit": EditAct,
    "promise": PromiseAct,
    "order-confirm": ConfirmAct,
    "order-hold": HoldAct,
    "order-resume": ResumeOrdersAct,
    "order-cancel": CancelAct,
    "order-close": CloseAct,
    "ship-roll": RollOverAct,
    "sheet": SheetAct,
    "message": MessageAct,
    **{f"ship-{move}": _ship_act(move) for move in SHIPMENT_TITLES},
}
