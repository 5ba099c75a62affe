"""Secrets at rest: readable with our keys, whichever of them sealed, and with no other."""

import pytest

from teams import secrets

CONFIG = {"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6", "secret": "密钥 SEC"}


def test_what_was_sealed_comes_back_and_cannot_be_read_before():
    sealed = secrets.seal(CONFIG)

    assert secrets.unseal(sealed) == CONFIG
    assert "693a91f6" not in sealed
    assert secrets.seal(CONFIG) != sealed


def test_an_empty_config_can_be_sealed():
    assert secrets.unseal(secrets.seal({})) == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"SECRET_KEY": "old"}, {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["old"]}),
        ({"SECRET_KEY": "old"}, {"SECRET_KEY": "old", "CHANNEL_KEY": "own"}),  # a key of its own is set later
        ({"SECRET_KEY": "old", "CHANNEL_KEY": "own"}, {"SECRET_KEY": "new", "CHANNEL_KEY": "own"}),
        (
            {"SECRET_KEY": "old", "CHANNEL_KEY": "own"},
            {"SECRET_KEY": "old", "CHANNEL_KEY": "other", "SECRET_KEY_FALLBACKS": ["own"]},
        ),
    ],
)
def test_a_change_of_keys_keeps_secrets_readable(settings, before, after):
    for name, value in before.items():
        setattr(settings, name, value)
    sealed = secrets.seal(CONFIG)
    for name, value in after.items():
        setattr(settings, name, value)

    assert secrets.unseal(sealed) == CONFIG


def test_a_lost_key_is_told(settings):
    sealed = secrets.seal(CONFIG)
    settings.SECRET_KEY = "another"

    with pytest.raises(secrets.Unreadable):
        secrets.unseal(sealed)


@pytest.mark.parametrize("text", ["", "plain", '{"url": "https://a.example/"}', "gAAAAA"])
def test_what_is_not_sealed_is_refused(text):
    with pytest.raises(secrets.Unreadable):
        secrets.unseal(text)


def test_a_changed_text_is_refused():
    sealed = secrets.seal(CONFIG)
    middle = len(sealed) // 2
    changed = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]

    with pytest.raises(secrets.Unreadable):
        secrets.unseal(changed)


def test_a_key_does_not_open_what_another_purpose_derived():
    """The key in the settings signs sessions as well: it is never used as it is."""
    from cryptography.fernet import Fernet

    assert secrets._derived("k" * 43 + "=") != b"k" * 43 + b"="
    Fernet(secrets._derived("k"))  # a key of the right form, whatever the setting's length


@pytest.mark.parametrize(
    ("value", "shown"), [("SEC0123456789abcd", "…abcd"), ("0123456789ab", "…89ab"), ("0123456789a", "…"), ("", "…")]
)
def test_a_hint_shows_the_end_of_long_secrets_only(value, shown):
    assert secrets.hint(value) == shown
