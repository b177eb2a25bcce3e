# ruff: noqa: F811 - fixtures of another module
"""clients, as an operator types it."""

from pathlib import Path

import pytest

from cli.test_commands import config, drained, rows, run  # noqa: F401

SHEET = "client,domains,project,contract,warranty_to\n滨江物业,binjiang.example,滨江广场,YH-1,2026-12-31\n"


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    file = tmp_path / "clients.csv"
    file.write_text(SHEET, encoding="utf-8")
    return file


def test_what_is_imported_is_listed_shown_and_exported(config: Path, sheet: Path, tmp_path: Path) -> None:
    assert "clients that can be imported: 1" in run(
        "--config", config, "clients", "import", sheet, "--dry-run"
    )
    assert rows(config, "clients", "list") == []

    assert "1 added, 0 changed" in run("--config", config, "clients", "import", sheet)
    assert "0 added, 0 changed, 1 as they were" in run("--config", config, "clients", "import", sheet)

    assert rows(config, "clients", "list")[0]["contracts"] == 1
    assert "合同编号: YH-1" in run("--config", config, "clients", "show", "滨江物业")
    exported = tmp_path / "out.xlsx"
    run("--config", config, "clients", "export", exported)
    assert "1 as they were" in run("--config", config, "clients", "import", exported)
    assert "is there already" in run("--config", config, "clients", "export", exported, expect=1)


def test_a_sheet_with_a_problem_changes_nothing_and_says_each(config: Path, sheet: Path) -> None:
    sheet.write_text(SHEET + "另一家,qq.com,东区,YH-2,2026-13-31\n", encoding="utf-8")

    said = run("--config", config, "clients", "import", sheet, expect=1)

    assert "row 3: domains: qq.com is free mail" in said
    assert "row 3: warranty_to: 2026-13-31 is no date" in said
    assert rows(config, "clients", "list") == []


def test_a_calendar_that_nobody_configured_is_refused(config: Path, sheet: Path) -> None:
    head, row = SHEET.splitlines()
    sheet.write_text(f"{head},calendar\n{row},office\n", encoding="utf-8")

    said = run("--config", config, "clients", "import", sheet, expect=1)

    assert "row 2: contract YH-1: no calendar office; there are 7x24" in said
    sheet.write_text(f"{head},calendar\n{row},7x24\n", encoding="utf-8")
    assert "1 added" in run("--config", config, "clients", "import", sheet)


def test_an_engineer_is_named_as_people_are_called(config: Path, sheet: Path) -> None:
    head, row = SHEET.splitlines()
    sheet.write_text(f"{head},engineer\n{row},孙工\n", encoding="utf-8")
    assert "nobody is called “孙工”" in run("--config", config, "clients", "import", sheet, expect=1)

    sheet.write_text(f"{head},engineer\n{row},王工\n", encoding="utf-8")
    run("--config", config, "clients", "import", sheet)

    assert "wang@faultdesk.example" in run("--config", config, "clients", "show", "滨江物业")


def test_a_contract_of_another_client_is_refused(config: Path, sheet: Path) -> None:
    run("--config", config, "clients", "import", sheet)
    sheet.write_text(SHEET.replace("滨江物业", "江北物业").replace("YH-1", "yh 1"), encoding="utf-8")

    said = run("--config", config, "clients", "import", sheet, expect=1)

    assert "row 2: contract yh1 of 江北物业: is 滨江物业's already" in said


