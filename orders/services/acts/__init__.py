"""Acts on many records at once: an exact preview, done row by row, undone as one.

`OPERATIONS` maps a code to an `Operation`; each knows its target model, the right it takes, how it is done to one
record and how it is undone. `preview` does the act in a transaction that is rolled back and tells each row's effects;
`carry_out` does it, each order apart, and keeps a `BulkAct`; `undo` takes it back where nobody has worked on the record
since.

To add one: a subclass of `Operation` in a module of its own here, `register`, and its form in `orders.forms.acts`.
"""

from orders.services.acts.cargo import MoveShipments, RollOver
from orders.services.acts.effects import Effect
from orders.services.acts.operation import OPERATIONS, Operation, register
from orders.services.acts.orders import EditOrders, MoveOrders, MovePromises
from orders.services.acts.parts import TakeParts
from orders.services.acts.running import MAX_TARGETS, Result, carry_out, do_one, preview, undo
from orders.services.acts.steps import AssignSteps, CompleteSteps, PauseSteps, ResumeSteps, SkipSteps
from orders.workflow import SHIPMENT_INSTANTS

for _operation in (
    *(CompleteSteps(), PauseSteps(), ResumeSteps(), SkipSteps(), AssignSteps()),
    *(EditOrders(), MovePromises(), *(MoveOrders(move) for move in ("confirm", "hold", "resume", "cancel", "close"))),
    *(MoveShipments(move) for move in SHIPMENT_INSTANTS),
    *(RollOver(), TakeParts("sheet"), TakeParts("message")),
):
    register(_operation)

__all__ = [
    "MAX_TARGETS",
    "OPERATIONS",
    "Effect",
    "Operation",
    "Result",
    "carry_out",
    "do_one",
    "preview",
    "register",
    "undo",
]
