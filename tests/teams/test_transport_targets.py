"""Addresses that people type in: what lies inside is refused when saved and when sent, in every spelling."""

from ipaddress import ip_address

import pytest

from teams.errors import InvalidInput
from teams.notifications.channels import ChannelError, Parcel
from teams.notifications.channels.catalog import check_config
from teams.notifications.channels.webhook import Webhook
from teams.notifications.content import Content
from teams.notifications.inside import is_inside
from teams.notifications.targets import AddressRefused
from teams.notifications.transport import Transport, check_url
from tests.sinks import Canary, HttpSink, Mode

# {canary} is the port of a listener on 127.0.0.1 and on ::1 that nobody may reach.
LITERALS = [
    "http://127.0.0.1:{canary}/",
    "http://127.0.0.1/",
    "https://127.0.0.1/",
    "http://127.1:{canary}/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://2130706433:{canary}/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://0177.0.0.1:{canary}/",
    "http://00000177.0.0.1/",
    "http://127.0.0.0x1/",
    "http://127.000.000.001/",
    "http://①②⑦.⓪.⓪.①/",
    "http://１２７.0.0.1/",
    "http://127。0。0。1/",
    "http://127．0．0．1:{canary}/",
    "http://127｡0｡0｡1/",
    "http://127.0.0.1./",
    "http://0.0.0.0:{canary}/",
    "http://0/",
    "http://[::1]:{canary}/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]:{canary}/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::10.0.0.1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fec0::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[::1%25lo]:{canary}/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.1.1/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.8/",
    "http://192.0.0.170/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://198.18.0.1/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
]
NAMES = [
    "http://localhost/",
    "http://localhost:{canary}/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "http://app.localhost/",
    "http://redis/",
    "http://postgres:5432/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://printer.local/",
    "http://nas.lan/",
    "http://router.home.arpa/",
    "http://127.0.0.1.nip.io/",
    "http://app-10-0-0-1.sslip.io/",
]
SHAPES = [
    "",
    "http:",
    "http://",
    "http:///x",
    "//example.com/",
    "/x",
    "example.com",
    "example.com/x",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{canary}/_x",
    "javascript:alert(1)",
    "data:text/plain,x",
    "dict://127.0.0.1:{canary}/",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "http://user@example.com/",
    "http://user:password@example.com/",
    "http://@example.com/",
    "http://example.com@127.0.0.1:{canary}/",
    "http://127.0.0.1:{canary}\\@example.com/",
    "http://example.com:{canary}/",
    "http://example.com:0/",
    "http://example.com:22/",
    "https://example.com:6379/",
    "http://example.com:99999/",
    "http://example.com:80x/",
    "http://example.com:-1/",
    "http://example.com /",
    " http://example.com/",
    "http://example.com/a b",
    "http://example.com/\r\nX: y",
    "http://exa\tmple.com/",
    "http://example.com/\x00",
    "http://ex%61mple.com/",
    "http://127.0.0.1%2f.example.com/",
    "http://[::1/",
    "http://[example.com]/",
    "http://[v1.x]/",
    "http://a..example.com/",
    "http://-example.com/",
    "http://example.com\uff0f@127.0.0.1/",
    "http://exam\ud800ple.com/",
    f"http://{'a' * 64}.example.com/",
    f"http://{'a.' * 130}com/",
    f"http://example.com/{'a' * 2050}",
    "http://example.123/",
]
# A name that resolves inside, by the answers of its resolver.
RESOLVED = {
    "loopback": ["127.0.0.1"],
    "one of several": ["93.184.216.34", "127.0.0.1"],
    "inside first": ["10.0.0.1", "93.184.216.34"],
    "six": ["::1"],
    "mapped": ["::ffff:127.0.0.1"],
    "NAT64": ["64:ff9b::7f00:1"],
    "link local with its zone": ["fe80::1%lo"],
    "metadata": ["169.254.169.254"],
    "shared": ["100.64.0.1"],
}


@pytest.fixture
def canaries():
    with Canary("127.0.0.1") as four, Canary("::1") as six:
        yield four, six
        assert (four.reached, six.reached) == (0, 0)


