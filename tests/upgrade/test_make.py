"""`make upgrade`, `make backup`, `make restore` on a machine of one's own, as `deploy.own_store` runs them."""

import os
import subprocess
import sys

import pytest
from pymongo import MongoClient

from backend.embedded.mongod import Mongod
from backend.embedded.process import free_port, hold
from deploy.own_store import MADE_KEY
from tests.architecture.house import ROOT
from tests.dumps import keys

pytestmark = [pytest.mark.processes, pytest.mark.soak]
OWN = ("MONGODB_URI", "REDIS_URL", "BROKER_URL", "WECHAT_CREDENTIALS", "ENVIRONMENT", "BACKUP_KEY", *keys.SERVICE)
DUMP = ROOT / "tests" / "dumps" / "0002-main-job.backup"


def make(*arguments: str, folder, **env: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    return subprocess.run(
        [sys.executable, "-m", "deploy.own_store", *arguments],
        cwd=ROOT,
        env={**kept, "VAR": str(folder), "PYTHONPATH": str(ROOT), "COLUMNS": "200", **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def running(tmp_path):
    """A folder of `make run` whose store is up."""
    folder, port = tmp_path / "var", free_port()
    server = Mongod(folder / "mongod", port).start()
    server.initiate()
    (folder / "mongodb.port").write_text(str(port))
    yield folder, server
    server.stop()


@pytest.mark.parametrize("command", [["upgrade"], ["backup", "x.backup"]])
def test_a_store_that_is_not_running_is_named_with_what_to_do(tmp_path, command):
    done = make(*command, folder=tmp_path)
    assert done.returncode == 1
    assert f"the store of {tmp_path} is not running; start it with `make run`" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_first_backup_makes_a_key_of_its_own_and_says_where(running, tmp_path):
    folder, server = running
    with MongoClient(server.uri("city")) as client:
        client.city.things.insert_one({"_id": 1})
    told = [make("backup", str(tmp_path / name), folder=folder) for name in ("a.backup", "b.backup")]
    assert [one.returncode for one in told] == [0, 0], told
    assert f"made {folder / MADE_KEY}" in told[0].stdout
    assert "made" not in told[1].stdout
    assert "1 documents of" in told[1].stdout
    assert "keys are not in it" in told[1].stdout
    assert (folder / MADE_KEY).stat().st_mode & 0o777 == 0o600
    assert (folder / MADE_KEY).read_text() not in told[0].stdout


def test_a_backup_comes_back_in_a_new_folder_whose_store_is_started_for_it(running, tmp_path):
    folder, server = running
    with MongoClient(server.uri("city")) as client:
        client.city.things.insert_many([{"_id": n} for n in range(10)])
    assert make("backup", str(tmp_path / "a.backup"), folder=folder).returncode == 0
    new, key = tmp_path / "new", (folder / MADE_KEY).read_text()
    done = make("restore", str(tmp_path / "a.backup"), folder=new, BACKUP_KEY=key)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "put secrets.env of the old folder into" in done.stdout
    assert "10 documents of 1 collections" in done.stdout
    again = make("restore", str(tmp_path / "a.backup"), folder=new, BACKUP_KEY=key)
    assert again.returncode == 1
    assert "the store is not empty" in again.stdout
    assert list(new.rglob("*.pid")) == []


def test_a_restore_without_the_key_says_which_one_it_needs(tmp_path):
    done = make("restore", str(DUMP), folder=tmp_path / "new")
    assert done.returncode == 1
    assert "BACKUP_KEY is refused: it is not set" in done.stdout
    wrong = make("restore", str(DUMP), folder=tmp_path / "new", BACKUP_KEY=keys.SERVICE["BLIND_INDEX_KEY"])
    assert wrong.returncode == 1
    assert "is BACKUP_KEY the one of this file?" in wrong.stdout


def test_a_restore_leaves_a_running_service_alone(running):
    folder, _server = running
    with hold(folder):
        done = make("restore", str(DUMP), folder=folder, **keys.BACKUP)
    assert done.returncode == 1
    assert "is in use by another run" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"), [(["backup"], "usage"), (["restore"], "usage"), (["restore", "no"], "no")]
)
def test_a_command_that_lacks_its_file_says_how_it_is_used(running, arguments, said):
    folder, server = running
    done = make(*arguments, folder=folder, MONGODB_URI=server.uri("city"), **keys.BACKUP)
    assert done.returncode == 1
    assert said in done.stdout + done.stderr


def test_given_a_store_the_upgrade_goes_there_and_says_what_it_did(running, environment, tmp_path):
    _folder, server = running
    service = {**environment, **keys.SERVICE, "MONGODB_URI": server.uri("elsewhere")}
    first, second = (make("upgrade", folder=tmp_path / "none", **service) for _ in range(2))
    assert first.returncode == 0, first.stdout + first.stderr
    assert "migration 1 (baseline)" in first.stdout
    assert "nothing to upgrade" in second.stdout
    with MongoClient(server.uri("elsewhere")) as client:
        assert client.elsewhere.schema_state.find_one({"_id": "schema"})["applied"]
