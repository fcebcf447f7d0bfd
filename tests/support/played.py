"""Playbacks as they are at some point, without playing them."""

from __future__ import annotations

from pathlib import Path

from console.replay import parse
from console.replay.outcome import CaseResult, Failed, Report, Status, StepResult
from console.replay.playback import Playback, Playing
from console.replay.run import Options

SCRIPT = """sio: 1
target: http://127.0.0.1:5000
cases:
- name: a private message reaches only its addressee
  steps:
  - alice: {connect: {auth: {name: alice, token: t0psecret}}}
  - bob: {connect: {auth: {name: bob}, transports: [polling, websocket]}, within: 5s}
  - each: [alice, bob]
    expect: [news, {n: 1}]
  - alice: {emit: [private message, $bob.id, {text: hi bob, list: [1, 2, 3], style: {bold: true, colour: green}}]}
  - bob: {expect: [private message, $alice.id, {text: {text: hi bob, list: [1, 2, 4], style: {bold: true}}, at: 1}]}
  - alice: {never: {event: private message, for: 300ms}}
- name: side by side, twice
  steps:
  - repeat: 2
    steps:
    - parallel:
        ann:
        - connect: {auth: {name: ann}}
        - emit: [join, dev]
          ack: [{rooms: [dev, lobby]}]
        http:
        - {get: /nothing, expect: {status: 404}}
  - console: {disconnect: $ann.id}
"""
#: Seconds that the steps of the first case took.
_TOOK = (0.0123, 0.0456, 0.0009, 0.0002, 2.0)


async def playback(state: str, path: Path) -> Playback:
    """A playback that is `ready`, `held` at a breakpoint, has `failed`, `passed`, or is of a `wrong` script."""
    text = SCRIPT.replace("expect: [news", "expct: [news") if state == "wrong" else SCRIPT
    made = Playback(path, Options(speed=1.0), lambda _: parse.parse(text, "chat.sio.yaml"))
    await made.reload()
    if state in ("ready", "wrong"):
        return made
    first, second = made.script.cases
    played = [StepResult(step, Status.PASSED, seconds=took) for step, took in zip(first.steps, _TOOK, strict=False)]
    if state == "held":
        made.toggle_breakpoint(first.steps[4])
        _keep(made, played[:4])
        made.playing, made.current = Playing.HELD, first.steps[4]
        return made
    if state == "passed":
        _keep(made, played)
        results = [CaseResult(each, Status.PASSED, 2.1, []) for each in made.script.cases]
        return _over(made, results)
    failed = played[-1]
    failed.status = Status.FAILED
    text_of = {"text": "hi bob", "list": [1, 2, 3], "style": {"bold": True, "colour": "green"}}
    failed.failure = Failed(
        "no 'private message' that matches came to bob within 2 s",
        expected=["private message", "ojIckSD2", {"text": {**text_of, "list": [1, 2, 4], "style": {"bold": True}}}],
        got=["private message", "ojIckSD2", {"text": text_of, "at": 1}],
        differs="[2].text.list[2]: not equal",
        notes=("it got, and nobody asked for: user has joined",),
    )
    _keep(made, played)
    around = [
        '22:13:20.016 ← alice private message ["N8xVt0aQ",{"text":"hi bob","list":[1,2,3]}]',
        '22:13:20.017 → bob private message ["ojIckSD2",{"text":{"text":"hi bob","list":[1,2,3]},"at":1}]',
    ]
    results = [
        CaseResult(first, Status.FAILED, 2.06, played, failed, around=around),
        CaseResult(second, Status.PASSED, 0.04),
    ]
    return _over(made, results)


def _keep(made: Playback, results: list[StepResult]) -> None:
    made.results = {id(result.step): result for result in results}


def _over(made: Playback, results: list[CaseResult]) -> Playback:
    made.cases = {id(result.case): result for result in results}
    made.report = Report(made.script, "http://127.0.0.1:5000", results)
    made.playing = Playing.DONE
    return made
