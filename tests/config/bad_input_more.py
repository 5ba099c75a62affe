"""Many more bad inputs of the published kinds, in the published form."""

from collections.abc import Iterator
from typing import Any

COMPLETE = "milestones/{milestone_id}/complete/"
GOOD_AT = "2026-03-02T09:00:00+08:00"


def post(path: str, body: Any, **more: Any) -> dict[str, Any]:
    return {"where": "api", "payload": {"method": "POST", "path": path, "body": body, **more}}


def raw(text: Any, path: str = "orders/", **more: Any) -> dict[str, Any]:
    return {"where": "api", "payload": {"method": "POST", "path": path, "raw": text, **more}}


def get(path: str, **more: Any) -> dict[str, Any]:
    return {"where": "url", "payload": {"method": "GET", "path": path, **more}}


def patch(body: Any, path: str = "orders/{number}/") -> dict[str, Any]:
    return {"where": "api", "payload": {"method": "PATCH", "path": path, "body": body}}


def order_with(**line: Any) -> dict[str, Any]:
    return {"number": "GD-1", "lines": [{"position": 1, "quantity": "1", **line}]}


def dates() -> Iterator[tuple[dict, str]]:
    at = "422; names=actual_finish_at; rows=0"
    for value in (
        *("2026-02-30T09:00:00+08:00", "2026-13-01T09:00:00Z", "2026-03-02", "2026-03-02T09:00:00", "yesterday", ""),
        *("0000-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-03-02T24:30:00Z", "2026-03-02T09:00:00+99:00"),
        *("20260302T090000Z", "2026-W10-1T09:00:00Z", "２０２６-03-02T09:00:00Z", "2026-03-02T09:00:00Z\n", "NaT"),
        *("2026-02-29T09:00:00Z", "+12026-03-02T09:00:00Z", "2026-03-02 09:00:00+08:00", "2199-01-01T00:00:00Z"),
        *(1_772_413_200, 1.5, True, None, [], {}, ["2026-03-02T09:00:00Z"]),
    ):
        yield post(COMPLETE, {"actual_finish_at": value, "note": "x"}), at
    yield post(COMPLETE, {"actual_finish_at": "2099-03-02T09:00:00Z", "note": "x"}), at
    yield post(COMPLETE, {"actual_finish_at": GOOD_AT}), at  # far back without a word why
    yield post(COMPLETE, {"actual_finish_at": "2026-03-02T14:45:00+05:45", "note": "x"}), "200"
    for value in (
        "2026-02-30",
        "2026/03/04",
        "04.03.2026",
        "2026-3-4",
        "0001-01-01",
        "3000-01-01",
        "2026-03-04T00:00Z",
        5,
    ):
        yield post("orders/", order_with(promised_date_original=value)), "422; names=promised_date_original; rows=0"
    for query in ("due_before=2026-02-30", "due_before=0001-01-01T00:00:00%2B14:00", "due_before=2026-03-02T09:00:00"):
        yield get(f"milestones/?{query}"), "422; names=due_before"
    yield get("milestones/?due_before=2026-03-02T09:00:00-20:55"), "200|422"
    for query in ("promised_before=03/04/2026", "promised_after=2026-02-30", "promised_before=x"):
        yield get(f"orders/?{query}"), f"422; names={query.partition('=')[0]}"
    for path, name in (
        ("add/?start=0001-01-01T00:00:00Z&minutes=1", "start"),
        ("add/?start=2026-03-02T09:00:00&minutes=1", "start"),
        ("add/?start=2026-03-02T09:00:00Z&minutes=99999999999999999999", "minutes"),
        ("add/?start=2100-12-31T23:00:00Z&minutes=5300000", "minutes"),
        ("between/?start=2026-03-02T09:00:00Z&end=9999-12-31T23:59:60Z", "end"),
        ("between/?start=2026-03-02T09:00:00Z", "end"),
    ):
        yield get(f"calendars/CN_OFFICE/{path}"), f"422; names={name}"


