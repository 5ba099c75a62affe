"""What bodies and answers of the API have in common."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from rest_framework import serializers

from teams.api.fields import InstantField, NumberField
from teams.api.reading import readers_of
from teams.models import User


def no_such_field() -> str:
    return _("There is no such field to write.")


def refuse_unknown(names: Iterable[str]) -> None:
    """Refuse fields that the writer may not set, in the words for made-up ones.

    Raises:
        ValidationError: if there are any.
    """
    if errors := {name: [no_such_field()] for name in names}:
        raise serializers.ValidationError(errors)


class Body(serializers.Serializer):
    """The body of a request. A key that is not declared, or not the writer's to set, is refused by its name."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        if isinstance(data, dict):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            errors = {str(key)[:80]: [no_such_field()] for key in data if key not in writable}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            errors = {**error.detail, **errors}
        if errors:
            raise serializers.ValidationError(errors)
        return values

    @property
    def writer(self) -> User:
        return self.context["request"].user


class VersionedBody(Body):
    """A PATCH: the fields to change, and the `version` that the writer saw, which guards exactly these fields."""

    version = NumberField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The version read; guards the fields sent."
    )


Part = TypeVar("Part", bound="Answer")


class Answer(serializers.Serializer):
    """An answer with an explicit list of fields; `money_fields` are absent for readers without money rights."""

    money_fields: tuple[str, ...] = ()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, read in readers_of(type(self)):
            try:
                values[name] = read(self, instance)
            except serializers.SkipField:
                continue
        if self.money_fields and not self.sees_money(instance):
            for name in self.money_fields:
                values.pop(name, None)
        return values

    def part(self, shape: type[Part]) -> Part:
        """The answer of this shape that parts of this one are read by; made once, however many rows there are."""
        if shape not in self._parts:
            self._parts[shape] = shape(context=self.context)
        return self._parts[shape]

    @cached_property
    def _parts(self) -> dict[type, Any]:
        return {}

    def sees_money(self, instance: Any) -> bool:
        """Whether the reader may know what the row costs: by the team it belongs to."""
        return self.context["request"].user.access.sees_money(instance.team_id)


class RowAnswer(Answer, serializers.ModelSerializer):
    """An answer whose fields are those of a model, read only; instants in UTC."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: InstantField,
    }
