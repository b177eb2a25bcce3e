from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultdesk.adapters.client_sheet import read_sheet, write_rows
from faultdesk.adapters.client_sheet.row import Row, normal_number
from faultdesk.domain.client import AgreedSpans, Client, Contract, Period, Project
from faultdesk.errors import PermanentError

FREE = frozenset({"qq.com"})
RIVERSIDE = Client(
    name="滨江物业管理有限公司",
    aliases=("滨江物业",),
    domains=("binjiang.example",),
    addresses=("wang@qq.com",),
    numbers=("+862087561234x12", "+8613802745516"),
    projects=(
        Project(
            name="滨江广场弱电工程",
            sites=("滨江广场", "滨江中心"),
            branch="广州",
            contracts=(
                Contract(
                    number="YH-2025-018",
                    warranty=Period(date(2025, 1, 1), date(2026, 12, 31)),
                    maintenance=Period(date(2027, 1, 1), None),
                    covered="监控、门禁",
                    spans={
                        "all": AgreedSpans(timedelta(hours=1), timedelta(days=1)),
                        "critical": AgreedSpans(timedelta(minutes=30)),
                    },
                    calendar="office",
                    engineer="wang@desk.example",
                    engineer_during=Period(date(2025, 1, 1), date(2025, 3, 31)),
                ),
                Contract(number="YH-2025-019"),
            ),
        ),
        Project(name="江北停车场"),
    ),
)


def csv_of(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "clients.csv"
    file.write_bytes(text.encode(encoding))
    return file


def problems(folder: Path, text: str) -> list[str]:
    return [f"{row}: {said}" for row, said in read_sheet(csv_of(folder, text), FREE).problems]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    rows = list(write_rows([RIVERSIDE, Client(name="空")]))
    file = tmp_path / f"clients{suffix}"
    if suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)  # type: ignore[union-attr]
        book.save(file)
    else:
        file.write_text(
            "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows), encoding="utf-8-sig"
        )

    sheet = read_sheet(file, FREE)

    assert sheet.problems == ()
    assert sheet.clients == (RIVERSIDE, Client(name="空"))


def test_a_sheet_in_chinese_from_a_spreadsheet_in_gbk_is_read(tmp_path: Path) -> None:
    file = csv_of(
        tmp_path,
        "项目单位,电话传真,项目,合同编号,保修起,保修止\n滨江物业,020-87561234,滨江广场,YH-1,2025年1月1日,2026/12/31\n",
        "gb18030",
    )

    (client,) = read_sheet(file, FREE).clients

    assert client.numbers == ("+862087561234",)
    assert client.projects[0].contracts[0].warranty == Period(date(2025, 1, 1), date(2026, 12, 31))


def test_a_date_that_a_spreadsheet_keeps_as_a_date_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["client", "project", "contract", "warranty_to", "respond_within"])  # type: ignore[union-attr]
    book.active.append(["滨江物业", "滨江广场", 2025018, date(2026, 12, 31), 4])  # type: ignore[union-attr]
    book.save(tmp_path / "c.xlsx")

    (client,) = read_sheet(tmp_path / "c.xlsx", FREE).clients

    contract = client.projects[0].contracts[0]
    assert (contract.number, contract.warranty) == ("2025018", Period(None, date(2026, 12, 31)))
    assert contract.spans["all"].respond_within == timedelta(hours=4)


def test_every_problem_of_every_row_is_told_and_the_other_rows_are_read(tmp_path: Path) -> None:
    text = (
        "client,domains,addresses,numbers,project,contract,warranty_from,warranty_to,on_site_within,engineer\n"
        "A,qq.com;b d,nonsense,1234,P,C1,2026-02-01,2026-01-01,soon,-\n"
        ",,,,,,,,,\n"
        ",,,,P,C2,,,,\n"
        "B,,,,,C3,2026-02-30,,,\n"
        "C,,,,P,,2026-01-01,,,\n"
        "D,d.example,,,P,C4,,,0,\n"
        "E,e.example,,,P,C5,,,,\n"
    )

    sheet = read_sheet(csv_of(tmp_path, text), FREE)

    assert [client.name for client in sheet.clients] == ["E"]
    said = [f"{row}: {text}" for row, text in sheet.problems]
    for complaint in (
        "2: domains: qq.com is free mail",
        "2: domains: b d is no domain",
        "2: addresses: nonsense is no mail address",
        "2: numbers: 1234 is no telephone number",
        "2: warranty: ends on 2026-01-01, before it begins on 2026-02-01",
        "2: on_site_within: soon is no span",
        "2: engineer: nobody is called “-”",
        "4: client: no name of a client",
        "5: contract C3: belongs to no project",
        "5: warranty_from: 2026-02-30 is no date",
        "6: contract: no number",
        "7: on_site_within: 0 is no span",
    ):
        assert any(one.startswith(complaint) for one in said), complaint


