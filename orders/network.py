"""The steps of an order as a network: order-level ones once, those of shipments once per shipment. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orders.grammar import StepSpec
from orders.planning import Span
from orders.words import SHIPMENT_STAGES


@dataclass(frozen=True)
class Node:
    """A step of the order, under a key of its own: its code, or `CODE@shipment id`."""

    key: str
    spec: StepSpec
    shipment_id: int | None
    dependencies: tuple[tuple[str, Span | None], ...]
    latest: tuple[tuple[str, Span], ...]


def step_key(code: str, shipment_id: int | None) -> str:
    return code if shipment_id is None else f"{code}@{shipment_id}"


def lay_nodes(specs: Sequence[StepSpec], shipments: Sequence[int] = ()) -> dict[str, Node]:
    """The nodes of `specs` by key, in reading order.

    Without `shipments` every step stands once. With them the steps of the stages SHIP, DOCS and DLV stand once for
    each; they wait for their own shipment's steps, and an order-level step waits for those of every shipment.
    """
    stages = {spec.code: spec.stage for spec in specs}
    nodes = {}
    for spec in specs:
        for shipment in _scopes(spec.stage, shipments):
            key = step_key(spec.code, shipment)
            dependencies = tuple(
                (step_key(code, scope), lag)
                for code, lag in spec.dependencies
                for scope in _seen_from(shipment, stages[code], shipments)
            )
            latest = tuple(
                (step_key(spec.latest[0], scope), spec.latest[1])
                for scope in (_seen_from(shipment, stages[spec.latest[0]], shipments) if spec.latest else ())
                if spec.latest
            )
            nodes[key] = Node(key, spec, shipment, dependencies, latest)
    return nodes


def anchor_of(specs: Sequence[StepSpec]) -> StepSpec | None:
    """The step that the template hangs from; None if it is planned forward from its first event."""
    return next((spec for spec in specs if "A" in spec.flags and spec.dependencies), None)


def open_before(nodes: Mapping[str, Node], key: str, is_open: Mapping[str, bool]) -> list[str]:
    """The open steps directly before `key`."""
    node = nodes.get(key)
    return [other for other, _lag in node.dependencies if is_open.get(other)] if node else []


def _scopes(stage: str, shipments: Sequence[int]) -> Sequence[int | None]:
    return shipments if shipments and stage in SHIPMENT_STAGES else (None,)


def _seen_from(shipment: int | None, stage: str, shipments: Sequence[int]) -> Sequence[int | None]:
    """Which of another step's instances a step of `shipment` looks at: its own shipment's, else all of them."""
    scopes = _scopes(stage, shipments)
    return (shipment,) if shipment in scopes else scopes
