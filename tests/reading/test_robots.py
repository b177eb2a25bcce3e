import pytest

from faultdesk.reading.robots import robot


@pytest.mark.parametrize(
    "text",
    [
        "您好，我已收到您的邮件，会尽快回复您",
        "我正在休假，11月10日回来",
        "您好！我正在外地出差，无法及时回复您的邮件。",
        "Hello! I am out of the office until Monday.",
        "Thank you for your mail. I am on annual leave until 3 May.",
        "I am currently away from my desk.",
        "We have received your request #12345 and will respond within two days.",
        "Your ticket #77 has been created.",
        "Please click this link to verify you are a person.",
    ],
)
def test_a_machines_words_are_known(text: str) -> None:
    assert robot(text)


@pytest.mark.parametrize(
    "text",
    [
        "The gate on P2 does not open. I'm on annual leave from Monday, please call Mary.",
        "Your ticket was created yesterday but nobody came.",
        "3号楼门禁坏了。我下周出差，无法及时回复，请联系小王。",
        "When I click the meeting link it does not deliver any sound",
        "We have received your message but the door is still open, will somebody come?",
        "您好，我已收到您的邮件，可是门还是打不开，请尽快来人。",
    ],
)
def test_a_client_who_uses_such_words_is_answered(text: str) -> None:
    assert robot(text) == ""
