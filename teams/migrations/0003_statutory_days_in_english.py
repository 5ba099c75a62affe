"""Statutory days of China get their English names; so far only the Chinese ones were kept."""

from django.db import migrations

from teams.statutory import china_days


def fill(apps, schema_editor):
    CalendarException = apps.get_model("teams", "CalendarException")
    rows = list(CalendarException.objects.filter(is_statutory=True, calendar__country="CN", name_en=""))
    years = {row.date.year for row in rows if 1951 <= row.date.year <= 2099}
    if not years:
        return
    days = china_days(years, "en_US")
    names = {"off": days.off, "workday": days.workdays}
    for row in rows:
        row.name_en = names[row.kind].get(row.date, "")[:80]
    CalendarException.objects.bulk_update(rows, ["name_en"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("teams", "0002_calendar_versions_and_edits")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
