"""Each channel against a server that plays its product: success, and every kind of refusal behind a 200."""

import hashlib
import hmac
import json
import threading
import time
from datetime import timedelta

import pytest

from teams.notifications.channels import ChannelError, Parcel
from teams.notifications.channels.dingtalk import Dingtalk
from teams.notifications.channels.feishu import Feishu
from teams.notifications.channels.feishu import signature as feishu_signature
from teams.notifications.channels.msteams import MsTeams
from teams.notifications.channels.slack import Slack
from teams.notifications.channels.webhook import Webhook
from teams.notifications.channels.wecom_app import WecomApp
from teams.notifications.channels.wecom_robot import WecomRobot
from teams.notifications.content import Content, Entry, Group
from teams.notifications.transport import Answer
from tests.sinks import HttpSink, Mode

ROBOTS = {
    "wecom": WecomRobot,
    "dingtalk": Dingtalk,
    "feishu": Feishu,
    "slack": Slack,
    "teams": MsTeams,
    "hook": Webhook,
}
CONTENT = Content("跟单", (Group("已逾期", (Entry("GD-1 验货", ("截止：今天",), "https://g.example/1/"),)),))
MINUTE = timedelta(seconds=60)


@pytest.fixture
def sink(settings):
    with HttpSink() as sink:
        settings.OUTGOING_ALLOWED_HOSTS = [sink.host]
        yield sink


def parcel(number: int = 1, address: str = "") -> Parcel:
    return Parcel(f"d-{number}", address, CONTENT)


def robot(sink: HttpSink, kind: str, **config):
    return ROBOTS[kind]({"url": f"{sink.url}/{kind}/a?key=SECRET", **config})


def refused(channel, address: str = "") -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(parcel(address=address))
    channel.close()
    assert "SECRET" not in str(caught.value)
    return caught.value


def flags(error: ChannelError) -> set[str]:
    names = ("permanent", "is_unreachable", "is_outcome_unknown", "is_address_dead")
    return {name for name in names if getattr(error, name)}


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_message_arrives_once_under_its_delivery_id(kind, sink):
    channel = robot(sink, kind)
    receipt = channel.send(parcel())
    channel.close()

    (line,) = sink.received(f"/{kind}/a")
    assert line.delivery_id == "d-1"
    assert "GD-1 验货" in line.text
    assert line.headers["content-type"].startswith("application/json")
    assert receipt.detail


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_bad_status_is_read_before_the_body(kind, sink):
    sink.modes["/"] = Mode("error", status=503)
    assert flags(refused(robot(sink, kind))) == {"is_unreachable"}
    sink.modes["/"] = Mode("limited", retry_after="30")
    assert refused(robot(sink, kind)).retry_after == timedelta(seconds=30)
    sink.modes["/"] = Mode("error", status=404)
    assert flags(refused(robot(sink, kind))) == {"permanent", "is_address_dead"}


# Teams has no form of success that could be missing, a webhook of somebody's own may answer what it likes.
NO_ANSWER = [(kind, mode) for kind in ("wecom", "dingtalk", "feishu", "slack") for mode in ("broken", "huge", "gzip")]


@pytest.mark.parametrize(
    ("kind", "mode"),
    [*NO_ANSWER, *((kind, "html") for kind in ROBOTS if kind != "hook"), *((kind, "reset") for kind in ROBOTS)],
)
def test_an_answer_that_is_none_leaves_the_outcome_unknown(kind, mode, sink):
    sink.modes["/"] = Mode(mode)

    assert flags(refused(robot(sink, kind))) == {"is_outcome_unknown"}


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"0",
        b'"ok"',
        b"{}",
        b'{"errcode": "0", "code": "0"}',
        b'{"errcode": null, "code": null}',
        b'{"errcode": [0], "code": [0]}',
        b'{"errcode": false, "code": false}',
        b'{"errcode": 0.0, "code": 0.0}',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"errmsg": "ok", "msg": "ok"}',
    ],
)
def test_only_the_code_zero_is_success(kind, body):
    channel = ROBOTS[kind]({"url": "https://robot.example/"}, post=lambda *args, **options: Answer(200, body))

    assert flags(refused(channel)) == {"is_outcome_unknown"}


