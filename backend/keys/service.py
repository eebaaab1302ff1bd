"""The key service: it holds the keys that wrap data keys, and nothing else ever sees them.

The service process asks it to wrap and to unwrap. `EnvironmentKeys` and `FileKeys` do so with keys of their own;
a hardware module (密码机) is one more class behind `KeyService`.

The key file, mode 600, is read anew at each call, so that a key added to it needs no restart:

    {"current": "2026-1", "keys": {"2026-1": {"kind": "sm4-gcm", "key": "<base64>"}}}
"""

import base64
import itertools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.errors import CityError
from backend.keys.algorithms import ALGORITHMS, NONCE, Algorithm

OTHERS = 0o077
_ENVIRONMENT = "env-"


class KeyService(Protocol):
    """Wraps data keys. `about` names the data key, so that one wrapped key cannot stand in for another."""

    def current(self) -> str:
        """Return the id of the key that wraps from here on."""

    def wrap(self, kek: str, data_key: bytes, about: bytes) -> bytes:
        """Return a data key sealed by the key-encryption key `kek`."""

    def unwrap(self, kek: str, wrapped: bytes, about: bytes) -> bytes:
        """Return the data key, or raise `KeyUnknown` or `KeyBroken`."""


class KeyUnknown(CityError):
    """The key service has no key of this id."""

    code = "key_unknown"
    zh = "密钥服务中没有编号为 {kek} 的主密钥,请联系安全管理员。"
    en = "The key service holds no key-encryption key {kek}."

    def __str__(self) -> str:
        return self.message("en")


class KeyBroken(CityError):
    """A wrapped key does not open: another key stands under this id, or it was changed."""

    code = "key_broken"
    zh = "主密钥 {kek} 与数据密钥不匹配,请联系安全管理员。"
    en = "The key-encryption key {kek} does not open this data key."

    def __str__(self) -> str:
        return self.message("en")


class KeyFileRefused(CityError):
    """The key file is not one that this service may use."""

    code = "key_file_refused"
    zh = "密钥文件不符合要求:{reason}"
    en = "KEY_FILE is refused: {reason}"

    def __str__(self) -> str:
        return self.message("en")


@dataclass(frozen=True)
class _Key:
    algorithm: Algorithm
    secret: bytes = field(repr=False)

    def wrap(self, data_key: bytes, about: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self.algorithm.cipher(self._wrapping()).encrypt(nonce, data_key, about)

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        return self.algorithm.cipher(self._wrapping()).decrypt(wrapped[:NONCE], wrapped[NONCE:], about)

    def _wrapping(self) -> bytes:
        """Derive the key that wraps: the one given may also have sealed fields directly."""
        derive = HKDF(SHA256(), self.algorithm.key_bytes, salt=None, info=b"data key wrapping")
        return derive.derive(self.secret)


class _Held:
    """Wraps and unwraps by keys that this process can read."""

    def _keys(self) -> Mapping[str, _Key]:
        raise NotImplementedError

    def wrap(self, kek: str, data_key: bytes, about: bytes) -> bytes:
        """Return a data key sealed by `kek`.

        Raises:
            KeyUnknown: there is no such key.
        """
        return self._key(kek).wrap(data_key, about)

    def unwrap(self, kek: str, wrapped: bytes, about: bytes) -> bytes:
        """Return the data key.

        Raises:
            KeyUnknown: there is no such key.
            KeyBroken: it does not open by this key.
        """
        key = self._key(kek)
        try:
            return key.unwrap(wrapped, about)
        except InvalidTag:
            raise KeyBroken(kek=kek) from None

    def _key(self, kek: str) -> _Key:
        key = self._keys().get(kek)
        if key is None:
            raise KeyUnknown(kek=kek)
        return key


class EnvironmentKeys(_Held):
    """Keys of the setting FIELD_KEYS, for small deployments; the highest id wraps. Their ids read `env-1`."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        algorithm = ALGORITHMS["aes-256-gcm"]
        self._given = {f"{_ENVIRONMENT}{number}": _Key(algorithm, key) for number, key in keys.items()}
        self._current = f"{_ENVIRONMENT}{max(keys)}" if keys else ""

    def current(self) -> str:
        """Return the highest id."""
        return self._current

    def _keys(self) -> Mapping[str, _Key]:
        return self._given


class FileKeys(_Held):
    """Keys of the file that the setting KEY_FILE names; those of the environment still unwrap what they wrapped."""

    def __init__(self, path: Path, environment: Mapping[int, bytes] | None = None) -> None:
        self._path = path
        self._former = EnvironmentKeys(environment or {})._keys()

    def current(self) -> str:
        """Return the id that the file calls current.

        Raises:
            KeyFileRefused: the file is not as it must be.
        """
        return read_file(self._path)[0]

    def _keys(self) -> Mapping[str, _Key]:
        return {**self._former, **read_file(self._path)[1]}


def read_file(path: Path) -> tuple[str, dict[str, _Key]]:
    """Return the current id and the keys of a key file.

    Raises:
        KeyFileRefused: others can read it, or it is not of the form above.
    """
    try:
        if path.stat().st_mode & OTHERS:
            raise KeyFileRefused(reason="others than its owner can read or change it; chmod 600")
        told = json.loads(path.read_bytes())
        keys = {str(name): _read_key(str(name), one) for name, one in told["keys"].items()}
        current = str(told["current"])
    except OSError as error:
        raise KeyFileRefused(reason=f"it cannot be read ({type(error).__name__})") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyFileRefused(reason="it is not of the form {current, keys: {id: {kind, key}}}") from None
    if current not in keys:
        raise KeyFileRefused(reason=f"its current key {current} is not among its keys")
    return current, keys


def _read_key(name: str, told: Mapping[str, Any]) -> _Key:
    algorithm = ALGORITHMS.get(str(told["kind"]))
    if algorithm is None:
        raise KeyFileRefused(reason=f"key {name} is of an unknown kind; known are {', '.join(ALGORITHMS)}")
    secret = base64.b64decode(told["key"], validate=True)
    if len(secret) != algorithm.key_bytes:
        raise KeyFileRefused(reason=f"key {name} is not {algorithm.key_bytes} bytes")
    if weak := weakness(secret):
        raise KeyFileRefused(reason=f"key {name} {weak}")
    if name.startswith(_ENVIRONMENT):
        raise KeyFileRefused(reason=f"key {name} is named like one of the environment; choose another id")
    return _Key(algorithm, secret)


def weakness(key: bytes) -> str:
    """Return what shows that no random generator made a key, empty when nothing does."""
    if len(set(key)) < len(key) // 4:
        return "repeats its bytes; make keys with a random generator"
    if len({(after - before) % 256 for before, after in itertools.pairwise(key)}) == 1:
        return "counts up its bytes as examples do; make keys with a random generator"
    return ""
