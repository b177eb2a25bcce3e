"""Texts whose transfer encoding is not the one that is named."""

import base64
import quopri

import pytest

from faultdesk.reading import read_message

NOTICE = "三号楼东侧门禁刷卡没有反应，重启读卡器也没有用，请尽快派人来看看。\n联系人：李工 13800138000\n"


def mail(body: bytes, encoding: str = "7bit", media_type: str = "text/plain") -> bytes:
    head = f"From: li@owner.example\nSubject: x\nContent-Type: {media_type}; charset=utf-8\n"
    return f"{head}Content-Transfer-Encoding: {encoding}\n\n".encode() + body


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
@pytest.mark.parametrize(
    "encode", [base64.encodebytes, quopri.encodestring], ids=["base64", "quoted-printable"]
)
@pytest.mark.parametrize("named", ["7bit", "8bit", "binary", "x-unknown"])
def test_what_is_encoded_is_decoded_whatever_is_named(codec: str, encode: object, named: str) -> None:
    assert callable(encode)

    message = read_message(mail(encode(NOTICE.encode(codec)), named))

    assert "门禁刷卡没有反应" in message.text


def test_html_whose_signs_are_quoted_is_a_page() -> None:
    page = b'<html><body><p style="color:red">The door is stuck.</p><a href="https://x.example/?a=1">see</a></body></html>'

    message = read_message(mail(quopri.encodestring(page * 3, quotetabs=True), media_type="text/html"))

    assert message.text.startswith("The door is stuck.")


@pytest.mark.parametrize(
    "text",
    [
        "The password is = 1234 and a=b, c=d, e=f, =3D =3D =3D =3D =3D =3D",
        "See https://x.example/?a=1&b=2&c=3&d=4&e=5&f=6&g=7",
        "ThisIsOneVeryLongTokenWithoutAnyBlankOrSignThatSomebodyPastedAsASerialNumber0123456789",
        "deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
        "Short",
    ],
)
def test_a_text_that_only_looks_so_stays(text: str) -> None:
    assert text in read_message(mail(text.encode())).text
