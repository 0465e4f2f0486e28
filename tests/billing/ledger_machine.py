"""Random lives of jobs on the ledger, beside a plain model that tells beforehand what must come of each step."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from billing import queries, services
from billing.audit import audit
from billing.errors import AlreadyResolved, CapReached, InsufficientSynapses, KeyReused, NoHold, RefundTooLarge
from billing.models import MonthlySpend
from billing.queries import Balance
from core.errors import PolyscribeError
from tests import factories

START, CAP = 40, 15
ORGS = ("Acme", "Globex")
UNKNOWN = "trans_unknown"

orgs = st.sampled_from(ORGS)


def near(*limits: int) -> st.SearchStrategy[int]:
    """Draw an amount: small, or at one of the limits, where things go wrong."""
    edges = [edge for limit in limits for edge in (limit - 1, limit, limit + 1) if edge >= 0]
    return st.integers(0, 9) | st.sampled_from(edges or [0])


@dataclass
class Hold:
    amount: int
    capped: bool
    """Whether it counts against the organization's capped key."""
    posted: int | None = None
    """What became of it; None while nothing did."""


@dataclass
class Job:
    """What the model knows of a job."""

    org: str
    holds: dict[int, Hold] = field(default_factory=dict)
    ending: str = ""
    refunds: dict[int, int] = field(default_factory=dict)

    @property
    def held(self) -> int:
        return sum(hold.amount for hold in self.holds.values() if hold.posted is None)

    @property
    def charged(self) -> int:
        return sum(hold.posted or 0 for hold in self.holds.values())

    @property
    def refunded(self) -> int:
        return sum(self.refunds.values())

    @property
    def counted(self) -> int:
        return sum(hold.amount if hold.posted is None else hold.posted for hold in self.holds.values() if hold.capped)

    def split(self, amount: int) -> list[int]:
        """Return what a charge of `amount` takes of each hold, in their order."""
        parts: list[int] = []
        for hold in self.holds.values():
            parts.append(min(hold.amount, amount - sum(parts)))
        return parts

    def end(self, ending: str, parts: list[int]) -> None:
        self.ending = ending
        for hold, posted in zip(self.holds.values(), parts, strict=True):
            hold.posted = posted


