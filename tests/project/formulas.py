"""How each platform proves that a webhook is its own, by its documentation: written without the Rust code, and without the
platform files. docs/platforms.md says how sure each formula is."""

import base64
import hashlib
import hmac
import json

from commands import PROJECT

# What the local stack and the samples of `events/` are signed with.
HOST = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"


# The id of the app, where the platform signs it; the local stack writes it before the key.
APP_KEY = "sample-id"


def text_key(platform):
    return f"sample key of the local stack for {platform}"


class Webhook:
    """A webhook that is not signed yet; names of headers are in lower case."""

    def __init__(self, platform, path, headers, body, time):
        self.platform, self.headers, self.time = platform, headers, time
        self.body = body.encode()
        self.address = HOST + path
        # The keys of samples that are shown in hex stand for the bytes of this text.
        self.key = text_key(platform).encode()

    def mac(self, *parts, hash="sha256", key=None):
        text = b"".join(part if isinstance(part, bytes) else part.encode() for part in parts)
        return hmac.new(key or self.key, text, hash).digest()


def b64(data):
    return base64.b64encode(data).decode()


def header_of_body(name, encode, hash="sha256"):
    return lambda webhook: {name: encode(webhook.mac(webhook.body, hash=hash))}


def hexed(data):
    return data.hex()


def standard(webhook):
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme"""
    identity, time = webhook.headers.get("webhook-id", f"msg_sample_{webhook.platform}"), str(webhook.time)
    signature = "v1," + b64(webhook.mac(f"{identity}.{time}.", webhook.body))
    return {"webhook-id": identity, "webhook-timestamp": time, "webhook-signature": signature}


def cafe24(webhook):
    return {"x-api-key": webhook.key.decode()}


def doordash(webhook):
    return {"authorization": "Basic " + b64(webhook.key)}


def bearer(webhook):
    return {"authorization": "Bearer " + webhook.key.decode()}


def time_and_body(name, time, between, separator, signature):
    """A header with entries for the time and the signature."""
    def formula(webhook):
        signed = webhook.mac(f"{webhook.time}{between}", webhook.body).hex()
        return {name: f"{time}={webhook.time}{separator}{signature}={signed}"}
    return formula


def of_hex_key(name):
    """The key is shown in hex, and its bytes sign."""
    return header_of_body(name, hexed)


def with_app_key(webhook):
    """The app's key is signed before the body, with its secret."""
    return {"authorization": webhook.mac(APP_KEY, webhook.body).hex()}


def olo(webhook):
    identity, time = webhook.headers["x-olo-message-id"], webhook.headers["x-olo-timestamp"]
    signed = webhook.mac(webhook.address, "\n", webhook.body, "\n", identity, "\n", time)
    return {"x-olo-signature": b64(signed)}


def webflow(webhook):
    milliseconds = str(webhook.time * 1000)
    signed = webhook.mac(milliseconds, ":", webhook.body).hex()
    return {"x-webflow-timestamp": milliseconds, "x-webflow-signature": signed}


def lightspeed(webhook):
    return {"x-signature": f"signature={webhook.mac(webhook.body).hex()},algorithm=HMAC-SHA256"}


# What stands before a SHA-256 in a signature: https://www.rfc-editor.org/rfc/rfc8017#section-9.2
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


def rsa(text):
    """PKCS #1 v1.5 with the key pair of the samples."""
    key = json.loads((PROJECT / "src/secret/signing_key/sample.json").read_text())
    modulus, exponent = int(key["modulus"], 16), int(key["exponent"], 16)
    end = b"\0" + SHA256_PREFIX + hashlib.sha256(text).digest()
    padded = b"\0\1".ljust(256 - len(end), b"\xff") + end
    return pow(int.from_bytes(padded, "big"), exponent, modulus).to_bytes(256, "big")


def deliveroo(webhook):
    guid = webhook.headers["x-deliveroo-sequence-guid"]
    return {"x-deliveroo-hmac-sha256": webhook.mac(guid, " ", webhook.body).hex()}


FORMULAS = {
    "adobe": lambda webhook: {"x-adobe-commerce-webhook-signature": b64(rsa(b64(webhook.body).encode()))},
    "bigcommerce": standard,
    "cafe24": cafe24,
    "deliverect": header_of_body("x-server-authorization-hmac-sha256", hexed),
    "deliveroo": deliveroo,
    "doordash": doordash,
    "etsy": standard,
    "foxy": header_of_body("foxy-webhook-signature", hexed),
    "generic": standard,
    "glovo": bearer,
    "gofood": header_of_body("x-go-signature", hexed),
    "hubrise": header_of_body("x-hubrise-hmac-sha256", hexed),
    "ifood": header_of_body("x-ifood-signature", hexed),
    "imweb": lambda webhook: {"?key": webhook.key.decode()},
    "justeat": bearer,
    "keeta": header_of_body("x-app-signature", b64),
    "lazada": with_app_key,
    "lemonsqueezy": header_of_body("x-signature", hexed),
    "lightspeed": lightspeed,
    "loyverse": header_of_body("x-loyverse-signature", b64, hash="sha1"),
    "nuvemshop": header_of_body("x-linkedstore-hmac-sha256", hexed),
    "olo": olo,
    "ordergroove": time_and_body("ordergroove-signature", "ts", ".", ",", "sig"),
    "paddle": time_and_body("paddle-signature", "ts", ":", ";", "h1"),
    "paystack": header_of_body("x-paystack-signature", hexed, hash="sha512"),
    "portone": standard,
    "printful": of_hex_key("x-pf-webhook-signature"),
    "rappi": time_and_body("rappi-signature", "t", ".", ",", "sign"),
    "salla": header_of_body("x-salla-signature", hexed),
    "shopee": lambda webhook: {"authorization": webhook.mac(webhook.address, "|", webhook.body).hex()},
    "shopify": header_of_body("x-shopify-hmac-sha256", b64),
    "shopline": header_of_body("x-shopline-hmac-sha256", hexed),
    "square": lambda webhook: {"x-square-hmacsha256-signature": b64(webhook.mac(webhook.address, webhook.body))},
    "squarespace": of_hex_key("squarespace-signature"),
    "standard": standard,
    "stripe": time_and_body("stripe-signature", "t", ".", ",", "v1"),
    "tiktok": with_app_key,
    "ubereats": header_of_body("x-uber-signature", hexed),
    "vtex": lambda webhook: {"x-api-key": webhook.key.decode()},
    "webflow": webflow,
    "wolt": header_of_body("wolt-signature", hexed),
    "woocommerce": header_of_body("x-wc-webhook-signature", b64),
    "yampi": header_of_body("x-yampi-hmac-sha256", b64),
}
