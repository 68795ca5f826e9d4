from __future__ import annotations

import threading
import time

import pytest

from yolor_studio.core.errors import ProjectError
from yolor_studio.project.gate import Gate


def queue_up(gate: Gate, order: list[str], callers: list[str]) -> list[threading.Thread]:
    """Let callers wait at the gate one after the other; those whose name begins with w are urgent."""
    threads = []
    for name in callers:

        def work(name: str = name) -> None:
            with gate.hold(urgent=name.startswith("w")):
                order.append(name)

        thread = threading.Thread(target=work)
        thread.start()
        threads.append(thread)
        waiting = len(threads)
        while len(gate._urgent) + len(gate._others) < waiting:
            time.sleep(0.001)
    return threads


def served(callers: list[str]) -> list[str]:
    gate, order = Gate(), []
    with gate.hold(urgent=False):
        threads = queue_up(gate, order, callers)
    for thread in threads:
        thread.join()
    assert gate._owner is None
    return order


def test_the_window_goes_first_and_otherwise_who_came_first() -> None:
    assert served(["job 1", "job 2", "w1", "job 3", "w2"]) == ["w1", "w2", "job 1", "job 2", "job 3"]


def test_nobody_waits_for_ever() -> None:
    order = served(["job", *(f"w{number}" for number in range(12))])
    assert order.index("job") == 8


def test_a_thread_that_is_inside_is_told() -> None:
    gate = Gate()
    with gate.hold(urgent=True):
        assert gate.mine
        with pytest.raises(ProjectError, match="under way"), gate.hold(urgent=True):
            pass
        assert gate.mine
    assert not gate.mine


def test_the_gate_opens_after_an_exception() -> None:
    gate = Gate()
    with pytest.raises(ZeroDivisionError), gate.hold(urgent=True):
        _ = 1 / 0
    with gate.hold(urgent=False):
        pass


def test_only_one_is_inside() -> None:
    gate, inside, most = Gate(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for number in range(200):
            with gate.hold(urgent=number % 3 == 0):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
