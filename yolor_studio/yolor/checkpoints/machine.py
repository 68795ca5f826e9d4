"""A pickle machine that can only build values: it knows the instructions that PyTorch writes and calls nothing.

Python's own unpickler calls whatever a file names and takes memory by sizes and places that a file merely claims. This
one makes None, numbers, texts, bytes, tuples, lists and dicts; each other thing is made by an entry of a list of
allowed names, which its user gives. Sets become lists, so that nothing from the file is ever hashed but dicts' keys.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NoReturn, Protocol, runtime_checkable

from yolor_studio.core.errors import ModelError

_MAX_STEPS = 1_000_000
"""YOLOR-D6 with its optimizer has some 200,000 instructions."""
_MAX_COPIES = 300_000
"""Items in all values that calls are given; the same has some 50,000."""
_SIGNS_PER_ITEM = 16
"""Signs of a text that weigh as much as one item."""
_MAX_INTEGER_BYTES = 64
_MAX_NAME = 500
_NEWEST_PROTOCOL = 5
_ONE, _TWO, _FOUR, _EIGHT = (struct.Struct(form) for form in ("<B", "<H", "<I", "<Q"))
_SIGNED, _REAL = struct.Struct("<i"), struct.Struct(">d")


@runtime_checkable
class Maker(Protocol):
    """What an allowed name stands for."""

    def make(self, arguments: tuple[Any, ...]) -> Any:
        """The value that calling it would give; ModelError if the arguments make no sense."""
        ...


@runtime_checkable
class Buildable(Protocol):
    """A made value whose attributes a pickle sets."""

    def build(self, state: Any) -> None:
        """Take the attributes; ModelError if it takes none or they make no sense."""
        ...


def run(data: bytes, start: int, *, find: Callable[[str, str], Maker], stored: Callable[[Any], Any]) -> tuple[Any, int]:
    """The value pickled at `start`, and where its pickle ends.

    `find` gives what a module's name stands for, and refuses all that are not allowed; `stored` gives what a
    persistent id stands for. ModelError, worded to follow the file's name, if the pickle is damaged or refused.
    """
    machine = _Machine(data, start, find, stored)
    return machine.run(), machine.place


class _Machine:
    def __init__(
        self, data: bytes, start: int, find: Callable[[str, str], Maker], stored: Callable[[Any], Any]
    ) -> None:
        self.data = data
        self.place = start
        self.find: Callable[[str, str], Maker] = find
        self.stored = stored
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.copies = 0

    def run(self) -> Any:
        for _ in range(_MAX_STEPS):
            code = self.take(1)
            if code == b".":
                return self.pop()
            instruction = _INSTRUCTIONS.get(code)
            if instruction is None:
                self.fail(f"PyTorch does not write its instruction {code!r}")
            instruction(self)
        raise ModelError(f"its pickle has more than {_MAX_STEPS:,} instructions, which no checkpoint needs.")

    def fail(self, why: str) -> NoReturn:
        raise ModelError(f"its pickle is damaged near byte {self.place:,}: {why}.")

    def charge(self, *values: Any) -> None:
        """Count what making or building will copy: one long list can be named again by every instruction."""
        self.copies += sum(len(value) for value in values if isinstance(value, list | tuple | dict))
        self.copies += sum(len(value) for value in values if isinstance(value, str | bytes)) // _SIGNS_PER_ITEM
        if self.copies > _MAX_COPIES:
            raise ModelError("its pickle copies the same values over and over, which no checkpoint does.")

    # Reading

    def take(self, count: int) -> bytes:
        end = self.place + count
        if end > len(self.data):
            raise ModelError(
                f"its pickle breaks off: {count:,} bytes are announced, {len(self.data) - self.place:,} left."
            )
        taken = self.data[self.place : end]
        self.place = end
        return taken

    def number(self, form: struct.Struct) -> Any:
        return form.unpack(self.take(form.size))[0]

    def line(self) -> str:
        end = self.data.find(b"\n", self.place, self.place + _MAX_NAME)
        if end < 0:
            self.fail("a line has no end")
        text = self.take(end + 1 - self.place)[:-1]
        return self.decoded(text)

    def decoded(self, text: bytes) -> str:
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError:
            self.fail("a text is not UTF-8")

    # The stack

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            self.fail("a value is missing")
        return self.stack.pop()

    def top(self, kind: type) -> Any:
        value = self.pop()
        self.push(value)
        if not isinstance(value, kind):
            self.fail(f"a {kind.__name__} is missing")
        return value

    def since_mark(self) -> list[Any]:
        if not self.marks:
            self.fail("a mark is missing")
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    # Making values

    def ignore(self, count: int) -> None:
        self.take(count)

    def protocol(self) -> None:
        version = self.take(1)[0]
        if version > _NEWEST_PROTOCOL:
            self.fail(f"protocol {version} is unknown")

    def integer(self, length: int) -> None:
        if length > _MAX_INTEGER_BYTES:
            self.fail(f"a whole number of {length:,} bytes")
        self.push(int.from_bytes(self.take(length), "little", signed=True))

    def decimal(self) -> None:
        """Protocol 1 writes large numbers and truth values as text."""
        text = self.line()
        if text in ("00", "01"):
            return self.push(text == "01")
        digits = text.removesuffix("L")
        if len(digits) > 20 or not digits.removeprefix("-").isdecimal():
            self.fail("a whole number is written wrongly")
        return self.push(int(digits))

    def text(self, length: int) -> None:
        self.push(self.decoded(self.take(length)))

    def tuple_of(self, count: int) -> None:
        items = [self.pop() for _ in range(count)]
        self.push(tuple(reversed(items)))

    def extend(self, items: list[Any]) -> None:
        self.top(list).extend(items)

    def update(self, items: list[Any]) -> None:
        target = self.top(dict)
        if len(items) % 2:
            self.fail("a value is missing")
        for key, value in zip(items[0::2], items[1::2], strict=True):
            # Numbers beyond 64 bits could be chosen so that they all meet in one place of the table.
            if not isinstance(key, str | bytes | None) and not (isinstance(key, int) and -(2**63) <= key < 2**63):
                self.fail("a dict's key is of a strange kind")
            target[key] = value

    def set_item(self) -> None:
        value, key = self.pop(), self.pop()
        self.update([key, value])

    def append(self) -> None:
        value = self.pop()
        self.extend([value])

    def dict_of(self, items: list[Any]) -> None:
        self.push({})
        self.update(items)

    def memoize(self, key: int) -> None:
        value = self.pop()
        self.push(value)
        self.memo[key] = value

    def recall(self, key: int) -> None:
        if key not in self.memo:
            self.fail("it refers to a value that is not there")
        self.push(self.memo[key])

    # Making what has a name

    def named(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str) or len(module) + len(name) > _MAX_NAME:
            self.fail("a name is missing or far too long")
        self.push(self.find(module, name))

    def stack_named(self) -> None:
        name, module = self.pop(), self.pop()
        self.named(module, name)

    def made(self, maker: Any, arguments: Any) -> None:
        if not isinstance(maker, Maker):
            self.fail("something that cannot be called is to be called")
        if not isinstance(arguments, tuple):
            self.fail("a call has no arguments")
        self.charge(arguments, *arguments)
        self.push(maker.make(arguments))

    def reduce(self) -> None:
        arguments, maker = self.pop(), self.pop()
        self.made(maker, arguments)

    def reduce_with_keywords(self) -> None:
        _, arguments, maker = self.pop(), self.pop(), self.pop()
        self.made(maker, arguments)

    def instance(self) -> None:
        maker = self.find(self.line(), self.line())
        self.made(maker, tuple(self.since_mark()))

    def object(self) -> None:
        items = self.since_mark()
        if not items:
            self.fail("a value is missing")
        self.made(items[0], tuple(items[1:]))

    def build(self) -> None:
        state, target = self.pop(), self.pop()
        self.push(target)
        if isinstance(target, dict):
            # A state_dict is an OrderedDict with an attribute _metadata, which nothing here needs.
            return None
        if not isinstance(target, Buildable):
            self.fail("the state of something is set that has none")
        self.charge(state, *(state if isinstance(state, tuple) else ()))
        return target.build(state)


_Instruction = Callable[[_Machine], Any]

_INSTRUCTIONS: dict[bytes, _Instruction] = {
    b"\x80": _Machine.protocol,
    b"\x95": lambda m: m.ignore(8),
    b"(": lambda m: m.marks.append(len(m.stack)),
    b"0": _Machine.pop,
    b"1": _Machine.since_mark,
    b"2": lambda m: m.push(m.top(object)),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"I": _Machine.decimal,
    b"L": _Machine.decimal,
    b"J": lambda m: m.push(m.number(_SIGNED)),
    b"K": lambda m: m.push(m.number(_ONE)),
    b"M": lambda m: m.push(m.number(_TWO)),
    b"\x8a": lambda m: m.integer(m.number(_ONE)),
    b"\x8b": lambda m: m.integer(m.number(_FOUR)),
    b"G": lambda m: m.push(m.number(_REAL)),
    b"X": lambda m: m.text(m.number(_FOUR)),
    b"\x8c": lambda m: m.text(m.number(_ONE)),
    b"\x8d": lambda m: m.text(m.number(_EIGHT)),
    b"T": lambda m: m.push(m.take(m.number(_FOUR)).decode("latin-1")),
    b"U": lambda m: m.push(m.take(m.number(_ONE)).decode("latin-1")),
    b"B": lambda m: m.push(m.take(m.number(_FOUR))),
    b"C": lambda m: m.push(m.take(m.number(_ONE))),
    b"\x8e": lambda m: m.push(m.take(m.number(_EIGHT))),
    b"\x96": lambda m: m.push(m.take(m.number(_EIGHT))),
    b")": lambda m: m.push(()),
    b"t": lambda m: m.push(tuple(m.since_mark())),
    b"\x85": lambda m: m.tuple_of(1),
    b"\x86": lambda m: m.tuple_of(2),
    b"\x87": lambda m: m.tuple_of(3),
    b"]": lambda m: m.push([]),
    b"l": lambda m: m.push(m.since_mark()),
    b"a": _Machine.append,
    b"e": lambda m: m.extend(m.since_mark()),
    b"}": lambda m: m.push({}),
    b"d": lambda m: m.dict_of(m.since_mark()),
    b"s": _Machine.set_item,
    b"u": lambda m: m.update(m.since_mark()),
    b"\x8f": lambda m: m.push([]),
    b"\x90": lambda m: m.extend(m.since_mark()),
    b"\x91": lambda m: m.push(m.since_mark()),
    b"q": lambda m: m.memoize(m.number(_ONE)),
    b"r": lambda m: m.memoize(m.number(_FOUR)),
    b"\x94": lambda m: m.memoize(len(m.memo)),
    b"h": lambda m: m.recall(m.number(_ONE)),
    b"j": lambda m: m.recall(m.number(_FOUR)),
    b"c": lambda m: m.named(m.line(), m.line()),
    b"\x93": _Machine.stack_named,
    b"R": _Machine.reduce,
    b"\x81": _Machine.reduce,
    b"\x92": _Machine.reduce_with_keywords,
    b"i": _Machine.instance,
    b"o": _Machine.object,
    b"b": _Machine.build,
    b"Q": lambda m: m.push(m.stored(m.pop())),
}
