"""What a page of ours lets a browser do: nothing but to draw it in the style that it brings along."""

import base64
import hashlib


def policy_of(style: str) -> str:
    """The Content-Security-Policy of a page that stands alone: no script, no network, this style only."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
