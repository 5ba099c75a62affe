"""The one way out: what each kind of answer and failure means, no doubled POST, and an end in time."""

import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import translation

from teams.notifications import transport, wire
from teams.notifications.channels import ChannelError
from teams.notifications.transport import Transport, check_status, pause_asked
from teams.notifications.wire import Answer
from tests.sinks import HttpSink, Mode

HOUR = timedelta(hours=1)


@pytest.fixture
def sink(settings):
    with HttpSink() as sink:
        settings.OUTGOING_ALLOWED_HOSTS = [sink.host, "robot.example"]
        yield sink


@pytest.fixture
def post():
    post = Transport(resolver=lambda host, port: ["127.0.0.1"])
    yield post
    post.close()


def refusal(post: Transport, url: str, body: bytes = b"{}", **options) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        post(url, body, {}, **options)
    return caught.value


def flags(error: ChannelError) -> set[str]:
    names = ("permanent", "is_unreachable", "is_outcome_unknown", "is_address_dead")
    return {name for name in names if getattr(error, name)}


def test_a_request_carries_name_body_and_headers(sink, post):
    answer = post(f"http://robot.example:{sink.port}/hook/a?key=1&b=ü", "{你好}".encode(), {"X-Gendan-Delivery": "d"})

    (line,) = sink.ledger
    assert answer == Answer(200, b"ok")
    assert (line.path, line.text, line.delivery_id) == ("/hook/a", "{你好}", "d")
    assert line.headers["host"] == f"robot.example:{sink.port}"
    assert line.headers["user-agent"] == "Gendan"
    assert line.headers["accept-encoding"] == "identity"


def test_connections_are_kept_and_shared(sink, post):
    for number in range(5):
        post(f"{sink.url}/hook/a", b"%d" % number, {})

    assert [line.text for line in sink.ledger] == ["0", "1", "2", "3", "4"]
    assert sink.connections == 1


def test_several_threads_send_at_once_and_each_message_arrives_once(sink, post):
    def send(first: int) -> None:
        for number in range(first, first + 50):
            assert post(f"{sink.url}/hook/a", b"%d" % number, {}).status == 200

    threads = [threading.Thread(target=send, args=(start,)) for start in (0, 50, 100, 150)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(int(line.text) for line in sink.ledger) == list(range(200))
    assert sink.connections <= 4


def test_a_connection_that_died_in_between_is_replaced_and_nothing_is_doubled(settings, post):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    with HttpSink() as sink:
        post(f"{sink.url}/hook/a", b"1", {})
        sink.drop_connections()
        post(f"{sink.url}/hook/a", b"2", {})

    assert [line.text for line in sink.ledger] == ["1", "2"]
    assert sink.connections == 2


def test_a_connection_that_dies_under_a_request_is_not_tried_again(sink, post):
    """The kept connection took the request and was reset: the other side has it, so a second POST would double it."""
    post(f"{sink.url}/hook/a", b"1", {})
    sink.modes["/hook"] = Mode("reset")

    assert flags(refusal(post, f"{sink.url}/hook/a", b"2")) == {"is_outcome_unknown"}
    assert [line.text for line in sink.ledger] == ["1", "2"]


def test_an_idle_connection_is_not_used_again(sink, post, monkeypatch):
    monkeypatch.setattr(wire, "_IDLE_SECONDS", 0.0)
    post(f"{sink.url}/hook/a", b"1", {})
    post(f"{sink.url}/hook/a", b"2", {})

    assert sink.connections == 2


def test_nobody_listening_is_told_as_unreachable(settings, post):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    with HttpSink() as sink:
        url = f"{sink.url}/robot/SECRET"

    error = refusal(post, url)
    assert flags(error) == {"is_unreachable"}
    assert "SECRET" not in str(error)


def test_an_unknown_name_is_told_as_unreachable():
    def resolver(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    assert flags(refusal(Transport(resolver=resolver), "https://hooks.example.com/SECRET")) == {"is_unreachable"}


def test_a_resolver_that_hangs_is_left_behind():
    hanging = threading.Event()
    post = Transport(resolver=lambda host, port: [str(hanging.wait(20))])
    start = time.monotonic()
    error = refusal(post, "https://hooks.example.com/", seconds=0.3)
    hanging.set()

    assert flags(error) == {"is_unreachable"}
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("kind", ["reset", "silent"])
def test_no_answer_after_the_body_leaves_the_outcome_unknown(kind, sink, post):
    sink.modes["/"] = Mode(kind)
    start = time.monotonic()
    error = refusal(post, f"{sink.url}/robot/SECRET", seconds=0.5)

    assert flags(error) == {"is_outcome_unknown"}
    assert "SECRET" not in str(error)
    assert time.monotonic() - start < 2
    assert len(sink.ledger) == 1


def test_a_dripping_answer_ends_in_time_and_its_status_counts(sink, post):
    sink.modes["/"] = Mode("drip", pause=0.05)
    start = time.monotonic()

    assert post(f"{sink.url}/hook/a", b"{}", {}, seconds=0.6) == Answer(200)
    assert 0.5 < time.monotonic() - start < 2


def test_a_dripping_head_ends_in_time(sink, post):
    sink.modes["/"] = Mode("drip_head", pause=0.05)
    start = time.monotonic()

    assert flags(refusal(post, f"{sink.url}/hook/a", seconds=0.6)) == {"is_outcome_unknown"}
    assert 0.5 < time.monotonic() - start < 2


def test_a_receiver_that_stops_reading_ends_in_time(settings, post):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    with HttpSink() as sink:
        sink.is_reading = False
        start = time.monotonic()
        error = refusal(post, f"{sink.url}/hook/a", b"x" * 50_000_000, seconds=0.5)

    assert flags(error) == {"is_unreachable"}  # not all of it left, so nobody can have acted on it
    assert time.monotonic() - start < 2


def test_of_a_huge_answer_only_the_beginning_is_read(sink, post):
    sink.modes["/"] = Mode("huge")
    answer = post(f"{sink.url}/hook/a", b"{}", {})

    assert answer.status == 200
    assert len(answer.body) == wire.ANSWER_BYTES


def test_an_endless_head_is_given_up(sink, post):
    sink.modes["/"] = Mode("huge_head")

    assert flags(refusal(post, f"{sink.url}/hook/a")) == {"is_outcome_unknown"}


def test_a_compressed_answer_is_not_unpacked(sink, post):
    sink.modes["/"] = Mode("gzip")

    assert post(f"{sink.url}/hook/a", b"{}", {}).body.startswith(b"\x1f\x8b")


def test_proxies_in_the_environment_are_ignored(sink, post, monkeypatch):
    with HttpSink() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        post(f"{sink.url}/hook/a", b"{}", {})

    assert (len(sink.ledger), proxy.connections) == (1, 0)


def test_a_line_break_in_a_header_never_leaves(sink, post):
    with pytest.raises(ValueError, match="line break"):
        post(f"{sink.url}/hook/a", b"{}", {"X-Gendan-Delivery": "d\r\nX-Evil: 1"})
    assert sink.connections == 0


# --- What a status means


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, {"permanent"}),
        (304, {"permanent"}),
        (400, {"permanent"}),
        (401, {"permanent"}),
        (403, {"permanent"}),
        (404, {"permanent", "is_address_dead"}),
        (410, {"permanent", "is_address_dead"}),
        (408, set()),
        (413, {"permanent"}),
        (425, set()),
        (429, set()),
        (500, {"is_unreachable"}),
        (502, {"is_unreachable"}),
        (503, {"is_unreachable"}),
        (504, {"is_unreachable", "is_outcome_unknown"}),
        (599, {"is_unreachable"}),
    ],
)
def test_a_status_that_is_no_success_is_a_failure_with_its_number(status, expected):
    with pytest.raises(ChannelError) as caught:
        check_status(Answer(status, b"secret inner answer"))

    assert flags(caught.value) == expected
    assert str(status) in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.retry_after == (transport.USUAL_PAUSE if status == 429 else None)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_a_status_of_the_two_hundreds(status):
    check_status(Answer(status))


