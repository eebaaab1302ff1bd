"""Which way imports run. The contracts stand in `.importlinter`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, imports, sources

LINTER = Path(sys.executable).parent / "lint-imports"
SANDBOX = "backend.wechat.sandbox"


def lint(*options: str) -> subprocess.CompletedProcess[str]:
    command = [str(LINTER), "--no-cache", "--no-logo", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_contract_is_kept():
    done = lint()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_a_contract_that_the_tree_breaks_is_seen(tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text(
        "[importlinter]\nroot_packages =\n    backend\n    models\n"
        "[importlinter:contract:upside-down]\nname = upside down\ntype = layers\nlayers =\n    backend\n    models\n"
    )
    assert lint("--config", str(wrong)).returncode == 1


def test_the_contracts_know_every_root():
    told = (ROOT / ".importlinter").read_text()
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages
    assert [name for name in packages if f"\n    {name}\n" not in told] == []


def test_the_contracts_name_everything_that_the_sandbox_may_not_import():
    told = (ROOT / ".importlinter").read_text()
    inside = {f"backend.{path.stem}" for path in (ROOT / "backend").iterdir() if path.suffix == ".py" or path.is_dir()}
    inside |= {f"backend.wechat.{path.stem}" for path in (ROOT / "backend" / "wechat").glob("*.py")}
    ours = inside - {"backend.wechat", "backend.__init__", "backend.__pycache__", "backend.wechat.__init__"}
    assert [name for name in sorted(ours) if f"\n    {name}\n" not in told] == []


@pytest.mark.parametrize("path", sources("backend/wechat/sandbox"), ids=lambda path: path.name)
def test_the_sandbox_imports_only_itself_of_this_tree(path):
    ours = {name for name in imports(path) if name.split(".")[0] in {"backend", "models", "tasks", "wsgi"}}
    assert [name for name in ours if not name.startswith(SANDBOX)] == []


def test_only_the_sandboxs_own_tests_import_it():
    outside = [path for path in sources() if "sandbox" not in path.parts]
    assert outside
    assert [path for path in outside if any(name.startswith(SANDBOX) for name in imports(path))] == []


def test_backend_knows_no_other_root():
    wrong = {
        (str(path.relative_to(ROOT)), name)
        for path in sources("backend")
        for name in imports(path)
        if name.split(".")[0]
        in {"models", "blueprints", "mini_program_api", "tasks", "seed", "deploy", "wsgi", "tests"}
    }
    assert wrong == set()


def test_no_rule_knows_of_http():
    assert [path for path in sources("models") if any(name.split(".")[0] == "flask" for name in imports(path))] == []


@pytest.mark.parametrize(
    "where", ["models/booking/x.py", "backend/x.py", "mini_program_api/booking/x.py", "tasks/x.py"]
)
def test_imports_inside_functions_are_refused_everywhere(where):
    code = '"""A module."""\n\n\ndef f() -> None:\n    """Do."""\n    import json\n\n    json.dumps(1)\n'
    ruff = [str(Path(sys.executable).parent / "ruff"), "check", "--output-format", "concise"]
    done = subprocess.run(
        [*ruff, "--stdin-filename", str(ROOT / where), "-"],
        input=code,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PLC0415" in done.stdout


def test_no_source_lets_an_import_into_a_function():
    assert [path for path in sources() if "PLC0415" in path.read_text(encoding="utf-8")] == []
