"""The filters of the list of companies, for the page and for the sheet made of it."""

from collections.abc import Mapping
from typing import Any

from customers.api import colleagues_of
from customers.models.companies import CompanyQuerySet
from teams.models import User


def filtered(companies: CompanyQuerySet, wanted: Mapping[str, Any], viewer: User) -> CompanyQuerySet:
    """`companies` by the cleaned values of customers.forms.CompanyFilterForm; an empty value does not narrow."""
    if wanted.get("q"):
        companies = companies.search(wanted["q"])
    match wanted.get("part"):
        case "customer":
            companies = companies.customers()
        case "supplier":
            companies = companies.suppliers()
        case "forwarder":
            companies = companies.filter(is_forwarder=True)
    if wanted.get("country"):
        companies = companies.filter(country=wanted["country"].upper())
    if wanted.get("grade"):
        companies = companies.filter(grade=wanted["grade"])
    if wanted.get("owner"):
        companies = companies.filter(owner__in=colleagues_of(viewer).filter(username=wanted["owner"]))
    return companies
