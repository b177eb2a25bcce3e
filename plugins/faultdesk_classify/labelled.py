"""What stands behind a label: in the lines of a mail, or in the fields of a faxed form."""

import re
from collections.abc import Mapping

from faultdesk.domain.message import InboundMessage
from faultdesk_classify.learned.tokens import Written
from faultdesk_classify.people import LONGEST_LABELLED, Read


def labelled(*labels: str) -> re.Pattern[str]:
    """Match a label at the start of a line or after a wide blank, and its value up to the next of these.

    Labels in forms are spaced out ("报 修 人"), and a table's cells are parted by tabs.
    """
    spaced = "|".join(r"[ \t\u3000]*".join(label) if not label.isascii() else label for label in labels)
    return re.compile(
        rf"(?:^[ \t\u3000]*|(?<=[\t|；;,，。\u3000])|(?<=  )|(?<= )(?=[一-鿿]))(?:{spaced})[ \t\u3000]*[:：\t|][ \t\u3000|]*"
        r"([^\s:：|,，;；。](?:[^\n\t:：|,，;；。 ]| (?! ))*)",
        re.MULTILINE | re.IGNORECASE,
    )


def value_of(pattern: re.Pattern[str], said: Written, *, fewest: int = 2) -> Read | None:
    """Read what stands behind the first of a pattern's labels; nothing of fewer characters, or too long for a value."""
    match = pattern.search(said.text)
    value = match[1].strip() if match else ""
    if match and said.text[match.end() : match.end() + 1] in (":", "："):
        value = value.rpartition(" ")[0].strip() or value  # the last word is the next label
    if not match or not fewest <= len(value) <= LONGEST_LABELLED:
        return None
    return Read(value, said.place(match.start(1), match.start(1) + len(value)))


def form_of(message: InboundMessage) -> Mapping[str, str]:
    """Give the filled-in fields of a faxed form by their names; of anything else, none."""
    return {field.name: field.value for field in message.fax.fields if field.value} if message.fax else {}