def numbers() -> Iterator[tuple[dict, str]]:
    refused = "422; names=quantity; rows=0"
    for value in (
        *("-1", "0", "0.0000", "1e3", "1E+400", "-Infinity", "nan", "1,000", "1.2.3", "１２", "٣", " 1", "1 ", "0x10"),
        *("1_000", "", "--1", "999999999999999", "1.0001", "123456789012.5", 0, -1, True, None, [], {}, 10**30),
    ):
        yield post("orders/", order_with(quantity=value)), refused
    yield raw('{"number":"GD-1","lines":[{"quantity":1e999}]}'), refused
    yield raw('{"number":"GD-1","lines":[{"quantity":NaN}]}'), "400; rows=0"
    yield raw('{"number":"GD-1","lines":[{"quantity":-Infinity}]}'), "400; rows=0"
    yield raw({"$concat": ['{"number":"GD-1","lines":[{"quantity":', {"$repeat": ["9", 5000]}, "}]}"]}), "400; rows=0"
    for position in (0, -1, 1.5, "1", 10**20):
        yield post("orders/", order_with(position=position)), "422; names=position; rows=0"
    for value in ("-0.01", "1e2", "NaN"):
        yield post("orders/", order_with(unit_price=value)), "422; names=unit_price; rows=0"
    yield patch({"fx_rate": "0"}), "422; names=fx_rate; rows=0"
    yield patch({"over_tolerance": "1.5"}), "422; names=over_tolerance; rows=0"
    for size in ("0", "-1", "201", "99999999999999999999", "x", "１０", ""):
        yield get(f"orders/?page_size={size}"), "422; names=page_size"


