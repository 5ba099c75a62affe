"""Long messages: whole entries are left out from the end, and a sentence says how many."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from django.utils.translation import ngettext

from teams.notifications.content import Content, Entry

Form = TypeVar("Form")

# How much of the room title, introduction and footer may take, and to what they are shortened if they take more.
_FRAME_SHARE = 0.5
_FRAME_WIDTHS = (300, 100, 30)


def fit(content: Content, form: Callable[[Content, int], Form], load: Callable[[Form], float]) -> Form:
    """The content in its form, with as many entries as there is room for.

    `form` gets the content and how many entries are missing in it; `load` says how full a form is: up to 1 will do.
    An entry that is too long all by itself is left out too; no entry is ever cut.
    """
    whole = form(content, 0)
    if load(whole) <= 1:
        return whole
    count = len(content.entries)
    frame = _frame(content, form, load)

    def with_entries(kept: Sequence[Entry]) -> Form:
        return form(_with(frame, content, kept), count - len(kept))

    def is_fitting(kept: Sequence[Entry]) -> bool:
        return load(with_entries(kept)) <= 1

    entries = content.entries
    fitting = _longest(entries, is_fitting)
    if fitting < count and not is_fitting([entries[fitting]]):
        entries = [entry for entry in entries if is_fitting([entry])]
        fitting = _longest(entries, is_fitting)
    return with_entries(entries[:fitting])


def _longest(entries: Sequence[Entry], is_fitting: Callable[[Sequence[Entry]], bool]) -> int:
    """How many of the first entries there is room for."""
    fitting, too_many = 0, len(entries) + 1
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        if is_fitting(entries[:middle]):
            fitting = middle
        else:
            too_many = middle
    return fitting


def _frame(content: Content, form: Callable[[Content, int], Form], load: Callable[[Form], float]) -> Content:
    """The content without entries, its own texts shortened as far as needed."""
    for width in _FRAME_WIDTHS:
        frame = replace(
            content,
            title=shortened(content.title, width),
            intro=shortened(content.intro, width),
            footer=tuple(shortened(line, width) for line in content.footer[:3]),
            groups=(),
        )
        if load(form(frame, len(content.entries))) <= _FRAME_SHARE:
            break
    return frame


def _with(frame: Content, content: Content, kept: Sequence[Entry]) -> Content:
    names = {id(entry) for entry in kept}
    groups = [
        replace(group, title=shortened(group.title, _FRAME_WIDTHS[1]), entries=entries)
        for group in content.groups
        if (entries := tuple(entry for entry in group.entries if id(entry) in names))
    ]
    return replace(frame, groups=tuple(groups))


def shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def more(count: int) -> str:
    """The sentence that stands for entries left out."""
    return ngettext("and %(count)s more, on your desk", "and %(count)s more, on your desk", count) % {"count": count}
