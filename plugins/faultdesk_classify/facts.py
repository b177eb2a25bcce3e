"""Copies out what a message says of the case, verbatim; what is not certain stays unsaid."""

import re
from collections.abc import Iterator, Mapping, Sequence

from faultdesk.domain.fold import simplified
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.moments import occurred_at
from faultdesk.domain.ticket import Facts, Kind, Span
from faultdesk_classify.labelled import form_of, labelled, value_of
from faultdesk_classify.learned.chain import Chain
from faultdesk_classify.learned.tokens import Written, put_together, written
from faultdesk_classify.people import MOST_CHARACTERS, Read, contact_of, phone_of
from faultdesk_classify.weigh import Weights

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
_BRANCH = re.compile(r"\s?[(（][^()（）]{1,20}[)）]\Z")
_NEXT_NAME = re.compile(r"[,，](?! ?(?:Ltd|Limited|Inc|LLC|Corp|GmbH|Co)\b)")
"""What ends the name of a house: who signs behind it."""


_LABELLED = {
    "contact": labelled(
        "联系人", "聯絡人", "聯繫人", "报修人", "報修人", "经办人", "經辦人", "contact(?: person)?"
    ),
    "customer": labelled(
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
    "site": labelled(
        "项目", "項目", "项目名称", "項目名稱", "工程名称", "项目地点", "site", "project(?: name)?"
    ),
    "project": labelled("项目", "項目", "项目名称", "項目名稱", "工程名称", "工程名稱", "project(?: name)?"),
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


def gather_facts(
    message: InboundMessage, kind: Kind, weights: Weights, chain: Chain
) -> tuple[Facts, dict[str, Span]]:
    """Gather the facts that the writer's own words and signature tell; what a form or a label names comes first."""
    own = {"subject": message.subject, "text": message.text, "signature": message.signature}
    said = put_together(own, MOST_CHARACTERS)
    attached = put_together({"attached_text": message.attached_text}, MOST_CHARACTERS)
    read: dict[str, Read | None] = dict(_chained(message, kind, chain))
    for name, pattern in _LABELLED.items():
        read[name] = value_of(pattern, said) or read.get(name)
    read["phone"] = phone_of(own, message.language)
    read["contact"] = contact_of(read["contact"], own, message.sender.name, read["phone"])
    for name, pattern in _LABELLED.items():
        read[name] = read[name] or value_of(pattern, attached)
    for name, pattern in _NUMBERED.items():
        read[name] = _number(pattern, said) or _number(pattern, attached)
    read["serial_no"] = read["serial_no"] or _bracketed(read.get("device"), own)
    form = _of_form(message)
    read["occurred_at"] = _moment(own, message) if kind is Kind.FAULT else None
    # The field of a form tells its page itself; no part of the text holds it.
    found = {name: one for name, one in read.items() if one and name not in form}
    spans = {name: one.span for name, one in found.items()}
    wants_onsite, words = _wants_onsite(kind, weights)
    if span := _first_of(words, own):
        spans["wants_onsite"] = span
    told = {name: one.value for name, one in found.items()} | form
    return Facts(**told, wants_onsite=wants_onsite), spans


def _of_form(message: InboundMessage) -> dict[str, str]:
    """Take the facts that the fields of a faxed form tell; a date that is none leaves it to the words."""
    form = form_of(message)
    facts = {name: form[name] for name in _OF_FORMS & form.keys()}
    began = occurred_at(form.get("occurred_at", ""), message.date)
    return {**facts, "occurred_at": began.when} if began else facts


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
            plain = simplified(text[:MOST_CHARACTERS]).lower()
            if (at := plain.find(word)) >= 0 and len(plain) == len(text[:MOST_CHARACTERS]):
                return Span(part, at, at + len(word))
    return None


def _moment(own: Mapping[str, str], message: InboundMessage) -> Read | None:
    told = put_together({"subject": own["subject"], "text": own["text"]}, MOST_CHARACTERS)
    moment = occurred_at(told.text, message.date)
    return Read(moment.when, told.place(moment.start, moment.end)) if moment else None


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
