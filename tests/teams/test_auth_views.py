import re
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.urls import reverse

from teams import throttle
from teams.models import ApiToken, LoginAttempt, Organization
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def clerk():
    return make_user("clerk", team=make_team(), username="wang")


def try_login(client, password=PASSWORD, **more):
    return client.post(reverse("login"), {"username": "wang", "password": password, **more})


def test_login_leads_to_the_desk_and_remembers_the_device(client, clerk):
    response = try_login(client)

    assert response.status_code == 302
    assert response.url == "/"
    cookie = response.cookies[throttle.KNOWN_DEVICE_COOKIE]
    assert cookie["httponly"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("/orders/?status=open", "/orders/?status=open"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_login_leads_on_only_within_the_site(client, clerk, wanted, expected):
    assert try_login(client, next=wanted).url == expected


def test_wrong_password_and_unknown_name_get_the_same_answer(client, clerk):
    wrong = try_login(client, "wrong horse battery")
    unknown = client.post(reverse("login"), {"username": "nobody", "password": PASSWORD})

    assert wrong.status_code == unknown.status_code == 422
    assert wrong.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()


def test_eleventh_try_is_refused_even_with_the_right_password(client, clerk):
    for _try in range(throttle.LIMITS["account"]):
        last = try_login(client, "wrong horse battery")
    refused = try_login(client)

    assert last.status_code == 429
    assert refused.status_code == 429
    assert "_auth_user_id" not in client.session
    assert refused.context["form"].errors.as_data()["__all__"][0].code == "locked"


def test_known_device_is_not_locked_by_strangers(client, clerk):
    assert try_login(client).status_code == 302
    client.post(reverse("logout"))
    LoginAttempt.objects.all().delete()
    stranger = client.__class__()
    for _try in range(throttle.LIMITS["account"] + 1):
        try_login(stranger, "wrong horse battery")

    assert try_login(client).status_code == 302


def test_colleagues_of_one_office_do_not_lock_each_other_out(client, clerk):
    for _colleague in range(throttle.LIMITS["address"] + 1):
        last = try_login(client.__class__())

    assert last.status_code == 302


def test_wrong_passwords_over_many_accounts_lock_the_address(client, clerk):
    for number in range(throttle.LIMITS["address"]):
        client.post(reverse("login"), {"username": f"guess{number}", "password": PASSWORD})

    assert try_login(client).status_code == 429


def test_logout_needs_a_post_and_clears_the_browser(client, clerk):
    client.force_login(clerk)

    assert client.get(reverse("logout")).status_code == 405
    response = client.post(reverse("logout"))

    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/").status_code == 302


def test_reset_mail_names_the_address_of_the_settings_never_the_host_header(client, clerk, settings):
    settings.BASE_URL = "https://gendan.example"

    response = client.post(reverse("password_reset"), {"email": clerk.email}, headers={"host": "evil.example"})

    assert response.status_code == 302
    link = re.search(r"https?://\S+", mail.outbox[0].body).group()
    assert urlsplit(link).netloc == "gendan.example"
    assert "evil.example" not in mail.outbox[0].body


def test_reset_link_sets_a_password_once(client, clerk):
    client.post(reverse("password_reset"), {"email": clerk.email})
    path = urlsplit(re.search(r"https?://\S+", mail.outbox[0].body).group()).path

    form = client.get(path, follow=True)
    new = {"new_password1": "another long password", "new_password2": "another long password"}
    client.post(form.request["PATH_INFO"], new)

    clerk.refresh_from_db()
    assert clerk.check_password("another long password")
    assert client.__class__().get(path, follow=True).context["validlink"] is False


def test_reset_for_an_unknown_address_says_the_same_and_sends_nothing(client, clerk):
    response = client.post(reverse("password_reset"), {"email": "nobody@example.com"}, follow=True)

    assert response.redirect_chain[-1][0] == reverse("password_reset_done")
    assert mail.outbox == []


def test_reset_mails_stop_after_three(client, clerk):
    for _wish in range(5):
        client.post(reverse("password_reset"), {"email": clerk.email})

    assert len(mail.outbox) == 3


def test_changing_the_password_logs_out_other_devices(client, clerk):
    other = client.__class__()
    for one in (client, other):
        one.force_login(clerk)

    response = client.post(
        reverse("password_change"),
        {
            "old_password": PASSWORD,
            "new_password1": "another long password",
            "new_password2": "another long password",
        },
    )

    assert response.status_code == 302
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302


def test_language_is_kept_with_the_account(client, clerk):
    client.force_login(clerk)

    response = client.post(reverse("set_language"), {"language": "en", "next": "//evil.example"})

    clerk.refresh_from_db()
    assert (clerk.language, response.url) == ("en", "/")
    assert 'lang="en"' in client.get("/").content.decode()


def test_a_person_without_a_language_gets_the_organisations(client, clerk):
    Organization.objects.update_or_create(pk=1, defaults={"name": "Acme", "language": "en"})
    client.force_login(clerk)

    response = client.get(reverse("profile"), headers={"Accept-Language": "zh-CN"})

    assert response.headers["Content-Language"] == "en"


def test_unknown_language_changes_nothing(client, clerk):
    client.force_login(clerk)

    client.post(reverse("set_language"), {"language": "xx"})

    clerk.refresh_from_db()
    assert clerk.language == ""


def test_token_is_shown_once_and_opens_the_api_until_it_is_revoked(client, clerk):
    client.force_login(clerk)
    made = client.post(reverse("tokens"), {"name": "ERP", "lifetime": "90", "is_read_only": "on"})
    token = made.context["made"]
    row = ApiToken.objects.get(user=clerk)

    assert token in made.content.decode()
    assert token not in client.get(reverse("tokens")).content.decode()
    assert row.is_read_only
    assert row.expires_at is not None
    header = {"authorization": f"Token {token}"}
    assert client.__class__().get("/api/v1/me/", headers=header).status_code == 200

    client.post(reverse("token_revoke", args=[row.pk]))

    assert client.__class__().get("/api/v1/me/", headers=header).status_code == 401


def test_somebody_elses_token_does_not_exist(client, clerk):
    other = make_user("clerk", team=make_team())
    client.force_login(other)
    client.post(reverse("tokens"), {"name": "theirs", "lifetime": ""})
    row = ApiToken.objects.get(user=other)
    client.force_login(clerk)

    assert client.post(reverse("token_revoke", args=[row.pk])).status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None


def test_profile_refuses_an_unknown_time_zone(client, clerk):
    client.force_login(clerk)

    refused = client.post(reverse("profile"), {"email": "", "language": "", "timezone": "Asia/Beijing"})
    taken = client.post(reverse("profile"), {"email": "w@example.com", "language": "", "timezone": "Europe/Berlin"})

    clerk.refresh_from_db()
    assert (refused.status_code, taken.status_code) == (422, 302)
    assert (clerk.email, clerk.timezone) == ("w@example.com", "Europe/Berlin")


def test_htmx_meets_the_login_as_a_whole_page(client):
    response = client.get(
        "/desk/counts/", headers={"hx-request": "true", "hx-current-url": "http://testserver/?who=me"}
    )

    assert response.status_code == 204
    assert response.headers["HX-Redirect"] == "/?who=me"
