"""The wheel alone, in an empty environment away from the sources, is a whole desk."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAIL = (
    b"From: liming@owner.example\nSubject: camera 4 is dark\nMessage-ID: <1@owner.example>\n\nNo picture.\n"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_only_our_packages_reach_site_packages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    top = {name.partition("/")[0] for name in names if ".dist-info" not in name and ".data/" not in name}
    handlers = {
        "faultdesk_acknowledge",
        "faultdesk_clamav",
        "faultdesk_classify",
        "faultdesk_dispatch",
        "faultdesk_fax",
        "faultdesk_ocr",
        "faultdesk_report",
        "faultdesk_sla",
    }
    assert top == {"faultdesk", "faultdesk_migrations"} | handlers


def test_the_wheel_in_an_empty_environment_can_init_migrate_and_run(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    install = [str(environment / "bin/pip"), "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*install, "--constraint", str(ROOT / "requirements.lock"), str(wheel)], check=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def faultdesk(*arguments: object) -> str:
        command = [str(environment / "bin/faultdesk"), *map(str, arguments)]
        ran = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    faultdesk("init", "desk")
    (tmp_path / "desk/inbox/new/1.a.b").write_bytes(MAIL)
    faultdesk("--config", "desk/faultdesk.toml", "migrate")
    faultdesk("--config", "desk/faultdesk.toml", "run", "--drain")

    assert "camera 4 is dark" in faultdesk("--config", "desk/faultdesk.toml", "tickets")
    assert (environment / "lib/systemd/system/faultdesk.service").is_file()
