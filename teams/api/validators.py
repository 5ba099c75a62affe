"""Shapes of short codes."""

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

CURRENCY = RegexValidator(r"^[A-Z]{3}\Z", _("Write a currency as its three letters, e.g. USD."))
COUNTRY = RegexValidator(r"^[A-Z]{2}\Z", _("Write a country as its two letters, e.g. DE."))