def test_a_client_that_has_another_name_now_is_removed_and_its_contract_goes_along(
    config: Path, sheet: Path
) -> None:
    run("--config", config, "clients", "import", sheet)
    assert "no client nobody" in run("--config", config, "clients", "remove", "nobody", expect=1)
    run("--config", config, "clients", "remove", "滨江物业")
    sheet.write_text(SHEET.replace("滨江物业", "江北物业"), encoding="utf-8")

    assert "1 added" in run("--config", config, "clients", "import", sheet)
    assert [row["client"] for row in rows(config, "clients", "list")] == ["江北物业"]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_no_spreadsheet_takes_an_exported_name_for_a_formula(
    config: Path, tmp_path: Path, suffix: str
) -> None:
    text = "client,aliases,numbers\n@SUM(1),-2,020-87561234\n"
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    run("--config", config, "clients", "import", tmp_path / "in.csv")
    exported = tmp_path / f"out{suffix}"

    run("--config", config, "clients", "export", exported)

    if suffix == ".csv":
        assert "'@SUM(1)" in exported.read_text(encoding="utf-8-sig")
        assert "'+8620" in exported.read_text(encoding="utf-8-sig")
    assert "1 as they were" in run("--config", config, "clients", "import", exported)


def test_the_template_can_be_imported(config: Path, tmp_path: Path) -> None:
    for name in ("t.xlsx", "t.csv"):
        run("clients", "template", tmp_path / name)
        assert "clients that can be imported: 1" in run(
            "--config", config, "clients", "import", tmp_path / name, "--dry-run"
        )


def test_an_unknown_client_is_told(config: Path) -> None:
    assert "no client nobody" in run("--config", config, "clients", "show", "nobody", expect=1)


def test_what_an_import_says_of_open_tickets_holds_for_them_and_a_person_is_not_overruled(
    drained: Path,
    sheet: Path,
) -> None:
    reference = rows(drained, "tickets")[0]["reference"]
    sheet.write_text(SHEET.replace("binjiang.example", "owner.example"), encoding="utf-8")

    assert "judged otherwise now: 1" in run("--config", drained, "clients", "import", sheet)
    assert "entitled  in_warranty / free  滨江物业 / 滨江广场 / YH-1" in run(
        "--config", drained, "ticket", reference
    )

    by_contract = ["--contract", "yh-1", "--because", "told by phone"]
    assert "in_warranty, free, contract YH-1" in run("--config", drained, "entitle", reference, *by_contract)
    unknown = ["--contract", "YH-77", "--because", "told by phone"]
    assert "YH-77: not on record" in run("--config", drained, "entitle", reference, *unknown, expect=1)
    nothing = ["in_warranty", "free", "--because", " "]
    assert "nothing is said" in run("--config", drained, "entitle", reference, *nothing, expect=2)

    because = ["--because", "broken by the client"]
    run("--config", drained, "ticket", reference, "entitle", "in_warranty", "at_cost", *because)
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("2026-12-31", "2020-12-31"), encoding="utf-8")
    assert "judged otherwise now: 0" in run("--config", drained, "clients", "import", sheet)
    assert "in_warranty / at_cost" in run("--config", drained, "ticket", reference)


def test_tickets_are_found_by_a_clients_alias(drained: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "clients.csv"
    requester = rows(drained, "tickets")[0]["client"]
    sheet.write_text(
        f"client,aliases,addresses\n滨江物业管理有限公司,滨江物业,{requester}\n", encoding="utf-8"
    )
    run("--config", drained, "clients", "import", sheet)

    assert (
        rows(drained, "tickets", "--client", "滨江物业")
        == rows(drained, "tickets", "--client", "滨江物业管理有限公司")
        != []
    )
    assert rows(drained, "tickets", "--client", "江北") == []


def test_another_clients_contract_is_taken_by_force_only(drained: Path, tmp_path: Path) -> None:
    sheet, ticket = tmp_path / "clients.csv", rows(drained, "tickets")[0]
    sheet.write_text(
        f"client,addresses,project,contract\n华电大厦,{ticket['client']},一期,HD-1\n滨江物业,,滨江广场,YH-1\n",
        encoding="utf-8",
    )
    run("--config", drained, "clients", "import", sheet)
    by_contract = (
        "--config",
        drained,
        "entitle",
        ticket["reference"],
        "--contract",
        "YH-1",
        "--because",
        "told",
    )

    assert "is 滨江物业's, " in run(*by_contract, expect=1)
    assert "contract YH-1" in run(*by_contract, "--force")
