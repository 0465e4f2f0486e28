"""The commands with which an operator makes organizations, brings files in and checks the books."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, load_command_class
from django.db.models import F

from billing import queries as billing
from billing.models import Account
from media.collections import create_collection, default_collection
from media.models import Collection, Media
from orgs.keys import authenticate
from orgs.models import Organization, User
from orgs.roles import Scope
from tests import jobs
from transcription.models import Transcription

SPEECH = Path(__file__).parents[1] / "speech"
SOUND = "The ledger is sound"


def said(command: str, *arguments, **options) -> str:
    """Run a command and return what it writes to its output."""
    out = io.StringIO()
    call_command(command, *map(str, arguments), stdout=out, **options)
    return out.getvalue()


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_organization_is_made_ready_to_work(db):
    made = json.loads(said("create_org", "Initech", "--owner", "peter@initech.example", "--synapses", "500", "--json"))

    org = Organization.objects.get(public_id=made["org"])
    assert set(made) == {"org", "collection", "key"}
    assert org.name == "Initech"
    assert Collection.of(org).get(is_default=True).public_id == made["collection"]
    assert billing.balance(org).available == 500
    assert User.objects.filter(email="peter@initech.example").exists()


def test_the_first_key_works_and_may_do_everything(db):
    made = json.loads(said("create_org", "Initech", "--owner", "peter@initech.example", "--json"))

    key = authenticate(made["key"])

    assert key.org.public_id == made["org"]
    assert set(key.scopes) == set(Scope)


def test_an_organization_without_synapses_has_a_wallet_all_the_same(db):
    made = json.loads(said("create_org", "Initech", "--owner", "peter@initech.example", "--json"))

    org = Organization.objects.get(public_id=made["org"])
    assert billing.balance(org).available == 0
    assert Account.objects.filter(org=org).exists()


def test_people_are_told_in_words(db):
    told = said("create_org", "Initech", "--owner", "peter@initech.example")

    org = Organization.objects.get(name="Initech")
    assert f"Organization {org.public_id}, default collection {default_collection(org).public_id}." in told
    assert "Access key (shown this once): sk-" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ["Initech"],
        ["--owner", "peter@initech.example"],
        ["Initech", "--owner", "a@b.example", "--synapses", "many"],
    ],
    ids=["no owner", "no name", "no number"],
)
def test_an_organization_half_described_is_not_made(arguments, db):
    with pytest.raises(CommandError):
        said("create_org", *arguments)

    assert not Organization.objects.exists()


def test_a_file_of_this_machine_is_added(acme):
    [made] = lines(said("add_media", SPEECH / "short.wav", "--org", acme.public_id))

    media = Media.of(acme).get()
    assert made == {"media": media.public_id}
    assert (media.name, media.collection) == ("short.wav", default_collection(acme))


def test_an_added_file_stays_where_it_is(acme, tmp_path):
    path = tmp_path / "short.wav"
    path.write_bytes((SPEECH / "short.wav").read_bytes())

    said("add_media", path, "--org", acme.public_id)

    assert path.read_bytes() == (SPEECH / "short.wav").read_bytes()


def test_files_are_added_to_a_collection(acme):
    shelf = create_collection(acme, name="Archive")

    said(
        "add_media",
        SPEECH / "short.wav",
        SPEECH / "video.mp4",
        "--org",
        acme.public_id,
        "--collection",
        shelf.public_id,
    )

    assert [media.name for media in shelf.media.order_by("pk")] == ["short.wav", "video.mp4"]


def test_a_transcript_is_asked_for_if_wanted(acme):
    [made] = lines(said("add_media", SPEECH / "short.wav", "--org", acme.public_id, "--transcribe", "--language", "en"))

    job = Transcription.of(acme).get()
    assert made == {"media": job.media.public_id, "transcription": job.public_id}
    assert (job.state, job.language) == ("queued", "en")


def test_files_that_cannot_be_added_do_not_keep_back_the_others(acme, tmp_path):
    notes, errors = tmp_path / "notes.txt", io.StringIO()
    notes.write_text("no recording at all")

    with pytest.raises(CommandError, match="2 of 3 files were not added"):
        said("add_media", notes, tmp_path / "gone.wav", SPEECH / "short.wav", "--org", acme.public_id, stderr=errors)

    assert Media.of(acme).get().name == "short.wav"
    assert f"{notes}: This is not an audio or video file" in errors.getvalue()
    assert "gone.wav: " in errors.getvalue()


@pytest.mark.parametrize("path", ["", "nowhere/short.wav"])
def test_a_path_that_leads_to_no_file_is_told(path, acme, tmp_path):
    with pytest.raises(CommandError, match="1 of 1 files were not added"):
        said("add_media", tmp_path / path, "--org", acme.public_id, stderr=io.StringIO())

    assert not Media.objects.exists()


def test_an_unknown_organization_is_told(db):
    with pytest.raises(CommandError, match="There is no organization org_0"):
        said("add_media", SPEECH / "short.wav", "--org", "org_0")


def test_another_organizations_collection_looks_missing(acme, globex):
    theirs, errors = create_collection(globex, name="Secret"), io.StringIO()

    with pytest.raises(CommandError):
        said(
            "add_media",
            SPEECH / "short.wav",
            "--org",
            acme.public_id,
            "--collection",
            theirs.public_id,
            stderr=errors,
        )

    assert "There is nothing here under that id." in errors.getvalue()
    assert not Media.objects.exists()


def test_a_sound_ledger_is_told(acme):
    jobs.finished_job(acme, media=jobs.media(acme))
    jobs.claimed_job(acme, media=jobs.media(acme))

    assert SOUND in said("audit_ledger")


def test_a_discrepancy_is_told_in_words(acme):
    jobs.finished_job(acme, media=jobs.media(acme))
    Account.objects.filter(org=acme).update(credits=F("credits") + 7)
    out = io.StringIO()

    with pytest.raises(CommandError, match="discrepancies") as failure:
        call_command("audit_ledger", stdout=out)

    assert failure.value.returncode == 1
    assert "expected 10000, found 10007" in out.getvalue()
    assert SOUND not in out.getvalue()


def test_a_job_that_lost_its_hold_is_told(acme):
    job = jobs.claimed_job(acme, media=jobs.media(acme))
    Transcription.objects.filter(pk=job.pk).update(public_id="trans_other")
    out = io.StringIO()

    with pytest.raises(CommandError):
        call_command("audit_ledger", stdout=out)

    assert "every job has a hold: trans_other" in out.getvalue()
    assert f"an open hold has an open job: {job.public_id}" in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_discrepancy_ends_the_process_with_1(acme, capsys):
    Account.objects.filter(org=acme).update(credits=F("credits") + 7)

    with pytest.raises(SystemExit) as ending:
        load_command_class("transcription", "audit_ledger").run_from_argv(
            ["manage.py", "audit_ledger", "--skip-checks"]
        )

    assert ending.value.code == 1
    assert "discrepancies." in capsys.readouterr().err
