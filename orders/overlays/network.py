"""A template's steps as a network that rows can be woven into and taken out of, and that never gets a circle. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from orders.grammar import StepSpec
from orders.planning import Span

Waits = dict[str, Span | None]  # predecessor to lag


class Network:
    """Steps in reading order, and for each what it waits for."""

    def __init__(self, steps: Sequence[StepSpec]) -> None:
        self.steps = {step.code: step for step in steps}
        self.waits: dict[str, Waits] = {step.code: dict(step.dependencies) for step in steps}
        self.added: set[str] = set()
        self._order = list(self.steps)
        self._bridges: set[tuple[str, str]] = set()
        self._heirs: dict[str, str] = {}

    def result(self) -> tuple[StepSpec, ...]:
        """The steps with what they wait for now; a `latest` before a step that is gone follows its replacement."""
        self._drop_implied_bridges()
        return tuple(self._as_row(self.steps[code]) for code in self._order)

    def is_anchor(self, code: str) -> bool:
        return "A" in self.steps[code].flags

    def leads(self, first: str, last: str) -> bool:
        """Whether `last` waits for `first`, directly or through others."""
        seen: set[str] = set()
        ahead = [last]
        while ahead:
            for code in self.waits.get(ahead.pop(), ()):
                if code == first:
                    return True
                if code not in seen:
                    seen.add(code)
                    ahead.append(code)
        return False

    def add(self, step: StepSpec, *, before: Iterable[str], place_of: str = "") -> None:
        """Put in a row with its dependencies: in the place of another, else after what it waits for, in its stage."""
        at = self._order.index(place_of) if place_of else self._place(step)
        self._order.insert(at, step.code)
        self.added.add(step.code)
        self.steps[step.code] = step
        self.waits[step.code] = dict(step.dependencies)
        for code in before:
            self.connect(step.code, code)

    def connect(self, first: str, last: str, lag: Span | None = None) -> None:
        """Let `last` wait for `first`, unless that would close a circle."""
        if first in self.steps and first not in (last, *self.waits[last]) and not self.leads(last, first):
            self.waits[last][first] = lag

    def disconnect(self, first: str, last: str) -> None:
        self.waits[last].pop(first, None)

    def bridge(self, first: str, last: str, lag: Span | None = None) -> None:
        """Keep `last` after `first` now that what stood between them is gone; dropped again if that holds anyway."""
        waits = self.waits[last]
        if first not in waits:
            self.connect(first, last, lag)
            if first in waits:
                self._bridges.add((first, last))
        elif lag and (waits[first] is None or _is_longer(lag, waits[first])):
            waits[first] = lag

    def edit(self, step: StepSpec) -> bool:
        """Put another row under the code of `step`, what it waits for apart; whether it differs."""
        old, self.steps[step.code] = self.steps[step.code], step
        return step != old

    def successors(self, code: str) -> list[str]:
        return [step for step in self._order if code in self.waits[step]]

    def take_out(self, code: str, *, heir: str = "") -> None:
        """Remove a step. What waited for it waits for `heir`, and for what the step itself waited for."""
        successors = self.successors(code)
        ahead = self.waits.pop(code)
        self._order.remove(code)
        del self.steps[code]
        if heir:
            self._heirs[code] = heir
        for last in successors:
            waits = self.waits[last]
            following = list(waits)[list(waits).index(code) + 1 :]
            lag = waits.pop(code)
            if heir:
                self.connect(heir, last, lag)
            for first, own_lag in ahead.items():
                self.bridge(first, last, _sum(own_lag, lag))
            for first in following:  # the heirs stand where the step stood in the row
                waits[first] = waits.pop(first)

    def _place(self, step: StepSpec) -> int:
        after = [self._order.index(code) + 1 for code, _lag in step.dependencies]
        stage = [at for at, code in enumerate(self._order) if self.steps[code].stage == step.stage]
        return max([*after, *stage[:1]], default=len(self._order))

    def _drop_implied_bridges(self) -> None:
        implied = [
            (first, last)
            for first, last in self._bridges
            if self.waits.get(last, {}).get(first, "gone") is None
            and any(self.leads(first, other) for other in self.waits[last] if other != first)
        ]
        for first, last in implied:
            self.disconnect(first, last)

    def _as_row(self, step: StepSpec) -> StepSpec:
        latest = step.latest
        if latest and latest[0] not in self.steps:
            heir = self._heirs.get(latest[0], "")
            latest = (heir, latest[1]) if heir in self.steps and heir != step.code else None
        return replace(step, dependencies=tuple(self.waits[step.code].items()), latest=latest)


def _sum(one: Span | None, other: Span | None) -> Span | None:
    """Both lags one after the other; of unlike units only the later, which is what the remaining step asked for."""
    if one and other and one.unit == other.unit:
        return Span(one.amount + other.amount, one.unit)
    return other or one


def _is_longer(one: Span, other: Span | None) -> bool:
    return other is None or (one.unit == other.unit and one.amount > other.amount)
