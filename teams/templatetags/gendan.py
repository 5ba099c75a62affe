"""What templates show: icons, days with their weekday, quantities, working time, initials. No query, no rule."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.template.context import RequestContext
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of the lucide set; hidden from screen readers unless it has a `label`."""
    return _icon(str(name), str(size), str(label))


@lru_cache(maxsize=1024)
def _icon(name: str, size: str, label: str) -> SafeString:
    """A desk shows a thousand icons of thirty kinds; each is put together once."""
    classes = f"icon icon-{size}" if size else "icon"
    named = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    return SafeString(lucide(name, size=None, **{"class": classes}, **named))


_WEEKDAYS = (
    pgettext_lazy("weekday", "Mon"),
    pgettext_lazy("weekday", "Tue"),
    pgettext_lazy("weekday", "Wed"),
    pgettext_lazy("weekday", "Thu"),
    pgettext_lazy("weekday", "Fri"),
    pgettext_lazy("weekday", "Sat"),
    pgettext_lazy("weekday", "Sun"),
)


@register.filter
def weekday(value: date) -> str:
    """周二: the short name; Django's own Chinese abbreviations are the long ones."""
    return str(_WEEKDAYS[value.weekday()])


@register.filter
def day(value: date | datetime | None) -> str:
    """06-30 周二 in the reader's zone; with the year where it is not the current one."""
    if value is None or value == "":
        return "—"
    local = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return _day(local, timezone.localdate().year, get_language() or "")


@lru_cache(maxsize=4096)
def _day(local: date, year: int, language: str) -> str:
    """A page shows hundreds of days of a few weeks; each is worded once in a `language`."""
    digits = local.isoformat()
    return f"{digits[5:] if local.year == year else digits} {weekday(local)}"


@register.filter
def moment(value: datetime | None) -> str:
    """06-30 周二 17:30 in the reader's zone."""
    if value is None or value == "":
        return "—"
    return f"{day(value)} {timezone.localtime(value):%H:%M}"


@register.filter
def iso(value: date | datetime | None) -> str:
    """For `datetime` attributes and date inputs: local, to the minute."""
    if value is None or value == "":
        return ""
    return timezone.localtime(value).strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else value.isoformat()


@register.filter
def quantity(value: Decimal | int | None) -> str:
    """1,200 or 0.5: grouped, without zeros that say nothing."""
    if value is None or value == "":
        return "—"
    return f"{Decimal(value).normalize():,f}"


@register.filter
def money(value: Decimal | None) -> str:
    """12,345.60."""
    return "—" if value is None or value == "" else f"{Decimal(value):,.2f}"


@register.filter("span")
def working_span(amount: timedelta, day_length: timedelta) -> str:
    """A length of working time in words, e.g. 1 day 3 h; a day is as long as the calendar's working day."""
    minutes = int(abs(amount).total_seconds()) // 60
    per_day = int(day_length.total_seconds()) // 60
    days, rest = divmod(minutes, per_day) if per_day else (0, minutes)
    hours, minutes = divmod(rest, 60)
    parts = []
    if days:
        parts.append(ngettext("%(count)s day", "%(count)s days", days) % {"count": days})
    if hours and days < 10:
        parts.append(_("%(count)s h") % {"count": hours})
    if not days and not hours:
        parts.append(_("%(count)s min") % {"count": minutes})
    return " ".join(parts)


@register.filter
def file_size(value: int) -> str:
    if value < 1024 * 1024:
        return f"{max(1, value // 1024)} KB"
    return f"{number_format(value / 1024 / 1024, decimal_pos=1)} MB"


@register.filter
def initial(person: Any) -> str:
    """The sign in a person's avatar: the last character of a Chinese name, else the first letter."""
    name = str(person or "").strip()
    if not name:
        return "–"
    return name[-1] if "一" <= name[-1] <= "鿿" else name[0].upper()


@register.simple_tag(takes_context=True)
def nav_current(context: RequestContext, prefix: str) -> SafeString:
    """`aria-current` for the menu item whose part of the product the reader is in."""
    path = context["request"].path
    here = path == "/" or path.startswith("/desk/") if prefix == "/" else path.startswith(prefix)
    return format_html('aria-current="{}"', "page") if here else SafeString("")


@register.simple_tag(takes_context=True)
def query_with(context: RequestContext, **changes: Any) -> str:
    """The page's own query with `changes`; an empty value drops the key. Paging starts again."""
    query = context["request"].GET.copy()
    query.pop("after", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def query_with_key(context: RequestContext, name: str, value: str) -> str:
    """The rows of one group of a list: its own query with one more filter, which stands in the place of `group`."""
    return query_with(context, **{"group": "", "rows": "1", name: value})


@register.filter
def label_of(value: str, choices: Any) -> str:
    """The label of a stored value, by the class of its choices or by pairs."""
    pairs = dict(getattr(choices, "choices", choices))
    return str(pairs.get(value, value))


@register.filter
def lookup(mapping: Any, key: Any) -> Any:
    """The value of `key`, None where there is none."""
    return mapping.get(key) if mapping else None


@register.simple_tag
def separator() -> str:
    """Between names in a list: 、 or a comma."""
    return pgettext("between names", ", ")
