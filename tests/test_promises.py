"""What the documents promise, held against the code."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import msgspec
import pytest

from faultdesk.config import settings
from faultdesk.handlers.hookspecs import Hooks
from faultdesk.handlers.host import installed_handlers

ROOT = Path(__file__).parents[1]
HANDLERS_PAGE = (ROOT / "docs/handlers.md").read_text(encoding="utf-8")
EXAMPLE = tomllib.loads((ROOT / "faultdesk.example.toml").read_text(encoding="utf-8"))
HOOKS = [
    name for name, member in vars(Hooks).items() if inspect.isfunction(member) and not name.startswith("_")
]


def hook_signatures() -> dict[str, str]:
    """Read the signatures as they are written in the source."""
    tree = ast.parse(inspect.getsource(Hooks))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {
        node.name: f"def {node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"
        for node in functions
        if node.returns
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_with_its_exact_signature(hook: str) -> None:
    block = HANDLERS_PAGE.partition("<!-- signatures")[2]

    assert hook_signatures()[hook] in block.splitlines()


def test_no_hook_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^def (\w+)\(self", HANDLERS_PAGE.partition("<!-- signatures")[2], re.MULTILINE)

    assert sorted(documented) == sorted(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_tested(hook: str) -> None:
    tests = [*(ROOT / "tests/handlers").glob("*.py"), *(ROOT / "tests/pipeline").glob("*.py")]

    assert any(f"def {hook}(" in file.read_text(encoding="utf-8") for file in tests)


def fields(kind: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(kind)}


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        (EXAMPLE["desk"], settings.DeskSettings),
        (EXAMPLE["database"], settings.DatabaseSettings),
        (EXAMPLE["mailboxes"]["service"], settings.ImapSettings),
        (EXAMPLE["mailboxes"]["drop"], settings.MaildirSettings),
        (EXAMPLE["mailboxes"]["scans"], settings.FolderSettings),
        (EXAMPLE["mailer"], settings.SmtpSettings),
        (EXAMPLE["reading"], settings.ReadingSettings),
        (EXAMPLE["fax"], settings.FaxSettings),
        (EXAMPLE["fax"]["sender"], settings.HylafaxSettings),
        (EXAMPLE["jobs"], settings.JobSettings),
        (EXAMPLE["audit"], settings.AuditSettings),
        (EXAMPLE["log"], settings.LogSettings),
    ],
)
def test_every_setting_stands_in_the_example_file(
    table: dict[str, object], kind: type[msgspec.Struct]
) -> None:
    assert set(table) - {"type"} == fields(kind)


def test_every_setting_of_a_gateway_that_takes_mail_stands_on_the_page_of_faxes() -> None:
    page = (ROOT / "docs/fax.md").read_text(encoding="utf-8")

    documented = re.findall(r"^\| `(\w+)` \|", page.partition("## Gateways that take mail")[2], re.MULTILINE)

    assert set(documented) == fields(settings.MailFaxSettings)


@pytest.mark.parametrize("name", sorted(EXAMPLE["handlers"]))
def test_every_setting_of_a_bundled_handler_stands_in_the_example_file(name: str) -> None:
    assert set(EXAMPLE["handlers"][name]) == fields(installed_handlers()[name].load())


def test_every_folder_of_plugins_is_an_installed_handler() -> None:
    folders = {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir()}

    assert folders == {point.value.partition(":")[0] for point in installed_handlers().values()} & folders
    assert {f"faultdesk_{name}" for name in EXAMPLE["handlers"]} == folders


def test_config_names_a_struct_for_every_table() -> None:
    tables = {field.name for field in msgspec.structs.fields(settings.Config)} - {"path"}

    assert set(EXAMPLE) == tables


def code_blocks(after: str) -> str:
    """Give the first code block that follows a line of the page."""
    return HANDLERS_PAGE.partition(after)[2].partition("\n```")[0].partition("\n")[2]


def test_the_example_handler_of_the_page_installs_and_decides_as_its_test_says(tmp_path: Path) -> None:
    folder = tmp_path / "faultdesk-oncall"
    package = folder / "faultdesk_oncall"
    package.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(code_blocks("`pyproject.toml`\n```toml"), encoding="utf-8")
    (package / "__init__.py").write_text(
        code_blocks("`faultdesk_oncall/__init__.py`\n```python"), encoding="utf-8"
    )
    (tmp_path / "test_oncall.py").write_text(
        code_blocks("## Trying it without a desk\n\n```python"), encoding="utf-8"
    )
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]

    subprocess.run([*pip, "wheel", "--no-deps", "-w", tmp_path, folder], check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    ran = subprocess.run(
        [sys.executable, "-c", _SHOW_AND_TEST, str(tmp_path / "site"), str(tmp_path / "test_oncall.py")],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "('job_functions', 'ticket_opened')" in ran.stdout
    assert "1 passed" in ran.stdout


_SHOW_AND_TEST = """
import sys
sys.path.insert(0, sys.argv[1])
from faultdesk.handlers.host import Host, installed_handlers
handler = installed_handlers()["oncall"].load()(url="http://127.0.0.1:9/")
print(Host({"oncall": handler}).hooks_of("oncall"))
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", sys.argv[2]]))
"""
