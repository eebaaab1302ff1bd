import base64
import hashlib
import os

import pytest

from backend.settings import BadSettings, load


def raw(byte, length=32):
    return hashlib.sha256(bytes((byte,))).digest()[:length]


def key(byte, length=32):
    return base64.b64encode(raw(byte, length)).decode()


COUNTED = base64.b64encode(bytes(range(1, 33))).decode()


GOOD = {
    "MONGODB_URI": "mongodb://127.0.0.1:27017/city?replicaSet=rs0",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "FIELD_KEYS": f"1:{key(1)}",
    "BLIND_INDEX_KEY": key(2),
    "TICKET_KEYS": f"1:{key(3)}",
    "AUDIT_KEYS": f"1:{key(4)}",
    "CODE_KEYS": f"1:{key(50)}",
    "PRODUCT_CODE_KEYS": f"1:{key(60)}",
    "PUBLIC_BASE_URL": "https://city.example",
    "WECHAT_MODE": "live",
    "ENVIRONMENT": "production",
}


def refusal(**changes):
    env = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with pytest.raises(BadSettings) as caught:
        load(env)
    return str(caught.value)


def test_good_settings_are_taken():
    settings = load(GOOD)
    assert settings.production
    assert (settings.field_keys, settings.blind_index_keys) == ({1: raw(1)}, {1: raw(2)})
    assert (settings.field_algorithm, settings.key_file) == ("aes-256-gcm", "")
    assert (settings.broker_url, settings.proxy_hops) == (GOOD["REDIS_URL"], 0)
    assert settings.password_kib == 65_536


def test_no_environment_named_means_production():
    assert load({name: value for name, value in GOOD.items() if name != "ENVIRONMENT"}).production


NEEDED = [("MONGODB_URI",) * 2, ("REDIS_URL",) * 2, ("FIELD_KEYS",) * 2, ("BLIND_INDEX_KEY", "BLIND_INDEX_KEYS")]


@pytest.mark.parametrize(("name", "told"), NEEDED)
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_a_setting_without_which_nothing_works_is_named(name, told, value):
    assert f"{told} is not set" in refusal(**{name: value})


def test_index_keys_may_be_several_and_the_single_one_is_the_first():
    both = load(GOOD | {"BLIND_INDEX_KEY": "", "BLIND_INDEX_KEYS": f"1:{key(2)},2:{key(5)}"})
    assert both.blind_index_keys == {1: raw(2), 2: raw(5)}


ALWAYS = [
    ("FIELD_KEYS", f"1:{key(1, 16)}", "FIELD_KEYS holds a key that is not 32 bytes"),
    ("FIELD_KEYS", f"1:{key(1)},2:???", "FIELD_KEYS holds a key that is not 32 bytes"),
    ("FIELD_KEYS", key(1), "FIELD_KEYS holds a key that is not 32 bytes"),
    ("TICKET_KEYS", "", "TICKET_KEYS holds a key that is not 32 bytes"),
    ("TICKET_KEYS", f"one:{key(1)}", "TICKET_KEYS holds a key that is not 32 bytes"),
    ("AUDIT_KEYS", "", "AUDIT_KEYS holds a key that is not 32 bytes"),
    ("CODE_KEYS", "", "CODE_KEYS holds a key that is not 32 bytes"),
    ("CODE_KEYS", f"1:{key(3)}", "one key stands in FIELD_KEYS"),
    ("CODE_KEYS", f"256:{key(6)}", "the id of a key is a number from 0 to 255"),
    ("PRODUCT_CODE_KEYS", "", "PRODUCT_CODE_KEYS holds a key that is not 32 bytes"),
    ("PRODUCT_CODE_KEYS", f"1:{key(3)}", "one key stands in FIELD_KEYS"),
    ("PRODUCT_CODE_KEYS", f"16:{key(6)}", "PRODUCT_CODE_KEYS: the id of a key is a number from 0 to 15"),
    ("PRODUCT_CODE_RETIRED", "2", "PRODUCT_CODE_RETIRED names a key that is not in PRODUCT_CODE_KEYS"),
    ("PRODUCT_CODE_RETIRED", "1", "PRODUCT_CODE_RETIRED leaves no key to issue with"),
    ("AUDIT_KEYS", f"1:{key(3)}", "one key stands in FIELD_KEYS"),
    ("BLIND_INDEX_KEY", key(2, 31), "BLIND_INDEX_KEYS holds a key that is shorter than 32 bytes"),
    ("BLIND_INDEX_KEY", "no base64!", "BLIND_INDEX_KEYS holds a key that is shorter than 32 bytes"),
    ("BLIND_INDEX_KEY", "钥匙", "BLIND_INDEX_KEYS holds a key that is shorter than 32 bytes"),
    ("BLIND_INDEX_KEYS", f"1:{key(2)},2:short", "BLIND_INDEX_KEYS holds a key that is shorter than 32 bytes"),
    ("BLIND_INDEX_KEYS", f"1:{key(2)},1:{key(5)}", "BLIND_INDEX_KEYS holds a key that is shorter than 32 bytes"),
    ("BLIND_INDEX_KEYS", f"1:{key(1)}", "one key stands in FIELD_KEYS"),
    ("FIELD_KEYS", f"1:{key(1)},1:{key(5)}", "FIELD_KEYS holds a key that is not 32 bytes"),
    ("FIELD_KEYS", f"1:{key(1)},2:{key(1)}", "make one for each use"),
    ("TICKET_KEYS", f"1:{key(1)}", "make one for each use"),
    ("FIELD_ALGORITHM", "des", "FIELD_ALGORITHM must be one of aes-256-gcm, sm4-gcm"),
    ("FIELD_KEYS", f"256:{key(1)}", "the id of a key is a number from 0 to 255"),
    ("TICKET_KEYS", f"-1:{key(1)}", "the id of a key is a number from 0 to 255"),
    ("PROXY_HOPS", "two", "PROXY_HOPS must be the number of proxies"),
    ("PROXY_HOPS", "-1", "PROXY_HOPS must be the number of proxies"),
    ("BROKER_URL", "mongodb://127.0.0.1/broker", "the MongoDB transport loses tasks"),
    ("MONGODB_URI", "mongodb://h/city?w=1", "w must be majority"),
    ("MONGODB_URI", "mongodb://h/city?W=0", "w must be majority"),
    ("MONGODB_URI", "mongodb://h/city?readConcernLevel=local", "readConcernLevel must be majority"),
    ("MONGODB_URI", "mongodb://h/city?journal=False", "journal must not be off"),
    ("WECHAT_CREDENTIALS", "/nowhere/credentials.json", "WECHAT_CREDENTIALS cannot be read"),
    ("REGISTERS_CREDENTIALS", "/nowhere/credentials.json", "REGISTERS_CREDENTIALS cannot be read"),
    ("BANK_CREDENTIALS", "/nowhere/credentials.json", "BANK_CREDENTIALS cannot be read"),
    ("PASSWORD_KIB", "31", "PASSWORD_KIB must be a whole number"),
    ("PASSWORD_KIB", "much", "PASSWORD_KIB must be a whole number"),
]


