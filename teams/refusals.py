"""Forms that show what a service refused, beside the fields it names."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.choices import flatten_choices
from django.utils.translation import gettext as _

from teams.errors import DomainError, StaleVersion


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class RefusedForm(forms.Form):
    """Shows a service's refusal beside the fields it names."""

    def add_refusal(self, refusal: DomainError) -> None:
        named = {self.field_of(name): text for name, text in refusal.fields.items()}
        if isinstance(refusal, StaleVersion):
            named |= {name: self._conflict(name, c) for name, c in refusal.conflicts.items() if name in self.fields}
        shown = {name: text for name, text in named.items() if name in self.fields}
        for name, text in shown.items():
            self.add_error(name, text)
        if len(shown) < len(named) or not named:
            self.add_error(None, str(refusal))

    def take_new_version(self, version: int) -> None:
        """The person has been shown what changed meanwhile: saving again decides."""
        sent = QueryDict(mutable=True)
        sent.update(self.data)
        sent["version"] = str(version)
        self.data = sent

    def field_of(self, name: str) -> str:
        """The form's name for a field of the service."""
        return name

    def _conflict(self, name: str, found: Mapping[str, Any]) -> str:
        return _("%(who)s changed this to “%(theirs)s” meanwhile. Save again to keep yours.") % {
            "who": found["by"],
            "theirs": self.display(name, found["theirs"]),
        }

    def display(self, name: str, value: Any) -> str:
        """A stored value as a person reads it; a related row by its name."""
        field = self.fields[name]
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            return str(field.queryset.filter(pk=value).first() or "—")
        if isinstance(field, forms.ChoiceField):
            choices: Any = field.choices  # a form field made them pairs or groups of pairs
            return str(dict(flatten_choices(choices)).get(value, value))
        if isinstance(field, forms.DateTimeField) and value:
            return str(field.prepare_value(datetime.fromisoformat(value)))[:16]
        return str(value if value not in (None, "") else "—")
