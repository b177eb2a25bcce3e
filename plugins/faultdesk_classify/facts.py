"""Copies out what a message says of the case, verbatim; what is not certain stays unsaid."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from faultdesk.domain.message import InboundMessage, Language
from faultdesk.domain.ticket import Facts, Kind, Span
from faultdesk_classify.fold import simplified
from faultdesk_classify.learned.chain import Chain
from faultdesk_classify.learned.lists import SURNAMES
from faultdesk_classify.learned.tokens import Written, put_together, written
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
    r"(?:序列号|序列號|序号|序號|机身号|機身號|出厂编号|(?<![\u4e00-\u9fff])编号|(?<![\u4e00-\u9fff])編號|(?<![A-Z])S/?N|serial(?:\s?(?:no\.?|number))?)"
    r"\s{0,3}(?:[:：#.]|为|是|is)?\s{0,3}([A-Z0-9][A-Z0-9\-/]{3,39})",
    re.IGNORECASE,
)
# What stands in brackets behind the device, of many digits: a model's name has fewer.
_BRACKETED = re.compile(r"\s?[(（]\s?((?=(?:[^\d)）]{0,9}\d){7})[A-Z][A-Z0-9\-/]{6,29})\s?[)）]")
_TITLES = "先生|女士|小姐|老师|老師|经理|經理|主任|科长|科長|处长|處長|警官|师傅|師傅|主管|队长|隊長|院长"
# A surname and "engineer", but not the trades and works that end alike (电工, 施工).
_ENGINEER = r"(?![施开開员員职職手竣完停分民电電技打加人木瓦焊])[一-鿿]工"
_TITLED = re.compile(rf"(?<![一-鿿])([一-鿿]{{1,3}}?(?:{_TITLES})|{_ENGINEER})(?![一-鿿])")
_LINE = re.compile(r"\S(?:[^\n]*\S)?")
_SURNAME = f"[{''.join(sorted(name for name in SURNAMES if len(name) == 1))}]"
_CALLED = f"[老小阿]?{_SURNAME}"
# Who writes on a phone signs with a surname behind the last word, or what colleagues make of it. A full name there may
# be a word ("来人"), but not where it is all that the sender is called, and no office.
_LAST_WORD = re.compile(
    rf"(?<![一-鿿A-Za-z])((?:[A-Z][a-z]{{1,19}} )?{_CALLED})[\s\d\-+()（）.。!！~]{{0,40}}\Z"
)
_FIRST_WORD = re.compile(rf"({_CALLED})(?=[ \u3000(（])")
_BETWEEN_NAMES = re.compile(r"[-—/|_ ]")
_LAST_CHARACTERS = 100
_FULL_NAME = re.compile(rf"[老小阿]{_SURNAME}|{_SURNAME}[一-鿿]{{1,2}}(?<![处队里室部站科局园楼院所店])")
_BRANCH = re.compile(r"\s?[(（][^()（）]{1,20}[)）]\Z")
_NEXT_NAME = re.compile(r"[,，](?! ?(?:Ltd|Limited|Inc|LLC|Corp|GmbH|Co)\b)")
"""What ends the name of a house: who signs behind it."""
_BEFORE_PHONE = re.compile(rf"([老小阿]{_SURNAME})[ :：]{{0,2}}\Z")
_AFTER_PHONE = re.compile(rf"[ ,，(（]{{0,2}}([一-鿿]{{1,3}}?(?:{_TITLES})|{_ENGINEER}|{_CALLED})(?![一-鿿])")
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


_LABELLED = {
    "contact": _labelled(
        "联系人", "聯絡人", "聯繫人", "报修人", "報修人", "经办人", "經辦人", "contact(?: person)?"
    ),
    "customer": _labelled(
        *(
            "单位",
            "單位",
            "报修单位",
            "報修單位",
            "单位名称",
            "客户",
            "客戶",
            "客户名称",
            "公司名称",
            "公司名稱",
        ),
        *("customer", "company", "organi[sz]ation"),
    ),
    "site": _labelled(
        "项目", "項目", "项目名称", "項目名稱", "工程名称", "项目地点", "site", "project(?: name)?"
    ),
    "project": _labelled("项目", "項目", "项目名称", "項目名稱", "工程名称", "工程名稱", "project(?: name)?"),
}
_OF_FORMS = {
    "customer",
    "site",
    "contact",
    "location",
    "device",
    "phone",
    "project",
    "contract_no",
    "serial_no",
}
_NUMBERED = {"contract_no": _CONTRACT, "serial_no": _SERIAL}


class Read(NamedTuple):
    """What a fact is, and where it was read."""

    value: str
    span: Span


def gather_facts(
    message: InboundMessage, kind: Kind, weights: Weights, chain: Chain
) -> tuple[Facts, dict[str, Span]]:
    """Gather the facts that the writer's own words and signature tell; what a form or a label names comes first."""
    own = {"subject": message.subject, "text": message.text, "signature": message.signature}
    said = put_together(own, _MOST_CHARACTERS)
    attached = put_together({"attached_text": message.attached_text}, _MOST_CHARACTERS)
    read: dict[str, Read | None] = dict(_chained(message, kind, chain))
    for name, pattern in _LABELLED.items():
        read[name] = _value(pattern, said) or read.get(name)
    read["phone"] = _phone("text", own, message.language) or _phone("signature", own, message.language)
    read["contact"] = _contact(read["contact"], own, message.sender.name, read["phone"])
    for name, pattern in _LABELLED.items():
        read[name] = read[name] or _value(pattern, attached)
    for name, pattern in _NUMBERED.items():
        read[name] = _number(pattern, said) or _number(pattern, attached)
    read["serial_no"] = read["serial_no"] or _bracketed(read.get("device"), own)
    read["occurred_at"] = _moment(own, message) if kind is Kind.FAULT else None
    form = {field.name: field.value for field in message.fax.fields if field.value} if message.fax else {}
    # The field of a form tells its page itself; no part of the text holds it.
    found = {name: one for name, one in read.items() if one and name not in form}
    spans = {name: one.span for name, one in found.items()}
    wants_onsite, words = _wants_onsite(kind, weights)
    if span := _first_of(words, own):
        spans["wants_onsite"] = span
    told = {name: one.value for name, one in found.items()} | {
        name: form[name] for name in _OF_FORMS & form.keys()
    }
    return Facts(**told, wants_onsite=wants_onsite), spans


