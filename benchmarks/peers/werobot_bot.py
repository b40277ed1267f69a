# mypy: ignore-errors
# The peers live in a virtual environment of their own, which the type checker does not see.
"""A WeRoBot official account in safe mode: sessions in SQLite, its own view of bottle, served by waitress.

It answers the words of the mix from what a member's session remembers: a name, a balance, the question that
is open. It stores no messages and does not dedupe. https://werobot.readthedocs.io/zh_CN/latest/
"""

import os

from bottle import Bottle
from waitress import serve
from werobot import WeRoBot
from werobot.contrib.bottle import make_view
from werobot.messages.messages import TextMessage
from werobot.session.sqlitestorage import SQLiteStorage

from benchmarks.sealed import AES_KEY, APPID, PATH, TOKEN, openid

HELP = "Bean & Leaf rewards: text BALANCE, REWARDS or LOYALTY. Reply STOP to end."

sessions = SQLiteStorage(os.environ["SESSIONS"])
robot = WeRoBot(
    token=TOKEN,
    app_id=APPID,
    encoding_aes_key=AES_KEY,
    enable_session=True,
    session_storage=sessions,
)


@robot.text
def answer(message: TextMessage, session: dict[str, object]) -> str:
    """Answer one of the words, or take the text for the answer to an open question."""
    word = message.content.strip().upper()
    session["texts"] = session.get("texts", 0) + 1
    if word == "LOYALTY":
        session["question"] = "name"
        session["minor"] = session.get("minor", 500)
        return "Welcome! We put $5.00 in your wallet. What shall we call you?"
    if word == "BALANCE":
        return f"You have ${session.get('minor', 0) / 100:.2f} to spend."
    if word == "REWARDS":
        return "Oat latte $5.00, bun $4.00. Reply REDEEM to choose."
    if word == "HELP":
        return HELP
    if session.get("question") == "name":
        session["question"] = ""
        session["name"] = message.content
        return f"Thanks, {message.content}!"
    return f"Sorry, we did not get that. {HELP}"


def main() -> None:
    """Put the members there and serve."""
    for member in range(int(os.environ["BENCH_MEMBERS"])):
        value = '{"minor": 500, "question": "", "name": "Ana", "texts": 1}'
        sessions.db.execute("INSERT INTO WeRoBot (id, value) VALUES (?, ?)", (openid(member), value))
    sessions.db.commit()
    app = Bottle()
    app.route(PATH, ["GET", "POST"], make_view(robot))
    app.route("/readyz", ["GET"], lambda: "ready")
    serve(app, host="127.0.0.1", port=int(os.environ["PORT"]), threads=4, _quiet=True)


if __name__ == "__main__":
    main()
