"""Migrations that the code before them survives, and that hold nobody up: reliability C61.

Expand, deploy, contract: what the old code names stays until the release after the one that stops to use it.
"""

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

OURS = {"teams", "customers", "orders", "kpi"}
# The last migrations of the last release, to be moved on with each; tables that are made later are still empty.
BASELINE = {"teams": "0004", "customers": "0002", "orders": "0003"}
UNRELEASED = "there was no release before it: nobody has a database in use, and docs/operations.md stops the workers"
ALLOWED = {
    ("teams", "0007_notification_is_an_item"): UNRELEASED,
    ("teams", "0009_failed_by_age"): UNRELEASED,
}
GONE = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
DATA = (migrations.RunPython, migrations.RunSQL)


def faults_of(migration: migrations.Migration, before: ProjectState, fresh: set[tuple[str, str]]) -> list[str]:
    """What is wrong with a migration, as sentences; `fresh` are the models whose tables are still empty."""
    faults, state, kinds = [], before.clone(), set()
    for operation in migration.operations:
        kinds.add("data" if isinstance(operation, DATA) else "schema")
        if model_of(migration, operation) not in fresh and (fault := fault_of(migration, operation, state)):
            faults.append(fault)
        operation.state_forwards(migration.app_label, state)
    if kinds == {"data", "schema"}:
        faults.append("it changes data and schema at once: locks are held while rows are written")
    return faults


def model_of(migration: migrations.Migration, operation: Operation) -> tuple[str, str]:
    name = getattr(operation, "model_name_lower", None) or getattr(operation, "name_lower", "")
    return migration.app_label, name


def fault_of(migration: migrations.Migration, operation: Operation, state: ProjectState) -> str:
    what = operation.describe()
    if isinstance(operation, GONE):
        return f"{what}: the old code still asks for it"
    if isinstance(operation, DATA) and not operation.reversible:
        return f"{what}: there is no way back"
    if isinstance(operation, migrations.AddField) and is_required(operation.field):
        return f"{what}: the old code's inserts do not name it; make it nullable or give it a db_default"
    if isinstance(operation, migrations.AlterField):
        return alteration_fault(operation, state.models[model_of(migration, operation)].fields[operation.name], what)
    if isinstance(operation, (migrations.AddIndex, migrations.RemoveIndex)):
        is_concurrent = isinstance(operation, (AddIndexConcurrently, RemoveIndexConcurrently))
        return "" if is_concurrent else f"{what}: writers wait meanwhile; do it CONCURRENTLY"
    if isinstance(operation, migrations.AddConstraint) and not isinstance(operation, AddConstraintNotValid):
        return f"{what}: every row is read under a lock; add it NOT VALID, validate it in the next migration"
    return ""


def is_required(field: models.Field) -> bool:
    return not field.null and field.db_default is models.NOT_PROVIDED and not field.many_to_many


def alteration_fault(operation: migrations.AlterField, old: models.Field, what: str) -> str:
    if old.null and not operation.field.null:
        return f"{what}: it becomes NOT NULL, every row is read under a lock and the old code writes NULL"
    kinds = (old.db_type(connection), operation.field.db_type(connection))
    if kinds[0] != kinds[1] and not is_widened(old, operation.field):
        return f"{what}: the table is written anew as {kinds[1]}"
    return ""


def is_widened(old: models.Field, new: models.Field) -> bool:
    """A longer varchar costs nothing."""
    is_text = isinstance(old, models.CharField) and isinstance(new, models.CharField)
    return is_text and (new.max_length is None or (old.max_length or 0) <= new.max_length)


def newer_migrations() -> list[tuple[migrations.Migration, ProjectState, set[tuple[str, str]]]]:
    """Those after the baseline in the order in which they run, each with the state that it finds."""
    loader, found = MigrationLoader(None, ignore_no_migrations=True), []
    state, fresh = ProjectState(), set()
    plans = [loader.graph.forwards_plan(leaf) for leaf in sorted(loader.graph.leaf_nodes())]
    for key in dict.fromkeys(step for plan in plans for step in plan):
        migration = loader.graph.nodes[key]
        if key[0] in OURS and key[1][:4] > BASELINE.get(key[0], "0000"):
            created = [step for step in migration.operations if isinstance(step, migrations.CreateModel)]
            fresh |= {(key[0], operation.name_lower) for operation in created}
            found.append((migration, state.clone(), set(fresh)))
        state = migration.mutate_state(state, preserve=False)
    return found


NEWER = newer_migrations()


@pytest.mark.parametrize(("migration", "before", "fresh"), NEWER, ids=[str(row[0]) for row in NEWER])
def test_a_migration_keeps_the_rules_or_says_why_not(migration, before, fresh):
    faults = faults_of(migration, before, fresh)

    if (migration.app_label, migration.name) in ALLOWED:
        assert faults, "it keeps the rules; take it off the list"
    else:
        assert faults == []


def state_with_order() -> ProjectState:
    state = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("note", models.CharField(max_length=20, null=True))]
    migrations.CreateModel("Order", fields).state_forwards("orders", state)
    return state


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (migrations.RemoveField("order", "note"), "still asks"),
        (migrations.RenameField("order", "note", "text"), "still asks"),
        (migrations.AddField("order", "kind", models.CharField(max_length=3, default="a")), "do not name it"),
        (migrations.AddField("order", "kind", models.CharField(max_length=3, db_default="a")), ""),
        (migrations.AddField("order", "kind", models.CharField(max_length=3, null=True)), ""),
        (migrations.AlterField("order", "note", models.CharField(max_length=20, default="")), "NOT NULL"),
        (migrations.AlterField("order", "note", models.IntegerField(null=True)), "written anew"),
        (migrations.AlterField("order", "note", models.CharField(max_length=40, null=True)), ""),
        (migrations.AddIndex("order", models.Index(fields=["note"], name="n")), "CONCURRENTLY"),
        (AddIndexConcurrently("order", models.Index(fields=["note"], name="n")), ""),
        (migrations.AddConstraint("order", models.CheckConstraint(condition=models.Q(id=1), name="c")), "NOT VALID"),
        (AddConstraintNotValid("order", models.CheckConstraint(condition=models.Q(id=1), name="c")), ""),
        (migrations.RunSQL("SELECT 1"), "no way back"),
        (migrations.RunSQL("SELECT 1", migrations.RunSQL.noop), ""),
    ],
    ids=lambda value: value.describe() if isinstance(value, Operation) else "",
)
def test_the_rules_tell_what_is_wrong(operation, told):
    migration = migrations.Migration("0099_x", "orders")
    migration.operations = [operation]

    faults = faults_of(migration, state_with_order(), set())

    assert bool(faults) is bool(told)
    assert told in "".join(faults)