def _chained(message: InboundMessage, kind: Kind, chain: Chain) -> Iterator[tuple[str, Read]]:
    if kind is Kind.OTHER:
        return
    whole = written(message)
    for name, one in chain.find(whole, weighing=kind is Kind.FAULT).items():
        text = _NEXT_NAME.split(one.text)[0] if name in {"customer", "site"} else one.text
        text = _BRANCH.sub("", text) if name == "customer" else text
        yield name, Read(text, whole.place(one.start, one.start + len(text)))


def _wants_onsite(kind: Kind, weights: Weights) -> tuple[bool | None, Sequence[str]]:
    """Tell whether somebody shall come, and the words that say so."""
    wanted, unwanted = (max(weights.of("onsite", label), 0.0) for label in ("wanted", "unwanted"))
    # Praise for a visit is no wish for one.
    if kind in {Kind.REVISIT, Kind.OTHER} or wanted == unwanted:
        return None, ()
    told = weights.terms["onsite", "wanted" if wanted > unwanted else "unwanted"]
    return wanted > unwanted, [weights.read_as[term] for term in sorted(told, key=lambda term: -told[term])]


def _first_of(words: Sequence[str], own: Mapping[str, str]) -> Span | None:
    """Find the first of these words, in their folded form, that stands in a part as it is."""
    for word in words:
        for part, text in own.items():
            plain = simplified(text[:_MOST_CHARACTERS]).lower()
            if (at := plain.find(word)) >= 0 and len(plain) == len(text[:_MOST_CHARACTERS]):
                return Span(part, at, at + len(word))
    return None


def _moment(own: Mapping[str, str], message: InboundMessage) -> Read | None:
    told = put_together({"subject": own["subject"], "text": own["text"]}, _MOST_CHARACTERS)
    moment = occurred_at(told.text, message.date)
    return Read(moment.when, told.place(moment.start, moment.end)) if moment else None


