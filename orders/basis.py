"""What a plan is computed from, as plain values: with the template and the calendar versions that it names, every due
instant can be computed again, to the same result (design rule 1). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from orders.overlays import Terms
from orders.planning import Limit


@dataclass(frozen=True)
class Shape:
    """What tells which steps an order has: its template version, its terms, the shipments with steps of their own."""

    template: int
    terms: Terms = field(default_factory=Terms)
    shipments: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"template": self.template, "terms": self.terms.to_dict(), "shipments": list(self.shipments)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        return cls(values["template"], Terms.from_dict(values["terms"]), tuple(values["shipments"]))


@dataclass(frozen=True)
class Basis:
    """Steps are named by their keys in the order's network (orders.network).

    `start` is the order's own instant; `as_of` the instant whose knowledge the plan holds: `actuals` that had happened,
    finishes `expected` by owners. `kept` are due instants that had passed by then and stay, so that late stays late.
    `calendars` maps calendar ids to versions.
    """

    shape: Shape
    start: datetime
    as_of: datetime
    anchors: Mapping[str, datetime] = field(default_factory=dict)
    limits: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)
    presentation_days: int = 0
    actuals: Mapping[str, datetime] = field(default_factory=dict)
    expected: Mapping[str, datetime] = field(default_factory=dict)
    kept: Mapping[str, datetime] = field(default_factory=dict)
    calendars: Mapping[int, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "shape": self.shape.to_dict(),
            "start": self.start.isoformat(),
            "as_of": self.as_of.isoformat(),
            "anchors": _texts(self.anchors),
            "limits": {
                key: [[limit.name, limit.at.isoformat(), limit.is_hard] for limit in limits]
                for key, limits in self.limits.items()
            },
            "presentation_days": self.presentation_days,
            "actuals": _texts(self.actuals),
            "expected": _texts(self.expected),
            "kept": _texts(self.kept),
            "calendars": {str(pk): version for pk, version in self.calendars.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        return cls(
            shape=Shape.from_dict(values["shape"]),
            start=datetime.fromisoformat(values["start"]),
            as_of=datetime.fromisoformat(values["as_of"]),
            anchors=_instants(values["anchors"]),
            limits={
                key: tuple(Limit(name, datetime.fromisoformat(at), is_hard) for name, at, is_hard in limits)
                for key, limits in values["limits"].items()
            },
            presentation_days=values["presentation_days"],
            actuals=_instants(values["actuals"]),
            expected=_instants(values["expected"]),
            kept=_instants(values["kept"]),
            calendars={int(pk): version for pk, version in values["calendars"].items()},
        )


def _texts(instants: Mapping[str, datetime]) -> dict[str, str]:
    return {key: at.isoformat() for key, at in instants.items()}


def _instants(texts: Mapping[str, str]) -> dict[str, datetime]:
    return {key: datetime.fromisoformat(at) for key, at in texts.items()}