@pytest.mark.parametrize("environment", ["production", "development"])
@pytest.mark.parametrize(("name", "value", "reason"), ALWAYS)
def test_what_would_lose_data_or_break_seals_is_refused_everywhere(name, value, reason, environment):
    assert reason in refusal(**{name: value, "ENVIRONMENT": environment})


ONLY_IN_PRODUCTION = [
    ("DEBUG", "1", "DEBUG is on"),
    ("CLOCK_SHIFT_FILE", "/tmp/shift", "only test runs may"),
    ("PASSWORD_KIB", "65535", "PASSWORD_KIB makes passwords cheap to guess"),
    ("PUBLIC_BASE_URL", "http://city.example", "PUBLIC_BASE_URL must be https"),
    ("WECHAT_MODE", "sandbox", "WECHAT_MODE must be live"),
    ("FIELD_KEYS", f"1:{base64.b64encode(bytes(32)).decode()}", "a key repeats its bytes"),
    ("BLIND_INDEX_KEY", base64.b64encode(b"ab" * 16).decode(), "a key repeats its bytes"),
    ("TICKET_KEYS", f"1:{base64.b64encode(bytes(32)).decode()}", "a key repeats its bytes"),
    ("FIELD_KEYS", f"1:{COUNTED}", "a key counts up its bytes as examples do"),
    ("PRODUCT_CODE_KEYS", f"1:{COUNTED}", "a key counts up its bytes as examples do"),
    ("BLIND_INDEX_KEY", COUNTED, "a key counts up its bytes as examples do"),
]


@pytest.mark.parametrize(("name", "value", "reason"), ONLY_IN_PRODUCTION)
def test_what_only_a_test_run_may_is_refused_in_production(name, value, reason):
    assert reason in refusal(**{name: value})
    assert load(GOOD | {name: value, "ENVIRONMENT": "development"}) is not None


def test_all_reasons_are_told_at_once():
    told = refusal(DEBUG="1", WECHAT_MODE="sandbox", PUBLIC_BASE_URL="http://x")
    assert all(reason in told for reason in ("DEBUG", "WECHAT_MODE", "PUBLIC_BASE_URL"))


def test_a_refusal_and_the_settings_themselves_show_no_key():
    assert key(1, 16) not in refusal(FIELD_KEYS=f"1:{key(1, 16)}")
    shown = repr(load(GOOD))
    assert not any(repr(raw(byte)) in shown for byte in (1, 2, 3, 4))
    assert not any(name in shown for name in ("field_keys", "blind_index_keys", "ticket_keys", "code_keys"))


@pytest.mark.parametrize(("mode", "refused"), [(0o600, False), (0o640, False), (0o644, True), (0o602, True)])
def test_credentials_that_everybody_can_read_are_refused(tmp_path, mode, refused):
    path = tmp_path / "credentials.json"
    path.write_text("{}")
    os.chmod(path, mode)  # noqa: PTH101
    env = GOOD | {"WECHAT_CREDENTIALS": str(path)}
    if refused:
        assert "chmod 600" in refusal(WECHAT_CREDENTIALS=str(path))
    else:
        assert load(env).wechat_credentials == str(path)


def test_files_for_the_domains_root_are_read_as_pairs():
    files = load(GOOD | {"WECHAT_VERIFY_FILES": "MP_verify_1.txt=abc,tx.txt=d=e,broken"}).wechat_verify_files
    assert files == {"MP_verify_1.txt": "abc", "tx.txt": "d=e"}
