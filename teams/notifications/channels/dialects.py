"""The light markup of chats: the same message, with each product's signs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from teams.notifications.channels import Parcel, fitting, words
from teams.notifications.content import Content, Entry


def says_it_all(content: Content) -> bool:
    """Whether the title is the headline of the only entry, so that it need not come twice."""
    return len(content.entries) == 1 and content.entries[0].headline == content.title


def title_url(content: Content) -> str:
    return content.entries[0].url if says_it_all(content) else content.url


@dataclass(frozen=True)
class Dialect:
    """`plain` disarms words; the others are patterns around what is disarmed already."""

    plain: Callable[[str], str]
    strong: str = "**{}**"
    link: str = "[{label}]({url})"
    faint: str = "{}"
    line_end: str = "\n"
    href: Callable[[str], str] = words.href

    def linked(self, label: str, url: str) -> str:
        target = self.href(url)
        return self.link.format(label=label, url=target) if target and label else label

    def title(self, content: Content) -> str:
        return self.strong.format(self.linked(self.plain(content.title), title_url(content)))

    def heading(self, title: str) -> str:
        return self.strong.format(self.plain(title)) if title.strip() else ""

    def entry(self, entry: Entry, content: Content) -> str:
        """Headline, what is to know, and the link to answer."""
        facts = [line for line in map(self.plain, entry.lines) if line]
        if len(content.entries) > 1 and facts:
            facts = [" · ".join(facts)]
        headline = "" if says_it_all(content) else self.linked(self.plain(entry.headline), entry.url)
        return words.joined([headline, *map(self.faint.format, facts), self.answer(entry)], self.line_end)

    def answer(self, entry: Entry) -> str:
        return self.linked(_("Answer"), entry.answer_url) if entry.answer_url else ""

    def more(self, content: Content, left_out: int) -> str:
        return self.linked(fitting.more(left_out), content.url) if left_out else ""

    def for_whom(self, parcel: Parcel) -> str:
        """Said where the address is none that the product could mention."""
        name = parcel.name or parcel.address
        return self.plain(_("For: %(name)s") % {"name": fitting.shortened(name, 100)}) if name else ""

    def paragraphs(self, content: Content, left_out: int, mention: str) -> Iterator[str]:
        """The whole message; empty ones stand for nothing."""
        yield words.joined([self.title(content), mention, self.plain(content.intro)], self.line_end)
        for group in content.groups:
            yield self.heading(group.title)
            for entry in group.entries:
                yield self.entry(entry, content)
        yield self.more(content, left_out)
        yield self.line_end.join(self.faint.format(self.plain(line)) for line in content.footer if line.strip())
