"""How the fields of an answer are read from a row, worked out once for each class of answers.

Django REST framework builds the fields anew for each request and asks each one for every row, which for a page of
fifty orders costs more than its SQL. What comes out is the same; a field that is not known here reads for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Manager
from rest_framework import serializers

from teams.api.fields import InstantField

if TYPE_CHECKING:
    from teams.api.serializers import Answer

_PLAIN: tuple[tuple[Any, type], ...] = (
    (serializers.CharField, str),
    (serializers.IntegerField, int),
    (serializers.BooleanField, bool),
)
Reader = Callable[["Answer", Any], Any]  # of the answer, which knows the request, and of the row


@cache
def readers_of(shape: type[Answer]) -> tuple[tuple[str, Reader], ...]:
    """The fields of the answer in order: name, and how to read it. A reader raises SkipField for what is left out."""
    return tuple((name, _reader(name, field)) for name, field in shape().fields.items() if not field.write_only)


def _reader(name: str, field: Any) -> Reader:
    if isinstance(field, serializers.SerializerMethodField):
        method = field.method_name
        return lambda answer, row: getattr(answer, method)(row)
    if isinstance(field, serializers.BaseSerializer):
        return _part_reader(name, field)
    get, show = _getter(field), _shower(field)

    def read(answer: Answer, row: Any) -> Any:
        value = get(row)
        return None if value is None else show(value)

    return read


def _part_reader(name: str, field: Any) -> Reader:
    from teams.api.serializers import Answer

    is_list = isinstance(field, serializers.ListSerializer)
    shape = type(field.child if is_list else field)
    get = _getter(field)

    def read(answer: Answer, row: Any) -> Any:
        value = get(row)
        if value is None:
            return None
        # Other serializers are asked as they stand in this request.
        part = answer.part(shape) if issubclass(shape, Answer) else answer.fields[name]
        if not is_list or not issubclass(shape, Answer):
            return part.to_representation(value)
        return [part.to_representation(each) for each in (value.all() if isinstance(value, Manager) else value)]

    return read


def _getter(field: Any) -> Callable[[Any], Any]:
    """What the field shows, from a row; the field itself decides where there is no such thing."""
    if field.source == "*":
        return lambda row: row
    source = field.source
    if isinstance(field, serializers.PrimaryKeyRelatedField) and "." not in source:
        # The key that the row holds, without reading the row that it points to.
        parent: Any = field.parent
        source = parent.Meta.model._meta.get_field(source).attname
    find = attrgetter(source)

    def get(row: Any) -> Any:
        try:
            value = find(row)
        except (AttributeError, TypeError, ObjectDoesNotExist):
            return field.get_attribute(row)
        return field.get_attribute(row) if callable(value) and not isinstance(value, Manager) else value

    return get


def _shower(field: Any) -> Callable[[Any], Any]:
    """How a value that is there is answered."""
    own = type(field).to_representation
    if isinstance(field, serializers.PrimaryKeyRelatedField):
        return lambda value: getattr(value, "pk", value)
    for kind, plain in (
        (serializers.CharField, str),
        (serializers.IntegerField, int),
        (serializers.BooleanField, bool),
    ):
        if own is kind.to_representation:
            return _unless_plain(plain, field.to_representation)
    if isinstance(field, InstantField) and own is serializers.DateTimeField.to_representation:
        return lambda value: value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
    return field.to_representation


def _unless_plain(plain: type, represent: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: value if type(value) is plain else represent(value)
