"""Translations as Django wants them: a .mo file beside each .po file, made without the gettext tools."""

import os
import tempfile
from pathlib import Path

from .paths import ROOT


def compile_changed() -> int:
    """Write each .mo file that is missing or older than its .po file; return how many were written."""
    changed = [path for path in ROOT.glob("locale/*/LC_MESSAGES/*.po") if _is_behind(path)]
    for path in changed:
        _compile(path)
    return len(changed)


def _is_behind(source: Path) -> bool:
    target = source.with_suffix(".mo")
    return not target.exists() or target.stat().st_mtime <= source.stat().st_mtime


def _compile(source: Path) -> None:
    # Third party, so only here: by now the environment exists.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as handle:
        catalog = read_po(handle)
    descriptor, draft = tempfile.mkstemp(dir=source.parent)
    with os.fdopen(descriptor, "wb") as handle:
        write_mo(handle, catalog)
    os.chmod(draft, 0o644)
    os.replace(draft, source.with_suffix(".mo"))  # In one step: another process may be reading.