def test_two_rows_of_one_client_add_up_and_a_contract_stands_once(tmp_path: Path) -> None:
    text = "client,domains,project,contract\nA,a.example,P,C1\nA,b.example,P,C2\nA,,Q,C3\nA,,P,C1\n"

    sheet = read_sheet(csv_of(tmp_path, text), FREE)

    assert sheet.clients[0].domains == ("a.example", "b.example")
    assert [[one.number for one in project.contracts] for project in sheet.clients[0].projects] == [
        ["C1", "C2"],
        ["C3"],
    ]
    assert [problem.text for problem in sheet.problems] == ["contract C1: stands in row 2"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("client,colour\nA,red\n", "no such heading: colour"),
        ("project\nP\n", "no heading client or 项目单位"),
        ("", "no heading client"),
        ("client,domains,domains\nA,a.example,b.example\n", "the heading domains stands twice"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(PermanentError, match=complaint):
        read_sheet(csv_of(tmp_path, text), FREE)


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.xlsx").write_text("client\nA\n")

    with pytest.raises(PermanentError, match="no workbook"):
        read_sheet(tmp_path / "c.xlsx", FREE)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("020-87561234", "+862087561234"),
        ("020-87561234转12", "+862087561234x12"),
        ("（020）8756 1234 ext. 12", "+862087561234x12"),
        ("+852 2345 6789", "+85223456789"),
        ("13802745516", "+8613802745516"),
        ("4008001234", "+864008001234"),
        ("+862087561234x12", "+862087561234x12"),
    ],
)
def test_numbers_are_kept_in_one_form(written: str, number: str) -> None:
    assert normal_number(written) == number
    assert normal_number(number) == number


@given(st.text(max_size=40))
def test_no_cell_breaks_the_reader(text: str) -> None:
    cells = dict.fromkeys(
        ("numbers", "domains", "addresses", "warranty_from", "respond_within", "engineer"), text
    )

    row = Row({"client": "A", **cells}, FREE)

    assert row.client() is not None


@pytest.mark.parametrize("text", ["87561234", "12345", "020", "not a number"])
def test_a_number_without_its_area_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="area code"):
        normal_number(text)


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        ({"warranty_to": "=EDATE(D2,24)"}, "warranty_to: =EDATE(D2,24) is a formula"),
        ({"client": "#REF!"}, "client: #REF! is a formula or an error"),
        ({"warranty_to": "2024-03-05 至 2028-03-05"}, "warranty_to: 2024-03-05 至 2028-03-05 is no date"),
        ({"contract": "/"}, "contract: / is no number"),
        ({"respond_within": "9999 天"}, "respond_within: 9999 天 is longer than a year"),
        (
            {"on_site_within": "2 天", "calendar": "office"},
            "on_site_within: 2 天: of a calendar's days nobody knows",
        ),
        ({"aliases": "A\x00B"}, "aliases: holds control characters"),
    ],
)
def test_nonsense_in_a_cell_is_told(cells: dict[str, str], complaint: str) -> None:
    row = Row({"client": "A", "project": "P", "contract": "C1"} | cells, FREE)
    row.client()

    assert any(problem.startswith(complaint) for problem in row.problems), row.problems


def test_a_contract_may_promise_each_severity_its_own_spans(tmp_path: Path) -> None:
    text = (
        "client,project,contract,respond_within,特急到场时限,high_on_site_within,一般响应时限,low_on_site_within\n"
        "A,P,C1,2,4,8,30 min,3 天\n"
    )

    (client,) = read_sheet(csv_of(tmp_path, text), FREE).clients

    hours = {
        severity: (spans.respond_within, spans.on_site_within)
        for severity, spans in client.projects[0].contracts[0].spans.items()
    }
    assert hours == {
        "all": (timedelta(hours=2), None),
        "critical": (None, timedelta(hours=4)),
        "high": (None, timedelta(hours=8)),
        "normal": (timedelta(minutes=30), None),
        "low": (None, timedelta(days=3)),
    }


def test_a_formula_in_a_workbook_is_no_empty_cell(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["client", "project", "contract", "warranty_from", "warranty_to"])  # type: ignore[union-attr]
    book.active.append(["A", "P", "C1", date(2020, 1, 1), "=EDATE(D2,24)"])  # type: ignore[union-attr]
    book.save(tmp_path / "c.xlsx")

    sheet = read_sheet(tmp_path / "c.xlsx", FREE)

    assert sheet.clients == ()
    assert "is a formula" in sheet.problems[0].text


def test_a_name_with_a_comma_is_one_name(tmp_path: Path) -> None:
    (client,) = read_sheet(
        csv_of(tmp_path, 'client,aliases\nA,"Binjiang Co., Ltd.; 滨江、东区"\n'), FREE
    ).clients

    assert client.aliases == ("Binjiang Co., Ltd.", "滨江、东区")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("client,branch,project\nFoo, Inc,GZ,P\n", "has cells beyond the last heading"),
        ("client,project,branch\nA,P,GZ\nA,P,SH\n", "branch: P has GZ in an earlier row"),
        ("client,project,contract\nA,P,C-1\nA,Q,C1\n", "contract C1: stands in row 2"),
        ("client,project,contract\nA,P,C-1\nB,Q,C 1\n", "contract C 1: stands in row 2"),
    ],
)
def test_rows_that_contradict_each_other_or_are_shifted_are_told(
    tmp_path: Path, text: str, complaint: str
) -> None:
    assert any(complaint in problem for problem in problems(tmp_path, text))


def test_every_span_is_written_so_that_it_is_read_back() -> None:
    spans = AgreedSpans(timedelta(seconds=15), timedelta(days=366))
    contract = Contract(number="C", spans={"all": spans})
    headings, cells = write_rows([Client(name="A", projects=(Project(name="P", contracts=(contract,)),))])

    row = Row({heading.split()[0]: cell for heading, cell in zip(headings, cells, strict=True) if cell}, FREE)

    client = row.client()
    assert client is not None
    assert client.projects[0].contracts[0].spans["all"] == spans
