"""A note of the hotline or a form of the website: lines of "key: value", from a sender whom the desk trusts (P1)."""

import re
from collections.abc import Mapping

import phonenumbers

from faultdesk.domain.identity import is_deliverable
from faultdesk.domain.message import Address
from faultdesk.domain.number import fax_address

_KEYS: Mapping[str, str] = {
    name: key
    for key, names in {
        "client": "客户 客戶 单位 單位 报修单位 報修單位 client customer company",
        "contact": "联系人 聯絡人 姓名 报修人 報修人 contact name",
        "email": "邮箱 邮件 電郵 邮箱地址 email e-mail mail",
        "fax": "传真 傳真 fax",
        "matter": "内容 內容 故障描述 问题描述 描述 matter description problem message",
    }.items()
    for name in names.split()
}
_COLON = re.compile("[:：]")
_MOST_LINES = 200
_COUNTRY = "CN"


def client_of_note(text: str) -> Address | None:
    """Tell whom a note names, reached by mail, else by fax, else ("") by nothing that the desk could send.

    It names somebody, and says what the matter is; None for any other text. Its telephone is a fact as in any mail.
    """
    found: dict[str, str] = {}
    for line in text.splitlines()[:_MOST_LINES]:
        label, *rest = _COLON.split(line, maxsplit=1)
        key, value = _KEYS.get(label.strip().lower()), "".join(rest).strip()
        if key and value:
            found.setdefault(key, value)
    if "matter" not in found or not {"client", "contact"} & found.keys():
        return None
    return Address(_way(found), found.get("contact") or found["client"])


def _way(found: Mapping[str, str]) -> str:
    address = found.get("email", "").lower()
    if is_deliverable(address):
        return address
    try:
        number = phonenumbers.parse(found.get("fax", ""), _COUNTRY)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return fax_address(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
