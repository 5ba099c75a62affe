"""Chinese is complete: every marked text of code and templates has its translation, with the same placeholders."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
CATALOGUE = Path("locale/zh_Hans/LC_MESSAGES/django.po")
SOURCES = ["config", "kpi", "orders", "customers", "teams", "templates", "locale"]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}")


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    """The catalogue as `makemessages` would bring it up to date, in a copy of the sources."""
    if shutil.which("xgettext") is None:
        if os.environ.get("CI"):
            pytest.fail("install the package gettext: the translations cannot be checked without xgettext")
        pytest.skip("xgettext is not installed (package gettext)")
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    command = [sys.executable, "-m", "django", "makemessages", "-l", "zh_Hans", "--no-location", "--no-obsolete"]
    environment = {**os.environ, "PYTHONPATH": "", "DJANGO_SETTINGS_MODULE": ""}
    subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)
    with (copy / CATALOGUE).open("rb") as file:
        return [message for message in read_po(file, locale="zh_Hans") if message.id]


def first(text):
    return text if isinstance(text, str) else text[0]


def test_every_text_is_translated(messages):
    assert len(messages) > 900
    assert [first(m.id) for m in messages if not first(m.string) or m.fuzzy] == []


def test_placeholders_are_kept(messages):
    wrong = [
        first(m.id)
        for m in messages
        if set(PLACEHOLDER.findall(first(m.id))) != set(PLACEHOLDER.findall(first(m.string)))
    ]

    assert wrong == []


def test_no_text_hides_inside_an_f_string():
    """Extraction does not look into them, so such a text would be neither checked nor kept."""
    calls = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for name in SOURCES
        for path in (ROOT / name).rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in calls
    ]
    assert found == []
