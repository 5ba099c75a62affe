from typing import Any

from django.core.management.base import BaseCommand

from orders.process import load_shipped_templates
from orders.reasons import load_delay_reasons
from teams.models import Organization
from teams.services.calendars import load_default_calendars


class Command(BaseCommand):
    help = "Loads what every installation begins with: organisation, work calendars, process templates, delay reasons."

    def handle(self, *args: Any, **options: Any) -> None:
        Organization.current()
        calendars, templates, reasons = load_default_calendars(), load_shipped_templates(), load_delay_reasons()
        self.stdout.write(f"{calendars} calendars, {templates} templates, {reasons} delay reasons loaded.")
