import pytest

from core.errors import NotFound
from orgs.models import ApiKey
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours(acme):
    return factories.key(acme).key


@pytest.fixture
def theirs(globex):
    return factories.key(globex).key


def test_a_tenant_sees_its_own_rows_only(acme, ours, theirs):
    assert list(ApiKey.of(acme)) == [ours]


def test_a_row_is_found_by_its_public_id(acme, ours, theirs):
    assert ApiKey.of(acme).named(ours.public_id) == ours


def test_a_foreign_row_looks_missing(acme, ours, theirs):
    with pytest.raises(NotFound) as foreign:
        ApiKey.of(acme).named(theirs.public_id)
    with pytest.raises(NotFound) as unknown:
        ApiKey.of(acme).named("key_" + "0" * 32)

    assert (foreign.value.message, foreign.value.details) == (unknown.value.message, unknown.value.details)


@pytest.mark.parametrize(
    "public_id",
    [
        "",
        " ",
        "key_",
        "\x00",
        "key_\x00",
        "key_\n",
        "\ud800",
        "kéy_",
        "键",
        "%",
        "_",
        "key_" + "0" * 100_000,
        "' OR 1=1 --",
    ],
)
def test_what_is_no_id_looks_missing(acme, ours, public_id):
    with pytest.raises(NotFound):
        ApiKey.of(acme).named(public_id)


@pytest.mark.parametrize(
    "change", [str.upper, lambda known: known + " ", lambda known: known[:-1], lambda known: known + "\n"]
)
def test_an_id_is_taken_literally(acme, ours, change):
    with pytest.raises(NotFound):
        ApiKey.of(acme).named(change(ours.public_id))


def test_an_internal_number_is_no_id(acme, ours):
    with pytest.raises(NotFound):
        ApiKey.of(acme).named(str(ours.pk))


def test_a_narrowed_set_stays_narrow(acme, ours):
    with pytest.raises(NotFound):
        ApiKey.of(acme).filter(name="another").named(ours.public_id)
