"""The table of how steps are taken: a line for each kind."""

from collections.abc import Mapping

from bot.core.flow import compiled
from bot.core.flow.compiled import Step
from bot.core.flow.take.calls import take_call, take_do, take_offer
from bot.core.flow.take.letters import take_email
from bot.core.flow.take.messages import take_say
from bot.core.flow.take.questions import take_question
from bot.core.flow.take.splits import take_split
from bot.core.flow.take.waits import take_best_time, take_date, take_wait, take_wait_for, take_wait_until
from bot.core.flow.take.ways import go_on, take_if, take_paths, take_set
from bot.core.flow.walk import Taker

TAKE: Mapping[type[Step], Taker] = {
    compiled.Say: take_say,
    compiled.Email: take_email,
    compiled.Ask: take_question,
    compiled.Choose: take_question,
    compiled.Rate: take_question,
    compiled.Do: take_do,
    compiled.Offer: take_offer,
    compiled.If: take_if,
    compiled.Paths: take_paths,
    compiled.Split: take_split,
    compiled.Set: take_set,
    compiled.Wait: take_wait,
    compiled.WaitUntil: take_wait_until,
    compiled.WaitUntilDate: take_date,
    compiled.WaitForBestTime: take_best_time,
    compiled.WaitFor: take_wait_for,
    compiled.Call: take_call,
    compiled.Goto: go_on,
    compiled.End: go_on,
}
