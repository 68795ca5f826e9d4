"""The token that stops a job, cancelled from threads and from signal handlers."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled


def test_callbacks_run_once_whenever_they_were_registered() -> None:
    token, heard = CancelToken(), []
    token.on_cancel(lambda: heard.append("before"))
    token.check()
    token.cancel()
    token.cancel()
    token.on_cancel(lambda: heard.append("after"))
    assert heard == ["before", "after"]
    assert token.cancelled
    with pytest.raises(Cancelled):
        token.check()


def test_a_callback_may_use_the_token() -> None:
    """As a signal handler does that interrupts one of the token's own methods."""
    token, heard = CancelToken(), []
    token.on_cancel(lambda: (token.cancel(), token.on_cancel(lambda: heard.append("inner"))))
    thread = threading.Thread(target=token.cancel, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert heard == ["inner"]


def test_no_callback_is_lost_while_another_thread_cancels() -> None:
    for _ in range(200):
        token, heard = CancelToken(), []
        thread = threading.Thread(target=token.cancel)
        thread.start()
        for number in range(20):
            token.on_cancel(partial(heard.append, number))
        thread.join()
        assert sorted(heard) == list(range(20))
