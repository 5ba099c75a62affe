from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_samples_inspections_payments")]

    operations = []
