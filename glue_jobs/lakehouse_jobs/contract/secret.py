"""The Salesforce credentials in Secrets Manager: one JSON object.

Client credentials: ``{"instance_url", "client_id", "client_secret"}``.
JWT bearer: ``{"instance_url", "client_id", "username", "private_key"}`` (PEM).
The stack creates the secret with a placeholder that carries :data:`UNFILLED_KEY`;
whoever fills it replaces the whole value.
"""

from typing import Final

UNFILLED_KEY: Final = "unfilled"
PLACEHOLDER: Final = {
    "instance_url": "https://your-domain.my.salesforce.com",
    "client_id": "",
    "client_secret": "",
}
CLIENT_CREDENTIALS_KEYS: Final = frozenset({"instance_url", "client_id", "client_secret"})
JWT_BEARER_KEYS: Final = frozenset({"instance_url", "client_id", "username", "private_key"})
