"""The tables, private to the store. Rows are never validated here: frozen values are, before.

Instants are kept as ISO text in UTC, days as dates, bodies as canonical JSON text.
"""

from datetime import date

from sqlalchemy import BigInteger, Boolean, Date, Float, Index, String, Text, text
from sqlmodel import Field, SQLModel

NO_DUE = "9999-12-30"  # sorts behind everybody who is due, before those left alone
LEFT_ALONE = "9999-12-31"
_WITHOUT_ROWID = {"sqlite_with_rowid": False}
# The answers of what a fix costs, by how their body begins: its keys are in order.
_COSTS = """kind = 'answered' AND substr(body, 1, 27) = '{"fact": "decided.fix_cost"'"""


class AboutRow(SQLModel, table=True):
    """What the store knows about itself: `key`, the mark of the suppressions' key that belongs to it."""

    __tablename__ = "about"
    name: str = Field(sa_type=String(20), primary_key=True)
    value: str


class CommandRow(SQLModel, table=True):
    """One writing run of the program: what an undo or an audit goes by."""

    __tablename__ = "command"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=String(40))
    by: str
    at: str = Field(sa_type=String(20))
    as_of: bool = False


class BatchRow(SQLModel, table=True):
    """One import. `key` digests the file and how its columns were read: was it brought in before?

    `state` is `staging` while its rows come in unseen, then `done`, or `undone` where it was taken back;
    `listed` is a list of people to leave alone.
    """

    __tablename__ = "batch"
    id: int | None = Field(default=None, primary_key=True)
    command_id: int = Field(foreign_key="command.id")
    file: str
    sha256: str = Field(sa_type=String(64))
    key: str = Field(sa_type=String(64), index=True)
    counts: str = Field(sa_type=Text)
    state: str = Field(default="done", sa_type=String(10))


