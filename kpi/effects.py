"""Why a figure changed, as the page shows it: lists of effects with signed bars, each with the rows behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from kpi.change import CAUSE, CORRECTION, DENOMINATOR, MIX, WITHIN, Change, Part
from kpi.metrics.base import Metric

SHOWN = 12
# Each kind of part: its heading, and what it says.
KINDS: Mapping[str, tuple[Promise, Promise]] = {
    CAUSE: (_("By cause"), _("More or fewer rows that make the figure worse, by why they do")),
    WITHIN: (_("By group"), _("What each group did better or worse than before")),
    MIX: (_("By weight"), _("A group that is better or worse than the rest makes up more or less of the whole")),
    CORRECTION: (_("Corrections"), _("What was recorded or corrected for the period before after it had been closed")),
    DENOMINATOR: (_("Come and gone"), _("Groups that are counted in only one of the two periods")),
}


@dataclass(frozen=True)
class EffectRow:
    """`x` and `width` place the bar on a scale of 0…100 whose middle is no effect."""

    label: str
    text: str
    tone: str
    x: float
    width: float
    url: str
    counts: tuple[int, int] | None


@dataclass(frozen=True)
class EffectList:
    """The parts of one kind: the largest by themselves, the rest in one number; `total` is that of all of them."""

    kind: str
    heading: Promise
    hint: Promise
    total: str
    tone: str
    rows: Sequence[EffectRow]
    rest: str
    rest_count: int


def effect_lists(change: Change, *, by: str, query: Mapping[str, str]) -> list[EffectList]:
    """The change's parts by kind, the kinds in the order in which they answer "why?"."""
    metric = change.now.metric
    widest = max((abs(part.effect) for part in change.parts), default=Fraction(1)) or Fraction(1)
    found = []
    for kind, (heading, hint) in KINDS.items():
        parts = [part for part in change.parts if part.kind == kind]
        if not parts:
            continue
        total = sum((part.effect for part in parts), Fraction(0))
        rest = parts[SHOWN:]
        found.append(
            EffectList(
                kind,
                heading,
                hint,
                effect_text(metric, total),
                tone_of(metric, total),
                [_row(change, part, widest, by, query) for part in parts[:SHOWN]],
                effect_text(metric, sum((part.effect for part in rest), Fraction(0))) if rest else "",
                len(rest),
            )
        )
    return found


def effect_text(metric: Metric, effect: Fraction) -> str:
    """−2.34 pts, with one digit more than the figure itself, so that small parts are told apart."""
    rounded = round(Decimal(effect.numerator) / effect.denominator, 2)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"
    unit = pgettext("percentage points", "pts") if metric.unit == "%" else str(metric.unit_name)
    return f"{sign}{number_format(abs(rounded), decimal_pos=2)} {unit}"


def tone_of(metric: Metric, effect: Fraction) -> str:
    if not effect:
        return ""
    return "done" if (effect > 0) == metric.is_higher_better else "late"


def _row(change: Change, part: Part, widest: Fraction, by: str, query: Mapping[str, str]) -> EffectRow:
    metric = change.now.metric
    width = float(abs(part.effect) / widest) * 50
    return EffectRow(
        part.label or str(_("since the period before was closed")),
        effect_text(metric, part.effect),
        tone_of(metric, part.effect),
        round(50 - width if part.effect < 0 else 50, 1),
        round(width, 1),
        _url(change, part, by, query),
        part.rows,
    )


def _url(change: Change, part: Part, by: str, query: Mapping[str, str]) -> str:
    metric = change.now.metric
    if part.kind == CORRECTION:
        period = change.before.period
        days = {"since": period.first.isoformat(), "until": period.last.isoformat()}
        return f"{reverse('kpi_figure', args=[metric.code])}?{urlencode({**query, **days})}"
    chosen = {"reason" if part.kind == CAUSE else by: part.key}
    # A cause opens the rows that make the figure worse: misses of one that should be high, hits of one that should not.
    shown = {"part": "missed" if metric.is_higher_better else "numerator"} if part.kind == CAUSE else {}
    return f"{reverse('kpi_members', args=[metric.code])}?{urlencode({**query, **chosen, **shown})}"
