from django.db import migrations


class Migration(migrations.Migration):
    """A text's characters and pairs of characters: two Chinese characters are a word, and too short for a trigram."""

    dependencies = [("orders", "0005_bulk_acts")]

    operations = [
        migrations.RunSQL(
            sql="""
                CREATE FUNCTION gendan_grams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
                $$
                    SELECT coalesce(array_agg(DISTINCT gram), '{}')
                    FROM pg_catalog.generate_series(1, pg_catalog.length(words)) AS place,
                        LATERAL (VALUES (pg_catalog.substr(words, place, 1)), (pg_catalog.substr(words, place, 2))) AS pair (gram)
                    WHERE gram !~ '[[:space:]]'
                $$
                """,
            reverse_sql="DROP FUNCTION gendan_grams(text)",
        )
    ]
