import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        ("teams", "0002_calendar_versions_and_edits"),
    ]

    operations = [
        migrations.AddField(
            model_name="company",
            name="calendar",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="companies",
                to="teams.workcalendar",
                verbose_name="work calendar",
            ),
        ),
    ]
