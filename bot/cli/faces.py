"""`flows check --faces`: every message as a phone shows it, by SMS and on WeChat."""

from collections.abc import Collection, Iterable, Iterator

import typer

from bot.cli.checking import Look, counted
from bot.core.flow.faces import Face, OnWechat, faces
from bot.core.flow.wechat_forms import NO_FORMS

_INDENT = " " * 10


def show_faces(look: Look, only: Collection[str] = ()) -> None:
    """Print both faces of every message of these files' flows (none: of all), with usual values."""
    for name, flow in look.flows.items():
        if only and name not in only:
            continue
        for face in faces(flow, look.wechat or NO_FORMS, look.terms):
            typer.echo(f"{face.flow} {face.step} [{face.language}]")
            for line in lines(face):
                typer.echo(f"  {line}")


def lines(face: Face) -> Iterator[str]:
    """One message, line by line."""
    if face.segments is not None:
        segments = counted(face.segments.segments, "segment")
        yield f"SMS     {segments}, {face.segments.encoding.value}, {counted(len(face.body), 'character')}"
        yield from _text(face.body)
    if face.wechat is not None:
        yield f"WeChat  {_kind(face.wechat)}, {counted(face.wechat.size, 'byte')}"
        if face.segments is None or face.wechat.text != face.body:
            yield from _text(face.wechat.text)
        yield from _beside(face.wechat)
    if face.subject is not None:
        yield f"Email   {face.subject}"
        if face.body:
            yield from _text(face.body)


def _kind(shown: OnWechat) -> str:
    if shown.options:
        return "menu message"
    return "text" if shown.parts == 1 else f"{shown.parts} texts"


def _beside(shown: OnWechat) -> Iterator[str]:
    for option in shown.options:
        yield f"{_INDENT}( {option} )"
    if shown.card is not None:
        title, page = shown.card
        yield f"{_INDENT}[ {title} ] opens {page}"
    for field in shown.fields:
        said = f"{_INDENT}{shown.notice} {field.key}: {field.value}"
        yield said if field.misfit is None else f"{said}  <- {field.misfit}"


def _text(text: str) -> Iterable[str]:
    return (f"{_INDENT}| {line}" for line in text.splitlines() or [""])
