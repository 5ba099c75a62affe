from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Func, Value


class Migration(migrations.Migration):
    """Search by two characters, which is a word in Chinese, without reading every order."""

    atomic = False

    dependencies = [("orders", "0005_bulk_acts")]

    operations = [
        AddIndexConcurrently(
            "order",
            GinIndex(
                OpClass(
                    Func(
                        F("search_text"),
                        Value("(.)"),
                        Value(r"\1\1"),
                        Value("g"),
                        function="regexp_replace",
                        output_field=models.TextField(),
                    ),
                    name="gin_trgm_ops",
                ),
                name="order_search_doubled",
            ),
        ),
    ]
