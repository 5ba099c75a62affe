"""The shape of the house: who may point at whom, what stands where."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import override_settings

ORDER = ["teams", "customers", "orders", "kpi"]  # each may point only at those before it
ROOT = Path(settings.BASE_DIR)


def own_sources(*apps_, skip=("migrations", "management", "tests")):
    for app in apps_:
        for path in (ROOT / app).rglob("*.py"):
            if not set(path.relative_to(ROOT).parts) & set(skip):
                yield path


@pytest.mark.parametrize("label", ORDER)
def test_foreign_keys_point_only_downwards(label):
    allowed = set(ORDER[: ORDER.index(label) + 1]) | {"contenttypes", "auth"}
    for model in apps.get_app_config(label).get_models():
        for field in model._meta.get_fields():
            if field.is_relation and not field.auto_created and field.related_model:
                assert field.related_model._meta.app_label in allowed, f"{model.__name__}.{field.name}"


@pytest.mark.parametrize("label", ORDER)
def test_no_model_has_a_default_order(label):
    assert [model.__name__ for model in apps.get_app_config(label).get_models() if model._meta.ordering] == []


def test_the_clock_is_read_only_at_the_edges():
    clock = re.compile(r"timezone\.now\(|datetime\.now\(")
    edges = re.compile(
        r"(views|api|filters|forms|tasks|admin|middleware|authentication|health|channels|delivery|commands)"
    )
    readers = [
        str(path.relative_to(ROOT))
        for path in own_sources(*ORDER)
        if not edges.search(str(path.relative_to(ROOT))) and clock.search(path.read_text())
    ]

    assert readers == []


def test_rules_about_lateness_stand_in_the_models_only():
    rule = re.compile(r"due_at__lt|closed_at__isnull|actual_finish_at__isnull")
    strays = [
        str(path.relative_to(ROOT))
        for path in own_sources(*ORDER)
        if "models" not in path.parts and rule.search(path.read_text())
    ]

    assert strays == []


def test_templates_hold_no_inline_script_or_style():
    inline = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|\sstyle=|\son[a-z]+=|<style", re.I)
    strays = [
        str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*.html") if inline.search(path.read_text())
    ]

    assert strays == []


def test_nothing_in_the_repository_bypasses_escaping():
    bypass = re.compile(r"mark_safe\(|\|safe\b|\.extra\(|\.raw\(")
    files = [*own_sources(*ORDER, "config"), *(ROOT / "templates").rglob("*.html")]

    assert [str(path.relative_to(ROOT)) for path in files if bypass.search(path.read_text())] == []


def test_lock_files_name_no_host():
    assert "http" not in (ROOT / "requirements.lock").read_text()
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


@pytest.mark.django_db
def test_no_migration_is_missing(capsys):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_production_passes_the_deployment_check(capsys):
    secure = {
        "SECRET_KEY": "k" * 60 + "abcdefghij",
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_PRELOAD": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "ALLOWED_HOSTS": ["gendan.example"],
    }
    with override_settings(**secure):
        faults = run_checks(tags=["security"], include_deployment_checks=True)

    assert faults == []
