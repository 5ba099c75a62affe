"""Field-level optimistic locking: two people on one record lose nothing; only the same field can conflict (C29)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext as _

from teams.errors import StaleVersion
from teams.models import FieldChange, User
from teams.models.changes import Versioned


def subject_of(instance: models.Model) -> str:
    """The record's name in `FieldChange`: "orders.order:17"."""
    return f"{instance._meta.label_lower}:{instance.pk}"


def change_fields(
    instance: Versioned, values: Mapping[str, Any], *, seen_version: int | None, by: User, now: datetime
) -> dict[str, tuple[Any, Any]]:
    """Write `values` into the locked row `instance` and return what truly changed: field to (old, new) as JSON values.

    `seen_version` is the version that the writer read; None writes without a guard. The caller holds the row's lock.

    Raises:
        StaleVersion: somebody changed one of these fields to another value since then.
    """
    new_json = {name: json_value(value) for name, value in values.items()}
    now_json = {name: json_value(getattr(instance, name)) for name in values}
    if seen_version is not None and seen_version < instance.version:
        _refuse_conflicts(instance, now_json, new_json, seen_version)
    changed = {name: (now_json[name], new_json[name]) for name in values if now_json[name] != new_json[name]}
    if not changed:
        return {}
    for name in changed:
        setattr(instance, name, values[name])
    _note(instance, changed, by=by, now=now, fields=list(changed))
    return changed


def change_part(
    instance: Versioned, name: str, *, old: Any, new: Any, seen_version: int | None, by: User, now: datetime
) -> bool:
    """The same guard for a part kept in other rows, such as a shipment's quantities; returns whether it changes.

    `old` and `new` are JSON values; the caller writes the rows.

    Raises:
        StaleVersion: somebody changed this part to something else since then.
    """
    if seen_version is not None and seen_version < instance.version:
        _refuse_conflicts(instance, {name: old}, {name: new}, seen_version)
    if old == new:
        return False
    _note(instance, {name: (old, new)}, by=by, now=now, fields=[])
    return True


def _note(
    instance: Versioned, changed: Mapping[str, tuple[Any, Any]], *, by: User, now: datetime, fields: list[str]
) -> None:
    """Raise the version, save `fields`, and remember who changed what."""
    instance.version += 1
    instance.save(update_fields=[*fields, "version"])
    FieldChange.objects.bulk_create(
        FieldChange(subject=subject_of(instance), version=instance.version, field=name, old=old, new=new, by=by, at=now)
        for name, (old, new) in changed.items()
    )


def json_value(value: Any) -> Any:
    """A field's value as the API shows it; a related row by its key."""
    if isinstance(value, models.Model):
        return value.pk
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    return DjangoJSONEncoder().default(value)


def _refuse_conflicts(
    instance: Versioned, current: Mapping[str, Any], new: Mapping[str, Any], seen_version: int
) -> None:
    since = FieldChange.objects.filter(
        subject=subject_of(instance), version__gt=seen_version, field__in=new
    ).select_related("by")
    conflicts = {
        change.field: {
            "theirs": current[change.field],
            "yours": new[change.field],
            "by": str(change.by),
            "at": change.at.isoformat(),
        }
        for change in since.order_by("version")
        if current[change.field] != new[change.field]
    }
    if conflicts:
        who = next(iter(conflicts.values()))["by"]
        raise StaleVersion(
            _("%(who)s changed this meanwhile. Compare both values and save again.") % {"who": who},
            conflicts=conflicts,
        )
