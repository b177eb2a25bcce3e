from pathlib import Path

import pytest

from faultdesk.domain.fold import fold
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Classification, FaultClass, Kind, Severity
from faultdesk.errors import ConfigError
from faultdesk.handlers.host import Failure, Host
from faultdesk.handlers.testing import a_message
from faultdesk_classify import ClassifyHandler
from faultdesk_classify.notation import parse_term
from faultdesk_classify.terms import Terms

CLASSIFY = ClassifyHandler()


def read(text: str, subject: str = "", **fields: object) -> Classification:
    return read_message(a_message(text, subject=subject, **fields))


def read_message(message: InboundMessage) -> Classification:
    about = CLASSIFY.classify_message(message)
    assert about
    return about


def finds(written: str, text: str) -> list[str]:
    found = Terms(parse_term(written, ())).find(fold(text, 1000))
    return [one.text for one in found.values()]


def test_the_host_takes_the_handler() -> None:
    failures: list[Failure] = []

    about, answers = Host({"classify": CLASSIFY}).classify(a_message("门禁坏了", subject=""), failures.append)

    assert failures == []
    assert answers == {"classify": about}
    assert (about.kind, about.system) == (Kind.FAULT, "access_control")


def test_a_plain_term_is_found_in_any_script_case_and_width() -> None:
    assert finds("監控平臺NVR", "监控平台ｎｖｒ坏了") == ["监控平台nvr"]


def test_a_term_is_found_across_wrapped_lines_and_spaced_forms() -> None:
    assert finds("报修人", "报 修\n人") == ["报修人"]
    assert finds("no picture", "no\n  picture") == ["no picture"]


@pytest.mark.parametrize(
    ("written", "text", "found"),
    [
        ("arm", "the arm is bent", ["arm"]),
        ("arm", "two arms", ["arms"]),
        ("arm", "the army", []),
        ("arm", "alarm", []),
        ("arm*", "the army", ["arm"]),
        ("ups", "2号UPS报警", ["ups"]),
        ("门", "门禁", ["门"]),
    ],
)
def test_a_latin_word_must_stand_alone(written: str, text: str, found: list[str]) -> None:
    assert finds(written, text) == found


@pytest.mark.parametrize(
    ("written", "text", "found"),
    [
        ("{网线,光缆}…断", "光缆昨晚被挖断了", ["光缆昨晚被挖断"]),
        ("网线…断", "换了网线。电也断了", []),
        ("网线…断", "网线换过两次之后那边的办公室里又断了", []),
        ("cable…cut", "the cable in the yard was cut", ["cable in the yard was cut"]),
        ("cable…cut", "the cable is fine. we cut the grass", []),
        ("sever* cable", "severed the main cable", ["severed the main cable"]),
        ("a{b,c}", "ac", ["ac"]),
        ("我…{改,删}…错", "我把时间改得全错了", ["我把时间改得全错"]),
    ],
)
def test_the_parts_of_a_term_stand_in_one_sentence(written: str, text: str, found: list[str]) -> None:
    assert finds(written, text) == found


def test_an_operators_own_terms_replace_the_bundled_ones(tmp_path: Path) -> None:
    own = tmp_path / "terms.toml"
    own.write_text(
        '[words]\npump = ["泵", "pump"]\n[kind.fault]\n5 = ["kaputt"]\n[system.fountain]\n5 = ["{@pump}"]\n',
        encoding="utf-8",
    )

    about = ClassifyHandler(terms=own).classify_message(a_message("Pump kaputt", subject=""))

    assert about
    assert (about.kind, about.system, about.evidence) == (Kind.FAULT, "fountain", ("pump", "kaputt"))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[kind", "not TOML"),
        ("[colour.red]\n1 = ['a']", "colour: no such topic"),
        ("kind = 3", "kind: no such topic"),
        ("[kind.love]\n1 = ['a']", "kind.love: no such label"),
        ("[kind.fault]\nmuch = ['a']", "kind.fault.much: a weight is a whole number"),
        ("[kind.fault]\n0 = ['a']", "kind.fault.0: a weight is a whole number"),
        ("[kind.fault]\n3 = 'a'", "kind.fault.3: must be a list of strings"),
        ("[kind.fault]\n3 = ['a…']", "kind.fault.3: 'a…' has an empty part"),
        ("[kind.fault]\n3 = ['']", "kind.fault.3: '' has an empty part"),
        ("[kind.fault]\n3 = ['{@dogs}']", "kind.fault.3: '{@dogs}' needs words.dogs"),
        ("words = 3", "words: must be a table of lists"),
        ("[kind.fault]\n3 = ['" + "{a,b}" * 12 + "']", "spells out to 4096 words"),
    ],
)
def test_a_bad_terms_file_stops_the_start_and_names_the_key(
    tmp_path: Path, content: str, complaint: str
) -> None:
    bad = tmp_path / "terms.toml"
    bad.write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError) as raised:
        ClassifyHandler(terms=bad)

    assert str(raised.value).startswith(f"{bad}: ")
    assert complaint in str(raised.value)


