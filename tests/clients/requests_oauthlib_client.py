"""requests-oauthlib: password, client credentials, code with PKCE, and a refresh that happens by itself."""

from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from talk import refused, settings, tell, visit

given = settings()
meta = given["metadata"]

client = given["password_client"]
password = OAuth2Session(client=LegacyApplicationClient(client_id=client["id"], scope=["js_api"]))


def ask(word):
    return password.fetch_token(
        given["cinchy_token"],
        username=given["username"],
        password=word,
        client_id=client["id"],
        client_secret=client["secret"],
        include_client_id=True,
    )


tell("password", token=ask(given["password"]))
refused("wrong password", lambda: ask("not it"), OAuth2Error)

client = given["machine_client"]
machine = OAuth2Session(client=BackendApplicationClient(client_id=client["id"]))
basic = HTTPBasicAuth(client["id"], client["secret"])
tell("client credentials", token=machine.fetch_token(meta["token_endpoint"], auth=basic))

client = given["web_client"]
web = OAuth2Session(client["id"], redirect_uri=given["redirect"], scope=["openid", "profile"], pkce="S256")
address, _ = web.authorization_url(meta["authorization_endpoint"])
token = web.fetch_token(
    meta["token_endpoint"],
    authorization_response=visit(address),
    client_secret=client["secret"],
    include_client_id=True,
)
tell("code", token=token)

kept = []
old = OAuth2Session(
    client["id"],
    token={**token, "expires_in": -30, "expires_at": 1},
    auto_refresh_url=meta["token_endpoint"],
    auto_refresh_kwargs={"client_id": client["id"], "client_secret": client["secret"]},
    token_updater=kept.append,
)
answer = old.get(meta["userinfo_endpoint"])
tell("refresh by itself", token=kept[0], before=token, status=answer.status_code, claims=answer.json())
