"""`flows check` tells all of it at once, and nothing that only follows from what is broken."""

from pathlib import Path
from shutil import copytree

from bot.app import HANDLERS
from bot.conversation.checking import look_over
from tests.conversation.chat import FLOWS, shipped

_ONE = """\
flow: one
start: [{keyword: EMONE}]
steps:
  - says: hello
  - call: three
"""
_TWO = """\
flow: two
group: loyalti
start: [{schedule: daily 12:00, audience: hihg_value}]
steps:
  - email: {subject: Hi, template: vip_invit}
  - wait_for: {click: lettr, within: 1d}
  - say: "Hi {{ membr.first_name }}"
"""
_THREE = """\
flow: three
start: [{keyword: EMTHREE}]
steps:
  - call: one
  - call: four
  - say: "You {{ given_by_one }}"
"""
_BROKEN = {
    "audiences": "a: [",
    **dict.fromkeys(("experiments", "keywords", "policy", "program", "traits", "wechat"), "zzz: 1\n"),
}
_TRIED = "flow: tried\nstart: [{keyword: TRIED}]\nsteps:\n  - split: x\n    arms: {a: [{say: Hi}]}\n"
_EXPERIMENTS = "experiments: {x: {hypothesis: y, arms: {a: 50%, b: 50%}, goal: z, audience: high_value}}\n"
_AUDIENCES = "high_value:\n  all:\n    - {event: Order Completed, count: '> 2', within: 90d}\n"


def _said(folder: Path) -> list[str]:
    look = look_over(folder, folder.parent / "locales", HANDLERS)
    return [f"{Path(one.error.file).name}:{one.error.line}: {one.error.problem}" for one in look.errors]


def test_all_that_is_wrong_is_told_in_one_pass(tmp_path: Path) -> None:
    """One file that cannot be read, one that can in part, one that only says wrong things of others."""
    folder = shipped(
        tmp_path, "loyalty", "balance", "policy", one=_ONE, two=_TWO, three=_THREE, audiences=_AUDIENCES
    )
    assert _said(folder) == [
        "one.yaml:4: `says` is no step",
        "three.yaml:5: there is no flow 'four'",  # not that `one` is no flow, nor what it may give
        "two.yaml:3: audiences.yaml has no audience 'hihg_value'",
        "two.yaml:3: policy.yaml describes no subscription group 'loyalti'",
        "two.yaml:5: there is no template 'vip_invit'",
        "two.yaml:6: no step is called 'lettr'",
        "two.yaml:7: nothing here is called 'membr.first_name'",
    ]


def test_nothing_follows_from_a_file_that_is_broken(tmp_path: Path) -> None:
    """Its own complaint is all there is, whatever of all that we ship hangs on it."""
    folder = tmp_path / "flows"
    copytree(FLOWS, folder)
    (folder / "tried.yaml").write_text(_TRIED, encoding="utf-8")
    assert _said(folder) == ["tried.yaml:4: experiments.yaml has no experiment `x`"]
    (folder / "experiments.yaml").write_text(_EXPERIMENTS, encoding="utf-8")
    assert _said(folder) == []
    for kind, line in _BROKEN.items():
        file = folder / f"{kind}.yaml"
        before = file.read_text(encoding="utf-8")
        file.write_text(before + line, encoding="utf-8")
        assert {one.partition(":")[0] for one in _said(folder)} == {file.name}
        file.write_text(before, encoding="utf-8")
