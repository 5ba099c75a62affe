"""What a message says, before a channel puts it into its own form: words in the reader's language, links absolute."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One thing the person is told. `answer_url` answers it without a log-in; empty where nothing is to be answered."""

    headline: str  # one line
    lines: tuple[str, ...] = ()
    url: str = ""
    answer_url: str = ""
    key: str = ""  # the item's own name, for programs that read a webhook


@dataclass(frozen=True)
class Group:
    """Entries that ask for the same kind of act, e.g. "Overdue" or "New dates"."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Content:
    """A whole message: one entry or a digest of many.

    `urgent` is what cannot wait for the morning. `footer` holds plain sentences, such as that it comes late or may
    have come before.
    """

    title: str
    groups: tuple[Group, ...]
    intro: str = ""
    footer: tuple[str, ...] = ()
    url: str = ""  # where all of it stands
    is_urgent: bool = False

    @property
    def entries(self) -> Sequence[Entry]:
        return [entry for group in self.groups for entry in group.entries]
