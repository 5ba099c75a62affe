"""Putting the rules that apply to an order's terms together. Pure: no queries, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from django.utils.functional import Promise

from orders.grammar import StepSpec
from orders.overlays.network import Network
from orders.overlays.rows import ROWS, Row, same_work, stand_ins
from orders.overlays.rules import RULES, Rule
from orders.overlays.terms import Terms
from orders.words import SHIPMENT_STAGES

_READING_ORDER = [*ROWS, *(rule.code for rule in RULES if rule.code not in ROWS)]  # codes of rules


@dataclass(frozen=True)
class OverlayNote:
    """What one rule did to a template, as codes; `changed` rows stay, with another cell or other predecessors."""

    rule: str
    condition: Promise
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()  # old, new
    changed: tuple[str, ...] = ()

    @property
    def has_effect(self) -> bool:
        return bool(self.added or self.removed or self.replaced or self.changed)


def with_overlays(specs: Sequence[StepSpec], terms: Terms) -> tuple[StepSpec, ...]:
    """The steps of an order made from the template `specs` on `terms`; `specs` itself where nothing applies.

    The result is a valid network if the template is one. Its anchor always stays.
    """
    return _composed(tuple(specs), terms)[0]


def overlay_notes(specs: Sequence[StepSpec], terms: Terms) -> list[OverlayNote]:
    """What each rule does that changes something, in the order of C7."""
    return list(_composed(tuple(specs), terms)[1])


@lru_cache(maxsize=2048)
def _composed(specs: tuple[StepSpec, ...], terms: Terms) -> tuple[tuple[StepSpec, ...], tuple[OverlayNote, ...]]:
    return compose(specs, terms, RULES)


def compose(
    specs: tuple[StepSpec, ...], terms: Terms, rules: Iterable[Rule]
) -> tuple[tuple[StepSpec, ...], tuple[OverlayNote, ...]]:
    """Apply `rules`: the steps, and a note for each rule that changed something."""
    if not any(step.stage in SHIPMENT_STAGES for step in specs):
        return specs, ()  # an inquiry or a claim: nothing is delivered
    network = Network(specs)
    there = frozenset(network.steps)
    applied = [rule for rule in rules if rule.applies(terms) and all(stand_ins(part, there) for part in rule.needs)]
    added, heirs = _add_rows(network, applied)
    changed = {rule.code: rule.rewire(network) if rule.rewire else [] for rule in applied}
    removed = {
        rule.code: [code for part in rule.removes for code in same_work(part, there) if not network.is_anchor(code)]
        for rule in applied
    }
    for code in _in_order([*heirs, *(code for codes in removed.values() for code in codes)], specs):
        network.take_out(code, heir=heirs.get(code, ""))
    for rule in applied:
        changed[rule.code] += [code for edit in rule.edits for code in edit(network)]

    notes = (
        OverlayNote(
            rule.code,
            rule.condition,
            added=tuple(row.step.code for row in added[rule.code] if not row.replaces),
            removed=tuple(_in_order(removed[rule.code], specs)),
            replaced=tuple((row.replaces, row.step.code) for row in added[rule.code] if row.replaces),
            changed=tuple(code for code in _in_order(changed[rule.code], specs) if code in network.steps),
        )
        for rule in applied
    )
    effective = tuple(note for note in notes if note.has_effect)
    return (network.result() if effective else specs), effective


def _add_rows(network: Network, rules: Sequence[Rule]) -> tuple[dict[str, list[Row]], dict[str, str]]:
    """Put in the rows of `rules` in the order of their table: the rows by rule, and who takes whose place."""
    there = frozenset(network.steps)
    added: dict[str, list[Row]] = {rule.code: [] for rule in rules}
    heirs: dict[str, str] = {}
    for rule_code in sorted(added, key=_READING_ORDER.index):
        for row in ROWS.get(rule_code, ()):
            fitted = _fitted(row, network, there)
            if fitted:
                network.add(fitted.step, before=fitted.before, place_of=fitted.replaces)
                added[rule_code].append(fitted)
                heirs |= {fitted.replaces: fitted.step.code} if fitted.replaces else {}
    return added, heirs


def _fitted(row: Row, network: Network, there: frozenset[str]) -> Row | None:
    """The row in the codes of this template; None if it is there already, or a step that it hangs on is not."""
    step = row.step
    before = tuple(name for part in row.before for name in stand_ins(part, network.steps))
    replaced = next((code for code in same_work(row.replaces, there) if not network.is_anchor(code)), "")
    hangs_on = {part: stand_ins(part, network.steps) for part, _lag in step.dependencies}
    limit = stand_ins(step.latest[0], network.steps) if step.latest else ()
    must_fit = bool(before) if row.before else bool(replaced or not row.replaces)
    if step.code in there or not must_fit or not all(hangs_on.values()) or (step.latest and not limit):
        return None
    dependencies = tuple((name, lag) for part, lag in step.dependencies for name in hangs_on[part])
    latest = (limit[0], step.latest[1]) if step.latest else None
    return Row(replace(step, dependencies=dependencies, latest=latest), before, replaced)


def _in_order(codes: Iterable[str], specs: Sequence[StepSpec]) -> list[str]:
    wanted = set(codes)
    return [step.code for step in specs if step.code in wanted]
