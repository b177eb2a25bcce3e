"""Commands in a mail that joined: obeyed and answered with a transcript, or refused and told to who is named."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from faultdesk.domain.commands import MOST_LINES, MOST_PUZZLING, Orders, read_orders
from faultdesk.domain.decision import Mail
from faultdesk.domain.matching import Match
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Event, Role
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.obey import Obedience, Outcome
from faultdesk.pipeline.store import Transaction

_OURS = frozenset({Role.ENGINEER, Role.STAFF})
_NO_COMMAND = "没有指令，已作为备注保存 no command: kept as a note"
_QUOTED = (
    "只有引用或转发的内容，未执行任何指令，已作为备注保存；指令请写在引用之上，不要加“>”"
    ' nothing but words that are quoted or passed on, kept as a note: write commands above them, without ">"'
)
_HOUR = timedelta(hours=1)
_HELP = (
    "指令 commands: 接单 accept | 已致电 called [12:10] | 转派 reassign NAME | 到场 arrived [14:30] | 上门 visit | 等待客户 waiting client REASON | "
    "继续 resume | 恢复 restored [15:10] | 无法解决 stuck: REASON | 备注 note: TEXT | 回复客户 reply | "
    "分类 class: line cctv high | 关闭 close: REASON | 解决 resolved, 原因 cause:, 方法 method:, 备件 parts:, 恢复时间 time:"
)


def command(
    tx: Transaction, changes: Changes, found: Match, message: InboundMessage, at: datetime, refusal: str
) -> None:
    """Obey a mail of the desk's own people, unless it is refused for this reason; a client's commands nothing."""
    sender = message.sender.address
    if found.ticket.role_of(sender) not in _OURS:
        return
    orders = Orders() if message.may_be_anothers else read_orders(message.text)
    if refusal:
        if orders.found:
            event = Event("command_refused", {"inbox": message.id, "reason": refusal}, actor=sender)
            tx.tickets.record(found.ticket.id, [event], changes.now)
            said = f"未执行任何指令 nothing was done: {refusal}"
            _answer(tx, changes, found, message, said)
        return
    goes_to_client = found.ticket.requester.address in message.all_addresses
    if not orders.found and (goes_to_client or not message.text.strip()):
        return
    outcomes = Obedience(tx, changes, found.ticket, message, at).obey(orders)
    if not orders.found:
        is_again = _noted_lately(tx, found.ticket.id, sender, at)
        changes.change(tx, found.ticket.id, Event("noted", {"inbox": message.id}, at, sender))
        # A robot that answers transcripts gets one. That a text came before makes no robot of an engineer, who
        # writes the same word to many tickets: what is ordered is done.
        if is_again or message.robot:
            return
        outcomes = [Outcome("", _QUOTED if message.may_be_anothers else _NO_COMMAND)]
    _answer(tx, changes, found, message, _transcript(orders, outcomes))


def answers_as_one_of_us(found: Match, message: InboundMessage) -> bool:
    """Tell whether it answers a mail of ours as from somebody of the desk: a client's request it is not."""
    return found.proof.is_signed and found.ticket.role_of(message.sender.address) in _OURS


def refuse_whole(
    tx: Transaction, changes: Changes, found: Match, message: InboundMessage, why: Sequence[Event]
) -> None:
    """Note an answer that our server, or its likeness to another, says the engineer did not write; the desk looks.

    Nobody else is written to: who is named did not send it.
    """
    ticket = found.ticket
    reason = "; ".join(str(event.data.get("reason", "")) for event in why)
    refused = Event("command_refused", {"inbox": message.id, "reason": reason}, actor=message.sender.address)
    tx.tickets.record(ticket.id, [*why, refused], changes.now)
    text = (
        f"{message.sender.address}: {reason}\n\nNothing was done, and nothing of it was filed.\n"
        f"faultdesk inbox show {message.id}\nfaultdesk ticket {ticket.reference}\n"
    )
    subject = f"{ticket.reference}: an answer was refused"
    changes.ledger.alert(tx, f"refused/{message.id}", subject, text, ticket.id)


def _noted_lately(tx: Transaction, ticket_id: int, sender: str, at: datetime) -> bool:
    notes = [
        event for event in tx.tickets.events(ticket_id) if event.kind == "noted" and event.actor == sender
    ]
    return any(event.at is not None and event.at > at - _HOUR for event in notes)


def _transcript(orders: Orders, outcomes: Sequence[Outcome]) -> str:
    parts = []
    for outcome in outcomes:
        quoted = "".join(f"> {line}\n" for line in outcome.line.splitlines())
        parts.append(f"{quoted}  {outcome.said}")
    if orders.puzzling:
        parts.append("未能理解 not understood:\n" + "\n".join(f"> {line}" for line in orders.puzzling))
    if orders.is_cut:
        parts.append(f"{MOST_PUZZLING} 行未能理解，其后未读 not read on after {MOST_PUZZLING} such lines")
    if orders.is_long:
        parts.append(f"只读前 {MOST_LINES} 行 only the first {MOST_LINES} lines were read")
    if orders.puzzling or not orders.found:
        parts.append(_HELP)
    return "\n\n".join(parts)


def _answer(tx: Transaction, changes: Changes, found: Match, message: InboundMessage, text: str) -> None:
    ticket = found.ticket
    mail = Mail(
        name=f"transcript/{message.id}",
        ticket_id=ticket.id,
        to=(Address(message.sender.address, message.sender.name),),
        subject=f"[{ticket.reference}] 执行结果 transcript: {ticket.subject}",
        text=f"{ticket.reference}  {ticket.subject}\n\n{text}\n",
        purpose="transcript",
        internal=True,
        in_reply_to=message.message_id,
        references=message.references,
    )
    changes.ledger.apply(tx, ticket.id, "faultdesk", mail)
