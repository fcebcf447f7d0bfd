"""Reading a script: `load` a file or `parse` a text. All that is wrong is found at once, each with its place."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from console.replay import fields, model, nodes, steps, values
from console.replay.fields import Fields, suggestion
from console.replay.model import Case, Defaults, Place, Script, Step
from console.replay.nodes import Node, ScriptError
from console.replay.values import Value

#: Names that the format gives a meaning.
NAMES = ("any", "missing", "index", "client")
#: Words that begin a step and are no actor.
STRUCTURE = ("http", "console", "parallel", "repeat", "include", "wait", "each")
RESERVED = frozenset({*STRUCTURE, *steps.VERBS, *steps.MODIFIERS, *NAMES, "steps", "vars", "env"})

_ROOT = ("sio", "target", "defaults", "vars", "cases", "steps")
_CASE = ("name", "steps", "tags", "vars", "unexpected")
_DEFAULTS = ("timeout", "namespace", "path", "transports", "query", "headers", "unexpected", "except")

#: Files that include one another, deep.
MAX_INCLUDES = 16
#: Steps of a script with all that it includes.
MAX_STEPS = 500_000


class InvalidScript(Exception):
    """A script that can't be played; `errors` has all that is wrong with it, `files` all that it is written in."""

    def __init__(self, errors: list[ScriptError], files: Iterable[str] = ()) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = errors
        self.files = tuple(files)


def load(path: Path) -> Script:
    """Read a script and the files that it includes."""
    reader = _Script(path, path.parent.resolve())
    return reader.checked(reader.script(reader.read()))


def parse(text: str, file: str = "script.sio.yaml", folder: Path | None = None) -> Script:
    """Read a script from its text; what it includes stands beneath `folder`."""
    reader = _Script(Path(file), (folder or Path(file).parent).resolve())
    return reader.checked(reader.script(text))


