"""The label of a fetched file."""

import pytest

from core.outbound.filenames import name_of


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename=a.mp3", "a.mp3"),
        ('attachment; filename="a b.mp3"', "a b.mp3"),
        ('attachment; FileName = "a.mp3"', "a.mp3"),
        ('attachment; filename="a \\"b\\".mp3"', 'a "b".mp3'),
        ("attachment; filename*=UTF-8''%C3%BCber.mp3", "über.mp3"),
        ("attachment; filename*=utf-8'en'a%20b.mp3", "a b.mp3"),
        ("attachment; filename*=iso-8859-1''%FCber.mp3", "über.mp3"),
        ("attachment; filename=plain.mp3; filename*=UTF-8''%C3%BCber.mp3", "über.mp3"),
        ('attachment; filename="über.mp3"'.encode().decode("latin-1"), "über.mp3"),
        ('attachment; filename="über.mp3"', "über.mp3"),
    ],
)
def test_a_server_names_the_file(disposition, name):
    assert name_of(disposition, "/other.wav") == name


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/a.mp3", "a.mp3"),
        ("/folder/a.mp3?token=1/2", "a.mp3"),
        ("/%C3%BCber%20all.mp3", "über all.mp3"),
        ("/a%FF.mp3", "a\ufffd.mp3"),
        ("/folder/", None),
        ("/", None),
        ("/?a.mp3", None),
        ("/..", None),
        ("/%2e%2e", None),
    ],
)
def test_else_the_path_names_it(target, name):
    assert name_of(None, target) == name


@pytest.mark.parametrize(
    "disposition",
    [
        "",
        "attachment",
        "filename",
        "attachment; filename=",
        'attachment; filename=""',
        'attachment; filename="unclosed',
        "attachment; filename*=rot13''n.zc3",
        "attachment; filename*=zlib''a",
        "attachment; filename*=UTF-8'a",
        'attachment; filename=".."',
        'attachment; filename="/"',
        'attachment; filename="..\\\\"',
        "; " * 20_000 + "filename",
        'attachment; filename="' + "\\" * 40_000,
    ],
)
def test_a_header_that_names_nothing_is_passed_over(disposition):
    assert name_of(disposition, "/a.mp3") == "a.mp3"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("C:\\\\Users\\\\ann\\\\a.mp3", "a.mp3"),
        ("..\\\\..\\\\a.mp3", "a.mp3"),
        (".htaccess", "htaccess"),
        ("a\x00.mp3", "a.mp3"),
        ("a\u202e3pm.exe", "a3pm.exe"),
        ("\ufeffa\u200b.mp3", "a.mp3"),
        (" a.mp3. ", "a.mp3"),
        ("a\xa0\tb.mp3", "a b.mp3"),
        ("a" * 300 + ".mp3", "a" * 196 + ".mp3"),
        ("a." + "b" * 300, "a." + "b" * 198),
    ],
)
def test_a_name_is_made_harmless(given, name):
    assert name_of(f'attachment; filename="{given}"', "/") == name
