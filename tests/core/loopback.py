"""The rest of the world, for tests of outgoing requests: a scripted server, a fake resolver, a throw-away authority."""

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PUBLIC = "93.184.216.34"
PUBLIC_V6 = "2606:2800:220:1::1"
PATIENCE_SECONDS = 10  # how long a server thread lives if a test forgets to close it


def answer(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """Return an HTTP answer; `content_type="audio/wav"` becomes the header Content-Type."""
    fields = {"Content-Length": str(len(body))} | {name.replace("_", "-").title(): v for name, v in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value != "none")
    return f"HTTP/1.1 {status} Word\r\n{head}\r\n".encode("latin-1") + body


def redirect(location: str, status: int = 302) -> bytes:
    return answer(status, Location=location)


@dataclass
class Request:
    """What a server was asked."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Script = Callable[["Site"], Iterator[bytes]]


@dataclass
class Site:
    """A server on the loopback interface that sends, for each path, the bytes that the test wrote down."""

    tls: ssl.SSLContext | None = None
    greeting: "Script | None" = None
    """What is sent at once, instead of an answer to a request."""
    pages: dict[str, bytes | Script] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stall(self) -> None:
        """Say nothing until the test is over."""
        self.over.wait(PATIENCE_SECONDS)

    def trickle(self, piece: bytes) -> Iterator[bytes]:
        """Send `piece` again and again, never long enough apart for a timeout that starts anew each time."""
        while not self.over.wait(0.02):
            yield piece

    def close(self) -> None:
        self.over.set()
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection:  # clients hang up, and some never speak HTTP
            connection.settimeout(PATIENCE_SECONDS)
            for piece in self.greeting(self) if self.greeting else ():
                connection.sendall(piece)
            stream = self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
            with stream, stream.makefile("rb") as incoming:
                request = _read_request(incoming)
                self.requests.append(request)
                page = self.pages.get(request.target.partition("?")[0], b"")
                for piece in [page] if isinstance(page, bytes) else page(self):
                    stream.sendall(piece)


def _read_request(incoming) -> Request:
    method, target, _ = incoming.readline().decode("latin-1").split(" ")
    lines = iter(lambda: incoming.readline().decode("latin-1").strip(), "")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Request(method, target, headers, incoming.read(int(headers.get("content-length", 0))))


class Internet:
    """Names, addresses and routes of a pretended internet; nothing leaves the loopback interface."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self._answers: dict[str, list[list[str]]] = {}
        self._routes: dict[tuple[str, int], Site] = {}

    def name(self, name: str, *answers: list[str]) -> None:
        """Let `name` resolve to each list of addresses in turn, and to the last one from then on."""
        self._answers[name] = list(answers)

    def route(self, address: str, port: int, site: Site) -> None:
        """Lead connections to `address` and `port` to `site`; all others are refused."""
        self._routes[address, port] = site

    def getaddrinfo(self, host: str, port: int, **_) -> list[tuple]:
        self.asked.append(host)
        answers = self._answers.get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [_answer_of_resolver(address, port) for address in addresses]

    def connect(self, real_connect: Callable) -> Callable:
        def connect(sock: socket.socket, sockaddr: tuple) -> None:
            self.connected.append(sockaddr[:2])
            site = self._routes.get(sockaddr[:2])
            if site is None:
                raise ConnectionRefusedError("no such server on the pretended internet")
            real_connect(sock, ("::ffff:127.0.0.1" if sock.family == socket.AF_INET6 else "127.0.0.1", site.port))

        return connect


def _answer_of_resolver(address: str, port: int) -> tuple:
    if ip_address(address).version == 4:
        return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)
    return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)


class Authority:
    """A certificate authority for one test run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throw-away authority")])
        self._certificate = self._sign(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0))
        self.file = self._write("authority", self._certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, *names: str) -> ssl.SSLContext:
        """Return the context of a server whose certificate is for `names`, host names or IP addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
        certificate = self._sign(x509.Name([]), key, alternatives)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        context.load_cert_chain(self._write(names[0].replace(":", "-"), pem + private))
        return context

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(extension, critical=True)
        )
        return builder.sign(self._key, hashes.SHA256())

    def _write(self, name: str, pem: bytes) -> Path:
        path = self._folder / f"{name}.pem"
        path.write_bytes(pem)
        return path


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
