"""The ways to reach a person outside the product. One class a file, with `send(notification)`."""


class ChannelError(Exception):
    """The message did not go out, as far as is known.

    `permanent`: no later try can help. `is_unreachable`: the channel itself is away, so other messages need not try
    now. `is_outcome_unknown`: the other side may have taken the message; another try may be a repeat.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, is_unreachable: bool = False, is_outcome_unknown: bool = False
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.is_unreachable = is_unreachable
        self.is_outcome_unknown = is_outcome_unknown
