"""`manage.py`: two commands of its own, everything else is Django's."""

import os
import sys
from collections.abc import Sequence

from . import environment, translations
from .text import LauncherError


def main(arguments: Sequence[str]) -> int:
    """Run the command line `arguments` (the program's name first) and return its exit code."""
    try:
        environment.enter(arguments)
        translations.compile_changed()
        return _dispatch(arguments)
    except LauncherError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _dispatch(arguments: Sequence[str]) -> int:
    command = arguments[1] if len(arguments) > 1 else "help"
    if command == "dev":
        from . import dev

        return dev.main(arguments[2:])
    if command == "test":
        from . import tests

        return tests.main(arguments[2:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    from django.core.management import execute_from_command_line

    execute_from_command_line(list(arguments))
    return 0
