"""Who is told, and by which channel: the outbox, its delivery, and the channels."""
