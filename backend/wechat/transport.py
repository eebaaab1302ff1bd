"""One kind of HTTP session for all calls to WeChat: pooled, without cookies, quiet about its URLs."""

import logging
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

POOL_SIZE = 32


def pooled_session() -> requests.Session:
    """Return a session that threads may share: connections are kept, nothing is retried, cookies are dropped."""
    # At DEBUG urllib3 logs whole URLs, and WeChat wants the secret and the access token in them.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0))
    return session


def answer_of(response: requests.Response) -> dict[str, Any]:
    """Return the JSON object of an answer, its `errcode` an integer.

    Raises:
        requests.HTTPError: the status is 400 or above.
        ValueError: the body is no JSON object, or its errcode no number.
    """
    response.raise_for_status()
    answer = response.json()
    if not isinstance(answer, dict) or not isinstance(answer.get("errcode", 0), int):
        raise ValueError("not an answer of WeChat")  # noqa: TRY004
    return answer
