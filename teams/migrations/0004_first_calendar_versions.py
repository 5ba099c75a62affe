"""What each calendar says now is kept as the version that it has reached."""

from django.db import migrations

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def fill(apps, schema_editor):
    CalendarVersion = apps.get_model("teams", "CalendarVersion")
    for calendar in apps.get_model("teams", "WorkCalendar").objects.order_by("pk"):
        exceptions = list(calendar.exceptions.order_by("date"))
        days = {
            row.date.isoformat(): [row.kind, row.name, row.name_en, "statutory" if row.is_statutory else "own"]
            for row in exceptions
        }
        CalendarVersion.objects.get_or_create(
            calendar=calendar, version=calendar.version, defaults={"spec": spec(calendar, exceptions), "days": days}
        )


def spec(calendar, exceptions):
    """In the form of `WorkSchedule.from_dict`, as the calendar's rows stood before this migration."""
    hours = {day: [] for day in WEEKDAYS}
    makeup = []
    for interval in calendar.intervals.order_by("weekday", "start_minute"):
        span = [clock(interval.start_minute), clock(interval.end_minute)]
        (makeup if interval.weekday == 8 else hours[WEEKDAYS[interval.weekday - 1]]).append(span)
    found = {"timezone": calendar.timezone, "hours": hours, "holidays": [], "extra_workdays": []}
    if makeup:
        found["extra_workday_hours"] = makeup
    for row in exceptions:
        found["holidays" if row.kind == "off" else "extra_workdays"].append(row.date.isoformat())
    return found


def clock(minute):
    return f"{minute // 60:02d}:{minute % 60:02d}"


def empty(apps, schema_editor):
    apps.get_model("teams", "CalendarVersion").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("teams", "0003_statutory_days_in_english")]

    operations = [migrations.RunPython(fill, empty)]
