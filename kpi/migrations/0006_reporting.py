from pathlib import Path

from django.db import migrations

VIEWS = Path(__file__).with_name("reporting_1.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """The schema `reporting`: views with stable names for other tools."""

    dependencies = [
        ("kpi", "0005_reporting_access"),
        ("orders", "0013_figures"),
        ("teams", "0001_initial"),
        ("customers", "0001_initial"),
    ]

    operations = [migrations.RunSQL(VIEWS, "DROP SCHEMA reporting CASCADE")]