class LedgerMachine(RuleBasedStateMachine):
    """Does at random what the services allow and refuse; every step is compared with the model."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.orgs = {name: factories.organization(name, synapses=START) for name in ORGS}
        self.keys = {name: factories.key(org, monthly_cap_synapses=CAP).key for name, org in self.orgs.items()}
        self.grants: list[tuple[str, int]] = []
        self.jobs: dict[str, Job] = {}
        self.done: list[tuple[Callable[[], object], object]] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    # --- What the model says ------------------------------------------------------------------------------------------

    def of(self, org: str) -> list[Job]:
        return [job for job in self.jobs.values() if job.org == org]

    def names(self, *endings: str) -> list[str]:
        return [name for name, job in self.jobs.items() if job.ending in endings]

    def balance(self, org: str) -> Balance:
        given = START + sum(amount for owner, amount in self.grants if owner == org)
        held = sum(job.held for job in self.of(org))
        spent = sum(job.charged for job in self.of(org))
        back = sum(job.refunded for job in self.of(org))
        return Balance(available=given - held - spent + back, held=held, spent=spent)

    def left_of_cap(self, org: str) -> int:
        return CAP - sum(job.counted for job in self.of(org))

    # --- What can happen, in its turn ---------------------------------------------------------------------------------

    @precondition(lambda self: len(self.grants) < 5)
    @rule(org=orgs, amount=st.integers(0, 9))
    def grant(self, org: str, amount: int) -> None:
        self.try_grant(org, amount, number=len(self.grants))

    @rule(data=st.data(), org=orgs, capped=st.booleans())
    def start(self, data: st.DataObject, org: str, capped: bool) -> None:
        amount = data.draw(near(self.left_of_cap(org)) if capped else near(self.balance(org).available))
        self.try_hold(org, f"trans_{len(self.jobs)}", part=1, amount=amount, capped=capped)

    @precondition(lambda self: self.names(""))
    @rule(data=st.data(), capped=st.booleans())
    def extend(self, data: st.DataObject, capped: bool) -> None:
        name = data.draw(st.sampled_from(self.names("")))
        org, part = self.jobs[name].org, len(self.jobs[name].holds) + 1
        amount = data.draw(near(self.balance(org).available, self.left_of_cap(org)))
        self.try_hold(org, name, part=part, amount=amount, capped=capped)

    @precondition(lambda self: self.names(""))
    @rule(data=st.data(), fails=st.integers(0, 3))
    def finish(self, data: st.DataObject, fails: int) -> None:
        name = data.draw(st.sampled_from(self.names("")))
        if fails == 3:
            self.try_release(name)
        else:
            self.try_settle(name, data.draw(near(self.jobs[name].held)))

    @precondition(lambda self: self.names("settled"))
    @rule(data=st.data(), org=orgs)
    def refund(self, data: st.DataObject, org: str) -> None:
        name = data.draw(st.sampled_from(self.names("settled")))
        job = self.jobs[name]
        amount = data.draw(near(job.charged - job.refunded)) or 1
        self.try_refund(org, name, number=len(job.refunds) + 1, amount=amount)

    # --- What can happen, out of turn ---------------------------------------------------------------------------------

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Do again, letter for letter, something that worked: it works again and changes nothing."""
        call, result = data.draw(st.sampled_from(self.done))
        assert call() == result

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), org=orgs, number=st.integers(1, 3), amount=st.integers(1, 9), capped=st.booleans())
    def out_of_turn(self, data: st.DataObject, org: str, number: int, amount: int, capped: bool) -> None:
        """Do what a confused, late or malicious caller might do."""
        name = data.draw(st.sampled_from([*self.jobs, UNKNOWN]))
        match data.draw(st.sampled_from(["grant", "hold", "settle", "release", "refund"])):
            case "grant":
                self.try_grant(org, amount, number=min(number, len(self.grants)))
            case "hold":
                self.try_hold(org, name, part=number, amount=amount, capped=capped)
            case "settle":
                self.try_settle(name, amount)
            case "release":
                self.try_release(name)
            case "refund":
                self.try_refund(org, name, number=number, amount=amount)

    # --- Each movement: what the model expects, what the service does, what the model notes ---------------------------

    def try_grant(self, org: str, amount: int, *, number: int) -> None:
        present = self.grants[number] if number < len(self.grants) else None

        is_granted = self.attempt(
            lambda: services.grant(self.orgs[org], amount=amount, key=f"gift {number}"),
            {KeyReused: present not in (None, (org, amount))},
        )

        if is_granted and present is None:
            self.grants.append((org, amount))

    def try_hold(self, org: str, name: str, *, part: int, amount: int, capped: bool) -> None:
        job = self.jobs.get(name, Job(org))
        present = job.holds.get(part)
        is_new = present is None
        spender = self.keys[org] if capped else None

        is_held = self.attempt(
            lambda: services.hold(self.orgs[org], job=name, amount=amount, part=part, spender=spender),
            {
                KeyReused: not is_new and (present.amount, job.org) != (amount, org),
                InsufficientSynapses: is_new and amount > self.balance(org).available,
                AlreadyResolved: is_new and (job.ending != "" or job.org != org),
                CapReached: is_new and capped and amount > self.left_of_cap(org),
            },
        )

        if is_held and is_new:
            job.holds[part] = Hold(amount, capped)
            self.jobs[name] = job

    def try_settle(self, name: str, amount: int) -> None:
        job = self.jobs.get(name, Job(""))
        parts = job.split(amount)
        as_before = job.ending == "settled" and parts == [hold.posted for hold in job.holds.values()]

        is_settled = self.attempt(
            lambda: services.settle(name, amount=amount),
            {NoHold: not job.holds, AlreadyResolved: job.ending != "" and not as_before},
        )

        if is_settled:
            job.end("settled", parts)

    def try_release(self, name: str) -> None:
        job = self.jobs.get(name, Job(""))

        is_released = self.attempt(
            lambda: services.release(name), {NoHold: not job.holds, AlreadyResolved: job.ending == "settled"}
        )

        if is_released:
            job.end("released", [0] * len(job.holds))

    def try_refund(self, org: str, name: str, *, number: int, amount: int) -> None:
        job = self.jobs.get(name, Job(""))
        present = job.refunds.get(number)
        left = job.charged - job.refunded if job.org == org else 0

        is_refunded = self.attempt(
            lambda: services.refund(self.orgs[org], job=name, amount=amount, number=number),
            {
                KeyReused: present is not None and (present, job.org) != (amount, org),
                RefundTooLarge: present is None and amount > left,
            },
        )

        if is_refunded:
            job.refunds[number] = amount

    def attempt(self, call: Callable[[], object], refusals: dict[type[PolyscribeError], bool]) -> bool:
        """Make `call` and check that it ends with the first refusal that applies, or well. Return whether it did."""
        expected = next((error for error, applies in refusals.items() if applies), None)
        refused = None
        try:
            self.done.append((call, call()))
        except PolyscribeError as refusal:
            refused = type(refusal)
        assert refused is expected
        return refused is None

    # --- What must hold after every step ------------------------------------------------------------------------------

    @invariant()
    def ledger_equals_model(self) -> None:
        LedgerMachine.steps += 1
        for name, org in self.orgs.items():
            assert queries.balance(org) == self.balance(name)
        counted = dict(MonthlySpend.objects.values_list("spender", "synapses"))
        for name, key in self.keys.items():
            assert CAP - counted.get(key.public_id, 0) == self.left_of_cap(name)

    @invariant()
    def books_balance(self) -> None:
        assert audit() == []

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([*self.jobs]))
        job = self.jobs[name]

        charge = queries.job_charge(self.orgs[job.org], name)

        assert (charge.held, charge.charged, charge.refunded) == (job.held, job.charged, job.refunded)
