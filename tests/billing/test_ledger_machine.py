import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.billing.ledger_machine import LedgerMachine

ALWAYS = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lives", "steps"), [(60, 40), pytest.param(4400, 50, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_no_sequence_of_movements_leads_the_ledger_away_from_its_model(lives, steps):
    profile = settings(ALWAYS, max_examples=lives, stateful_step_count=steps)
    before = LedgerMachine.steps

    run_state_machine_as_test(LedgerMachine, settings=profile)

    assert LedgerMachine.steps - before >= lives
