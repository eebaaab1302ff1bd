import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from backend.errors import Unavailable
from backend.wechat.errors import WeChatBusy, WeChatFailure
from backend.wechat.tokens import AccessTokens
from tests.wechat.kit import DATABASE

STABLE = "/cgi-bin/stable_token"
THREADS = 20


class Unguarded(AccessTokens):
    """The control: the same tokens with the lock taken out."""

    def _wait_or_refresh(self, bad):
        return self._refresh("nobody")


def together(work, threads=THREADS):
    gate = threading.Barrier(threads)

    def run(_):
        gate.wait()
        return work()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def key_of(settings):
    return f"wechat:token:{settings.appid}"


def test_a_token_is_fetched_once_and_then_read(make_tokens, session):
    assert make_tokens().get() == make_tokens().get()
    assert session.paths == [STABLE]


def test_the_store_keeps_the_token_shorter_than_wechat(make_tokens, store, settings):
    token = make_tokens().get()
    assert store.get(key_of(settings)).decode() == token
    assert 0 < store.ttl(key_of(settings)) <= 7080  # the sandbox may have given this token to an earlier test


def test_keys_hold_no_secret(make_tokens, store, settings):
    token = make_tokens().get()
    names = b" ".join(store.keys()).decode()
    assert settings.appid in names
    assert settings.secret not in names
    assert token not in names


def test_twenty_threads_make_one_refresh(make_tokens, session):
    all_tokens = [make_tokens() for _ in range(THREADS)]
    results = together(lambda: all_tokens.pop().get())
    assert len(set(results)) == 1
    assert session.paths == [STABLE]


def test_control_without_the_lock_twenty_threads_make_many(make_tokens, settings, store, session):
    values = {"appid": settings.appid, "secret": settings.secret, "api_base": settings.api_base}
    tokens = Unguarded(**values, redis=store, session=session)
    together(tokens.get)
    assert len(session.paths) > 1


def test_twenty_threads_with_one_bad_token_renew_it_once(make_tokens, session, sandbox):
    tokens = make_tokens()
    bad = tokens.get()
    sandbox.do("expire_token")
    session.paths.clear()
    results = set(together(lambda: tokens.renew(bad)))
    assert bad not in results
    assert len(results) == 1
    assert session.paths == [STABLE]


def test_renew_takes_the_token_that_another_process_stored(make_tokens, store, settings, session):
    store.set(key_of(settings), "newer")
    assert make_tokens().renew("older") == "newer"
    assert session.paths == []


class Overtaken(redis.Redis):
    """A client on whose way to the lock another process has just finished its refresh."""

    def set(self, name, value, **options):
        super().set(name.removesuffix(":lock"), "newer")
        return super().set(name, value, **options)


def test_who_gets_the_lock_late_looks_again_before_fetching(make_tokens, redis_server, session, store):
    with Overtaken(port=redis_server.port, db=DATABASE) as client:
        assert make_tokens(redis=client).get() == "newer"
    assert session.paths == []


def test_a_client_that_decodes_answers_serves_too(make_tokens, redis_server, store):
    token = make_tokens().get()
    with redis.Redis(port=redis_server.port, db=DATABASE, decode_responses=True) as text_client:
        assert make_tokens(redis=text_client).get() == token


def test_waiting_for_a_lost_refresher_ends(make_tokens, store, settings, session):
    store.set(key_of(settings) + ":lock", "somebody", px=60_000)
    with pytest.raises(WeChatBusy):
        make_tokens(timeout=0.1).get()
    assert session.paths == []


def test_the_lock_is_let_go_after_a_failure(make_tokens, sandbox, store, settings):
    sandbox.fault("busy", count=1, path=STABLE)
    with pytest.raises(WeChatBusy) as caught:
        make_tokens().get()
    assert caught.value.errcode == -1
    assert not store.exists(key_of(settings) + ":lock")
    assert make_tokens().get()


def test_a_refresher_that_lost_the_lock_changes_nothing_of_its_successor(make_tokens, store, settings, session):
    lock = key_of(settings) + ":lock"
    session.before = lambda _path: store.set(lock, "successor", px=60_000)
    assert make_tokens().get()
    assert store.get(lock) == b"successor"
    assert not store.exists(key_of(settings))


@pytest.mark.parametrize(
    ("fault", "reason"), [("answer_500", "HTTPError"), ("answer_timeout", "ReadTimeout"), ("rate_limited", "")]
)
def test_a_silent_or_busy_wechat_is_busy(make_tokens, sandbox, fault, reason):
    sandbox.fault(fault, path=STABLE, seconds=2)
    with pytest.raises(WeChatBusy) as caught:
        make_tokens(timeout=0.2).get()
    assert caught.value.reason.endswith(reason or "stable_token")


@pytest.mark.parametrize(("change", "errcode"), [({"secret": "wrong"}, 40125), ({"appid": "wx00"}, 40013)])
def test_wrong_credentials_are_named_by_number(make_tokens, change, errcode):
    with pytest.raises(WeChatFailure) as caught:
        make_tokens(**change).get()
    assert caught.value.errcode == errcode
    assert not isinstance(caught.value, WeChatBusy)


def test_without_redis_there_is_no_token(make_tokens, free_port, session):
    with redis.Redis(port=free_port, retry=None) as nobody, pytest.raises(Unavailable):
        make_tokens(redis=nobody).get()
    assert session.paths == []
