# mypy: ignore-errors
# The peers live in a virtual environment of their own, which the type checker does not see.
"""The tutorial bot: FastAPI, twilio's validator, an SQLAlchemy session per request, as every tutorial has it.

It stores what came in, finds the member by phone, reads the balance, stores and sends the reply: what our bot
keeps of a message, too. It does not dedupe.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from sqlalchemy import ForeignKey, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from benchmarks.members import number
from benchmarks.posts import AUTH_TOKEN, PUBLIC_URL

WELCOME_MINOR = 500
HELP = "Bean & Leaf rewards: text BALANCE, REWARDS or LOYALTY. Reply STOP to end."

engine = create_engine(os.environ["DATABASE_URL"])
SessionLocal = sessionmaker(bind=engine)


class Base(DeclarativeBase):
    pass


class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(unique=True, index=True)
    name: Mapped[str | None]
    question: Mapped[str | None]
    entries: Mapped[list["Entry"]] = relationship(back_populates="member")


class Entry(Base):
    __tablename__ = "entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    amount_minor: Mapped[int]
    member: Mapped[Member] = relationship(back_populates="entries")


class Reward(Base):
    __tablename__ = "rewards"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    price_minor: Mapped[int]


class Message(Base):
    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    sid: Mapped[str | None] = mapped_column(index=True)
    phone: Mapped[str] = mapped_column(index=True)
    direction: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


app = FastAPI()


def get_db() -> Iterator[Session]:
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()


@app.get("/readyz")
def ready() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/twilio/messages")
async def receive(request: Request, db: Annotated[Session, Depends(get_db)]) -> Response:
    form = await request.form()
    validator = RequestValidator(AUTH_TOKEN)
    given = request.headers.get("X-Twilio-Signature", "")
    if not validator.validate(PUBLIC_URL + request.url.path, form, given):
        return Response(status_code=403)
    save(db, Message(sid=form["MessageSid"], phone=form["From"], direction="inbound", body=form["Body"]))
    reply = answer(db, form["From"], form["Body"].strip())
    save(db, Message(phone=form["From"], direction="outbound", body=reply))
    twiml = MessagingResponse()
    twiml.message(reply)
    return Response(content=str(twiml), media_type="application/xml")


def save(db: Session, message: Message) -> Message:
    db.add(message)
    db.commit()
    db.refresh(message)
    return message


def answer(db: Session, phone: str, text: str) -> str:
    member = db.query(Member).filter(Member.phone == phone).first()
    keyword = text.upper()
    if member is None:
        if keyword != "LOYALTY":
            return "Text LOYALTY to join."
        db.add(Member(phone=phone, question="name", entries=[Entry(amount_minor=WELCOME_MINOR)]))
        return "Welcome! We put $5.00 in your wallet. What shall we call you?"
    balance = db.query(func.sum(Entry.amount_minor)).filter(Entry.member_id == member.id).scalar() or 0
    if keyword == "BALANCE":
        return f"You have ${balance / 100:.2f}."
    if keyword == "REWARDS":
        rewards = db.query(Reward).filter(Reward.price_minor <= balance).all()
        return "You can have: " + ", ".join(reward.title for reward in rewards)
    if keyword == "LOYALTY":
        return f"Welcome back, {member.name or 'friend'}! You have ${balance / 100:.2f}."
    if keyword == "HELP":
        return HELP
    if member.question == "name":
        member.name, member.question = text, None
        return f"Thanks, {text}!"
    return "Sorry, I did not get that. " + HELP


def seed(count: int) -> None:
    """Members who have just texted LOYALTY, made at once: texting them one by one takes a minute here."""
    Base.metadata.create_all(engine)
    with SessionLocal() as db:
        if db.scalar(select(func.count(Member.id))):
            return
        db.add_all([Reward(title=f"Reward {i}", price_minor=100 * i) for i in range(1, 13)])
        db.bulk_insert_mappings(
            Member, [{"id": i + 1, "phone": number(i), "question": "name"} for i in range(count)]
        )
        db.bulk_insert_mappings(
            Entry, [{"member_id": i + 1, "amount_minor": WELCOME_MINOR} for i in range(count)]
        )
        db.commit()


seed(int(os.environ["BENCH_MEMBERS"]))
