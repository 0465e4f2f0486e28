"""Links to this installation: recognised whatever the host, and opened for their owner only."""

import pytest

from core.errors import NotFound
from core.signing import seal
from media import own_links, services, storage
from media.models import Upload
from tests.media.recordings import add, make_older, tone

HOSTS = [
    "http://127.0.0.1:8000",
    "https://transcribe.example.org",
    "https://user@[::1]:8443",
    "HTTP://LOCALHOST",
    "",
]


@pytest.fixture
def upload(acme, disk) -> Upload:
    """An upload of acme's with a file in it."""
    return services.fill_upload(services.open_upload(acme), file=tone())


@pytest.fixture
def media(shelf):
    return add(shelf)


@pytest.mark.parametrize("host", HOSTS)
def test_an_upload_link_is_recognised_whatever_its_host(host, acme, upload):
    assert own_links.blob_behind(acme, host + own_links.upload_path(upload)) == upload.blob


@pytest.mark.parametrize("host", HOSTS)
def test_a_file_link_is_recognised_whatever_its_host(host, acme, media):
    assert own_links.blob_behind(acme, host + own_links.file_path(media)) == media.blob


@pytest.mark.parametrize("tail", ["", "/", "/talk.wav", "/%C3%BC%20b.wav", "?dl=1", "#t=3", "/talk.wav?dl=1#t=3"])
def test_what_hangs_on_a_link_does_not_matter(tail, acme, media):
    assert own_links.blob_behind(acme, "https://here" + own_links.file_path(media) + tail) == media.blob


def test_a_link_that_was_escaped_on_its_way_is_recognised(acme, media):
    escaped = own_links.file_path(media).replace(":", "%3A")

    assert own_links.blob_behind(acme, "https://here" + escaped) == media.blob


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://example.org/talk.wav",
        "https://example.org/files/",
        "https://example.org/upload/",
        "https://example.org/files/nothing",
        "https://example.org/upload/a:b:c",
        "https://example.org/files/../files/a",
        "http://[",
        "http://[::1",
        "//",
        "\0",
        "https://example.org/files/\ud800",
        "https://example.org/upload/" + "a" * 100_000,
    ],
    ids=lambda url: url[:40].encode("ascii", "backslashreplace").decode() or "nothing",
)
def test_other_addresses_are_not_ours(url, acme):
    assert own_links.blob_behind(acme, url) is None


def test_a_forged_link_opens_nothing(acme, upload):
    path = own_links.upload_path(upload)

    assert own_links.blob_behind(acme, path[:-1] + ("a" if path[-1] != "a" else "b")) is None


def test_a_link_of_one_kind_opens_nothing_of_another(acme, upload, media):
    crossed = own_links.upload_path(upload).replace("/upload/", "/files/")
    and_back = own_links.file_path(media).replace("/files/", "/upload/")

    assert own_links.blob_behind(acme, crossed) is None
    assert own_links.blob_behind(acme, and_back) is None


def test_another_organizations_links_look_broken(globex, upload, media):
    for path in (own_links.upload_path(upload), own_links.file_path(media)):
        with pytest.raises(NotFound, match="not valid or has expired"):
            own_links.blob_behind(globex, path)


def test_another_organizations_empty_link_tells_nothing(acme, globex):
    theirs = services.open_upload(globex)

    with pytest.raises(NotFound, match="not valid or has expired"):
        own_links.blob_behind(acme, own_links.upload_path(theirs))


def test_an_expired_file_link_says_so_and_is_not_fetched(acme, media):
    with pytest.raises(NotFound, match="not valid or has expired"):
        own_links.blob_behind(acme, own_links.file_path(media, lifetime_seconds=-1))


def test_an_expired_upload_is_not_fetched(acme, upload):
    path = own_links.upload_path(upload)
    make_older(upload, "expires_at", days=2)

    with pytest.raises(NotFound):
        own_links.blob_behind(acme, path)


def test_an_upload_link_lives_as_long_as_its_upload(upload):
    make_older(upload, "expires_at", days=2)
    upload.refresh_from_db()
    late = own_links.upload_path(upload)
    Upload.objects.update(expires_at="2100-01-01T00:00Z")

    with pytest.raises(NotFound):
        own_links.opened_upload(late.removeprefix("/upload/"))


def test_a_link_to_an_upload_that_was_never_filled_says_so(acme, disk):
    upload = services.open_upload(acme)

    with pytest.raises(NotFound, match="No file has been sent"):
        own_links.blob_behind(acme, own_links.upload_path(upload))


def test_a_link_to_a_file_that_was_removed_says_so(acme, media):
    path = own_links.file_path(media)
    services.remove_file(media)

    with pytest.raises(storage.FileRemoved):
        own_links.blob_behind(acme, path)


def test_a_link_to_a_medium_that_is_gone_is_not_fetched(acme, media):
    path = own_links.file_path(media)
    services.delete_media(media)

    with pytest.raises(NotFound):
        own_links.blob_behind(acme, path)


def test_an_upload_link_opens_its_upload(acme, disk):
    upload = services.open_upload(acme)

    assert own_links.opened_upload(own_links.upload_path(upload).removeprefix("/upload/")) == upload


def test_a_file_link_opens_its_medium(media):
    assert own_links.opened_file(own_links.file_path(media).removeprefix("/files/")) == media


def test_a_file_link_opens_no_removed_file(media):
    token = own_links.file_path(media).removeprefix("/files/")
    services.remove_file(media)

    with pytest.raises(storage.FileRemoved):
        own_links.opened_file(token)


@pytest.mark.parametrize("token", ["", "a", "a:b:c", "ü:ü:ü", "\0"])
@pytest.mark.parametrize("opened", [own_links.opened_upload, own_links.opened_file])
def test_a_token_of_somebodys_invention_opens_nothing(opened, token, db):
    with pytest.raises(NotFound):
        opened(token)


@pytest.mark.parametrize("opened", [own_links.opened_upload, own_links.opened_file])
def test_a_token_for_something_else_opens_nothing(opened, media):
    token = seal("else", {"id": media.public_id}, lifetime_seconds=60)

    with pytest.raises(NotFound):
        opened(token)


def test_a_link_is_fit_for_a_url(media, upload):
    paths = own_links.file_path(media) + own_links.upload_path(upload)

    assert set(paths) <= set("/:._-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
