"""Who opens a link: people by the browsers they use, machines by what they say and do."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.clicks import VisitKind, click_key, kind_of_visit

LATER = timedelta(minutes=1)
PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/17.5 Mobile/15E148 Safari/604.1"
)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Mobile Safari/537.36"
)
LINUX = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
PEOPLE = (
    IPHONE,
    ANDROID,
    LINUX,
    ANDROID.replace("Pixel 8", "CUBOT NOTE 21"),
    f"{IPHONE} Instagram 331.0.0.37.90",
    f"{IPHONE} [FBAN/FBIOS;FBAV/467.0;FBBV/1]",
    f"{ANDROID} MicroMessenger/8.0.49 NetType/WIFI Language/zh_CN",
    f"{IPHONE} Line/14.7.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
)
PREVIEWS = (
    # Apple's Messages: https://stackoverflow.com/questions/38187421
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko)"
        " Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"
    ),
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
)
SCANNERS = (
    "",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "curl/8.6.0",
    "python-requests/2.32",
    "Go-http-client/2.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/126.0.0.0 Safari/537.36",
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 zgrab/0.x",
)


def kind(agent: str, *, method: str = "GET", since: timedelta = LATER, **headers: str) -> VisitKind:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return kind_of_visit(method, {"User-Agent": agent, "Accept": PAGE, **more}, since)


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_people(agent: str) -> None:
    assert kind(agent) is VisitKind.PERSON


@pytest.mark.parametrize("agent", PREVIEWS)
def test_messengers_that_show_a_preview_are_no_people(agent: str) -> None:
    assert kind(agent) is VisitKind.PREVIEW


@pytest.mark.parametrize("agent", SCANNERS)
def test_scanners_are_no_people(agent: str) -> None:
    assert kind(agent) is VisitKind.SCANNER


def test_a_look_ahead_is_no_click() -> None:
    assert kind(ANDROID, Purpose="prefetch") is VisitKind.PREFETCH
    assert kind(ANDROID, Sec_Purpose="prefetch;prerender") is VisitKind.PREFETCH
    assert kind(IPHONE, X_Purpose="preview") is VisitKind.PREFETCH
    assert kind(IPHONE, method="HEAD") is VisitKind.CHECK


def test_whoever_wants_no_page_is_no_person() -> None:
    assert kind(ANDROID, Accept="*/*") is VisitKind.SCANNER
    assert kind(ANDROID, Accept="image/avif,image/webp") is VisitKind.SCANNER
    assert kind(ANDROID, Sec_Fetch_Dest="image") is VisitKind.SCANNER
    assert kind(ANDROID, Sec_Fetch_Dest="document") is VisitKind.PERSON


def test_nobody_reads_a_text_at_a_desk_in_two_seconds() -> None:
    at_once = timedelta(seconds=2)
    assert kind(LINUX, since=at_once) is VisitKind.SCANNER
    assert kind(IPHONE, since=at_once) is VisitKind.PERSON


def test_clicks_within_an_hour_have_one_key() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert click_key("a", noon) == click_key("a", noon + timedelta(minutes=59))
    assert click_key("a", noon) != click_key("a", noon + timedelta(minutes=60))
    assert click_key("a", noon) != click_key("b", noon)


def test_a_letters_links_are_looked_behind_before_anybody_reads_it() -> None:
    headers = {"User-Agent": IPHONE, "Accept": PAGE}
    at_once, later = timedelta(seconds=9), timedelta(seconds=11)
    assert kind_of_visit("GET", headers, at_once, "email") is VisitKind.SCANNER
    assert kind_of_visit("GET", headers, later, "email") is VisitKind.PERSON
    assert kind_of_visit("GET", headers, at_once, "sms") is VisitKind.PERSON
