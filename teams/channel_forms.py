"""The form of a channel, made from what its kind has to know. What is secret is typed and never shown again."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from teams import secrets
from teams.models import Channel
from teams.notifications.channels.catalog import CATALOG, LONGEST, Field
from teams.refusals import RefusedForm
from teams.services.channels import known_config


class ChannelForm(RefusedForm):
    """Name and settings of a channel of one kind; of `channel`, if it is there already.

    A secret that is set shows its end as a hint, and stays as it is if the field is left empty.
    """

    name = forms.CharField(label=_("Name"), required=False, max_length=80, help_text=_("Empty: what kind it is."))

    def __init__(self, *args: Any, kind: str, channel: Channel | None = None, **kwargs: Any) -> None:
        self.kind = CATALOG[kind]
        known = known_config(channel) if channel else {}
        shown = {f.name: known.get(f.name, "") for f in self.kind.fields if not f.is_secret}
        initial = {"name": channel.name if channel else "", **shown}
        super().__init__(*args, **{"initial": initial, **kwargs})
        for field in self.kind.fields:
            self.fields[field.name] = _form_field(field, known.get(field.name, ""))

    @property
    def config(self) -> dict[str, str]:
        return {field.name: self.cleaned_data[field.name] for field in self.kind.fields}


def _form_field(field: Field, known: str) -> forms.CharField:
    """Shape only: the rules for each value are those of the catalog."""
    hint = str(field.help_text)
    if field.is_secret and known:
        hint = gettext("Set, ends in %(hint)s. Empty: as it is.") % {"hint": secrets.hint(known)}
    is_required = field.is_required and not (field.is_secret and known)
    return forms.CharField(
        label=field.label, help_text=hint, required=is_required, max_length=LONGEST, widget=_widget(field)
    )


def _widget(field: Field) -> forms.Widget:
    """What is secret is not sent back to the browser, not even beside an error."""
    if field.is_secret:
        return forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False)
    return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