CODES = [
    ("wecom", {"errcode": 45009}, set(), MINUTE),
    ("wecom", {"errcode": 45033}, set(), MINUTE),
    ("wecom", {"errcode": 130101}, set(), MINUTE),
    ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}, {"permanent", "is_address_dead"}, None),
    ("wecom", {"errcode": 40058}, {"permanent"}, None),
    ("wecom", {"errcode": 45002}, {"permanent"}, None),
    ("wecom", {"errcode": -1, "errmsg": "system busy"}, set(), None),
    ("dingtalk", {"errcode": 130101}, set(), MINUTE),
    ("dingtalk", {"errcode": 410100}, set(), MINUTE),
    ("dingtalk", {"errcode": 300005, "errmsg": "send too fast"}, set(), MINUTE),
    ("dingtalk", {"errcode": 300005, "errmsg": "token is not exist"}, {"permanent", "is_address_dead"}, None),
    ("dingtalk", {"errcode": 300001, "errmsg": "token is not exist"}, {"permanent", "is_address_dead"}, None),
    ("dingtalk", {"errcode": 310000, "errmsg": "keywords not in content"}, {"permanent"}, None),
    ("dingtalk", {"errcode": 460101}, {"permanent"}, None),
    ("dingtalk", {"errcode": -1}, set(), None),
    ("feishu", {"code": 11232, "msg": "frequency limited"}, set(), MINUTE),
    ("feishu", {"code": 9499, "msg": "too many request"}, set(), MINUTE),
    ("feishu", {"code": 9499, "msg": "Bad Request"}, {"permanent"}, None),
    (
        "feishu",
        {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"},
        {"permanent", "is_address_dead"},
        None,
    ),
    ("feishu", {"code": 19021}, {"permanent"}, None),
    ("feishu", {"code": 19022}, {"permanent"}, None),
    ("feishu", {"code": 19024, "msg": "Key Words Not Found"}, {"permanent"}, None),
    ("feishu", {"code": 1500, "msg": "internal"}, set(), None),
]


@pytest.mark.parametrize(("kind", "answer", "expected", "pause"), CODES)
def test_a_code_in_a_200_is_a_failure_with_its_number(kind, answer, expected, pause, sink):
    sink.modes["/"] = Mode("code", answer=answer)
    error = refused(robot(sink, kind))

    assert flags(error) == expected
    assert error.retry_after == pause
    assert (
        str(answer.get("errcode", answer.get("code"))) in str(error)
        or answer.get("errcode") == 300005
        or answer.get("code") == 9499
    )
    assert str(answer.get("errmsg") or answer.get("msg") or "?!") not in str(error)


def test_feishu_tells_more_by_its_code_than_by_its_status():
    body = json.dumps({"code": 11232, "msg": "frequency limited"}).encode()
    channel = Feishu({"url": "https://robot.example/"}, post=lambda *args, **options: Answer(400, body))

    assert refused(channel).retry_after == MINUTE


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, b"invalid_token", {"permanent"}),
        (404, b"no_service", {"permanent", "is_address_dead"}),
        (410, b"channel_is_archived", {"permanent", "is_address_dead"}),
        (400, b"invalid_payload", {"permanent"}),
        (200, b"no_service", {"permanent"}),
        (200, b"invalid_token", {"permanent"}),
        (200, b"OK?", {"is_outcome_unknown"}),
        (500, b"rollup_error", {"is_unreachable"}),
    ],
)
def test_slack_says_ok_or_why_not(status, body, expected):
    channel = Slack({"url": "https://robot.example/"}, post=lambda *args, **options: Answer(status, body))

    assert flags(refused(channel)) == expected


OLD_CONNECTOR = (
    b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error %d with ContextId tcid=0"
)


@pytest.mark.parametrize(
    ("status", "body", "expected", "pause"),
    [
        (200, OLD_CONNECTOR % 429, set(), MINUTE),
        (200, OLD_CONNECTOR % 500, set(), None),
        (200, b"<!DOCTYPE html><html>Sign in</html>", {"is_outcome_unknown"}, None),
        (400, b"Bad payload received by generic incoming webhook.", {"permanent"}, None),
    ],
)
def test_teams_may_say_failure_in_words(status, body, expected, pause):
    error = refused(MsTeams({"url": "https://t.example/"}, post=lambda *args, **options: Answer(status, body)))

    assert (flags(error), error.retry_after) == (expected, pause)


