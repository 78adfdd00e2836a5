"""Authlib: password, client credentials, code with PKCE, refresh, introspection, revocation, ID tokens by their keys."""

import secrets

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwk, jwt

from talk import refused, settings, tell, visit

given = settings()
meta = given["metadata"]


def session(client, **more):
    return OAuth2Session(client["id"], client.get("secret"), **more)


password = session(given["password_client"], scope="js_api", token_endpoint_auth_method="client_secret_post")
token = password.fetch_token(given["cinchy_token"], username=given["username"], password=given["password"])
tell("password", token=token)
refused(
    "wrong password",
    lambda: password.fetch_token(given["cinchy_token"], username=given["username"], password="not it"),
    OAuthError,
)

for method in ("client_secret_basic", "client_secret_post"):
    machine = session(given["machine_client"], token_endpoint_auth_method=method)
    tell(method, token=machine.fetch_token(meta["token_endpoint"], grant_type="client_credentials"))

web = session(
    given["web_client"],
    scope="openid profile email",
    redirect_uri=given["redirect"],
    code_challenge_method="S256",
)
verifier = secrets.token_urlsafe(48)
nonce = secrets.token_urlsafe(16)
address, state = web.create_authorization_url(meta["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
arrived = visit(address)
token = web.fetch_token(meta["token_endpoint"], authorization_response=arrived, state=state, code_verifier=verifier)
tell("code", token=token)
refused(
    "code again",
    lambda: session(given["web_client"], redirect_uri=given["redirect"]).fetch_token(
        meta["token_endpoint"], authorization_response=arrived, state=state, code_verifier=verifier
    ),
    OAuthError,
)

# A code that is presented again takes everything along that came of it, so another is needed.
address, state = web.create_authorization_url(meta["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
token = web.fetch_token(
    meta["token_endpoint"], authorization_response=visit(address), state=state, code_verifier=verifier
)
keys = jwk.KeySet.import_key_set(web.get(meta["jwks_uri"], withhold_token=True).json())
claims = jwt.decode(token["id_token"], keys, algorithms=["RS256", "ES256"]).claims
jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": meta["issuer"]},
    aud={"essential": True, "value": given["web_client"]["id"]},
    nonce={"essential": True, "value": nonce},
).validate(claims)
tell("id token", claims=claims)
tell("userinfo", claims=web.get(meta["userinfo_endpoint"]).json())

renewed = web.refresh_token(meta["token_endpoint"], refresh_token=token["refresh_token"])
tell("refresh", token=renewed, before=token)
tell("introspection", answer=web.introspect_token(meta["introspection_endpoint"], renewed["access_token"]).json())
tell("revocation", status=web.revoke_token(meta["revocation_endpoint"], renewed["refresh_token"]).status_code)
refused(
    "refresh after revocation",
    lambda: web.refresh_token(meta["token_endpoint"], refresh_token=renewed["refresh_token"]),
    OAuthError,
)
