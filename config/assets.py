"""Front-end libraries from registry packages: a named list of files, never a whole package."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class VendorFinder(BaseFinder):
    """Find the files of `settings.VENDOR_ASSETS` under node_modules/."""

    def check(self, **kwargs: object) -> list:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        source = settings.VENDOR_ASSETS.get(path)
        found = str(Path(settings.BASE_DIR) / "node_modules" / source) if source else None
        if find_all:
            return [found] if found else []
        return found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for name in settings.VENDOR_ASSETS:
            yield name, VendorStorage(location=Path(settings.BASE_DIR) / "node_modules")


class VendorStorage(FileSystemStorage):
    """Opens a vendor file by the name it has under static/."""

    prefix = ""

    def path(self, name: str) -> str:
        return super().path(settings.VENDOR_ASSETS.get(name, name))


def _without_source_maps(patterns: Iterable[tuple]) -> tuple:
    """Leave out the rules about source maps: libraries name maps that they do not ship."""
    kept = []
    for glob, rules in patterns:
        texts = [rule if isinstance(rule, str) else rule[0] for rule in rules]
        pairs = zip(rules, texts, strict=True)
        kept.append((glob, tuple(rule for rule, text in pairs if "sourceMappingURL" not in text)))
    return tuple(kept)


class AssetStorage(CompressedManifestStaticFilesStorage):
    """Hashed names, compressed files, for production."""

    patterns = _without_source_maps(CompressedManifestStaticFilesStorage.patterns)
