"""What rules of C7 do to rows that a template has already. Pure: no queries, no clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from orders.overlays.network import Network
from orders.overlays.rows import stand_ins
from orders.planning import Span

Change = Callable[[Network], list[str]]  # returns the rows that it changed
Paper = Callable[[str, bool], tuple[str, bool]]  # a document's code and whether it is required, before and after

DAYS_TO_PAY = Span(7, "w")  # as the balance of the full-container template
LAST_MILE = Span(5, "w")  # likewise, from the port to the customer


def balance_before_loading(network: Network) -> list[str]:
    """The balance is asked for when the goods have passed inspection, and lets them be loaded."""
    (paid,), (loaded,) = stand_ins("BALANCE_RECEIVED", network.steps), stand_ins("LOADED", network.steps)
    later = [code for code in network.waits[paid] if code == loaded or network.leads(loaded, code)]
    for code in later:
        network.disconnect(code, paid)
        for successor in network.successors(paid):
            network.bridge(code, successor)
    for code in stand_ins("FINAL_QC", network.steps):
        network.connect(code, paid)
    network.connect(paid, loaded)
    step = network.steps[paid]
    # Account days run from an invoice that is not yet written; the customer pays on our notice.
    duration = DAYS_TO_PAY if step.duration.unit == "c" else step.duration
    network.edit(replace(step, duration=duration, flags=step.flags if "G" in step.flags else step.flags + "G"))
    return [paid, loaded]


def release_without_payment(network: Network) -> list[str]:
    """On open account the B/L is released as soon as the documents are ready."""
    (paid,) = stand_ins("BALANCE_RECEIVED", network.steps)
    return _release_bl_after(network, paid, list(network.waits[paid]))


def release_on_acceptance(network: Network) -> list[str]:
    """Documents against acceptance: the bank hands them over for the signed draft, long before it is paid."""
    (paid,) = stand_ins("BALANCE_RECEIVED", network.steps)
    return _release_bl_after(network, paid, ["DA_ACCEPTED"])


def _release_bl_after(network: Network, paid: str, codes: list[str]) -> list[str]:
    if paid not in network.waits.get("BL_RELEASED", {}):
        return []
    network.disconnect(paid, "BL_RELEASED")
    for code in codes:
        network.connect(code, "BL_RELEASED")
    return ["BL_RELEASED"]


def split_delivery(network: Network) -> list[str]:
    """Where arrival has just been added, a delivery planned as one span from on board is what remains after it."""
    step = network.steps["DELIVERED"]
    waits = network.waits["DELIVERED"]
    if "ARRIVED" not in network.added or "ETD" not in waits or step.duration.unit != "c":
        return []
    network.disconnect("ETD", "DELIVERED")
    network.edit(replace(step, duration=LAST_MILE))
    return ["DELIVERED"]


def renamed(code: str, name_zh: str, name_en: str) -> Change:
    def change(network: Network) -> list[str]:
        step = network.steps.get(code)
        return [code] if step and network.edit(replace(step, name_zh=name_zh, name_en=name_en)) else []

    return change


def travelling(days: int, paper: Paper) -> Change:
    """`days` from on board to arrival, and another document in the place of the bill of lading."""

    def change(network: Network) -> list[str]:
        changed = papers(paper)(network)
        step = network.steps.get("ARRIVED") or network.steps.get("DELIVERED")
        if step and step.duration.unit == "c" and "ETD" in network.waits[step.code]:
            changed += [step.code] if network.edit(replace(step, duration=Span(days, "c"))) else []
        return changed

    return change


def papers(paper: Paper) -> Change:
    """Ask for other documents at every step."""

    def change(network: Network) -> list[str]:
        asked = [
            replace(step, documents=tuple(dict(paper(*there) for there in step.documents).items()))
            for step in network.steps.values()
        ]
        return [step.code for step in asked if network.edit(step)]

    return change


def airwaybill(code: str, is_required: bool) -> tuple[str, bool]:
    return ("AWB" if code == "BL" else code), is_required


def wanted_only(*codes: str) -> Paper:
    """These documents are still asked for, but a step may be completed without them."""
    return lambda code, is_required: (code, is_required and code not in codes)


# The carrier's paper goes to whoever booked: a step that cannot be completed without it would never end.
CARRIER_PAPERS = ("BL", "AWB")
# Road and rail have consignment notes, for which there is no code (A4).
consignment_note = wanted_only("BL")
loaded_on_truck = renamed("LOADED", "装车", "loaded on the truck")
