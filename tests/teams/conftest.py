import pytest

from tests.teams.kit import Asked, FakeSender, make_reader


@pytest.fixture
def asked():
    answers = Asked()
    answers.register()
    yield answers
    answers.forget()


@pytest.fixture
def reader(db):
    return make_reader()


@pytest.fixture
def sink(monkeypatch):
    """All channels lead here; `sink.refuse` answers parcels with an error."""

    class Sink:
        def __init__(self) -> None:
            self.taken = []
            self.refuse = lambda parcel: None

    sink = Sink()
    monkeypatch.setattr(
        "teams.notifications.senders.make_sender",
        lambda channel: FakeSender(sink.taken, lambda parcel: sink.refuse(parcel)),
    )
    return sink