def parcel() -> Parcel:
    return Parcel("d-1", "", Content("hello", ()))


def send(url: str, **transport) -> None:
    post = Transport(**transport)
    try:
        Webhook({"url": url}, post).send(parcel())
    finally:
        post.close()


@pytest.mark.parametrize("template", [*LITERALS, *NAMES, *SHAPES])
def test_what_lies_inside_or_is_misshaped_is_refused_when_saved_and_when_sent(template, canaries):
    for canary in canaries:
        url = template.replace("{canary}", str(canary.port))
        with pytest.raises(AddressRefused) as saving:
            check_url(url)
        with pytest.raises(ChannelError) as sending:
            send(url)

        assert str(sending.value) == str(saving.value) == saving.value.fields["url"]
        assert sending.value.permanent


@pytest.mark.parametrize("port", [80, 443])
@pytest.mark.parametrize("answers", RESOLVED.values(), ids=RESOLVED)
def test_a_name_that_leads_inside_is_refused_whatever_else_it_leads_to(answers, port, canaries):
    def resolver(host: str, asked: int) -> list[str]:
        return answers

    with pytest.raises(AddressRefused):
        check_url(f"http://hooks.example.com:{port}/", resolver=resolver)
    with pytest.raises(ChannelError) as refusal:
        send(f"http://hooks.example.com:{port}/", resolver=resolver)

    assert refusal.value.permanent


def test_the_port_of_a_public_name_is_limited_whatever_it_resolves_to(canaries):
    with pytest.raises(AddressRefused):
        check_url(f"http://rebind.test:{canaries[0].port}/", resolver=lambda host, port: ["93.184.216.34"])


class Rebinding:
    """Answers with an address outside first, with the loopback ever after."""

    def __init__(self, first: str) -> None:
        self.first, self.asked = first, 0

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return [self.first] if self.asked == 1 else ["127.0.0.1"]


def test_the_address_that_was_checked_is_the_one_connected_to(settings, canaries):
    """The name is asked once a connection; only the first answer is allowed here, and it is another listener."""
    with HttpSink() as sink:
        settings.OUTGOING_ALLOWED_HOSTS = [f"{sink.host}/32"]
        resolver = Rebinding(sink.host)
        send(f"http://rebind.test:{sink.port}/hook/a", resolver=resolver)

    assert resolver.asked == 1
    assert [line.headers["host"] for line in sink.ledger] == [f"rebind.test:{sink.port}"]


def test_a_name_that_turns_inwards_after_it_was_saved_is_refused_when_sent(canaries):
    resolver = Rebinding("93.184.216.34")
    check_url("http://rebind.test/", resolver=resolver)

    with pytest.raises(ChannelError) as refusal:
        send("http://rebind.test/", resolver=resolver)

    assert refusal.value.permanent


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status, settings, canaries):
    with HttpSink() as sink:
        settings.OUTGOING_ALLOWED_HOSTS = [f"{sink.host}:{sink.port}"]
        sink.modes["/"] = Mode("redirect", status=status, location=f"http://127.0.0.1:{canaries[0].port}/")
        with pytest.raises(ChannelError) as refusal:
            send(f"{sink.url}/hook/a")

    assert refusal.value.permanent
    assert str(status) in str(refusal.value)
    assert len(sink.ledger) == 1