class _Script:
    """One file, and those beneath the same folder that it includes."""

    def __init__(
        self, path: Path, folder: Path, including: tuple[Path, ...] = (), outer: _Script | None = None
    ) -> None:
        self._path = path
        self._file = str(path)
        #: Nothing outside of it is read.
        self._folder = folder
        self._including = (*including, path.resolve())
        self._errors: list[ScriptError] = outer._errors if outer else []
        self._count: list[int] = outer._count if outer else [0]
        self._files: list[str] = outer._files if outer else []
        self._files.append(self._file)

    def read(self) -> str:
        try:
            with self._path.open("rb") as file:
                data = file.read(nodes.MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            error_there = ScriptError(Place(self._file), f"can't read {self._file}: {why}")
            raise InvalidScript([error_there], self._files) from None
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise InvalidScript([ScriptError(Place(self._file, line, 1), "not UTF-8 text")], self._files) from None

    def script(self, text: str) -> Script:
        try:
            return self._root(nodes.read(text, self._file))
        except ScriptError as error:
            self._errors.append(error)
        except RecursionError:
            self._errors.append(ScriptError(Place(self._file, 1, 1), "nested too deep"))
        return Script(cases=(), path=self._file)

    def checked(self, script: Script) -> Script:
        """The script, when nothing is wrong with it."""
        if not self._errors:
            self._errors += undefined(script)
        if self._errors:
            errors = sorted(self._errors, key=lambda error: (error.place.file, error.place.line))
            raise InvalidScript(errors, self._files)
        return replace(script, files=tuple(self._files))

    def _root(self, node: Node) -> Script:
        if node.kind != "map":
            raise ScriptError(node.place, 'a script is a map that begins with "sio: 1"')
        given = Fields(node, _ROOT, "a script")
        version = given.need("sio")
        if nodes.value(version) != 1:
            raise ScriptError(version.place, f"this reads version 1 of the format, not {version.what}")
        if "cases" in given and len(self._including) > 1:
            raise ScriptError(node.place, 'it has cases: a file to include has "steps"')
        if "cases" in given and "steps" in given:
            raise ScriptError(node.place, "a script has cases; steps alone are a file to include")
        if "cases" not in given and "steps" not in given:
            raise ScriptError(node.place, 'a script needs "cases"')
        cases: list[Case] = []
        for item in given.need("cases").items if "cases" in given else ():
            try:
                cases.append(self._case(item, {case.name for case in cases}))
            except ScriptError as error:
                self._errors.append(error)
        return Script(
            cases=tuple(cases),
            target=given.template("target"),
            defaults=self._defaults(given.get("defaults")),
            vars=self._vars(given),
            steps=self._steps(given.need("steps")) if "steps" in given else (),
            path=self._file,
        )

    def _defaults(self, node: Node | None) -> Defaults:
        if node is None:
            return Defaults()
        given = steps.options(node, _DEFAULTS, "defaults")
        return Defaults(
            timeout=given.seconds("timeout", model.TIMEOUT) or model.TIMEOUT,
            namespace=given.template("namespace", "/"),
            path=given.template("path", "/socket.io/"),
            transports=steps.transports(given.get("transports")) or ("websocket",),
            query=given.map("query"),
            headers=given.map("headers"),
            unexpected=given.choice("unexpected", ("ignore", "fail"), "ignore"),
            exempt=given.names("except"),
        )

    def _vars(self, given: Fields) -> dict[str, Value]:
        node = given.get("vars")
        if node is None:
            return {}
        for key, _ in node.pairs:
            if not nodes.is_name(key.value) or key.value in NAMES:
                raise ScriptError(key.place, f'a variable can\'t be called "{key.value[:40]}"')
        return fields.a_map(node)

    def _case(self, node: Node, taken: set[str]) -> Case:
        given = Fields(node, _CASE, "a case")
        name = given.need("name").text
        if not name.strip() or name in taken:
            raise ScriptError(given.need("name").place, f'there is a case "{name[:60]}" already' if name else "no name")
        return Case(
            name=name,
            steps=self._steps(given.need("steps")),
            tags=given.names("tags"),
            vars=self._vars(given),
            unexpected=given.choice("unexpected", ("ignore", "fail")),
            at=node.place,
        )

    def _steps(self, node: Node, lane: str = "") -> tuple[Step, ...]:
        found: list[Step] = []
        for item in node.items:
            self._count[0] += 1
            if self._count[0] > MAX_STEPS:
                raise ScriptError(item.place, f"more than {MAX_STEPS} steps")
            try:
                found.append(self._step(item, lane))
            except ScriptError as error:
                self._errors.append(error)
        return tuple(found)

    def _step(self, node: Node, lane: str) -> Step:
        if node.kind != "map":
            raise ScriptError(node.place, f"expected a step, for example {{alice: {{emit: [hello]}}}}, got {node.what}")
        keys = {key.value: item for key, item in node.pairs}
        if lane in ("http", "console") and not any(word in keys for word in ("wait", "repeat", "each", lane)):
            return self._structure(lane, node, Fields(Node("map", "map", [], node.place), (), ""))
        if lane and "each" not in keys and any(word in keys for word in steps.VERBS):
            return self._verb((lane,), node, ())
        word = next((word for word in STRUCTURE if word in keys), "")
        if word == "each":
            who = tuple(fields.actor_name(item, RESERVED) for item in _names(keys["each"]))
            if not who or len(set(who)) != len(who):
                raise ScriptError(keys["each"].place, "expected a list of different actors")
            return self._verb(who, node, ("each",))
        if word:
            extra = {"repeat": ("steps",), "include": ("vars",)}.get(word, ())
            beside = Fields(node, (word, *extra, "after", "within"), word)
            return self._structure(word, keys[word], beside)
        return self._actor_step(node)

    def _actor_step(self, node: Node) -> Step:
        """`{alice: {emit: …}, ack: …}`: who acts is the one key that is no modifier."""
        others = [(key, item) for key, item in node.pairs if key.value not in steps.MODIFIERS]
        if not others:
            raise ScriptError(node.place, "who acts? a step begins with an actor, http, console, parallel or repeat")
        acting = [pair for pair in others if pair[1].kind == "map" and _is_body(pair[1])]
        key, body = acting[0] if acting else others[0]
        for other, _ in others:
            if other is not key:
                known = steps.MODIFIERS if acting else {*steps.MODIFIERS, *STRUCTURE}
                why = suggestion(other.value, known)
                raise ScriptError(other.place, f'a step has no "{other.value[:40]}"{why}')
        name = fields.actor_name(key, RESERVED)
        if body.kind != "map":
            raise ScriptError(body.place, f"what does {name} do? for example {{emit: [hello]}}")
        beside = [pair for pair in node.pairs if pair[0] is not key]
        return self._verb((name,), Node("map", "map", [*body.pairs, *beside], body.place), ())

    def _verb(self, who: tuple[str, ...], node: Node, aside: tuple[str, ...]) -> Step:
        """A step from the map that has its verb and what stands beside it."""
        words = [(key, item) for key, item in node.pairs if key.value in steps.VERBS]
        if len(words) != 1:
            unknown = [key for key, _ in node.pairs if key.value not in steps.MODIFIERS and key.value not in aside]
            if len(words) > 1:
                raise ScriptError(words[1][0].place, f"one step, one of {words[0][0].value} and {words[1][0].value}")
            if unknown:
                why = suggestion(unknown[0].value, steps.VERBS)
                raise ScriptError(unknown[0].place, f'a client can\'t "{unknown[0].value[:40]}"{why}')
            raise ScriptError(node.place, f"what does {who[0]} do? one of {', '.join(steps.VERBS)}")
        key, item = words[0]
        verb = steps.VERBS[key.value]
        seen: set[str] = set()
        for other, _ in node.pairs:
            if other.value in seen:
                raise ScriptError(other.place, f'"{other.value[:40]}" stands here twice')
            seen.add(other.value)
        if len(who) > 1 and not verb.shared:
            raise ScriptError(key.place, f"each is for expectations: {key.value} is one actor's")
        beside = Fields(node, (key.value, *aside, *verb.beside, "after", "within"), key.value)
        placed = Node(item.kind, item.tag, item.value, key.place if item.is_null else item.place, item.plain)
        return verb.read(steps.Read(who, placed, beside))

    def _structure(self, word: str, node: Node, beside: Fields) -> Step:
        common = steps.Read((), node, beside).common
        match word:
            case "http":
                return steps.http(node, beside)
            case "console":
                return steps.console(node, beside)
            case "wait":
                return model.Wait(**common, seconds=fields.seconds(node))
            case "parallel":
                lanes = {self._lane(key): self._steps(item, key.value) for key, item in node.pairs}
                return model.Parallel(**common, lanes=lanes)
            case "repeat":
                return self._repeat(node, beside)
        return self._include(node, beside)

    def _lane(self, key: Node) -> str:
        return key.value if key.value in ("http", "console") else fields.actor_name(key, RESERVED)

    def _repeat(self, node: Node, beside: Fields) -> Step:
        common = steps.Read((), node, beside).common
        if node.kind == "scalar":
            times = fields.count(node, least=0, most=steps.MAX_TIMES)
            return model.Repeat(**common, times=times, steps=self._steps(beside.need("steps")))
        given = Fields(node, ("times", "actors", "ramp", "allow-errors", "steps"), "repeat")
        inner = given.get("steps") or beside.need("steps")
        return model.Repeat(
            **common,
            times=given.count("times", 1, least=0, most=steps.MAX_TIMES),
            clients=given.count("actors", 0, least=1, most=steps.MAX_CLIENTS),
            ramp=given.seconds("ramp", 0.0) or 0.0,
            allowed_errors=given.count("allow-errors", 0, least=0, most=steps.MAX_TIMES),
            steps=self._steps(inner),
        )

    def _include(self, node: Node, beside: Fields) -> Step:
        common = steps.Read((), node, beside).common
        named = node.text
        path = (self._path.parent / named).resolve() if "\0" not in named else self._folder.parent
        if not path.is_relative_to(self._folder):
            raise ScriptError(node.place, f"{named[:200]} is not beneath the script's own folder")
        if path in self._including:
            raise ScriptError(node.place, f"{named} includes itself")
        if len(self._including) > MAX_INCLUDES:
            raise ScriptError(node.place, f"files include one another deeper than {MAX_INCLUDES}")
        reader = _Script(Path(os.path.normpath(self._path.parent / named)), self._folder, self._including, self)
        try:
            included = reader.script(reader.read())
        except InvalidScript as invalid:
            raise ScriptError(node.place, invalid.errors[0].message) from None
        return model.Include(**common, path=named, vars={**included.vars, **self._vars(beside)}, steps=included.steps)


def _names(node: Node) -> list[Node]:
    """A list of names, or one text of them, spaces between."""
    if node.kind != "scalar":
        return node.items
    return [Node("scalar", "str", name, node.place) for name in node.text.split()]


def _is_body(node: Node) -> bool:
    """Whether a map says what an actor does."""
    return any(key.value in steps.VERBS for key, _ in node.value)


def undefined(script: Script) -> Iterable[ScriptError]:
    """References to names that nothing in the script can ever define: a likely slip of the pen.

    `${NAME}` may be of the environment, which is known when the script plays.
    """
    for case in script.cases:
        all_steps = tuple(model.walk(case.steps))
        known = {*script.vars, *case.vars, "index", "client"}
        actors: set[str] = set()
        for step in all_steps:
            actors.update(step.actors)
            known.update(*(values.binds(pattern) for pattern in step.patterns))
            if isinstance(step, model.Include):
                known.update(step.vars)
        connected = {step.actor for step in all_steps if isinstance(step, model.Connect)}
        for step in all_steps:
            for actor in step.actors:
                if actor not in connected:
                    yield ScriptError(step.at, f"{actor} never connects{_meant(actor, connected)}")
            for pattern in step.patterns:
                for name in sorted(_plain_references(pattern)):
                    if name.partition(".")[0] not in known | actors:
                        yield ScriptError(step.at, f"nothing defines ${name}{_meant(name, known | actors)}")


def _meant(name: str, known: set[str]) -> str:
    why = suggestion(name.partition(".")[0], known)
    return why if why.startswith(":") else ""


def _plain_references(value: Value) -> set[str]:
    match value:
        case list():
            return set().union(*map(_plain_references, value))
        case dict():
            return set().union(*map(_plain_references, value.values()))
        case values.Subset(inner):
            return _plain_references(inner)
        case values.Ref(name):
            return {name}
    return set()