def test_a_missing_terms_file_is_named() -> None:
    with pytest.raises(ConfigError, match=r"/nowhere/terms\.toml: No such file"):
        ClassifyHandler(terms=Path("/nowhere/terms.toml"))


def test_a_changed_terms_file_counts_from_the_next_reload_and_a_broken_one_never(tmp_path: Path) -> None:
    own = tmp_path / "terms.toml"
    own.write_text('[kind.training]\n9 = ["xyzzy"]\n', encoding="utf-8")
    running = ClassifyHandler(terms=own)
    own.write_text("[kind.training\n", encoding="utf-8")

    with pytest.raises(ConfigError):
        ClassifyHandler(terms=own)

    about = running.classify_message(a_message("xyzzy", subject=""))
    assert about
    assert about.kind is Kind.TRAINING


def test_a_message_without_a_known_word_is_a_notice_and_a_question_is_a_question() -> None:
    assert read("见附件").kind is Kind.FAULT
    assert read("见附件").confidence < read("三楼门禁坏了，打不开").confidence
    assert read("Xyzzy plugh?").kind == Kind.CONSULTATION


def test_the_evidence_is_what_the_client_wrote() -> None:
    assert "光缆被挖" in read("门口光缆被挖断了").evidence


def test_a_fault_has_a_class_and_nothing_else_has_one() -> None:
    assert read("读卡器烧了，一股焦味").fault_class == FaultClass.HARDWARE
    assert read("请安排一次门禁操作培训").fault_class is None


def test_a_stated_act_beats_the_software_it_upset() -> None:
    about = read("同事不小心把数据库里的用户删了，现在软件一打开就报错")

    assert about.fault_class == FaultClass.MISOPERATION


def test_a_word_about_viruses_is_not_a_virus() -> None:
    assert read("摄像机没图像，杀毒软件全盘扫描没有发现病毒").fault_class == FaultClass.UNKNOWN


def test_the_word_upgrade_alone_does_not_decide() -> None:
    assert read("门禁软件升级之后一打开就闪退").kind == Kind.FAULT
    assert read("请把门禁软件升级到最新版本").kind == Kind.UPGRADE


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"subject": "Re: [FD-2026-000123] 门禁"}, Kind.FOLLOWUP),
        ({"quoted": "主题: [FD-2026-000123] 门禁", "references": ("<a@b.example>",)}, Kind.FOLLOWUP),
        ({"quoted": "主题: [FD-2026-000123] 门禁"}, Kind.FAULT),
        ({"subject": "Automatic reply: [FD-2026-000123] 门禁"}, Kind.OTHER),
    ],
)
def test_a_ticket_reference_makes_a_followup(fields: dict[str, object], kind: Kind) -> None:
    message = a_message("明天上午可以", **{"subject": "", **fields})

    assert read_message(message).kind == kind


def test_the_history_tells_the_system_of_a_followup() -> None:
    about = read("已经好了", "Re: [FD-2026-000123]", quoted="> 停车场道闸抬不起来")

    assert (about.kind, about.system) == (Kind.FOLLOWUP, "parking")


@pytest.mark.parametrize(
    "text",
    [
        "上次换读卡器的发票抬头开错了，麻烦重开一张增值税专用发票，税号在附件，谢谢",
        "收到一封邮件说邮箱容量已满，点击验证密码，是不是病毒？请帮我们看看",
        "请把报价单和产品目录发我，我们采购部要比价，最好有折扣和现货",
        "展览馆大屏黑屏，明天就是博览会开幕，主办方和参展商都在催，请马上派人",
        "贵司供应的停车系统无法开电子发票，代理商说是税控接口问题，请处理",
        "The exhibition hall's LED wall is black and the trade show opens tomorrow, please send someone",
        "Our VMS says 'your license will expire, click here to verify your account'. Is this genuine?",
        "物业公众号推送的停车优惠券核销不了，促销活动明天就开始了",
    ],
)
def test_a_client_who_sounds_like_an_advert_is_answered(text: str) -> None:
    assert not read(text).unsolicited


def test_an_unsolicited_message_is_of_no_kind_and_low() -> None:
    about = read("代开各类增值税发票，点数优惠，微信同号", "发票")

    assert (about.unsolicited, about.kind, about.severity) == (True, Kind.OTHER, Severity.LOW)
    assert "代开各类增值税发票" in about.evidence


def test_the_senders_name_tells_the_system_where_nothing_else_does() -> None:
    office = Address("office@client.example", "停车场管理")

    silent = read("来的人态度太差，我要投诉", subject="投诉", sender=office)
    told = read("来修门禁的人态度太差，我要投诉", subject="投诉", sender=office)

    assert (silent.system, told.system) == ("parking", "access_control")
