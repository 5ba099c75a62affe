from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0008_shipments_at_work")]

    operations = []
