"""A message as a mail: subject, plain text, and HTML that old mail programs show as well as phones."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html

from teams.notifications.channels.dialects import says_it_all, title_url
from teams.notifications.channels.fitting import shortened
from teams.notifications.channels.words import href, one_line
from teams.notifications.content import Content

_SUBJECT_WIDTH = 150
_FONT = "font-family:-apple-system,'Segoe UI','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',Arial,sans-serif;"
# Mail programs read no style sheets, so every element carries its own look.
_LOOKS = {
    "page": "margin:0;padding:0;background:#f1f5f9;",
    "around": "padding:8px 0;",
    "sheet": "width:100%;max-width:640px;background:#ffffff;border:1px solid #dce1e7;border-radius:6px;",
    "calm": "padding:20px 24px 4px;border-top:4px solid #066fd1;border-radius:6px 6px 0 0;",
    "urgent": "padding:20px 24px 4px;border-top:4px solid #d63939;border-radius:6px 6px 0 0;",
    "title": f"{_FONT}font-size:20px;line-height:28px;font-weight:bold;color:#182433;text-decoration:none;",
    "intro": f"{_FONT}padding:4px 24px;font-size:15px;line-height:23px;color:#182433;",
    "heading": f"{_FONT}padding:20px 24px 4px;font-size:15px;line-height:22px;font-weight:bold;color:#49566c;",
    "entry": f"{_FONT}padding:10px 24px;border-top:1px solid #e6e7e9;font-size:15px;line-height:23px;color:#182433;",
    "headline": "font-weight:bold;color:#066fd1;text-decoration:none;word-break:break-word;",
    "line": "font-size:14px;line-height:22px;color:#49566c;word-break:break-word;",
    "button": "padding:3px 14px;background:#e6f0fa;border-radius:4px;",
    "press": f"{_FONT}font-size:14px;line-height:22px;color:#066fd1;text-decoration:none;white-space:nowrap;",
    "only_button": "padding:7px 20px;background:#066fd1;border-radius:4px;",
    "only_press": f"{_FONT}font-size:15px;line-height:22px;color:#ffffff;text-decoration:none;white-space:nowrap;",
    "desk": f"{_FONT}padding:16px 24px;border-top:1px solid #e6e7e9;font-size:14px;line-height:22px;",
    "link": "color:#066fd1;text-decoration:none;",
    "footer": f"{_FONT}padding:0 24px 16px;font-size:13px;line-height:20px;color:#667382;",
}


def subject(content: Content) -> str:
    """One line: a line break in a name would begin a new mail header."""
    return shortened(one_line(content.title), _SUBJECT_WIDTH)


def plain(content: Content, language: str | None = None) -> str:
    """The text for programs that show no HTML."""
    return _rendered("notifications/message.txt", content, language).strip() + "\n"


def html(content: Content, language: str | None = None) -> str:
    """The same as a page of tables, which is what Outlook understands."""
    return _rendered("notifications/message.html", content, language)


def _rendered(template: str, content: Content, language: str | None) -> str:
    with _in_language(language):
        return render_to_string(template, _facts(content))


@contextmanager
def _in_language(language: str | None) -> Iterator[None]:
    with translation.override(language or translation.get_language()):
        yield


def _facts(content: Content) -> dict[str, object]:
    """Plain strings for the templates; words on one line each, addresses that lead to a page."""
    return {
        "language": translation.get_language(),
        "look": {name: format_html(' style="{}"', look) for name, look in _LOOKS.items()},
        "title": one_line(content.title),
        "title_url": href(title_url(content)),
        "desk_url": href(content.url),
        "intro": content.intro.strip(),
        "is_urgent": content.is_urgent,
        "says_it_all": says_it_all(content),
        "groups": [
            {
                "title": one_line(group.title),
                "entries": [
                    {
                        "headline": one_line(entry.headline),
                        "lines": [line for line in map(one_line, entry.lines) if line],
                        "url": href(entry.url),
                        "answer_url": href(entry.answer_url),
                    }
                    for entry in group.entries
                ],
            }
            for group in content.groups
        ],
        "footer": [line for line in map(one_line, content.footer) if line],
    }
