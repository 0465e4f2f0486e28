import hashlib
import hmac

import pytest
from cryptography.fernet import Fernet, InvalidToken

from core.errors import NotFound
from core.signing import decrypt, encrypt, keyed_hash, seal, unseal

HOUR = 3600


def swapped(token: str, position: int) -> str:
    """Return `token` with one character replaced by another that may stand there."""
    other = "A" if token[position] != "A" else "B"
    return token[:position] + other + token[position + 1 :]


# --- Signed links -----------------------------------------------------------------------------------------------------


def test_what_was_sealed_can_be_unsealed():
    token = seal("file", {"id": "m-1", "größe": [1, 2]}, lifetime_seconds=HOUR)

    assert unseal("file", token) == {"id": "m-1", "größe": [1, 2]}


def test_a_token_fits_into_a_path():
    token = seal("file", {"id": "m-1", "name": "/../?#&%"}, lifetime_seconds=HOUR)

    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:.")


def test_sealing_leaves_the_payload_as_it_was():
    payload = {"id": "m-1"}

    seal("file", payload, lifetime_seconds=HOUR)

    assert payload == {"id": "m-1"}


def test_a_payload_cannot_prolong_its_own_life():
    token = seal("file", {"exp": 2**40}, lifetime_seconds=-1)

    with pytest.raises(NotFound):
        unseal("file", token)


def test_a_token_for_something_else_opens_nothing():
    token = seal("upload", {"id": "up-1"}, lifetime_seconds=HOUR)

    with pytest.raises(NotFound):
        unseal("file", token)


def test_an_expired_token_opens_nothing():
    token = seal("file", {"id": "m-1"}, lifetime_seconds=-1)

    with pytest.raises(NotFound):
        unseal("file", token)


@pytest.mark.parametrize("position", [0, 5, 10, -1, -10, -30, -44])
def test_a_changed_token_opens_nothing(position):
    token = seal("file", {"id": "m-1"}, lifetime_seconds=HOUR)

    with pytest.raises(NotFound):
        unseal("file", swapped(token, position % len(token)))


def test_a_token_of_another_installation_opens_nothing(settings):
    token = seal("file", {"id": "m-1"}, lifetime_seconds=HOUR)

    settings.SECRET_KEY = "another"
    with pytest.raises(NotFound):
        unseal("file", token)


@pytest.mark.parametrize(
    "token", ["", ":", "::", ":::", ".", "a:b:c", "é:é:é", "\x00", "a" * 100_000, "{}", "null", "../../x"]
)
def test_what_is_no_token_opens_nothing(token):
    with pytest.raises(NotFound):
        unseal("file", token)


def test_a_dead_link_does_not_say_why():
    forged, expired = "a:b:c", seal("file", {}, lifetime_seconds=-1)

    with pytest.raises(NotFound) as first:
        unseal("file", forged)
    with pytest.raises(NotFound) as second:
        unseal("file", expired)

    assert first.value.message == second.value.message


# --- Keyed hashes -----------------------------------------------------------------------------------------------------


def test_a_keyed_hash_is_hmac_sha256_under_the_pepper(settings):
    settings.KEY_PEPPER = "pepper"

    assert keyed_hash("sk-1") == hmac.new(b"pepper", b"sk-1", hashlib.sha256).hexdigest()


def test_another_pepper_makes_another_hash(settings):
    before = keyed_hash("sk-1")

    settings.KEY_PEPPER = "another"

    assert keyed_hash("sk-1") != before


# --- Encryption -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "whsec_1", "größer 🔑", "x" * 100_000])
def test_what_was_encrypted_can_be_decrypted(text):
    assert decrypt(encrypt(text)) == text


def test_a_ciphertext_shows_nothing_of_its_text():
    assert "whsec" not in encrypt("whsec_whsec_whsec")


def test_the_same_text_is_encrypted_differently_each_time():
    assert encrypt("whsec_1") != encrypt("whsec_1")


def test_a_changed_ciphertext_cannot_be_decrypted():
    with pytest.raises(InvalidToken):
        decrypt(swapped(encrypt("whsec_1"), 40))


def test_a_ciphertext_under_another_key_cannot_be_decrypted(settings):
    token = encrypt("whsec_1")

    settings.ENCRYPTION_KEY = Fernet.generate_key().decode()
    with pytest.raises(InvalidToken):
        decrypt(token)
