"""Does what an engineer orders by mail, and says line by line what came of it."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from faultdesk.domain.assignment import PASSED_ON
from faultdesk.domain.commands import Command, Field, Order, Orders
from faultdesk.domain.correction import RECLASSIFIED
from faultdesk.domain.decision import Mail
from faultdesk.domain.identity import is_deliverable
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.moments import clock_time
from faultdesk.domain.number import fax_number
from faultdesk.domain.promise import (
    RESUMED,
    VISIT_WANTED,
    WAITING,
    Clock,
    arrivals,
    is_waiting,
    work_began_at,
)
from faultdesk.domain.resolution import attached_in, drafted, is_drafted, missing, resolution_in, resolved
from faultdesk.domain.ticket import Event, Status, Ticket
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.ending import REPORT, lacks_of_end
from faultdesk.pipeline.store import Transaction

_FIELD_NAMES = {
    Field.CAUSE: "原因 cause",
    Field.METHOD: "方法 method",
    Field.PARTS: "备件 parts",
    Field.TIME: "恢复时间 time",
}
_ONLY_TIME = re.compile(
    r"[\d:：.\s/-]{0,20}(?:(?:今天|昨天|今早|昨晚|上午|下午|中午|晚上|早上|凌晨|[点點时時分半])[\d:：.\s]{0,8}){0,4}(?:[ap]\.?m\.?)?|(?:today|yesterday) [\d:.]{1,8}\s?(?:[ap]m)?",
    re.IGNORECASE,
)
_AT_ANY_TIME = {Command.NOTE, Command.REPLY, Command.CLASS, Command.CLOSE}
"""What may be ordered of a ticket that is resolved, too."""


class Outcome(NamedTuple):
    """A line, and what came of it."""

    line: str
    said: str


class _RefusedError(Exception):
    """Why a command is not done; the text is for who gave it."""


class Obedience:
    """The commands of one mail, on one ticket."""

    def __init__(
        self, tx: Transaction, changes: Changes, ticket: Ticket, message: InboundMessage, at: datetime
    ) -> None:
        """Prepare; `at` is when the mail reached the desk."""
        self._tx = tx
        self._changes = changes
        self._id = ticket.id
        self._message = message
        self._sender = message.sender.address
        self._at = at.astimezone(ZoneInfo(changes.desk.time_zone))
        self._done: Mapping[Command, Callable[[str], str]] = {
            Command.ACCEPT: self._accept,
            Command.REASSIGN: self._reassign,
            Command.CALLED: self._called,
            Command.ARRIVED: self._arrived,
            Command.VISIT: self._visit,
            Command.WAITING: self._waiting,
            Command.RESUME: self._resume,
            Command.RESTORED: self._restored,
            Command.STUCK: self._stuck,
            Command.NOTE: self._note,
            Command.REPLY: self._reply,
            Command.CLASS: self._classed,
            Command.CLOSE: self._close,
        }

    def obey(self, orders: Orders) -> list[Outcome]:
        """Do them in their order; a resolution when all of its fields are read, an end last of all."""
        told: dict[Field, str] = {}
        for order in orders.found:
            if isinstance(order.what, Field):
                told[order.what] = f"{told.get(order.what, '')}\n{order.words}".strip()
        is_resolution = any(order.what is Command.RESOLVED for order in orders.found)
        first = [
            order for order in orders.found if order.what in self._done and order.what is not Command.CLOSE
        ]
        outcomes = [self._outcome(order, self._done[Command(order.what)]) for order in first]
        if told or is_resolution:
            lines = "\n".join(
                order.line for order in orders.found if order.what in {Command.RESOLVED, *Field}
            )
            resolution = Order(Command.RESOLVED, "", lines)
            outcomes.append(
                self._outcome(resolution, lambda _: self._resolve(told, is_resolution=is_resolution))
            )
        last = [order for order in orders.found if order.what is Command.CLOSE]
        return outcomes + [self._outcome(order, self._close) for order in last]

    def _outcome(self, order: Order, do: Callable[[str], str]) -> Outcome:
        ticket = self._ticket
        if not ticket.status.is_open and order.what not in _AT_ANY_TIME:
            return Outcome(
                order.line,
                f"未执行：此单已结束；仍未修好请用 faultdesk reopen {ticket.reference}。"
                f" Not done: this ticket is {ticket.status}; if the fault is not gone: faultdesk reopen",
            )
        try:
            said = do(order.words)
        except _RefusedError as refused:
            said = f"未执行 not done: {refused}"
        is_end = ticket.status.is_open or order.what is Command.CLOSE
        ended = "" if is_end else f"（此单已结束 this ticket is {ticket.status}）"
        return Outcome(order.line, said + ended)

    @property
    def _ticket(self) -> Ticket:
        return self._tx.tickets.get(self._id)

    def _change(self, kind: str, **data: object) -> None:
        data["inbox"] = self._message.id
        self._changes.change(self._tx, self._id, Event(kind, data, self._at, self._sender))

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._at.tzinfo):%Y-%m-%d %H:%M}"

    def _time(self, words: str) -> datetime:
        """Read when something was done, by default now; it lies between the notice, or the reopening, and now."""
        moment = clock_time(words, self._at) if words else self._at
        if moment is None:
            raise _RefusedError(f"看不懂时间“{words}” no time that is understood; 例如 as in: 14:30")
        since = work_began_at(self._ticket.noticed_at, self._tx.tickets.events(self._id))
        if not since <= moment <= self._at:
            raise _RefusedError(
                f"{self._local(moment)} 不在报修（{self._local(since)}）与现在之间"
                f" does not lie between the notice and now ({self._local(self._at)})"
            )
        return moment

    def _accept(self, _: str) -> str:
        engineer = self._ticket.engineer
        if engineer is None or engineer.address != self._sender:
            self._change(PASSED_ON, to=self._sender, reason="accepted it")
        self._change("accepted")
        return "已接单 accepted"

    def _reassign(self, words: str) -> str:
        if not words:
            raise _RefusedError("请写明转给谁 say to whom")
        try:
            person = self._changes.desk.people.one(words)
        except ValueError as error:
            raise _RefusedError(f"没有或不止一位 {error}") from error
        self._change(PASSED_ON, to=person.address, reason=f"reassigned by {self._sender}")
        return f"已转派 reassigned: {person.mailbox}"

    def _called(self, words: str) -> str:
        if words and not _ONLY_TIME.fullmatch(words):
            raise _RefusedError(
                f"“{words}”不是时间；未接通请用备注 no time: a call that reached nobody is a note"
            )
        called = self._time(words)
        self._change("answered", answered_at=called.isoformat(), by="phone")
        return f"已记录电话答复，答复时限停止 called, the response clock stops: {self._local(called)}"

    def _arrived(self, words: str) -> str:
        came = self._time(words)
        if came in arrivals(self._tx.tickets.events(self._id)):
            raise _RefusedError(f"{self._local(came)} 的到场已记录 this arrival is noted already")
        self._change("arrived", arrived_at=came.isoformat())
        return f"已记录到场 arrived: {self._local(came)}"

    def _visit(self, _: str) -> str:
        if self._ticket.deadline(Clock.ON_SITE) is not None:
            raise _RefusedError("到场时限已在计时 the on-site clock runs already")
        self._change(VISIT_WANTED)
        visit = self._ticket.deadline(Clock.ON_SITE)
        if visit is None:
            return "已记下需到场；此类事项不计到场时限 noted; matters of this kind have no on-site clock"
        return f"到场时限开始计时 the on-site clock runs, until {self._local(visit.due_at)}"

    def _waiting(self, words: str) -> str:
        if not words:
            raise _RefusedError("请写明等客户做什么 say what the client has to do")
        if is_waiting(self._tx.tickets.events(self._id)):
            raise _RefusedError("已在等待客户 it waits for the client already")
        self._change(WAITING, reason=words)
        return "到场时限已暂停 the on-site clock stands still"

    def _resume(self, _: str) -> str:
        if not is_waiting(self._tx.tickets.events(self._id)):
            raise _RefusedError("并未等待客户 it does not wait for the client")
        self._change(RESUMED)
        return "到场时限继续计时 the on-site clock goes on"

    def _restored(self, words: str) -> str:
        recovered = self._time(words)
        self._change("restored", recovered_at=recovered.isoformat())
        return f"已记录恢复 restored: {self._local(recovered)}；请再写“解决”和原因、方法 now: resolved, cause, method"

    def _stuck(self, words: str) -> str:
        self._change("stuck", reason=words)
        return "已上报 passed up"

    def _note(self, words: str) -> str:
        if not words:
            raise _RefusedError("没有内容 nothing is said")
        self._change("noted", text=words)
        return "已备注 noted"

    def _reply(self, words: str) -> str:
        ticket = self._ticket
        if not words:
            raise _RefusedError("没有内容 nothing is said")
        address = ticket.requester.address
        if fax_number(address) is None and not is_deliverable(address):
            raise _RefusedError("客户没有地址，请致电 no address is known for the client: call")
        mail = Mail(
            name=f"reply/{self._message.id}",
            ticket_id=self._id,
            to=(ticket.requester,),
            subject=f"[{ticket.reference}] {ticket.subject}",
            text=f"{words}\n",
            purpose="answer",
            automatic=False,
            in_reply_to=ticket.thread[-1] if ticket.thread else "",
            references=ticket.thread,
        )
        self._changes.ledger.apply(self._tx, self._id, self._sender, mail)
        ledger = self._changes.ledger
        self._change("answered", message_id=ledger.message_id_of(self._id, mail.name, address))
        return f"已发给客户 sent to the client: {ticket.requester}"

    def _classed(self, _: str) -> str:
        """Tell what became of the line, which is obeyed for clients too (mailed_correction)."""
        ours = [
            event
            for event in self._tx.tickets.events(self._id)
            if event.data.get("inbox") == self._message.id
            and event.kind.startswith(("correction", RECLASSIFIED))
        ]
        if not ours or ours[-1].kind != RECLASSIFIED:
            raise _RefusedError(ours[-1].data.get("reason", "") if ours else "没有内容 nothing is said")
        labels = ", ".join(f"{name} {label}" for name, label in ours[-1].data["labels"].items())
        return f"已更正分类 reclassified: {labels}"

    def _resolve(self, told: Mapping[Field, str], *, is_resolution: bool) -> str:
        log = self._tx.tickets.events(self._id)
        known = {**resolution_in(log), **{field: words for field, words in told.items() if words}}
        doubt = ""
        if told.get(Field.TIME):
            try:
                known[Field.TIME] = self._time(told[Field.TIME]).isoformat()
            except _RefusedError as refused:  # the rest was understood, and stays
                known.pop(Field.TIME)
                doubt = f"{refused}；"
        lacking, files = missing(known), [file.name for file in self._message.attachments]
        if lacking or not (is_resolution or is_drafted(log)):
            self._changes.change(self._tx, self._id, drafted(known, self._sender, self._at, files))
            names = "、".join(_FIELD_NAMES[field] for field in lacking)
            if not lacking:
                return '已记下；写上“解决”即出报告 noted; add "resolved" and the report goes out'
            return f"{doubt}尚未解决，还缺 not resolved yet, missing: {names}。请回复这些行即可 answer with these lines alone"
        more = {"inbox": self._message.id, "attached": [*attached_in(log), *files]}
        event = resolved(known, log, self._at, self._sender, **more)
        self._changes.change(self._tx, self._id, event)
        return f"已解决，报告将发给客户 resolved, the client gets the report: {self._ticket.reference}-R{event.data['number']}"

    def _close(self, words: str) -> str:
        ticket, lacking = self._ticket, lacks_of_end(self._tx, self._ticket)
        if lacking and not words:
            if ticket.status is Status.RESOLVED and lacking == [REPORT]:
                raise _RefusedError(
                    "报告尚未发出，发出后再关闭 the report has not gone out yet: close it then"
                )
            raise _RefusedError(f"缺 {'、'.join(lacking)}，请写明原因 say why it ends without")
        self._change("closed", reason=words, lacks=lacking)
        return f"已关闭 closed: {ticket.reference}"
