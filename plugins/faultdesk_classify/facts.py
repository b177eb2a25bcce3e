"""Copies out what a message says of the case, verbatim; what is not certain stays unsaid."""

import re
from collections.abc import Iterator

from faultdesk.domain.message import InboundMessage, Language
from faultdesk.domain.ticket import Facts, Kind
from faultdesk_classify.learned.chain import Chain
from faultdesk_classify.learned.tokens import written
from faultdesk_classify.moments import occurred_at
from faultdesk_classify.weigh import Weights

_MOST_CHARACTERS = 5_000
_LONGEST_LABELLED = 40
_SIGNING_LINES = 4

_MAYBE_PHONE = re.compile(r"(?:\d[ \-()]{0,2}){7}")
_REGIONS = {Language.ZH_HANT: ("HK", "TW", "CN")}
_USUAL_REGIONS = ("CN", "HK")
_GOES_ON = re.compile(r"[A-Za-z0-9\-_]")
_MOST_TRIES = 50
_EXTENSION = re.compile(r"\s{0,3}(?:转|轉|分机|分機|ext\.?|-)\s{0,3}\d{1,6}(?!\d)", re.IGNORECASE)

_CONTRACT = re.compile(
    r"(?:(?:合同|合约|合約|协议|協議)(?:编|編)?(?:号码?|號碼?)?|contract\s?(?:no\.?|number|ref\.?)?)"
    r"\s{0,3}(?:[:：#]|为|是|is)?\s{0,3}([A-Z0-9][A-Z0-9\-_/.（）()〔〕\[\]]{4,39})",
    re.IGNORECASE,
)
_SERIAL = re.compile(
    r"(?:序列号|序列號|序号|序號|机身号|機身號|出厂编号|(?<![A-Z])S/?N|serial(?:\s?(?:no\.?|number))?)"
    r"\s{0,3}(?:[:：#.]|为|是|is)?\s{0,3}([A-Z0-9][A-Z0-9\-/]{3,39})",
    re.IGNORECASE,
)
_TITLES = "先生|女士|小姐|老师|老師|经理|經理|主任|科长|科長|处长|處長|警官|师傅|師傅|主管|队长|隊長|院长"
# A surname and "engineer", but not the trades and works that end alike (电工, 施工).
_ENGINEER = r"(?![施开開员員职職手竣完停分民电電技打加人木瓦焊])[一-鿿]工"
_TITLED = re.compile(rf"(?<![一-鿿])([一-鿿]{{1,3}}?(?:{_TITLES})|{_ENGINEER})(?![一-鿿])")
_SIGNED = re.compile(r"[A-Z][\w'’.\-]*[a-z](?: [A-Z][\w'’.\-]*){1,2}")


def _labelled(*labels: str) -> re.Pattern[str]:
    """Match a label at the start of a line or after a wide blank, and its value up to the next of these.

    Labels in forms are spaced out ("报 修 人"), and a table's cells are parted by tabs.
    """
    spaced = "|".join(r"[ \t\u3000]*".join(label) if not label.isascii() else label for label in labels)
    return re.compile(
        rf"(?:^[ \t\u3000]*|(?<=[\t|；;,，。\u3000])|(?<=  ))(?:{spaced})[ \t\u3000]*[:：\t|][ \t\u3000|]*"
        r"([^\s:：|,，;；。](?:[^\n\t:：|,，;；。 ]| (?! ))*)",
        re.MULTILINE | re.IGNORECASE,
    )


_CONTACT = _labelled(
    "联系人", "聯絡人", "聯繫人", "报修人", "報修人", "经办人", "經辦人", "contact(?: person)?"
)
_CUSTOMER = _labelled(
    *("单位", "單位", "报修单位", "報修單位", "单位名称", "客户", "客戶", "客户名称", "公司名称", "公司名稱"),
    *("customer", "company", "organi[sz]ation"),
)
_SITE = _labelled("项目", "項目", "项目名称", "項目名稱", "工程名称", "项目地点", "site", "project(?: name)?")


def gather_facts(message: InboundMessage, kind: Kind, weights: Weights, chain: Chain) -> Facts:
    """Gather the facts that the writer's own words and signature tell; what a form or a label names comes first."""
    read = chain.find(written(message), weighing=kind is Kind.FAULT) if kind is not Kind.OTHER else {}
    found = {name: one.text for name, one in read.items()}
    text = message.text[:_MOST_CHARACTERS]
    signature = message.signature[:_MOST_CHARACTERS]
    said = f"{message.subject}\n{text}\n{signature}"
    attached = message.attached_text[:_MOST_CHARACTERS]
    form = {field.name: field.value for field in message.fax.fields} if message.fax else {}
    return Facts(
        customer=form.get("customer")
        or _value(_CUSTOMER, said)
        or found.get("customer")
        or _value(_CUSTOMER, attached),
        site=form.get("site") or _value(_SITE, said) or found.get("site") or _value(_SITE, attached),
        contact=form.get("contact")
        or _value(_CONTACT, said)
        or found.get("contact")
        or _signer(signature or text)
        or _value(_CONTACT, attached),
        location=form.get("location") or found.get("location"),
        device=form.get("device") or found.get("device"),
        phone=form.get("phone") or _phone(text, message.language) or _phone(signature, message.language),
        occurred_at=occurred_at(f"{message.subject}\n{text}", message.date) if kind is Kind.FAULT else None,
        contract_no=form.get("contract_no") or _number(_CONTRACT, said) or _number(_CONTRACT, attached),
        serial_no=form.get("serial_no") or _number(_SERIAL, said) or _number(_SERIAL, attached),
        wants_onsite=_wants_onsite(kind, weights),
    )


def _wants_onsite(kind: Kind, weights: Weights) -> bool | None:
    wanted, unwanted = (max(weights.of("onsite", label), 0.0) for label in ("wanted", "unwanted"))
    # Praise for a visit is no wish for one.
    if kind in {Kind.REVISIT, Kind.OTHER} or wanted == unwanted:
        return None
    return wanted > unwanted


def _value(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    value = match[1].strip() if match else ""
    return value if 1 < len(value) <= _LONGEST_LABELLED else None


def _number(pattern: re.Pattern[str], text: str) -> str | None:
    """Find a labelled number; letters alone are the next word, not a number."""
    found = (match[1].rstrip(".-_/([（") for match in pattern.finditer(text))
    return next((number for number in found if any(character.isdigit() for character in number)), None)


def _signer(text: str) -> str | None:
    """Find who signed in the last lines: a name with a title, or a line that is a Latin name."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][-_SIGNING_LINES:]
    for line in lines:
        titled = _TITLED.search(line) if len(line) <= _LONGEST_LABELLED else None
        if titled:
            return titled[1]
        if _SIGNED.fullmatch(line):
            return line
    return None


def _phone(text: str, language: Language) -> str | None:
    if not _MAYBE_PHONE.search(text):
        return None
    regions = _REGIONS.get(language, _USUAL_REGIONS)
    for start, end in (span for region in regions for span in _phones(text, region)):
        extension = _EXTENSION.match(text, end)
        return text[start : extension.end() if extension else end]
    return None


def _phones(text: str, region: str) -> Iterator[tuple[int, int]]:
    # Not at the top: its tables take 0.1 s and 10 MB, and many messages have no number.
    from phonenumbers import Leniency, PhoneNumberMatcher  # noqa: PLC0415

    for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID, max_tries=_MOST_TRIES):
        # The end of a ticket's, a contract's or a serial number may look like one.
        if not _GOES_ON.match(text[match.start - 1 : match.start]):
            yield match.start, match.end
