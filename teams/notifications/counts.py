"""What a run of delivery did."""

from dataclasses import dataclass


@dataclass
class Counts:
    """`shown`, `rerouted`, `cancelled` count items; the others messages.

    `deferred`: not now, for the person's sake or the channel's. `put_back`: claimed, but the time was up before it was
    tried. `merged`: its items went on with another message.
    """

    shown: int = 0
    rerouted: int = 0
    sent: int = 0
    retried: int = 0
    failed: int = 0
    cancelled: int = 0
    deferred: int = 0
    merged: int = 0
    put_back: int = 0
