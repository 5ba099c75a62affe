"""What the launcher tells a person, in the language of the terminal.

Django's translations are not there yet when the launcher speaks, so each sentence stands in both languages
where it is said.
"""

import os
import sys


class LauncherError(Exception):
    """Something a person can put right; its text says what, where and how."""


def prefers_chinese() -> bool:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value.lower().startswith("zh")
    return False


def tr(english: str, chinese: str) -> str:
    """Return the sentence in the terminal's language."""
    return chinese if prefers_chinese() else english


def failure(sentence: str, output: str) -> str:
    """The sentence with the end of what the failed program said; a full disk is named first, in plain words."""
    end = "\n".join(output.strip().splitlines()[-8:])
    if "No space left on device" in output:
        sentence = tr("The disk is full; free some space, then start again.", "磁盘已满，请清理空间后重新启动。")
    return f"{sentence}\n{end}"


def say(message: str = "") -> None:
    """Print a line at once, also where the terminal cannot show every character or is gone."""
    try:
        try:
            print(message, flush=True)
        except UnicodeEncodeError:
            encoding = sys.stdout.encoding or "ascii"
            print(message.encode(encoding, "replace").decode(encoding), flush=True)
    except OSError:
        pass  # The terminal was closed; the work goes on to an orderly stop.
