"""Playbooks: the bundled ones are whole, and an operator's file takes the place of one."""

from pathlib import Path

import pytest

from faultdesk.config.playbooks import load_playbooks
from faultdesk.domain.message import Language
from faultdesk.domain.ticket import Facts, FaultClass
from faultdesk.errors import ConfigError

BUNDLED = Path(__file__).parents[2] / "daemon/faultdesk/playbooks"


@pytest.mark.parametrize("fault_class", FaultClass)
def test_every_class_has_first_aid_a_checklist_and_questions(fault_class: FaultClass) -> None:
    playbook = load_playbooks(None)[fault_class]

    assert len(playbook.steps(Language.ZH_HANS)) == len(playbook.steps(Language.EN)) >= 5
    assert len(playbook.questions(Facts(), Language.ZH_HANT)) == 3
    assert list(playbook.copy.all()) == []  # whom to copy is the operator's to say


def test_an_operators_file_takes_the_place_of_one(tmp_path: Path) -> None:
    text = (BUNDLED / "line.toml").read_text(encoding="utf-8")
    (tmp_path / "line.toml").write_text(text + '\n[copy]\nalways = ["crew@example.com"]\n', encoding="utf-8")

    playbooks = load_playbooks(tmp_path)

    assert playbooks[FaultClass.LINE].copy.always == ("crew@example.com",)
    assert playbooks[FaultClass.VIRUS] == load_playbooks(None)[FaultClass.VIRUS]


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("line.toml", ("zh-Hant =", "zh-TW ="), "line.toml: "),
        ("line.toml", ("[ask.location]", "[ask.place]"), "ask: place is no fact"),
        (
            "line.toml",
            ("[checklist]", '[copy]\nalways = ["crew"]\n[checklist]'),
            "copy: crew is not a mail address",
        ),
        ("line.toml", ("[checklist]", "[steps]"), "unknown field `steps`"),
        ("lines.toml", ("", ""), "lines.toml: is of no class"),
        ("line.toml", ("[first_aid]", "[first_aid"), "line.toml: "),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(
    tmp_path: Path, name: str, change: tuple[str, str], complaint: str
) -> None:
    text = (BUNDLED / "line.toml").read_text(encoding="utf-8")
    (tmp_path / name).write_text(text.replace(*change, 1), encoding="utf-8")

    with pytest.raises(ConfigError, match=r"desk\.playbooks: ") as raised:
        load_playbooks(tmp_path)

    assert complaint in str(raised.value)