@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_that_is_asked_for_is_passed_on(status):
    with pytest.raises(ChannelError) as caught:
        check_status(Answer(status, retry_after="120"))

    assert caught.value.retry_after == timedelta(minutes=2)
    assert flags(caught.value) == set()


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("0", timedelta(seconds=1)),
        ("7", timedelta(seconds=7)),
        ("3600", HOUR),
        ("3601", HOUR),
        ("9" * 300, HOUR),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),
        ("soon", None),
        ("", None),
        ("Wed, 99 Nov 2026 25:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", HOUR),
        ("Thu, 01 Jan 1970 00:00:00 GMT", timedelta(seconds=1)),
    ],
)
def test_retry_after_is_read_and_capped(header, pause):
    assert pause_asked(header) == pause


def test_retry_after_may_be_a_date():
    header = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)

    assert timedelta(seconds=80) < pause_asked(header) <= timedelta(seconds=90)


# --- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for robot.example and 127.0.0.2."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "robot.example")])
    names = [x509.DNSName("robot.example"), x509.IPAddress(ip_address("127.0.0.2"))]
    day = timedelta(days=1)
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "robot.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + signed.public_bytes(pem))
    return path


@pytest.fixture
def tls_sink(certificate, settings):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HttpSink(tls=context) as sink:
        settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.0/8"]
        yield sink


def trusting(certificate) -> Transport:
    return Transport(
        resolver=lambda host, port: ["127.0.0.1"], context=ssl.create_default_context(cafile=str(certificate))
    )


def test_tls_is_checked_against_the_name_and_not_the_address(tls_sink, certificate):
    post = trusting(certificate)
    for number in range(3):
        post(f"https://robot.example:{tls_sink.port}/hook/a", b"%d" % number, {})
    post.close()

    assert [line.text for line in tls_sink.ledger] == ["0", "1", "2"]
    assert tls_sink.server_names[0] == "robot.example"
    assert tls_sink.connections == 1


def test_a_certificate_of_another_name_is_refused_before_anything_is_sent(tls_sink, certificate):
    with translation.override("en"):
        error = refusal(trusting(certificate), f"https://other.example:{tls_sink.port}/hook/a")

    assert flags(error) == {"is_unreachable"}
    assert "certificate" in str(error)
    assert tls_sink.ledger == []


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_sink):
    post = Transport(resolver=lambda host, port: ["127.0.0.1"])

    assert flags(refusal(post, f"https://robot.example:{tls_sink.port}/hook/a")) == {"is_unreachable"}
    assert tls_sink.ledger == []


def test_a_handshake_that_never_ends_ends_in_time(sink, certificate):
    """A plain server that waits for a request line, while we wait for its hello."""
    start = time.monotonic()
    error = refusal(trusting(certificate), f"https://robot.example:{sink.port}/hook/a", seconds=0.5)

    assert flags(error) == {"is_unreachable"}
    assert time.monotonic() - start < 2
