"""The five hundred members of the demo shop, invented from a seed: who they are and how they live.

Numbers in the United States and Mexico are of ranges kept for fiction; nobody is ever texted at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from bot.demo.catalogue import DRINKS, FOOD, GOES_WITH, TO_TAKE_HOME

SEED = 20_240_229
MEMBERS = 500
ANAS_ZONE = "America/New_York"
"""Where the one lives whose credit ends on Friday."""
_DAYS = 730
_OFTEN = 17
"""Orders in all that make one a regular, whose mailbox the shop is likely to know."""
Basket = tuple[tuple[str, int], ...]
"""SKUs and how many of each."""

_NAMES = {
    "en": (
        "Ava Ben Cara Dan Ella Finn Grace Hugo Ivy Jack Kate Liam Mia Noah Olive Paul Quinn Rose Sam Tess"
        " Uma Vera Will Zoe Amir Bella Caleb Dora Eli Faith George Hannah Isaac June Kai Lena Max Nora Oscar"
        " Penny"
    ),
    "es": (
        "Alma Bruno Carmen Diego Elena Felipe Gloria Hector Ines Javier Lucia Mateo Nadia Omar Paola Raul"
        " Sofia Tomas Valeria Xavier"
    ),
    "zh_Hans": "王芳 李娜 张伟 刘洋 陈静 杨帆 赵敏 黄磊 周婷 吴昊 徐丽 孙鹏 马超 朱琳 胡军 郭雪",
}
_US_CITIES = {
    "212": "America/New_York",
    "718": "America/New_York",
    "617": "America/New_York",
    "312": "America/Chicago",
    "512": "America/Chicago",
    "303": "America/Denver",
    "415": "America/Los_Angeles",
    "206": "America/Los_Angeles",
}


@dataclass(frozen=True, slots=True)
class Treat:
    """Credit the shop gave by hand, good through `days` from today; some of it may be spent by now."""

    amount_minor: int
    days: int
    given_days_ago: int = 24


@dataclass(frozen=True, slots=True)
class Person:
    """A member; `favourites` are the baskets of theirs, the usual one first.

    `story` says in a few words why one would like to be this person on the phone page.
    """

    number: str
    first_name: str
    locale: str
    zone: str
    zone_is_known: bool
    birthday_on: date | None
    joined_days_ago: int
    every_days: float
    favourites: tuple[Basket, ...]
    stopped_days_ago: int | None = None
    treats: tuple[Treat, ...] = ()
    spends: float = 0.2
    story: str = ""
    last_basket: Basket | None = None
    has_mailbox: bool = False
    """Whether the shop knows it, and may write there."""

    @property
    def mailbox(self) -> str | None:
        """The mailbox the shop knows, None where it knows none."""
        return mailbox_of(self.number) if self.has_mailbox else None


def mailbox_of(number: str) -> str:
    """Return the mailbox of who owns a number."""
    return f"{number.removeprefix('+')}@mail.example"


def people(friday_in_days: int) -> list[Person]:
    """Everybody, those with a story first; `friday_in_days` is how far the next Friday is."""
    random = Random(SEED)
    told = list(_with_a_story(friday_in_days))
    return told + [_person(random, number) for number in range(MEMBERS - len(told))]


def _with_a_story(friday_in_days: int) -> Iterator[Person]:
    yield Person(
        number="+12125550191",
        first_name="Ana",
        locale="en",
        zone=ANAS_ZONE,
        zone_is_known=True,
        birthday_on=date(1991, 5, 21),
        joined_days_ago=512,
        every_days=24,
        favourites=((("FLT", 1), ("CRO", 1)), (("EGR", 1),)),
        last_basket=(("FLT", 1), ("CRO", 1)),
        treats=(Treat(2400, friday_in_days, given_days_ago=0),),
        spends=0.75,
        story="credit expiring Friday",
    )
    yield Person(
        number="+8619900009191",
        first_name="李伟",
        locale="zh_Hans",
        zone="Asia/Shanghai",
        zone_is_known=True,
        birthday_on=date(1988, 10, 2),
        joined_days_ago=430,
        every_days=20,
        favourites=((("OOL", 1), ("MOO", 2)), (("BUB", 1),)),
        treats=(Treat(1200, 8, given_days_ago=3),),
        story="writes Chinese",
    )
    yield Person(
        number="+525555559191",
        first_name="José",
        locale="es",
        zone="America/Mexico_City",
        zone_is_known=True,
        birthday_on=date(1979, 3, 19),
        joined_days_ago=610,
        every_days=28,
        favourites=((("AME", 1), ("CON", 1)), (("MOC", 1),)),
        treats=(Treat(900, 2, given_days_ago=3),),
        story="writes Spanish, credit expiring in 2 days",
    )
    yield Person(
        number="+14155550191",
        first_name="Maya",
        locale="en",
        zone="America/Los_Angeles",
        zone_is_known=True,
        birthday_on=None,
        joined_days_ago=365,
        every_days=9,
        favourites=((("OAT", 1), ("ALM", 1)),),
        last_basket=(("POU", 2), ("BAN", 1)),
        spends=0.1,
        story="has a usual, and ordered something else last",
        has_mailbox=True,
    )
    yield Person(
        number="+13125550191",
        first_name="Sam",
        locale="en",
        zone="America/Chicago",
        zone_is_known=True,
        birthday_on=date(1995, 7, 4),
        joined_days_ago=300,
        every_days=15,
        favourites=((("CBR", 1), ("COO", 1)),),
        stopped_days_ago=21,
        treats=(Treat(800, 2),),
        story="said STOP, and has credit expiring",
    )


def _person(random: Random, number: int) -> Person:
    locale = random.choices(("en", "es", "zh_Hans"), weights=(70, 18, 12))[0]
    phone, zone = _number(random, locale, number)
    joined = random.randint(25, _DAYS)
    # Treats that end in a month, a week and a day, and a day later, so that reminders are due soon.
    ends = (1, 2, 7, 8, 30, 31)
    treats = (Treat(100 * random.randint(3, 15), ends[number % 30]),) if number % 30 < len(ends) else ()
    person = Person(
        number=phone,
        first_name=random.choice(_NAMES[locale].split()),
        locale=locale,
        zone=zone,
        zone_is_known=_chance(random, 60),
        birthday_on=_birthday(random) if _chance(random, 50) else None,
        joined_days_ago=joined,
        every_days=min(random.lognormvariate(3.55, 0.5), joined / 2),
        favourites=tuple(_basket(random) for _ in range(random.choice((1, 2, 2, 3)))),
        stopped_days_ago=random.randint(1, joined - 5) if number % 25 == 0 else None,
        treats=treats,
        spends=random.choice((0.05, 0.15, 0.3, 0.5)),
    )
    # Most of those who order often: journeys that begin with a letter are for them.
    return replace(person, has_mailbox=number % 4 > 0 and joined > _OFTEN * person.every_days)


def _number(random: Random, locale: str, number: int) -> tuple[str, str]:
    """A number that nobody else has, and the zone it is in."""
    if locale == "zh_Hans" and _chance(random, 60):  # the others live in the States
        return f"+86199{number:08d}", "Asia/Shanghai"
    if locale == "es" and _chance(random, 60):
        return f"+52555555{number:04d}", "America/Mexico_City"
    areas = list(_US_CITIES)
    area = areas[number % len(areas)]
    last = number // len(areas) or 99  # 00 is the shop's own, in San Francisco
    return f"+1{area}55501{last:02d}", _US_CITIES[area]


def _birthday(random: Random) -> date:
    return date(random.randint(1955, 2006), 1, 1) + timedelta(days=random.randrange(365))


def _basket(random: Random) -> Basket:
    skus = [random.choice(DRINKS)]
    if _chance(random, 60):  # something to eat with it
        goes_with = GOES_WITH.get(skus[0])
        skus.append(goes_with if goes_with and _chance(random, 75) else random.choice(FOOD))
    if _chance(random, 10):  # something for home
        skus.append(random.choice(TO_TAKE_HOME))
    return tuple((sku, 2 if _chance(random, 15) else 1) for sku in skus)  # for two


def _chance(random: Random, percent: int) -> bool:
    return random.randrange(100) < percent
