import dataclasses
import json

import pytest

from backend.wechat.boundary import WeChatSettings, from_credentials


@pytest.fixture
def live(settings):
    """Settings that may go live: real hosts, keys of good form that count as the merchant's own."""
    return dataclasses.replace(
        settings,
        mode="live",
        origin="settings",
        api_base="https://api.weixin.qq.com",
        pay_base="https://api.mch.weixin.qq.com",
    )


def problems(settings, **changes):
    return dataclasses.replace(settings, **changes).problems()


def test_good_live_settings_have_no_problem(live):
    assert live.problems() == []


def test_the_sandbox_may_run_in_sandbox_mode_only(settings):
    assert settings.problems() == []
    assert problems(settings, mode="live") == [
        'the keys count as the sandbox\'s: no "sandbox": false stands beside them',
        "api_base is not https",
        "api_base is not a public host",
        "pay_base is not https",
        "pay_base is not a public host",
    ]


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "wechat.localhost",
        "printer.local",
        "sandbox",
        "127.0.0.1",
        "127.0.0.1:8443",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "10.1.2.3",
        "192.168.1.1",
        "169.254.1.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fd00::1]",
        "user@127.0.0.1",
        "",
    ],
)
@pytest.mark.parametrize("base", ["api_base", "pay_base"])
def test_live_mode_refuses_hosts_of_our_own(live, host, base):
    assert problems(live, **{base: f"https://{host}"}) == [f"{base} is not a public host"]


def test_live_mode_wants_https(live):
    assert problems(live, pay_base="http://api.mch.weixin.qq.com") == ["pay_base is not https"]


def test_the_backup_host_may_be_used(live):
    assert problems(live, pay_base="https://api2.mch.weixin.qq.com") == []


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(WeChatSettings)])
@pytest.mark.parametrize("mode", ["sandbox", "live"])
def test_each_missing_value_is_named(live, name, mode):
    empty = {} if name == "pay_public_keys" else ""
    assert f"{name} is missing" in problems(live, **{"mode": mode, name: empty})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"apiv3_key": "k" * 31}, "apiv3_key is not 32 bytes long"),
        ({"apiv3_key": "密" * 32}, "apiv3_key is not 32 bytes long"),
        ({"push_aes_key": "k" * 42}, "push_aes_key is not 43 characters long"),
        ({"merchant_private_key": "-----BEGIN"}, "merchant_private_key is no RSA private key in PEM"),
        ({"pay_public_keys": {"PUB_KEY_ID_1": "x"}}, "pay_public_keys: PUB_KEY_ID_1 is no RSA public key in PEM"),
        ({"mode": "test"}, "mode is neither sandbox nor live"),
    ],
)
def test_each_malformed_value_is_named_but_not_shown(live, change, problem):
    assert problem in problems(live, **change)


def test_settings_do_not_show_their_secrets(settings):
    shown = repr(settings)
    for name in ("secret", "merchant_private_key", "apiv3_key", "push_token", "push_aes_key"):
        assert getattr(settings, name) not in shown


def test_credentials_come_from_the_file(sandbox, settings):
    values = json.loads((sandbox.state_dir / "credentials.json").read_text())
    assert settings.pay_public_keys == {values["pay_public_key_id"]: values["pay_public_key"]}
    assert (settings.appid, settings.origin) == (values["appid"], "sandbox")


@pytest.fixture
def load(sandbox, tmp_path):
    """Loads the sandbox's file, changed, for live use."""

    def load(**changes):
        path = tmp_path / "credentials.json"
        values = json.loads((sandbox.state_dir / "credentials.json").read_text())
        path.write_text(json.dumps({**values, **changes}))
        bases = {"api_base": "https://api.weixin.qq.com", "pay_base": "https://api.mch.weixin.qq.com"}
        return from_credentials(path, mode="live", **bases)

    return load


@pytest.mark.parametrize("mark", [{}, {"sandbox": True}, {"sandbox": None}, {"sandbox": "false"}, {"sandbox": 0}])
def test_a_copy_of_the_sandboxs_file_cannot_go_live(load, mark):
    assert len(load(**mark).problems()) == 1


def test_a_file_that_says_it_is_none_of_the_sandboxs_may_go_live(load):
    assert load(sandbox=False).problems() == []


def test_several_public_keys_while_they_rotate(load, settings):
    (pem,) = settings.pay_public_keys.values()
    keys = {"PUB_KEY_ID_2": pem, "PUB_KEY_ID_1": pem}
    assert list(load(pay_public_keys=keys).pay_public_keys) == ["PUB_KEY_ID_2", "PUB_KEY_ID_1"]


@pytest.mark.parametrize("change", [{"mchid": 1900000109}, {"pay_public_keys": ["x"]}, {"pay_public_keys": {"a": 1}}])
def test_credentials_that_are_no_texts(load, change):
    with pytest.raises(ValueError):
        load(**change)


@pytest.mark.parametrize(("text", "error"), [("{", ValueError), ("[]", ValueError), ("{}", KeyError)])
def test_a_broken_file_of_credentials(tmp_path, text, error):
    path = tmp_path / "credentials.json"
    path.write_text(text)
    with pytest.raises(error):
        from_credentials(path, mode="sandbox", api_base="http://127.0.0.1:1", pay_base="http://127.0.0.1:1")


def test_no_file_of_credentials(tmp_path):
    with pytest.raises(FileNotFoundError):
        from_credentials(tmp_path / "none.json", mode="sandbox", api_base="http://x", pay_base="http://x")
