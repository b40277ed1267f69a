"""What `doctor` says of email: a server that answers, one that does not, and what letters lack."""

from pathlib import Path

from bot.cli.doctor_email import findings
from bot.config import Settings, load_settings
from bot.demo.mailbox import LoopbackMail, mail_server


def settings(folder: Path, **given: str) -> Settings:
    return load_settings({"DATABASE_URL": f"sqlite:///{folder / 'none.sqlite'}", **given})


async def said(chosen: Settings) -> list[str]:
    return [f"{one.mark} {one.said}" async for one in findings(chosen)]


async def test_without_a_mail_server_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert await said(settings(tmp_path)) == ["SKIP not set up"]


async def test_it_connects_and_sends_nothing(tmp_path: Path) -> None:
    mail = LoopbackMail()
    async with mail_server(mail) as port:
        url = f"smtp://127.0.0.1:{port}"
        found = await said(settings(tmp_path, REGULARS_SMTP_URL=url, REGULARS_EMAIL_FROM="a@shop.example"))
        unnamed = await said(settings(tmp_path, REGULARS_SMTP_URL=url))
    assert found[0] == f"OK 127.0.0.1:{port} takes letters in the clear, on this machine"
    assert found[1].startswith("OK letters are from shop.example")
    assert found[2:] == [
        "WARN letters show no postal address",
        "WARN nobody tells us which letters came back",
    ]
    assert unnamed[1] == "FAIL nobody is named whom letters are from"
    assert not mail.letters
    gone = await said(settings(tmp_path, REGULARS_SMTP_URL=url))
    assert gone[0].startswith("FAIL 127.0.0.1")
