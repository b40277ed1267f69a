"""What a request was sent with to say who asks: `Authorization: Bearer …` (RFC 6750)."""

from aiohttp import web

from bot.web.rest.problems import ApiProblem


def bearer_in(request: web.Request) -> str:
    """The text behind `Bearer`; empty where there is none."""
    scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
    return presented.strip() if scheme.lower() == "bearer" else ""


def unauthorized(kind: str, what: str, remedy: str) -> ApiProblem:
    """Refuse who did not say who it is, or said so in vain."""
    return ApiProblem(401, kind, what, remedy, headers={"WWW-Authenticate": "Bearer"})
