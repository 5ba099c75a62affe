from django.db import migrations

TABLES = ["orders_orderevent", "orders_promisechange"]


class Migration(migrations.Migration):
    """What happened is never rewritten: a trigger refuses UPDATE and DELETE of events, for everyone (C58)."""

    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
                CREATE FUNCTION gendan_refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME; END $$;
                """
            + "".join(
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION gendan_refuse_rewrite();"
                for table in TABLES
            ),
            reverse_sql="".join(f"DROP TRIGGER append_only ON {table};" for table in TABLES)
            + "DROP FUNCTION gendan_refuse_rewrite();",
        )
    ]
