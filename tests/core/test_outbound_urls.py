"""The rules on how a URL may be written."""

import pytest

from core import outbound
from core.outbound.urls import parse
from tests.core.loopback import PUBLIC

MALFORMED = [
    "",
    "a",
    "media.example/a.mp3",
    "//media.example/a.mp3",
    "http:",
    "http:/",
    "http://",
    "http:///a.mp3",
    "http:media.example",
    "http:/media.example/a.mp3",
    "http://?x",
    "http://#x",
    "http://:80/",
    "http://.",
    "http://../",
    "http://.media.example/",
    "http://media..example/",
    "http://media.example../",
    "http://" + "a" * 64 + ".example/",
    "http://" + "a." * 127 + "example/",
    "http://media.example:99999/",
    "http://media.example:65536/",
    "http://media.example:0/",
    "http://media.example:-80/",
    "http://media.example:+80/",
    "http://media.example:8_0/",
    "http://media.example:80:80/",
    "http://media.example:http/",
    "http://media.example:٨٠/",
    "http://media!.example/",
    "http://media,example/",
    "http://media.example;x/",
    "http://media*.example/",
    "http://%6d%65dia.example/",
    "http://media.example%2f@example.com/",
    "http://media.example%00/",
    "http://media.example%0d%0aX:/",
]
OTHER_SCHEMES = [
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "ftp://media.example/a.mp3",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://127.0.0.1:11211/stat",
    "data:audio/wav;base64,AAAA",
    "javascript:alert(1)",
    "jar:http://media.example!/a",
    "ldap://media.example/",
    "netdoc:///etc/passwd",
    "s3://bucket/a.mp3",
    "ws://media.example/",
    "unix:///run/docker.sock",
    "http+unix://%2Frun%2Fdocker.sock/",
    "url:http://media.example/",
    "httpx://media.example/",
]
WITH_CREDENTIALS = [
    "http://ann@media.example/",
    "http://ann:secret@media.example/",
    "http://:@media.example/",
    "http://@media.example/",
    "http://media.example@127.0.0.1/",
    "http://media.example:80@127.0.0.1/",
    "http://ann@media.example@127.0.0.1/",
    "http://127.0.0.1:80@media.example/",
    "http://media.example&@127.0.0.1/",
]
WITH_BAD_CHARACTERS = [
    " http://media.example/",
    "http://media.example/ ",
    "http://media.example/a b",
    "http://media .example/",
    "http://media.example/\n",
    "\nhttp://media.example/",
    "ht\ntp://media.example/",
    "http://media\t.example/",
    "http://media.example/\r\nHost: 127.0.0.1",
    "http://media.example/\x00",
    "http://media.example\x00.evil.example/",
    "http://media.example/\x7f",
    "http://media.example/\x85",
    "http://media.example/\u2028",
    "http://media.example/\u202egpm.exe",
    "http://me\u00addia.example/",
    "http://media\u200b.example/",
    "http://media.example/\ud800",
    "http:\\\\media.example\\",
    "http://127.0.0.1\\@media.example/",
    "http://media.example\\.evil.example/",
    "http:/\\media.example/",
]
NUMERIC_HOSTS = [
    "http://0/",
    "http://1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://10.1/",
    "http://2130706433/",
    "http://3232235521/",
    "http://4294967297/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0177.0.0.01/",
    "http://127.0.0.01/",
    "http://127.000.000.001/",
    "http://0x7f000001/",
    "http://0X7F000001/",
    "http://0x7f.0.0.1/",
    "http://0x7f.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://127.0.0.0x1/",
    "http://0x/",
    "http://127.0.0.0x/",
    "http://0xa9fea9fe/",
    "http://169.254.43518/",
    "http://169.16689662/",
    "http://0251.0376.0251.0376/",
    "http://256.0.0.1/",
    "http://1.2.3.4.5/",
    "http://1.1.1.256/",
    "http://999999999999/",
    "http://media.example.1/",
    "http://media.0x1/",
    "http://127。1/",
    "http://0x7f.1/",
    "http://2130706433./",
]
BRACKETED_HOSTS = [
    "http://[]/",
    "http://[::1/",
    "http://::1/",
    "http://::1]/",
    "http://[::1]x/",
    "http://x[::1]/",
    "http://[::1].media.example/",
    "http://[::1%25eth0]/",
    "http://[::1%eth0]/",
    "http://[fe80::1%25lo]/",
    "http://[2606:4700:4700::1111%251]/",
    "http://[::ffff:127.1]/",
    "http://[::ffff:0177.0.0.1]/",
    "http://[1::2::3]/",
    "http://[12345::1]/",
    "http://[v1.fe80::a]/",
    "http://[127.0.0.1]/",
    "http://[media.example]/",
    "http://[::1]:80:80/",
    "http://[[::1]]/",
]
UNREAL_NAMES = [
    "http://\u2024\u2024/",  # one dot leaders become dots
    "http://media\uff0fexample/",  # a wide slash
    "http://media\uff03.example/",  # a wide number sign
    "http://media\uff1a80.example/",  # a wide colon
    "http://ann\uff20media.example/",  # a wide at sign
    "http://media\uff05.example/",  # a wide percent sign
    "http://media\u2260.example/",  # not equal
    "http://\u0301media.example/",  # begins with an accent
    "http://" + "ü" * 64 + ".example/",
    "http://-ü.example/",
]