def unicode() -> Iterator[tuple[dict, str]]:
    for text in (
        *(
            "👨‍👩‍👧‍👦",
            "é",
            "e\u0301",
            "\u202egnp.exe",
            "\ufeffbom",
            "a\u200bb",
            "   blanks   ",
            "\u3000全角\u3000",
            "ＡＢＣ",
        ),
        *("ﷺ", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞", "\u0085nel\u2028ls", "Ω≈ç√∫", "İıŞş", "𝒜𝓁𝒾𝒸𝑒", "\ue000", "‏עברית", "नमस्ते", "tab\tand\nline", "ſß"),
    ):
        yield post(COMPLETE, {"actual_finish_at": GOOD_AT, "note": text}), "200; verbatim"
    yield raw('{"number":"GD-1","note":"\\ud800"}'), "400; rows=0"
    yield raw({"$hex": "7b226e756d626572223a22ff227d"}), "400; rows=0"
    for number in ("GD 1", "GD/1", "\u202eGD", "GD\u200b1", "", " ", "GD?1"):
        yield post("orders/", {"number": number}), "422; names=number; rows=0"


def size() -> Iterator[tuple[dict, str]]:
    long = {"$repeat": ["长", 5000]}
    yield post("orders/", {"number": {"$repeat": ["x", 41]}}), "422; names=number; rows=0"
    yield post("orders/", {"number": "GD-1", "note": long}), "422; names=note; rows=0"
    yield post("orders/", {"number": "GD-1", "customer": long}), "422; names=customer; rows=0"
    yield post(COMPLETE, {"note": long}), "422; names=note; rows=0"
    yield post(COMPLETE, {"documents": {"$range": [1, 60]}}), "422; names=documents; rows=0"
    yield post("milestones/bulk/", {"action": "complete", "ids": {"$range": [1, 501]}}), "422; names=ids; rows=0"
    yield raw({"$concat": ['{"number":"', {"$repeat": ["x", 2_100_000]}, '"}']}), "400|413; rows=0"
    yield raw({"$concat": [{"$repeat": ["[", 100_000]}, {"$repeat": ["]", 100_000]}]}), "400; rows=0"
    yield raw({"$concat": ['{"a":', {"$repeat": ["[", 70]}, {"$repeat": ["]", 70]}, "}"]}), "400; rows=0"
    lines = [{"quantity": "1"}] * 501
    yield post("orders/", {"number": "GD-1", "lines": lines}), "422; names=lines; rows=0"
    yield get({"$concat": ["orders/?q=", {"$repeat": ["%E9%95%BF", 900]}]}), "200|400|422"
    yield get({"$concat": ["orders/", {"$repeat": ["9", 5000]}, "/"]}), "400|404"
    yield get({"$concat": ["milestones/", {"$repeat": ["9", 5000]}, "/"]}), "400|404"
    yield get({"$concat": ["orders/?cursor=", {"$repeat": ["A", 3000]}]}), "422; names=cursor"
    yield get({"$concat": ["orders/?", {"$repeat": ["status=open&", 600]}]}), "200|400|422"


def control() -> Iterator[tuple[dict, str]]:
    yield raw('{"number":"GD\\u0000-1"}'), "400|422; rows=0"
    yield raw('{"number":"GD-1","note":"a\\u0000b"}'), "400|422; rows=0"
    yield raw('{"number":"GD-1","\\u0000":1}'), "400|422; rows=0"
    yield post(COMPLETE, {"note": "a\u0000b"}), "400|422; rows=0"
    for path in ("orders/a%00b/", "orders/?q=%00", "orders/?clerk=%00", "calendars/a%00b/", "orders/?cursor=%00"):
        yield get(path), "400|404|422"
    yield get("kpi/a%00b/"), "400|403|404"
    for number in ("GD\r\n1", "GD\t1", "GD\x1b1", "GD\x7f1"):
        yield post("orders/", {"number": number}), "422; names=number; rows=0"
    yield post(COMPLETE, {"actual_finish_at": GOOD_AT, "note": "bell\x07 escape\x1b[31m"}), "200; verbatim"


def sql() -> Iterator[tuple[dict, str]]:
    for text in (
        *("';DROP TABLE orders_order;--", "1 OR 1=1", "' UNION SELECT password FROM teams_user--", "\\", "%' OR '%'='"),
        *("$$;SELECT pg_sleep(9)$$", "'||pg_sleep(9)||'", "admin'/*", "%27%29%3B--"),
    ):
        quoted = "".join(f"%{byte:02X}" for byte in text.encode())
        yield get(f"orders/?q={quoted}"), "200; results=0"
        yield get(f"orders/?clerk={quoted}"), "422; names=clerk"
        yield get(f"orders/?ordering={quoted}"), "422; names=ordering"
    yield post(COMPLETE, {"actual_finish_at": GOOD_AT, "note": "'); DELETE FROM orders_order; --"}), "200; verbatim"


def texts() -> Iterator[tuple[str, dict, str]]:
    html = (
        *("<script>window.__x=1</script>", "<img src=x onerror=window.__x=1>", '"><svg onload=window.__x=1>'),
        *("<iframe srcdoc='<script>1</script>'>", "&lt;script&gt;", "</textarea><script>1</script>", "<!--", "]]>"),
        *("<math><mi//xlink:href='data:x,<script>1'>", "<style>*{display:none}</style>", "javascript:window.__x=1"),
        "<a href='//evil.example'>x</a>",
    )
    template = (
        "{% include '/etc/passwd' %}",
        "${7*7}",
        "#{7*7}",
        "{0.__class__}",
        "%(password)s",
        "{{ settings.SECRET_KEY }}",
    )
    formula = (
        *("=1+1", "+1", "@SUM(1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://evil.example")', "|calc", "'=1"),
        "-1+1",
        "=IMPORTXML(1)",
    )
    for group, values in (("html", html), ("template", template), ("formula", formula)):
        for value in values:
            yield group, post(COMPLETE, {"actual_finish_at": GOOD_AT, "note": value}), "200; verbatim"


def json_types() -> Iterator[tuple[dict, str]]:
    for text in ("[]", "1", "null", "true", '["number"]'):
        yield raw(text), "422; rows=0"
    for text in ("", "{'number':'GD-1'}", '{"number":"GD-1",}', '{"number":"GD-1"}{}', "number=GD-1", '{"a":1,"a":2}'):
        yield raw(text), "400|422; rows=0"
    for value in (5, True, None, {}, [[]], 1.5):
        yield post("orders/", {"number": value}), "422; names=number; rows=0"
    for name, value in (
        *(("customer", []), ("customer", {}), ("customer", True), ("customer", 1.5), ("lines", {}), ("lines", "x")),
        *(("lines", [1]), ("lines", [None]), ("priority", ["high"]), ("priority", 1), ("priority", "HIGH")),
        *(("is_test", "true"), ("is_test", 1), ("status", "closed"), ("id", 5), ("version", 7), ("made_up", 1)),
        *(("created_at", GOOD_AT), ("delivered_at", GOOD_AT), ("team", "no-such"), ("incoterm", "FOO")),
    ):
        yield post("orders/", {"number": "GD-1", name: value}), f"422; names={name}; rows=0"
    for name, value in (("documents", "1"), ("documents", [1.5]), ("documents", [None]), ("delay_reason", 7)):
        yield post(COMPLETE, {name: value}), f"422; names={name}; rows=0"
    for body, name in (
        ({"ids": [1]}, "action"),
        ({"action": "explode", "ids": [1]}, "action"),
        ({"action": "complete", "ids": []}, "ids"),
        ({"action": "complete", "ids": ["1"]}, "ids"),
        ({"action": "complete", "ids": [1], "values": []}, "values"),
        ({"action": "skip", "ids": [1]}, "values"),
    ):
        yield post("milestones/bulk/", body), f"422; names={name}; rows=0"
    yield raw("<order/>", type="application/xml"), "415; rows=0"
    yield raw("number=GD-1", type="application/x-www-form-urlencoded"), "415; rows=0"
    yield raw('{"number":"GD-1"}', type="text/plain"), "415; rows=0"
    yield raw('{"order":"x"}', path="documents/"), "415; rows=0"


def rights() -> Iterator[tuple[dict, str]]:
    for path in (
        *("orders/{foreign_number}/", "milestones/{foreign_milestone_id}/", "documents/{foreign_document_id}/"),
        *("documents/{foreign_document_id}/download/", "companies/{foreign_company_id}/"),
        *("contacts/{foreign_contact_id}/", "shipments/{foreign_shipment_id}/", "orders/{foreign_number}/timeline/"),
        "notifications/{foreign_notification_id}/",
    ):
        yield get(path), "404"
    yield patch({"priority": "high"}, "orders/{foreign_number}/"), "404; rows=0"
    yield patch({"priority": 7}, "orders/{foreign_number}/"), "404; rows=0"  # decided before the shape
    yield raw("{", "milestones/{foreign_milestone_id}/complete/"), "404; rows=0"
    for name, value in (
        *(("customer", "{foreign_company_id}"), ("supplier", "{foreign_company_id}"), ("team", "beta")),
        *(("clerk", "{foreign_username}"), ("sales_rep", "{foreign_username}")),
    ):
        yield post("orders/", {"number": "GD-1", name: value}), f"422; names={name}; rows=0"
    for name in ("customer", "clerk", "team", "q"):
        value = {"customer": "{foreign_company_id}", "clerk": "{foreign_username}", "team": "beta"}.get(name, "canary")
        yield get(f"orders/?{name}={value}"), "200; results=0" if name == "q" else f"422; names={name}"
    yield get("milestones/?order={foreign_number}"), "422; names=order"
    yield get("documents/?order={foreign_number}"), "422; names=order"
    yield (
        post("shipments/", {"number": "S-9", "lines": [{"order_line": "{foreign_line_id}", "quantity": "1"}]}),
        ("422; names=order_line; rows=0"),
    )
    yield post("contacts/", {"company": "{foreign_company_id}", "name": "x"}), "422; names=company; rows=0"
    yield post("interactions/", {"company": "{foreign_company_id}", "summary": "x"}), "422; names=company; rows=0"
    yield post("milestones/{milestone_id}/assign/", {"assignee": "{foreign_username}"}), "403; rows=0"
    for path in (
        "orders/-1/",
        "milestones/0/",
        "milestones/-5/",
        "milestones/1.5/",
        "milestones/１/",
        "companies/999999/",
    ):
        yield get(path), "404"


def replay() -> Iterator[tuple[dict, str]]:
    for key in ("", {"$repeat": ["k", 101]}, "a\tb", "ключ"):
        yield raw('{"number":"GD-1"}', headers={"Idempotency-Key": key}), "422; names=Idempotency-Key; rows=0"
    yield raw('{"number":5}', headers={"Idempotency-Key": "k1"}), "422; names=number; rows=0"
    yield raw("{", headers={"Idempotency-Key": "k2"}), "400; rows=0"
    for path in ("orders/{closed_number}/confirm/", "orders/{foreign_number}/confirm/"):
        yield raw("{}", path, headers={"Idempotency-Key": "k3"}), "409|404; rows=0"
    yield patch({"destination": "Rotterdam", "version": 1}), "412; names=destination; rows=0"
    yield patch({"destination": "Hamburg", "version": 1}), "200"
    yield patch({"note": "x", "version": 99}), "200"
    for version in (0, -1, "1", None, 1.5, 10**12, []):
        yield patch({"note": "x", "version": version}), "422; names=version; rows=0"


def tokens() -> Iterator[tuple[dict, str]]:
    for value in (
        *(
            "Token",
            "Token ",
            "Token undefined",
            "Token x",
            "Bearer abc",
            "Basic YTpi",
            "Token gdn_",
            "token",
            "Token null null",
        ),
        *("Token gdn_' OR 1=1", "Token ñ", "Token \x7f", "Negotiate", "Token " + "A" * 5000, "Token gdn_%00", ","),
    ):
        yield {"where": "header", "payload": {"header": "Authorization", "value": value}}, "401"
    yield get("me/", headers={"Authorization": None}), "401"
    yield get("orders/", headers={"Authorization": None}), "401"
    for cookie in ("sessionid=", "sessionid=../../etc", "sessionid=" + "x" * 3000, "=;=;", "sessionid=a; sessionid=b"):
        yield {"where": "header", "payload": {"header": "Cookie", "value": cookie}}, "302|401"
    stranger = {"headers": {"Authorization": None}}
    for body in ({"username": "nobody", "password": "wrong"}, {"username": "clerk", "password": "x" * 400}):
        yield post("token/", body, **stranger), "401|429; rows=0"
    for body, name in (
        ({}, "username"),
        ({"username": 5, "password": "x"}, "username"),
        ({"username": "x", "password": ["x"]}, "password"),
        ({"username": "x", "password": "x" * 501}, "password"),
        ({"username": "x", "password": "x", "user_id": 1}, "user_id"),
    ):
        yield post("token/", body, **stranger), f"422; names={name}; rows=0"


def headers() -> Iterator[tuple[dict, str]]:
    for header, value, expect in (
        ("X-Forwarded-For", "' OR 1=1", "200"),
        ("X-Forwarded-For", "1.2.3.4, " * 300, "200"),
        ("X-Forwarded-Proto", "gopher", "200"),
        ("X-HTTP-Method-Override", "DELETE", "200"),
        ("X-Original-URL", "/admin/", "200"),
        ("Accept", "text/html", "200|406"),
        ("Accept", "x" * 3000, "200|406"),
        ("Accept-Language", "zz-ZZ,;q=a", "200"),
        ("Accept-Language", "x" * 5000, "200"),
        ("Range", "bytes=0-18446744073709551615", "200"),
        ("If-Modified-Since", "yesterday", "200"),
        ("Origin", "https://evil.example", "200; links in pages"),
        ("Referer", "javascript:1", "200"),
        ("Content-Type", "application/json; charset=utf-99", "200"),
        ("HX-Request", "true", "200"),
    ):
        yield {"where": "header", "payload": {"header": header, "value": value}}, expect
    for method in ("PUT", "DELETE", "OPTIONS", "PROPFIND"):
        yield {"where": "api", "payload": {"method": method, "path": "orders/{number}/", "body": {}}}, "405; rows=0"


def state() -> Iterator[tuple[dict, str]]:
    why = {"side": "customer", "reason": "x"}
    yield post("orders/{number}/confirm/", {}), "409; names=status; rows=0"
    yield post("orders/{number}/close/", {}), "409; rows=0"
    yield post("orders/{number}/resume/", {}), "409; names=status; rows=0"
    yield post("orders/{closed_number}/hold/", why), "409; names=status; rows=0"
    yield post("orders/{closed_number}/promise/", {**why, "new_date": "2026-09-01"}), "409; names=status; rows=0"
    yield patch({"priority": "high"}, "orders/{closed_number}/"), "409; names=status; rows=0"
    yield post("orders/{number}/lines/", {"lines": [{"quantity": "1"}]}), "409; rows=0"
    yield post("orders/{held_number}/hold/", why), "409; names=status; rows=0"
    yield post("milestones/{milestone_id}/resume/", {}), "409; rows=0"
    yield post("milestones/{milestone_id}/reopen/", {"reason": "x"}), "409; rows=0"
    yield post("orders/", {"number": "{number}"}), "409; names=number; rows=0"
    yield post("orders/{number}/hold/", {"side": "customer"}), "422; names=reason; rows=0"
    yield post("orders/{number}/hold/", {"side": "moon", "reason": "x"}), "422; names=side; rows=0"
    too_much = {"number": "S-9", "lines": [{"order_line": "{line_id}", "quantity": "100000"}]}
    yield post("shipments/", too_much), "422; rows=0"


def _all() -> Iterator[dict[str, Any]]:
    plain = {
        **{"dates": dates, "numbers": numbers, "unicode": unicode, "size": size, "control": control, "sql": sql},
        **{"json-types": json_types, "rights": rights, "replay": replay, "tokens": tokens, "headers": headers},
        "state": state,
    }
    for group, cases in plain.items():
        for number, (case, expect) in enumerate(cases(), start=1):
            yield {"id": f"{group}-more-{number:02d}", "group": group, "expect": expect, **case}
    for number, (group, case, expect) in enumerate(texts(), start=1):
        yield {"id": f"{group}-more-{number:02d}", "group": group, "expect": expect, **case}


MORE = list(_all())
