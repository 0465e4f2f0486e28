"""Bugs planted in the ledger on purpose: the random lives of jobs must find every one."""

import inspect

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from billing import caps, services
from core.errors import PolyscribeError
from tests.billing.ledger_machine import LedgerMachine

SEARCH = settings(
    max_examples=100,
    stateful_step_count=40,
    phases=[Phase.generate],
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

BUGS = {
    "a hold is not counted": (services, 'pending=F("pending") + amount)', 'pending=F("pending"))'),
    "a hold ignores what is held": (services, 'credits__gte=F("debits") + F("pending")', 'credits__gte=F("debits")'),
    "a hold leaves one synapse too many": (services, 'F("pending") + amount)\n', 'F("pending") + amount + 1)\n'),
    "a further hold forgets its part": (
        services,
        'f"hold:{job}" if part == 1 else f"hold:{job}:{part}"',
        'f"hold:{job}"',
    ),
    "a hold after the end is admitted": (services, ".exclude(debit=wallet, kind=Transfer.Kind.PENDING)", ".none()"),
    "a repeated grant gives again": (services, "if is_new:\n        Account", "if True:\n        Account"),
    "a repeated hold holds again": (services, "if not is_new:", "if False:"),
    "a repeated end ends again": (
        services,
        "if is_new:\n        Account.objects.filter(pk=pending",
        "if True:\n        Account.objects.filter(pk=pending",
    ),
    "a settlement charges more than is held": (services, "min(left, pending.amount)", "left"),
    "a settlement charges every hold in full": (services, "left - part, posted", "left, posted"),
    "a settlement keeps the rest held": (services, 'F("pending") - pending.amount', 'F("pending") - amount'),
    "a release charges": (services, "Transfer.Kind.VOID, 0", "Transfer.Kind.POST, pending.amount"),
    "a key may be used for something else": (services, "raise reused from None", "pass"),
    "a refund ignores earlier ones": (services, "if refunded > charged", "if amount > charged"),
    "a refund ignores whose charge it was": (
        services,
        "debit=wallet, job=job, kind=Transfer.Kind.POST",
        "job=job, kind=Transfer.Kind.POST",
    ),
    "a refund does not arrive": (services, "is_new:\n        # The update", "False:\n        # The update"),
    "a cap counts nothing": (caps, '"synapses") + amount', '"synapses")'),
    "a cap is passed by one": (caps, "monthly_cap_synapses - amount", "monthly_cap_synapses - amount + 1"),
    "a cap gets nothing back": (caps, '"synapses") - amount', '"synapses")'),
}


@pytest.fixture
def planted(request):
    """Rewrite one line of a module for the test."""
    module, right, wrong = BUGS[request.param]
    sound = dict(vars(module))
    source = inspect.getsource(module)
    assert right in source
    exec(compile(source.replace(right, wrong), module.__file__, "exec"), vars(module))  # noqa: S102
    yield
    vars(module).clear()
    vars(module).update(sound)


@pytest.mark.django_db
@pytest.mark.parametrize("planted", BUGS, indirect=True)
def test_a_planted_bug_is_found(planted):
    with pytest.raises((AssertionError, IntegrityError, PolyscribeError)):
        run_state_machine_as_test(LedgerMachine, settings=SEARCH)