@pytest.mark.parametrize(("status", "body"), [(202, b""), (200, b"1"), (200, b"")])
def test_teams_takes_it_in_several_ways(status, body):
    channel = MsTeams({"url": "https://t.example/"}, post=lambda *args, **options: Answer(status, body))

    assert channel.send(parcel()).detail == str(status)


# --- Signatures


def test_dingtalk_checks_our_signature(sink):
    sink.secrets["/dingtalk/a"] = "SEC123"
    channel = robot(sink, "dingtalk", secret="SEC123")
    channel.send(parcel())
    channel.close()

    assert sink.bad_signatures["/dingtalk/a"] == 0
    assert flags(refused(robot(sink, "dingtalk", secret="SEC124"))) == {"permanent"}
    assert flags(refused(robot(sink, "dingtalk"))) == {"permanent"}
    assert sink.bad_signatures["/dingtalk/a"] == 2


def test_feishu_gets_its_signature_in_the_body(sink):
    channel = robot(sink, "feishu", secret="demo")
    channel.send(parcel())
    channel.close()
    body = sink.ledger[0].json()

    assert body["timestamp"] == feishu_signature("demo", float(body["timestamp"]))["timestamp"]
    assert body["sign"] == feishu_signature("demo", float(body["timestamp"]))["sign"]


def test_feishu_signs_as_its_documentation_does():
    """Its example: the key is "timestamp\\nsecret", the message is empty."""
    import base64

    digest = hmac.new(b"1599360473\ndemo", digestmod=hashlib.sha256).digest()

    assert feishu_signature("demo", 1599360473.9) == {
        "timestamp": "1599360473",
        "sign": base64.b64encode(digest).decode(),
    }


def test_a_webhook_is_signed_and_keyed(sink):
    channel = robot(sink, "hook", secret="s3cret")
    channel.send(parcel())
    channel.send(parcel())
    channel.close()

    line = sink.ledger[0]
    signed = f"{line.headers['x-gendan-timestamp']}.{line.text}".encode()
    digest = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
    assert line.headers["x-gendan-signature"] == f"sha256={digest}"
    assert abs(int(line.headers["x-gendan-timestamp"]) - time.time()) < 60
    assert line.headers["idempotency-key"] == "d-1"
    assert len(sink.received("/hook/a")) == 1
    assert sink.repeats_dropped["/hook/a"] == 1


def test_a_webhook_without_a_secret_is_not_signed(sink):
    channel = robot(sink, "hook")
    channel.send(parcel())
    channel.close()

    assert "x-gendan-signature" not in sink.ledger[0].headers


# --- WeCom applications


def application(sink: HttpSink, corp_id: str, **config) -> WecomApp:
    return WecomApp({"corp_id": corp_id, "agent_id": "1000002", "secret": "SECRET", "base_url": sink.url, **config})


def test_an_application_message_goes_to_one_member_and_asks_for_repeats_to_be_dropped(sink):
    channel = application(sink, "ww-one")
    receipt = channel.send(parcel(address="WangFang"))
    channel.close()

    body = sink.ledger[0].json()
    assert {name: body[name] for name in body if name != "markdown"} == {
        "touser": "WangFang",
        "msgtype": "markdown",
        "agentid": 1000002,
        "enable_duplicate_check": 1,
        "duplicate_check_interval": 14400,
    }
    assert sink.ledger[0].delivery_id == "d-1"
    assert "msgid" in receipt.detail