@pytest.mark.parametrize(
    "url",
    MALFORMED + OTHER_SCHEMES + WITH_CREDENTIALS + WITH_BAD_CHARACTERS + NUMERIC_HOSTS + BRACKETED_HOSTS + UNREAL_NAMES,
)
def test_hostile_spellings_are_refused_before_any_name_is_looked_up(url, internet):
    with pytest.raises(outbound.BadUrl):
        outbound.check_url(url)

    assert internet.asked == []


@pytest.mark.parametrize("url", WITH_CREDENTIALS)
def test_a_url_with_a_user_name_says_what_is_wrong(url):
    with pytest.raises(outbound.BadUrl, match="user name"):
        outbound.check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1./",
        "http://１２７.０.０.１/",
        "http://127。0。0。1/",
        "http://①②⑦.⓪.⓪.①/",
        "http://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[0000::0001]/",
        "https://[::FFFF:7F00:1]/",
        "https://[::ffff:127.0.0.1]:8443/",
    ],
)
def test_other_spellings_of_an_inner_address_are_seen_through(url, internet):
    with pytest.raises(outbound.ForbiddenAddress):
        outbound.check_url(url)


@pytest.mark.parametrize("port", [1, 22, 23, 25, 79, 81, 110, 445, 2375, 3306, 5432, 6379, 8000, 8080, 9200, 65535])
def test_other_ports_than_those_of_the_web_are_refused(port, internet):
    with pytest.raises(outbound.BadUrl, match="port"):
        outbound.check_url(f"http://media.example:{port}/")

    assert internet.asked == []


@pytest.mark.parametrize("port", [80, 443, 8443])
def test_the_ports_of_the_web_are_admitted(port, internet):
    internet.name("media.example", [PUBLIC])

    outbound.check_url(f"https://media.example:{port}/")

    assert internet.asked == ["media.example"]


def test_http_is_refused_where_only_https_will_do(internet):
    with pytest.raises(outbound.BadUrl, match="https://"):
        outbound.check_url("http://media.example/", schemes=("https",))


def test_a_url_of_2048_characters_is_admitted(internet):
    internet.name("media.example", [PUBLIC])

    outbound.check_url("http://media.example/".ljust(2048, "a"))

    assert internet.asked == ["media.example"]


def test_a_url_of_2049_characters_is_refused(internet):
    with pytest.raises(outbound.BadUrl, match="2048"):
        outbound.check_url("http://media.example/".ljust(2049, "a"))


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("http://media.example", "media.example", 80, "/"),
        ("HTTPS://Media.Example", "media.example", 443, "/"),
        ("https://media.example.", "media.example", 443, "/"),
        ("https://media.example:", "media.example", 443, "/"),
        ("https://media.example:8443/a", "media.example", 8443, "/a"),
        ("http://media.example?a=b", "media.example", 80, "/?a=b"),
        ("http://media.example/a?b=c?d/e#f", "media.example", 80, "/a?b=c?d/e"),
        ("http://media.example/a%20b%2Fc", "media.example", 80, "/a%20b%2Fc"),
        ("http://media.example/ü?ß=ø", "media.example", 80, "/%C3%BC?%C3%9F=%C3%B8"),
        ('http://media.example/"<>|^`{}', "media.example", 80, "/%22%3C%3E%7C%5E%60%7B%7D"),
        ("http://media.example/a@b:c", "media.example", 80, "/a@b:c"),
        ("http://my_bucket.media-1.example/", "my_bucket.media-1.example", 80, "/"),
        ("http://localhost/", "localhost", 80, "/"),
        ("http://Bücher.example/", "xn--bcher-kva.example", 80, "/"),
        ("http://xn--bcher-kva.example/", "xn--bcher-kva.example", 80, "/"),
        ("http://faß.example/", "xn--fa-hia.example", 80, "/"),
        ("http://例え。テスト/", "xn--r8jz45g.xn--zckzah", 80, "/"),
        ("http://1.media.example/", "1.media.example", 80, "/"),
        ("http://0x7f.example/", "0x7f.example", 80, "/"),
        ("http://8.8.8.8/a", "8.8.8.8", 80, "/a"),
        ("http://[2606:4700:4700:0::1111]:8443/", "2606:4700:4700::1111", 8443, "/"),
    ],
)
def test_a_good_url_is_taken_apart(url, host, port, target):
    parsed = parse(url)

    assert (parsed.host, parsed.port, parsed.target) == (host, port, target)


def test_a_name_without_an_address_is_unreachable(internet):
    with pytest.raises(outbound.Unreachable):
        outbound.check_url("https://nowhere.example/")


def test_a_url_that_may_not_be_used_is_no_matter_of_trying_again(internet):
    with pytest.raises(outbound.BadUrl) as refusal:
        outbound.check_url("file:///etc/passwd")

    assert not refusal.value.is_temporary
