"""`flows check` where a merchant of WeChat Pay is set up."""

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.cli.test_flows import HELLO, PROGRAM
from tests.test_config_pay import files, given

__all__ = ["files"]


def test_a_currency_that_wechat_pay_does_not_take_is_told(
    terminal: Terminal, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/hello.yaml", HELLO)
    terminal.write("flows/shop.yaml", "pay: [wechat, pickup]")
    assert terminal("flows", "check").code == 0
    for name, text in given(files).items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("REGULARS_WECHAT_PAY_BASE_URL", "http://127.0.0.1:9")
    assert terminal("flows", "check").code == 0, "a stand-in takes any"
    monkeypatch.setenv("REGULARS_WECHAT_PAY_BASE_URL", "https://pay.example")
    monkeypatch.setenv("REGULARS_PUBLIC_URL", "https://tea.example")
    ran = terminal("flows", "check")
    assert ran.code == 1
    assert ran.out.startswith("flows/shop.yaml:1:6: WeChat Pay takes no USD")
    terminal.write("flows/program.yaml", PROGRAM.replace("USD", "CNY"))
    assert terminal("flows", "check").code == 0