def test_the_token_is_asked_for_once_by_all_threads_and_channels_of_a_process(sink):
    channels = [application(sink, "ww-shared") for _number in range(2)]

    def send(channel: WecomApp, first: int) -> None:
        for number in range(first, first + 5):
            channel.send(parcel(number, "WangFang"))

    threads = [threading.Thread(target=send, args=(channels[n % 2], n * 5)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for channel in channels:
        channel.close()

    assert len(sink.tokens) == 1
    assert len({line.delivery_id for line in sink.ledger}) == len(sink.ledger) == 20


def test_a_token_that_ended_early_is_renewed_once(sink):
    channel = application(sink, "ww-early")
    channel.send(parcel(1, "WangFang"))
    sink.tokens.append("somebody else asked")
    channel.send(parcel(2, "WangFang"))
    channel.close()

    assert sink.tokens == ["token-0", "somebody else asked", "token-2"]
    assert sink.ledger[-1].delivery_id == "d-2"


@pytest.mark.parametrize("code", [40014, 42001])
def test_a_token_that_is_refused_again_counts_as_a_matter_of_the_settings(code, sink):
    sink.modes["/cgi-bin/message/send"] = Mode("code", answer={"errcode": code})
    error = refused(application(sink, f"ww-{code}"), "WangFang")

    assert flags(error) == {"is_unreachable"}
    assert len(sink.tokens) == 2


def test_success_that_reached_nobody_is_a_failure_of_that_address(sink):
    sink.invalid_users.add("WangFang")

    assert flags(refused(application(sink, "ww-nobody"), "WangFang")) == {"permanent", "is_address_dead"}


@pytest.mark.parametrize(
    ("answer", "expected", "pause"),
    [
        ({"errcode": 81013}, {"permanent", "is_address_dead"}, None),
        ({"errcode": 60111}, {"permanent", "is_address_dead"}, None),
        ({"errcode": 0, "unlicenseduser": "wangfang"}, {"permanent", "is_address_dead"}, None),
        ({"errcode": 45009}, set(), MINUTE),
        ({"errcode": 45033}, set(), MINUTE),
        ({"errcode": 60020, "errmsg": "not allow to access from your ip, from ip: 10.1.2.3"}, {"is_unreachable"}, None),
        ({"errcode": 301002}, {"is_unreachable"}, None),
        ({"errcode": -1}, set(), None),
        ({"errcode": 45002}, {"permanent"}, None),
    ],
)
def test_the_codes_of_an_application_message(answer, expected, pause, sink):
    sink.modes["/cgi-bin/message/send"] = Mode("code", answer=answer)
    error = refused(application(sink, "ww-codes"), "WangFang")

    assert (flags(error), error.retry_after) == (expected, pause)
    assert "10.1.2.3" not in str(error)


@pytest.mark.parametrize(
    ("mode", "pause"),
    [
        (Mode("code", answer={"errcode": 40001}), None),
        (Mode("code", answer={"errcode": 40013}), None),
        (Mode("code", answer={"errcode": 45009}), MINUTE),
        (Mode("error", status=503), None),
        (Mode("error", status=404), None),
        (Mode("html"), None),
        (Mode("reset"), None),
    ],
)
def test_without_a_token_messages_wait(mode, pause, sink):
    """It is the same for all messages, and none is on its way: the channel rests, nothing is lost."""
    sink.modes["/cgi-bin/gettoken"] = mode
    error = refused(application(sink, f"ww-{mode}"), "WangFang")

    assert flags(error) == {"is_unreachable"}
    assert error.retry_after == pause
    assert sink.ledger == []


@pytest.mark.parametrize("address", ["", "@all", "all", "ALL", "a|b", "王芳", "a b", "x" * 65, "a\nb"])
def test_an_address_that_is_no_userid_never_leaves(address, sink):
    assert flags(refused(application(sink, "ww-all"), address)) == {"permanent", "is_address_dead"}
    assert sink.connections == 0


def test_the_whole_send_ends_in_time_though_two_requests_are_slow(sink, monkeypatch):
    monkeypatch.setattr("teams.notifications.channels.wecom_app.SEND_SECONDS", 0.6)
    sink.modes["/cgi-bin/message/send"] = Mode("silent")
    start = time.monotonic()

    assert flags(refused(application(sink, "ww-slow"), "WangFang")) == {"is_outcome_unknown"}
    assert time.monotonic() - start < 2


# --- The sink itself


def test_the_sink_counts_breaches_of_a_robots_limit(sink):
    channel = robot(sink, "slack")
    for number in range(3):
        channel.send(parcel(number))
    channel.close()

    assert sink.breaches["/slack/a"] == 2


def test_a_share_of_a_mode_leaves_the_others_alone(sink):
    sink.modes["/hook"] = Mode("error", status=503, share=0.5)
    channel, refused_count = robot(sink, "hook"), 0
    for number in range(40):
        try:
            channel.send(parcel(number))
        except ChannelError:
            refused_count += 1
    channel.close()

    assert 5 < refused_count < 35
    assert len(sink.received("/hook")) == 40 - refused_count
    assert len(sink.ledger) == 40
