"""What was looked up is remembered for seconds, and no longer than somebody says."""

from bot.web.rest.remembered import Remembered


class Seconds:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_is_kept_is_remembered_for_its_seconds() -> None:
    seconds = Seconds()
    remembered = Remembered[str](5, seconds)
    remembered.keep("a", "one")
    seconds.now += 4.9
    assert remembered.get("a") == "one"
    seconds.now += 0.1
    assert remembered.get("a") is None


def test_to_be_asked_for_keeps_nothing_longer() -> None:
    seconds = Seconds()
    remembered = Remembered[str](5, seconds)
    remembered.keep("a", "one")
    for _ in range(4):
        seconds.now += 1
        assert remembered.get("a") == "one"
    seconds.now += 1
    assert remembered.get("a") is None


def test_what_is_over_is_forgotten_at_once() -> None:
    remembered = Remembered[str]()
    remembered.keep("a", "one")
    remembered.keep("b", "two")
    remembered.forget("a")
    remembered.forget("nobody")
    assert (remembered.get("a"), remembered.get("b")) == (None, "two")
    remembered.forget_all()
    assert remembered.get("b") is None
