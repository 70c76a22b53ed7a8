"""The tables of what the firm asks many, and of what stays of whom it forgets; see `tables`."""

from datetime import date

from sqlalchemy import Boolean, Date, Float, Index, String, Text
from sqlmodel import Field, SQLModel

_WITHOUT_ROWID = {"sqlite_with_rowid": False}


class SurveyRow(SQLModel, table=True):
    """A survey or a focus group (A2): its questions as JSON; `kind` is survey or group."""

    __tablename__ = "survey"
    __table_args__ = (Index("ux_survey_name", "name", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    command_id: int = Field(foreign_key="command.id")
    name: str = Field(sa_type=String(40))
    kind: str = Field(default="survey", sa_type=String(10))
    title: str
    questions: str = Field(sa_type=Text)
    on: date = Field(sa_type=Date)


class InvitationRow(SQLModel, table=True):
    """Who was asked in a survey, by the code that stands on their form; `spare` steps in for another."""

    __tablename__ = "invitation"
    __table_args__ = (
        Index("ux_invitation_customer", "customer_id", "survey_id", unique=True),
        Index("ix_invitation_survey", "survey_id"),
        _WITHOUT_ROWID,
    )
    code: str = Field(primary_key=True, sa_type=String(16))
    survey_id: int = Field(foreign_key="survey.id")
    customer_id: int = Field(foreign_key="customer_row.id", ondelete="CASCADE")
    on: date = Field(sa_type=Date)
    spare: bool = Field(default=False, sa_type=Boolean)


class ReplyRow(SQLModel, table=True):
    """What somebody answered in a survey, once each; `state` is new, confirmed or set_aside.

    `suggested` is the reason that their words point to, `reason` the one somebody confirmed.
    """

    __tablename__ = "reply"
    __table_args__ = (
        Index("ux_reply_customer", "survey_id", "customer_id", unique=True),
        Index("ix_reply_customer", "customer_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    command_id: int = Field(foreign_key="command.id")
    survey_id: int = Field(foreign_key="survey.id")
    customer_id: int = Field(foreign_key="customer_row.id", ondelete="CASCADE")
    batch_id: int | None = None
    on: date = Field(sa_type=Date)
    answers: str = Field(sa_type=Text)
    call_back: bool = Field(default=False, sa_type=Boolean)
    suggested: str = ""
    confidence: float | None = Field(default=None, sa_type=Float)
    reason: str = ""
    state: str = Field(default="new", sa_type=String(10))
    case_id: int | None = Field(default=None, foreign_key="casefile.id", ondelete="SET NULL")


class CertificateRow(SQLModel, table=True):
    """That somebody was erased: when, by whom, how much of what; never who."""

    __tablename__ = "certificate"
    id: int | None = Field(default=None, primary_key=True)
    command_id: int = Field(foreign_key="command.id")
    on: date = Field(sa_type=Date)
    by: str
    counts: str = Field(sa_type=Text)


class PastRow(SQLModel, table=True):
    """A case of somebody who was erased, as far as it may be counted: months, and nobody's words."""

    __tablename__ = "past"
    id: int | None = Field(default=None, primary_key=True)
    playbook: str
    status: str = Field(sa_type=String(10))
    outcome: str = Field(default="", sa_type=String(12))
    stage: str = Field(sa_type=String(10))
    reason: str = ""
    opened: str = Field(sa_type=String(7))
    closed: str = Field(default="", sa_type=String(7))
