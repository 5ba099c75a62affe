"""Every write of companies, contacts and interactions."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from customers.models import Company, Contact, Interaction
from teams.errors import DomainError, InvalidInput
from teams.models import User
from teams.versioning import change_fields

# Called with a company whose code or names changed; the app of orders keeps its search in step this way.
renamed: list[Callable[[Company], None]] = []
_NAMES = ("code", "name", "name_en")
_PARTS = ("is_customer", "is_dealer", "is_supplier", "is_forwarder")


class CodeTaken(DomainError):
    """A company with this code exists, perhaps in another team."""

    code = "code_taken"


class InUse(DomainError):
    """Orders, shipments or interactions name it; it stays."""

    code = "in_use"


@transaction.atomic
def create_company(*, values: Mapping[str, Any]) -> Company:
    """Create a company with at least one part to play: customer, dealer, supplier or forwarder.

    Raises:
        CodeTaken, InvalidInput.
    """
    company = Company(**values)
    _check_part(company)
    _unless_taken(company.save)
    return company


@transaction.atomic
def edit_company(
    *, company_id: int, values: Mapping[str, Any], seen_version: int | None, by: User, now: datetime
) -> Company:
    """Change fields of a company; a renamed one is found by its new name.

    Raises:
        StaleVersion, CodeTaken, InvalidInput.
    """
    # No key lock: telling the orders waits for their writers, who may just be naming this company.
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company_id)
    _check_part(company, values)
    changed = _unless_taken(lambda: change_fields(company, values, seen_version=seen_version, by=by, now=now))
    if any(name in changed for name in _NAMES):
        for tell in renamed:
            tell(company)
    return company


@transaction.atomic
def delete_company(*, company_id: int) -> None:
    """Delete a company that nothing refers to.

    Raises:
        InUse
    """
    company = Company.objects.select_for_update(of=("self",)).get(pk=company_id)
    if company.interactions.exists():
        raise InUse(_("There is a history with this company; it stays."))
    _unless_in_use(company)


@transaction.atomic
def create_contact(*, values: Mapping[str, Any]) -> Contact:
    return Contact.objects.create(**values)


@transaction.atomic
def edit_contact(
    *, contact_id: int, values: Mapping[str, Any], seen_version: int | None, by: User, now: datetime
) -> Contact:
    """Change fields of a contact.

    Raises:
        StaleVersion
    """
    contact = Contact.objects.select_for_update(of=("self",), no_key=True).get(pk=contact_id)
    change_fields(contact, values, seen_version=seen_version, by=by, now=now)
    return contact


@transaction.atomic
def delete_contact(*, contact_id: int) -> None:
    """Delete a contact; interactions with them stay, without the name."""
    _unless_in_use(Contact.objects.select_for_update(of=("self",)).get(pk=contact_id))


@transaction.atomic
def add_interaction(*, values: Mapping[str, Any], by: User) -> Interaction:
    """Note a call, mail, chat or visit.

    Raises:
        InvalidInput: the contact is of another company.
    """
    interaction = Interaction(**values, by=by)
    _check_contact(interaction.company, interaction.contact)
    interaction.save()
    return interaction


@transaction.atomic
def edit_interaction(
    *, interaction_id: int, values: Mapping[str, Any], seen_version: int | None, by: User, now: datetime
) -> Interaction:
    """Change fields of an interaction.

    Raises:
        StaleVersion, InvalidInput.
    """
    interaction = Interaction.objects.select_for_update(of=("self",), no_key=True).get(pk=interaction_id)
    _check_contact(interaction.company, values.get("contact"))
    change_fields(interaction, values, seen_version=seen_version, by=by, now=now)
    return interaction


@transaction.atomic
def delete_interaction(*, interaction_id: int) -> None:
    Interaction.objects.filter(pk=interaction_id).delete()


def _check_part(company: Company, values: Mapping[str, Any] | None = None) -> None:
    values = values or {}
    if not any(values.get(name, getattr(company, name)) for name in _PARTS):
        message = _("Say what the company is: customer, dealer, supplier or forwarder.")
        raise InvalidInput(message, fields=dict.fromkeys(_PARTS, message))


def _check_contact(company: Company, contact: Contact | None) -> None:
    if contact is not None and contact.company_id != company.pk:
        message = _("This contact belongs to another company.")
        raise InvalidInput(message, fields={"contact": message})


def _unless_taken(write: Callable[[], Any]) -> Any:
    try:
        with transaction.atomic():
            return write()
    except IntegrityError as error:
        if "customers_company_code" not in str(error):
            raise
        message = _("This company code exists already.")
        raise CodeTaken(message, fields={"code": message}) from error


def _unless_in_use(row: models.Model) -> None:
    try:
        row.delete()
    except ProtectedError as error:
        raise InUse(_("Orders or shipments name it; it stays.")) from error
