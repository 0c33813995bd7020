"""The queue: bounded, fair, and rid of what nobody waits for."""

import threading
import time

import pytest

from photochrom.web.problems import Refused
from photochrom.web.work import Ticket, Workers


def soon() -> float:
    return time.monotonic() + 30


def test_clients_take_turns() -> None:
    workers, gate, order = Workers(1, most=10, most_bytes=10), threading.Event(), []
    workers.submit("a", Ticket(lambda _: gate.wait(10), deadline=soon()))
    time.sleep(0.05)  # so that the worker has taken it
    made = [
        workers.submit(client, Ticket(lambda _, name=f"{client}{n}": order.append(name), deadline=soon()))
        for client, n in (("a", 1), ("a", 2), ("a", 3), ("b", 1), ("c", 1))
    ]
    gate.set()
    for future in made:
        future.result(10)
    workers.close(5)
    assert order == ["a1", "b1", "c1", "a2", "a3"]


def test_places_and_bytes_are_bounded() -> None:
    workers = Workers(1, most=2, most_bytes=100)
    workers.hold(60)
    with pytest.raises(Refused) as full:
        workers.hold(60)
    assert full.value.status == 429 and full.value.retry_after
    workers.hold(40)
    with pytest.raises(Refused):
        workers.hold(0)
    workers.free(60)
    workers.hold(60)
    assert workers.held == 2
    workers.close(1)
    with pytest.raises(Refused) as closed:
        workers.hold(1)
    assert closed.value.status == 503


def test_one_larger_than_all_may_have_together_is_taken_alone() -> None:
    workers = Workers(1, most=2, most_bytes=100)
    workers.hold(500)
    with pytest.raises(Refused):
        workers.hold(1)
    workers.close(1)


def test_work_that_nobody_waits_for_is_not_begun_and_ends_at_its_next_step() -> None:
    workers, gate, done = Workers(1, most=10, most_bytes=10), threading.Event(), []

    def long(ticket: Ticket[None]) -> None:
        gate.wait(10)
        ticket.step()
        done.append("long")

    running = Ticket(long, deadline=soon())
    waiting = Ticket(lambda _: done.append("waiting"), deadline=soon())
    first = workers.submit("a", running)
    second = workers.submit("a", waiting)
    time.sleep(0.05)
    waiting.drop()
    running.drop()
    gate.set()
    with pytest.raises(Refused):
        first.result(10)
    assert second.cancelled()
    workers.close(5)
    assert done == []


def test_work_past_its_time_is_503() -> None:
    workers = Workers(1, most=10, most_bytes=10)
    late = workers.submit("a", Ticket(lambda _: None, deadline=time.monotonic() - 1))
    with pytest.raises(Refused) as told:
        late.result(10)
    assert told.value.status == 503
    workers.close(1)