@pytest.mark.parametrize(
    "entry", ["{host}", "{host}:{port}", "127.0.0.0/8", "127.0.0.1/32", "127.0.0.7/8", "0.0.0.0/0"]
)
def test_what_the_operator_allows_is_delivered(entry, settings):
    """The positive control: the same request without the entry is refused."""
    with HttpSink() as sink:
        url = f"{sink.url}/hook/a"
        with pytest.raises(ChannelError):
            send(url)
        settings.OUTGOING_ALLOWED_HOSTS = [entry.format(host=sink.host, port=sink.port)]
        check_url(url)
        send(url)

    assert [line.delivery_id for line in sink.received("/hook/a")] == ["d-1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_without_the_rule_the_canary_would_be_reached(host, settings):
    """The control of all tests above: a rule that lets everything through is seen by them."""
    settings.OUTGOING_ALLOWED_HOSTS = ["0.0.0.0/0", "::/0"]
    written = f"[{host}]" if ":" in host else host
    with Canary(host) as canary:
        with pytest.raises(ChannelError) as refusal:
            send(f"http://{written}:{canary.port}/")
        assert canary.reached == 1

    assert refusal.value.is_outcome_unknown


def test_an_inner_name_is_delivered_if_its_network_or_name_is_allowed(settings):
    with HttpSink() as sink:
        url = f"http://localhost:{sink.port}/hook/a"
        for entry in (f"{sink.host}/32", "localhost", f"LocalHost:{sink.port}"):
            settings.OUTGOING_ALLOWED_HOSTS = [entry]
            check_url(url, resolver=lambda host, port: [sink.host])
            send(url, resolver=lambda host, port: [sink.host])

    assert len(sink.ledger) == 3


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1:1", "http://127.0.0.1:{canary}/"),  # another port
        ("sink.internal", "http://127.0.0.1:{canary}/"),  # another name
        ("10.0.0.0/8", "http://127.0.0.1:{canary}/"),  # another network
        ("10.0.0.0/8", "http://example.com:{canary}/"),  # a public name, still only the usual ports
        ("127.0.0.1.example", "http://127.0.0.1:{canary}/"),
        ("*", "http://127.0.0.1:{canary}/"),
        ("", "http://127.0.0.1:{canary}/"),
    ],
)
def test_the_allow_list_opens_nothing_else(entry, url, settings, canaries):
    settings.OUTGOING_ALLOWED_HOSTS = [entry]
    address = url.replace("{canary}", str(canaries[0].port))

    with pytest.raises(AddressRefused):
        check_url(address, resolver=lambda host, port: ["93.184.216.34"])
    with pytest.raises(ChannelError):
        send(address, resolver=lambda host, port: ["93.184.216.34"])


@pytest.mark.parametrize(
    "url",
    [
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7aaa-4bc4-97a0-0ec2sifa5aaa",
        "https://oapi.dingtalk.com/robot/send?access_token=66ab",
        "https://hooks.slack.com/services/T000/B000/XXXX",
        "https://prod-01.westeurope.logic.azure.com:443/workflows/a/triggers/manual/paths/invoke?api-version=1&sig=x",
        "http://example.com:80",
        "https://bücher.example/ö?ü=1",
        "https://例え.jp/",
        "https://93.184.216.34/",
        "https://[2606:2800:220:1::1]/",
    ],
)
def test_addresses_outside_are_taken(url):
    check_url(url, resolver=lambda host, port: ["93.184.216.34", "2606:2800:220:1::1"])


def test_a_name_that_nobody_knows_just_now_can_be_saved():
    def resolver(host: str, port: int) -> list[str]:
        raise OSError("no answer")

    check_url("https://hooks.example.com/", resolver=resolver)


def test_every_forbidden_network_is_inside_and_its_neighbours_are_not():
    for text in ("9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0"):
        assert not is_inside(ip_address(text)), text
    for text in ("192.0.1.1", "223.255.255.255", "168.63.129.15", "2001:200::1", "2606:4700::1", "2a00::1"):
        assert not is_inside(ip_address(text)), text


def test_settings_of_a_channel_name_the_field_at_fault():
    with pytest.raises(InvalidInput) as refusal:
        check_config("webhook", {"url": "http://192.168.0.1/", "secret": "a\nb"})
    assert set(refusal.value.fields) == {"url", "secret"}

    with pytest.raises(InvalidInput) as refusal:
        check_config("wecom_app", {"corp_id": " ", "agent_id": "１２", "base_url": "http://10.0.0.1/"})
    assert set(refusal.value.fields) == {"corp_id", "agent_id", "secret", "base_url"}


def test_settings_of_a_channel_are_stripped_and_hold_known_fields_only():
    values = {"url": " https://93.184.216.34/x ", "secret": "", "owner": "1"}

    assert check_config("dingtalk", values) == {"url": "https://93.184.216.34/x"}
    assert check_config("email", {"url": "x"}) == {}
