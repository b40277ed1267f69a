"""Only what Twilio signed gets in, in every spelling Twilio signs; nothing a stranger sends raises."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from bot.channels.twilio.signature import FormPairs, Verifier, sign

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors" / "twilio_request_validator.json"
TOKEN = "12345"
URL = "https://mycompany.com"
PATH = "/myapp.php?foo=1&bar=2"
FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
SIGNED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="  # twilio-python, tests/unit/test_request_validator.py


def split(url: str) -> tuple[str, str]:
    """Part a URL into what is configured and what the request line says."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash + path


def pairs(parameters: Mapping[str, str | Sequence[str] | None]) -> FormPairs:
    found: list[tuple[str, str]] = []
    for name, value in parameters.items():
        values = [value] if isinstance(value, str) or value is None else value
        found.extend((name, each or "") for each in values)
    return found


def test_every_vector_of_the_providers_own_libraries() -> None:
    if not VECTORS.exists():
        pytest.skip("the shared vectors are not in this checkout")
    vectors = json.loads(VECTORS.read_text())["vectors"]
    wrong = []
    for vector in vectors:
        origin, path = split(vector["url"])
        body = (
            vector["raw_body"].encode() if vector["raw_body"] is not None else pairs(vector["params"] or {})
        )
        verifier = Verifier((vector["auth_token"],), origin)
        if verifier.verify(path, body, vector["signature"]) is not vector["valid"]:
            wrong.append(vector["label"])
    assert wrong == []
    assert len(vectors) > 50


def test_a_request_as_twilio_signs_it() -> None:
    assert Verifier((TOKEN,), URL).verify(PATH, FORM, SIGNED)
    assert sign(TOKEN, URL + PATH, FORM) == SIGNED


def test_one_changed_letter_anywhere_is_refused() -> None:
    verifier = Verifier((TOKEN,), URL)
    assert not verifier.verify(PATH, [*FORM[:-1], ("To", "+18005551213")], SIGNED)
    assert not verifier.verify(PATH + "&x=1", FORM, SIGNED)
    assert not verifier.verify(PATH, [*FORM, ("Body", "")], sign(TOKEN, URL + PATH, [*FORM, ("Body", "x")]))
    assert not verifier.verify(PATH, FORM, SIGNED.lower())
    assert not Verifier(("12346",), URL).verify(PATH, FORM, SIGNED)


@pytest.mark.parametrize("header", [None, "", " ", "=", "é", "\x00", "\udc80", SIGNED + "\n", "a" * 100_000])
def test_a_missing_empty_or_odd_header_is_refused_quietly(header: str | None) -> None:
    assert not Verifier((TOKEN,), URL).verify(PATH, FORM, header)


def test_two_tokens_while_one_is_rotated() -> None:
    verifier = Verifier(("new", "old"), URL)
    for token, accepted in [("new", True), ("old", True), ("older", False)]:
        assert verifier.verify(PATH, FORM, sign(token, URL + PATH, FORM)) is accepted


def test_a_folder_in_the_public_url_is_signed_too() -> None:
    verifier = Verifier((TOKEN,), "https://shop.example/bot/")
    header = sign(TOKEN, "https://shop.example/bot/twilio/messages", FORM)
    assert verifier.verify("/twilio/messages", FORM, header)
    assert not verifier.verify("/bot/twilio/messages", FORM, header)


@pytest.mark.parametrize(
    "signed",
    [
        "https://shop.example:8443/hook?Body=It's+a%20test",
        "https://shop.example/hook?Body=It's+a%20test",
        "https://shop.example:8443/hook?Body=It%27s+a%20test",  # WHATWG
        "https://shop.example:8443/hook?Body=It's%20a%20test",  # Node's querystring
    ],
)
def test_each_spelling_of_port_and_query(signed: str) -> None:
    verifier = Verifier((TOKEN,), "https://shop.example:8443")
    assert verifier.verify("/hook?Body=It's+a%20test", FORM, sign(TOKEN, signed, FORM))


def test_the_standard_port_may_be_added_but_no_other() -> None:
    verifier = Verifier((TOKEN,), "https://shop.example")
    assert verifier.verify("/hook", FORM, sign(TOKEN, "https://shop.example:443/hook", FORM))
    assert not verifier.verify("/hook", FORM, sign(TOKEN, "https://shop.example:80/hook", FORM))
    assert not verifier.verify("/hook", FORM, sign(TOKEN, "http://shop.example/hook", FORM))


def test_a_json_body_is_covered_by_its_hash() -> None:
    verifier = Verifier((TOKEN,), URL)
    body = b'{"a": 1}'
    path = f"/hook?bodySHA256={hashlib.sha256(body).hexdigest()}"
    header = sign(TOKEN, URL + path)
    assert verifier.verify(path, body, header)
    assert not verifier.verify(path, b'{"a": 2}', header)
    assert not verifier.verify("/hook", body, sign(TOKEN, URL + "/hook"))
    assert not verifier.verify("/hook?bodySHA256=é", body, sign(TOKEN, URL + "/hook?bodySHA256=é"))


@pytest.mark.parametrize("public_url", ["", "shop.example", "ftp://shop.example", "https://"])
def test_a_public_url_that_cannot_be_one_is_refused_at_start(public_url: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        Verifier((TOKEN,), public_url)


@pytest.mark.parametrize("tokens", [(), ("",), ("a", "")])
def test_an_empty_token_is_refused_at_start(tokens: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="token"):
        Verifier(tokens, URL)


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
forms = st.lists(st.tuples(names, st.text(st.characters(codec="utf-8"), max_size=20)), max_size=12)
ports = st.sampled_from(["", ":443", ":80", ":8443"])
origins = st.tuples(st.sampled_from(["http", "https"]), ports).map(lambda it: f"{it[0]}://bot.example{it[1]}")
paths = st.from_regex(r"/[a-z/]{0,8}(\?[a-z]{1,3}=[A-Za-z0-9%+'!*]{0,8}){0,1}", fullmatch=True)


@given(
    token=st.text(st.characters(codec="utf-8"), min_size=1, max_size=90),
    origin=origins,
    path=paths,
    form=forms,
)
def test_twilios_own_library_signs_and_we_agree(token: str, origin: str, path: str, form: FormPairs) -> None:
    oracle = RequestValidator(token)
    header = oracle.compute_signature(origin + path, MultiDict(form))
    verifier = Verifier((token,), origin)
    assert sign(token, origin + path, form) == header
    assert verifier.verify(path, form, header)
    assert verifier.verify(path, list(reversed(form)), header)
    assert not verifier.verify(path, [*form, ("Extra", "one")], header)


@given(origin=origins, signed_origin=origins, path=paths, form=forms)
def test_what_twilios_library_accepts_we_accept(
    origin: str, signed_origin: str, path: str, form: FormPairs
) -> None:
    oracle = RequestValidator(TOKEN)
    header = oracle.compute_signature(signed_origin + path, MultiDict(form))
    if oracle.validate(origin + path, MultiDict(form), header):
        assert Verifier((TOKEN,), origin).verify(path, form, header)
    elif signed_origin.partition(":8443")[0] != origin.partition(":8443")[0]:
        assert not Verifier((TOKEN,), origin).verify(path, form, header)


@given(
    path=st.text(max_size=40),
    form=st.lists(st.tuples(st.text(), st.text())),
    raw=st.binary(),
    header=st.text(),
)
def test_nothing_a_stranger_sends_raises(path: str, form: FormPairs, raw: bytes, header: str) -> None:
    verifier = Verifier((TOKEN,), URL)
    assert not verifier.verify(path, form, header)
    assert not verifier.verify(path, raw, header)