def _value(pattern: re.Pattern[str], said: Written) -> Read | None:
    match = pattern.search(said.text)
    value = match[1].strip() if match else ""
    if not match or not 1 < len(value) <= _LONGEST_LABELLED:
        return None
    return Read(value, said.place(match.start(1), match.start(1) + len(value)))


def _number(pattern: re.Pattern[str], said: Written) -> Read | None:
    """Find a labelled number; letters alone are the next word, not a number."""
    for match in pattern.finditer(said.text):
        number = match[1].rstrip(".-_/([（")
        if any(character.isdigit() for character in number):
            return Read(number, said.place(match.start(1), match.start(1) + len(number)))
    return None


def _bracketed(device: Read | None, own: Mapping[str, str]) -> Read | None:
    """Find a serial number that nothing names, right behind the device."""
    if device is None or device.span.part not in own:
        return None
    match = _BRACKETED.match(own[device.span.part], device.span.end)
    return Read(match[1], Span(device.span.part, *match.span(1))) if match else None


def _contact(read: Read | None, own: Mapping[str, str], sender: str, phone: Read | None) -> Read | None:
    """Take who is named or signed; what the From field calls the sender comes after that."""
    if read and read.span.part != "sender":
        return read
    at_phone = _at_phone(phone, own) if phone else None
    return at_phone or _signer("signature", own) or _signer("text", own) or read or _called(sender)


def _at_phone(phone: Read, own: Mapping[str, str]) -> Read | None:
    """Find whose number it is, right before or behind it."""
    part, start, end = msgspec.structs.astuple(phone.span)
    text = simplified(own[part])
    begin = max(0, start - _LAST_CHARACTERS)
    match = _BEFORE_PHONE.search(text[begin:start])
    span = [at + begin for at in match.span(1)] if match else None
    if span is None and (match := _AFTER_PHONE.match(text, end)):
        span = list(match.span(1))
    return Read(own[part][span[0] : span[1]], Span(part, *span)) if span else None


def _signer(part: str, own: Mapping[str, str]) -> Read | None:
    """Find who signed in the last lines of a part: a name with a title, or a line that is a Latin name."""
    text = own[part][:_MOST_CHARACTERS]
    for line in list(_LINE.finditer(text))[-_SIGNING_LINES:]:
        titled = _TITLED.search(text, *line.span()) if len(line[0]) <= _LONGEST_LABELLED else None
        if titled:
            return Read(titled[1], Span(part, *titled.span(1)))
        if _SIGNED.fullmatch(line[0]):
            return Read(line[0], Span(part, *line.span()))
        first = _FIRST_WORD.match(simplified(line[0])) if len(line[0]) <= _LONGEST_LABELLED else None
        if first and line.start():
            return Read(line[0][: first.end(1)], Span(part, line.start(), line.start() + first.end(1)))
    begin = max(0, len(text) - _LAST_CHARACTERS)
    if last := _LAST_WORD.search(simplified(text[begin:])):
        start, end = last.start(1) + begin, last.end(1) + begin
        return Read(text[start:end], Span(part, start, end))
    return None


def _called(sender: str) -> Read | None:
    """Take the sender's name for whom to talk to, or a part of it, if it is a person's."""
    start = 0
    for name in _BETWEEN_NAMES.split(sender):
        if _FULL_NAME.fullmatch(simplified(name)):
            return Read(name, Span("sender", start, start + len(name)))
        start += len(name) + 1
    return None


def _phone(part: str, own: Mapping[str, str], language: Language) -> Read | None:
    text = own[part][:_MOST_CHARACTERS]
    if not _MAYBE_PHONE.search(text):
        return None
    regions = _REGIONS.get(language, _USUAL_REGIONS)
    for start, end in (span for region in regions for span in _phones(text, region)):
        extension = _EXTENSION.match(text, end)
        last = extension.end() if extension else end
        return Read(text[start:last], Span(part, start, last))
    return None


def _phones(text: str, region: str) -> Iterator[tuple[int, int]]:
    # Not at the top: its tables take 0.1 s and 10 MB, and many messages have no number.
    from phonenumbers import Leniency, PhoneNumberMatcher  # noqa: PLC0415

    for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID, max_tries=_MOST_TRIES):
        # The end of a ticket's, a contract's or a serial number may look like one.
        if not _GOES_ON.match(text[match.start - 1 : match.start]):
            yield match.start, match.end
