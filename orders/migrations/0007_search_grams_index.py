from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Func


class Migration(migrations.Migration):
    """Search by one or two characters without reading every order."""

    atomic = False

    dependencies = [("orders", "0006_search_grams_function")]

    operations = [
        AddIndexConcurrently(
            "order",
            GinIndex(
                Func(F("search_text"), function="gendan_grams", output_field=ArrayField(models.TextField())),
                name="order_search_grams",
            ),
        ),
    ]
