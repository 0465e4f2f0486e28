"""A receiver of webhooks that answers as the test has written down, and the steps that tests of the outbox share."""

import json
import threading
from collections.abc import Iterator

from django_q.models import OrmQ

from orgs import outbox, tasks
from orgs.delivery import register_renderer, send
from orgs.models import Delivery, Event, Organization
from tests.core.loopback import PATIENCE_SECONDS, Request, Site, answer

PATH = "/hook"
ACCEPTED = answer(200)


class Receiver:
    """Gives one answer for each request, the last one from then on; without any it accepts everything."""

    def __init__(self) -> None:
        self._site = Site(pages={PATH: self._answer})
        self._answers: list[bytes] = []
        self._held = threading.Event()
        self._held.set()
        self.arrived = threading.Event()

    @property
    def hook(self) -> str:
        return f"{self._site.url}{PATH}?token=not-for-logs"

    def callback(self, dialect: str = "test") -> dict:
        return {"dialect": dialect, "url": self.hook, "data": {"task": 7}}

    @property
    def requests(self) -> list[Request]:
        return self._site.requests

    def answers(self, *answers: bytes) -> None:
        self._answers = list(answers)

    def hold(self) -> None:
        """Keep answers back until `release`; `arrived` tells when a request is there."""
        self._held.clear()

    def release(self) -> None:
        self._held.set()

    def close(self) -> None:
        self.release()
        self._site.close()

    def _answer(self, site: Site) -> Iterator[bytes]:
        chosen = (self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]) if self._answers else ACCEPTED
        self.arrived.set()
        self._held.wait(PATIENCE_SECONDS)
        yield chosen


def _write(event: Event, data: dict) -> tuple[bytes, dict[str, str]]:
    return json.dumps({"told": event.type, **data}).encode(), {"Content-Type": "application/x-test"}


def _fail_to_write(event: Event, data: dict) -> tuple[bytes, dict[str, str]]:
    raise ZeroDivisionError


register_renderer("test", _write)
register_renderer("broken", _fail_to_write)


def publish(org: Organization, subject: str = "trans_1", **fields) -> Event:
    """Publish an event of which nothing but the given fields matters."""
    return outbox.publish(org, type=fields.pop("type", "job.completed"), subject=subject, **{"payload": {}} | fields)


def pending(org: Organization, **fields) -> Delivery:
    """Publish an event for the one endpoint of `org` or for `callback`, and return its delivery."""
    return publish(org, **fields).deliveries.get()


def attempt(org: Organization, **fields) -> Delivery:
    """Publish an event, make one attempt at its only delivery, and return that."""
    delivery = pending(org, **fields)
    send(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def publish_many(org: Organization, count: int) -> list[Event]:
    """Publish so many events, each about another job."""
    return [publish(org, f"trans_{number}") for number in range(count)]


def rung() -> list[str]:
    """Return the delivery ids of all bells in the queue, in order."""
    return [argument for message in OrmQ.objects.order_by("pk") for argument in message.task["args"]]


def answer_bells(most: int = 1000) -> None:
    """Work as a cluster with one worker would, until the queue is empty or `most` bells were answered."""
    for _ in range(most):
        message = OrmQ.objects.order_by("pk").first()
        if message is None:
            return
        message.delete()
        tasks.deliver(*message.task["args"])


def make_due(delivery: Delivery) -> None:
    """Let the pause after a failure be over."""
    Delivery.objects.filter(pk=delivery.pk).update(not_before=None)
