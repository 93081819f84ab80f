"""Java's certificate authorities: those that Python trusts on this machine.

The Java that comes from PyPI trusts its own list only. Behind a proxy that looks into
TLS, or with ``SSL_CERT_FILE`` set, it would refuse what pip and npm accept.
"""

import os
import ssl
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_PASSWORD: Final = "changeit"  # noqa: S105 - Java's usual one; the content is public


def java_options(folder: Path) -> list[str]:
    """Options that make Java trust the machine's authorities; none if it has no list."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    bundle = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    if not bundle or not Path(bundle).is_file():
        return []
    store = folder / "authorities.p12"
    store.write_bytes(
        pkcs12.serialize_java_truststore(
            [
                pkcs12.PKCS12Certificate(certificate, f"authority-{number}".encode())
                for number, certificate in enumerate(_certificates(bundle))
            ],
            BestAvailableEncryption(_PASSWORD.encode()),
        )
    )
    return [
        f"-Djavax.net.ssl.trustStore={store}",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
        f"-Djavax.net.ssl.trustStorePassword={_PASSWORD}",
    ]


def _certificates(bundle: str) -> "list[Certificate]":
    """The authorities of a bundle, without those that are malformed."""
    from cryptography import x509

    found = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(bundle)
    for der in context.get_ca_certs(binary_form=True):
        # Old roots break today's rules (a serial number of zero); they are not worth a word.
        with suppress(ValueError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(x509.load_der_x509_certificate(der))
    return found
