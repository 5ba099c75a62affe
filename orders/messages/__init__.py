"""What a chat message or a mail says about orders: numbers, dates, quantities, events. Pure.

`read_message` marks what it understands in the text and gathers it into statements, each about one order. What to make
of them is proposed by orders.services.messages and decided by a person. See docs/messages.md.
"""

from orders.messages.reading import Mark, Statement, read_message

__all__ = ["Mark", "Statement", "read_message"]
