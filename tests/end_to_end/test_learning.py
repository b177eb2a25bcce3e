"""From engineers' corrections by mail to a mail that is read right, and back: a whole desk."""

from email.message import EmailMessage
from email.utils import make_msgid

from end_to_end.played import RealDesk, read_mail
from plugins.patrols import SYSTEM, UNSEEN, patrols
from servers.process import wait_until

DUTY = "duty@yuanheng-elv.example"


def a_mail(sender: str, subject: str, text: str, answers: str = "") -> bytes:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = "service@yuanheng-elv.example"
    mail["Subject"] = subject
    mail["Message-ID"] = make_msgid(domain="owner.example")
    if answers:
        mail["In-Reply-To"] = answers
    mail.set_content(text)
    return mail.as_bytes()


def system_of_an_unseen_mail(desk: RealDesk, sender: str) -> str:
    known = len(desk.tickets())
    desk.account.deliver(a_mail(sender, UNSEEN.subject, UNSEEN.text))
    wait_until(lambda: len(desk.tickets()) > known, "the mail becomes a ticket")
    system: str = desk.tickets()[-1]["system"]
    return system


def have_corrected(desk: RealDesk) -> None:
    """Let the engineer on duty answer every work order with what it is."""
    for message in patrols():
        desk.account.deliver(a_mail(message.sender.address, message.subject, message.text))
    orders = [read_mail(one) for one in desk.sink.wait_for(72, 90) if one.recipients == [DUTY]]
    for order in orders:
        answer = a_mail(DUTY, f"回复：{order['Subject']}", "分类：故障 电话\n王工", order["Message-ID"])
        desk.account.deliver(answer)
    desk.wait_for_end(72)


def test_what_engineers_correct_by_mail_is_learned_and_can_be_taken_back(desk_on_either: RealDesk) -> None:
    desk = desk_on_either
    desk.start()
    have_corrected(desk)
    before = system_of_an_unseen_mail(desk, "one@first.example")

    told = desk.command("classifier", "train")
    wait_until(lambda: desk.log.read_text().count("artefact.taken") == 1, "the daemon takes the model")
    learned = system_of_an_unseen_mail(desk, "two@second.example")
    rows = {(row["what"], row["name"]): row for row in desk.listing("classifier", "report")}
    back = desk.command("classifier", "rollback")
    wait_until(lambda: desk.log.read_text().count("artefact.taken") == 2, "the daemon lets it go")
    after = system_of_an_unseen_mail(desk, "three@third.example")

    assert "kept; the daemon reads by it" in told
    assert "the bundled model reads now" in back
    assert learned == SYSTEM
    assert before == after != SYSTEM
    assert rows["model", "version 1"]["count"] == 36
    assert rows["confusion", "system"]["corrected"] == SYSTEM
    (training,) = [job for job in desk.listing("jobs", "list") if job["name"] == "classify.train"]
    assert training["state"] == "due"
    assert "0 corrections can be learned from" in desk.command("classifier", "train")
    assert desk.stop() == 0