class CustomerRow(SQLModel, table=True):
    """A customer. `edited` names the fields a user set by hand, which no import changes.

    Reads go through the view `customer`, which leaves out what an import is still staging.
    `case_id` and `case_status` mirror the latest case, `list_on` what it owes first, so that lists
    and queues need no join. `folded` and `notes` are searched by `customer_text`. `external_id` is
    the other system's, `source` which one that is.
    """

    __tablename__ = "customer_row"
    __table_args__ = (
        Index("ix_customer_due", "list_on", "id", sqlite_where=text("list_on < '9999-12-30'")),
        Index(
            "ix_customer_status",
            "case_status",
            "list_on",
            sqlite_where=text("case_status IS NOT NULL"),
        ),
        Index(
            "ix_customer_alone",
            "suppression_id",
            "case_status",
            sqlite_where=text("suppression_id IS NOT NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(default="", sa_type=String(40))
    external_id: str | None = None
    name: str = ""
    company: str = ""
    folded: str = ""
    city: str = ""
    country: str = ""
    owner: str = ""
    how_left: str = ""
    how_rank: int = 3
    reason: str = ""
    notes: str = Field(default="", sa_type=Text)
    first_purchase: date | None = None
    last_purchase: date | None = None
    orders: int | None = None
    revenue: int | None = None
    currency: str = ""
    edited: str = ""
    batch_id: int | None = Field(default=None, foreign_key="batch.id")
    suppression_id: int | None = Field(default=None, foreign_key="suppression.id")
    case_status: str | None = None
    case_id: int | None = None
    list_on: str = Field(default=NO_DUE, sa_type=String(10))
    regularity: float | None = Field(default=None, sa_type=Float)
    cancelled: str = Field(default="", sa_type=String(10))


class ScoreRow(SQLModel, table=True):
    """The priority of a customer as it was reckoned on a day (C3); `rank` is what the queue goes by.

    All None where nobody is ranked. `value` in minor units of `currency`.
    """

    __tablename__ = "score"
    customer_id: int | None = Field(default=None, primary_key=True)
    rank: float | None = Field(default=None, sa_type=Float)
    chance: float | None = Field(default=None, sa_type=Float)
    value: int | None = None
    on: str = Field(sa_type=String(10))
    currency: str = Field(default="", sa_type=String(3))


class RankingRow(SQLModel, table=True):
    """The queue's order: who has no case and is not left alone; kept by triggers on their rows, and by
    whoever writes a score.

    `worth` is the score's rank counted down, so that the highest comes first and who has none last.
    """

    __tablename__ = "ranking"
    __table_args__ = _WITHOUT_ROWID
    how_rank: int = Field(primary_key=True)
    worth: float = Field(primary_key=True, sa_type=Float)
    customer_id: int = Field(primary_key=True)


class ContactPointRow(SQLModel, table=True):
    """An e-mail, a phone or an address of a customer; `place` orders them and names one in an event."""

    __tablename__ = "contact_point"
    __table_args__ = _WITHOUT_ROWID
    customer_id: int = Field(primary_key=True, foreign_key="customer_row.id", ondelete="CASCADE")
    place: int = Field(primary_key=True)
    kind: str = Field(sa_type=String(10))
    value: str
    state: str = Field(sa_type=String(10))


class IdentityRow(SQLModel, table=True):
    """One thing a customer is or was known by, as its digest; see `identities`."""

    __tablename__ = "identity"
    __table_args__ = _WITHOUT_ROWID
    mark: int = Field(primary_key=True, sa_type=BigInteger)
    customer_id: int = Field(primary_key=True)


class FormerRow(SQLModel, table=True):
    """What a customer was known by and the record does not say any more: lists still bring it."""

    __tablename__ = "former"
    __table_args__ = _WITHOUT_ROWID
    customer_id: int = Field(primary_key=True, foreign_key="customer_row.id", ondelete="CASCADE")
    identity: str = Field(primary_key=True)


class ChangeRow(SQLModel, table=True):
    """What an import changed of a customer who was there: a field's value before and after, as JSON.

    A contact point it brought is the field `point N`, N its place.
    """

    __tablename__ = "change"
    __table_args__ = (
        Index(
            "ix_change_bought",
            "customer_id",
            "old",
            "new",
            sqlite_where=text("field = 'last_purchase'"),
        ),
        _WITHOUT_ROWID,
    )
    batch_id: int = Field(primary_key=True)
    customer_id: int = Field(primary_key=True)
    field: str = Field(primary_key=True, sa_type=String(20))
    old: str = Field(sa_type=Text)
    new: str = Field(sa_type=Text)


class SuppressionRow(SQLModel, table=True):
    """Do not contact: by whom, why, since when. Outlives the customer's record.

    `lifted` says, as JSON, who lifted it, when and why; then it has no keys any more. `batch_id` is the
    list that brought it.
    """

    __tablename__ = "suppression"
    id: int | None = Field(default=None, primary_key=True)
    command_id: int = Field(foreign_key="command.id")
    reason: str
    by: str
    on: date = Field(sa_type=Date)
    lifted: str = Field(default="", sa_type=Text)
    batch_id: int | None = None


class SuppressionKeyRow(SQLModel, table=True):
    """A keyed hash of an identity that is not to be contacted."""

    __tablename__ = "suppression_key"
    id: int | None = Field(default=None, primary_key=True)
    suppression_id: int = Field(foreign_key="suppression.id", ondelete="CASCADE")
    hash: str = Field(sa_type=String(64), index=True)


class PurchaseRow(SQLModel, table=True):
    """How many purchases of one amount an import told of for one customer and day (minor units)."""

    __tablename__ = "purchase"
    __table_args__ = (Index("ix_purchase_batch", "batch_id", "customer_id"), _WITHOUT_ROWID)
    customer_id: int = Field(primary_key=True, foreign_key="customer_row.id", ondelete="CASCADE")
    day: str = Field(primary_key=True, sa_type=String(10))
    currency: str = Field(primary_key=True, sa_type=String(3))
    amount: int = Field(primary_key=True)
    batch_id: int = Field(primary_key=True)
    count: int


class PlaybookRow(SQLModel, table=True):
    """The exact text of a playbook that a case runs under, by its sha256; `tree` is it as JSON."""

    __tablename__ = "playbook"
    digest: str = Field(sa_type=String(64), primary_key=True)
    name: str
    version: int
    text: str = Field(sa_type=Text)
    tree: str = Field(sa_type=Text)


class CaseRow(SQLModel, table=True):
    """A case as its events make it: written in the same transaction as they are, never apart.

    `said` holds every word of it, which `case_text` searches; `fix` is the number of the firm's fix
    that it waits for. `chance` is what was reckoned when it was opened, and stays. `contact` says how far
    anybody got: tried, reached; `complaint` is none, resolved, unresolved; `figures` are those that were
    answered, as JSON.
    """

    __tablename__ = "casefile"
    __table_args__ = (
        Index("ux_case_number", "customer_id", "number", unique=True),
        Index(
            "ux_case_unclosed",
            "customer_id",
            unique=True,
            sqlite_where=text("status != 'closed'"),
        ),
        Index("ix_case_status", "status", "stage"),
        Index("ix_case_fix", "fix", sqlite_where=text("fix IS NOT NULL")),
        Index("ix_case_reason", "reason", "opened_at", sqlite_where=text("reason != ''")),
        Index(
            "ix_case_learning",  # all that outcomes are counted by, without the words of the cases
            *("customer_id", "opened_at", "status", "outcome", "closed_at", "contact", "reason", "chance"),
            *("stage", "playbook"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customer_row.id")
    number: int
    playbook: str = Field(foreign_key="playbook.digest", sa_type=String(64))
    status: str = Field(sa_type=String(10))
    outcome: str | None = Field(default=None, sa_type=String(12))
    stage: str = Field(sa_type=String(10))
    step: str
    opened_at: str = Field(sa_type=String(20))
    closed_at: str | None = Field(default=None, sa_type=String(20))
    seq: int
    head: str = Field(sa_type=String(64))
    breaches: str = Field(default="[]", sa_type=Text)
    reason: str = ""
    said: str = Field(default="", sa_type=Text)
    fix: int | None = None
    chance: float | None = Field(default=None, sa_type=Float)
    contact: str = Field(default="", sa_type=String(12))
    scope: str = Field(default="", sa_type=String(12))
    theory: str = Field(default="", sa_type=String(12))
    complaint: str = Field(default="", sa_type=String(12))
    verdict: str = Field(default="", sa_type=String(12))
    product: str = ""
    referred: bool | None = Field(default=None, sa_type=Boolean)
    figures: str = ""


class EventRow(SQLModel, table=True):
    """What happened in a case; append-only, each holding the hash of the one before."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ux_event_seq", "case_id", "seq", unique=True),
        Index(
            "ix_event_acts",
            "kind",
            "case_id",
            "seq",
            sqlite_where=text("kind IN ('promised', 'kept', 'broken', 'checked_in', 'undone')"),
        ),
        Index("ix_event_touches", "case_id", sqlite_where=text("kind IN ('touched', 'sent')")),
        Index("ix_event_costs", "case_id", sqlite_where=text(_COSTS)),
    )
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="casefile.id")
    seq: int
    kind: str = Field(sa_type=String(12))
    by: str
    happened: date = Field(sa_type=Date)
    recorded: str = Field(sa_type=String(20))
    command_id: int = Field(foreign_key="command.id")
    as_of: bool
    body: str = Field(sa_type=Text)
    hash: str = Field(sa_type=String(64))


class DueRow(SQLModel, table=True):
    """What a case owes and when; made anew with every event of the case.

    `how_rank` and `revenue` mirror the customer's (a trigger sees to it), for the order.
    """

    __tablename__ = "due"
    __table_args__ = (
        Index("ix_due_on", "due_on", "how_rank", text("revenue DESC"), "id", "opens_on", "kind"),
        Index("ix_due_opens", "opens_on", "due_on", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customer_row.id", index=True)
    how_rank: int = 3
    revenue: int | None = None
    case_id: int = Field(foreign_key="casefile.id", index=True, ondelete="CASCADE")
    kind: str = Field(sa_type=String(10))
    opens_on: date = Field(sa_type=Date)
    due_on: date = Field(sa_type=Date)
    what: str
    ref: int


class FixRow(SQLModel, table=True):
    """What the firm mends, for as many cases as wait for it: open, done or dropped (B5, B6)."""

    __tablename__ = "fix"
    __table_args__ = (Index("ix_fix_state", "state", "due"),)
    id: int | None = Field(default=None, primary_key=True)
    command_id: int = Field(foreign_key="command.id")
    what: str
    owner: str = ""
    due: date | None = None
    cost: int | None = None
    currency: str = Field(default="", sa_type=String(3))
    state: str = Field(default="open", sa_type=String(8))
    done_on: date | None = None


class ConcessionRow(SQLModel, table=True):
    """An offer of a case, as its events make it: who else got the same (B5.4); `reason` is the case's."""

    __tablename__ = "concession"
    __table_args__ = (Index("ix_concession_kind", "kind", "reason"), _WITHOUT_ROWID)
    case_id: int = Field(primary_key=True, foreign_key="casefile.id", ondelete="CASCADE")
    place: int = Field(primary_key=True)
    kind: str = Field(sa_type=String(24))
    terms: str = ""
    cost: int | None = None
    currency: str = Field(default="", sa_type=String(3))
    expires: date | None = None
    reason: str = ""


class MessageRow(SQLModel, table=True):
    """A message to a customer on its way: draft, approved, sending, sent, failed, uncertain or dropped.

    `waived` holds, as JSON, the findings that were set aside, each with its reason; `message_id` is what
    the mail goes by, so that it is never sent twice.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_state", "state", "id"),
        Index("ux_message_id", "message_id", unique=True),
    )
    id: int | None = Field(default=None, primary_key=True)
    command_id: int = Field(foreign_key="command.id")
    case_id: int = Field(foreign_key="casefile.id", index=True)
    fix_id: int | None = Field(default=None, foreign_key="fix.id")
    stage: str = Field(sa_type=String(10))
    to: str
    to_name: str
    subject: str
    body: str = Field(sa_type=Text)
    state: str = Field(default="draft", sa_type=String(10))
    message_id: str
    by: str
    at: str = Field(sa_type=String(20))
    approved_by: str = ""
    claimed_at: str | None = Field(default=None, sa_type=String(20))
    settled_at: str | None = Field(default=None, sa_type=String(20))
    detail: str = ""
    waived: str = Field(default="[]", sa_type=Text)
