#!/usr/bin/env python3
"""Gendan's one command: `python3 manage.py dev`, `python3 manage.py test`, and every command of Django."""

# Old Pythons read this file too, so that they end with a sentence and not with a syntax error.
import os
import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Gendan needs Python 3.11 or newer, this is %d.%d (%s). Try: python3.11 manage.py %s"
        % (sys.version_info[0], sys.version_info[1], sys.executable, " ".join(sys.argv[1:]))
    )
if os.name != "posix":
    sys.exit("Gendan runs on Linux and macOS; on Windows please use WSL.")

if __name__ == "__main__":
    from config.launcher.cli import main

    sys.exit(main(sys.argv))
