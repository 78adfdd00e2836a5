//! The clients that are written in Rust, over a transport of this test's own: theirs would bring a second TLS stack.

use std::net::SocketAddr;

use oauth2::basic::BasicClient;
use oauth2::http::{HeaderName, HeaderValue};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IntrospectionUrl,
    PkceCodeChallenge, RedirectUrl, RequestTokenError, RevocationUrl, Scope, StandardRevocableToken,
    TokenIntrospectionResponse as _, TokenResponse as _, TokenUrl,
};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{AccessTokenHash, AuthorizationCode as Code, IssuerUrl, Nonce, TokenResponse as _};
use tollgate_tests::http::{Broken, Connection, Request};

use super::scene::{REDIRECT, Scene};

/// Why nothing was answered.
#[derive(Debug)]
struct NoAnswer(Broken);

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for NoAnswer {}

/// A transport to one server.
fn transport(to: SocketAddr) -> impl Fn(HttpRequest) -> Result<HttpResponse, NoAnswer> {
    move |request| {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let mut sent = Request::new(request.method().as_str(), target);
        for (name, value) in request.headers() {
            sent = sent.field(name.as_str(), value.to_str().unwrap());
        }
        if !request.body().is_empty() {
            sent = sent.body(std::str::from_utf8(request.body()).unwrap());
        }
        let answer = Connection::open(to).and_then(|mut connection| connection.send(&sent));
        let answer = answer.map_err(NoAnswer)?;
        let mut response = HttpResponse::new(answer.body.clone());
        *response.status_mut() = answer.status.try_into().unwrap();
        for (name, value) in &answer.fields {
            let (name, value) = (name.parse::<HeaderName>(), HeaderValue::from_str(value));
            response.headers_mut().append(name.unwrap(), value.unwrap());
        }
        Ok(response)
    }
}

/// The parameters of the address at which a login has ended.
fn arrived(address: &str) -> (String, CsrfToken, String) {
    let url = url::Url::parse(address).unwrap();
    let parameter = |name: &str| {
        let found = url.query_pairs().find(|(own, _)| own == name);
        found.unwrap_or_else(|| panic!("no {name} in {address}")).1.into_owned()
    };
    (parameter("code"), CsrfToken::new(parameter("state")), parameter("iss"))
}

#[test]
fn oauth2_gets_tokens_and_uses_them() {
    let scene = Scene::new();
    let (http, url) = (transport(scene.address()), |name: &str| scene.text("metadata", name));
    let known = |client: &str| {
        BasicClient::new(ClientId::new(scene.text(client, "id")))
            .set_client_secret(ClientSecret::new(scene.text(client, "secret")))
            .set_token_uri(TokenUrl::new(url("token_endpoint")).unwrap())
            .set_auth_uri(AuthUrl::new(url("authorization_endpoint")).unwrap())
            .set_introspection_url(IntrospectionUrl::new(url("introspection_endpoint")).unwrap())
            .set_revocation_url_option(None)
            .set_redirect_uri(RedirectUrl::new(REDIRECT.to_owned()).unwrap())
    };
    let robot = known("machine_client")
        .exchange_client_credentials()
        .request(&http)
        .unwrap();
    scene.passes_as(robot.access_token().secret(), "robot", "machine_client", "reports");

    let web = known("web_client");
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state) = web
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new("profile".to_owned()))
        .add_scope(Scope::new("offline_access".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let (code, returned, _) = arrived(&scene.visit(address.as_str()));
    assert_eq!(returned.secret(), state.secret());
    let tokens = web
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(verifier)
        .request(&http)
        .unwrap();
    scene.passes_as(
        tokens.access_token().secret(),
        "alice",
        "web_client",
        "profile offline_access",
    );
    let newer = web
        .exchange_refresh_token(tokens.refresh_token().unwrap())
        .request(&http)
        .unwrap();
    assert_ne!(newer.access_token().secret(), tokens.access_token().secret());
    let told = web.introspect(newer.access_token()).request(&http).unwrap();
    assert!(told.active());
    let web = web.set_revocation_url(RevocationUrl::new(url("revocation_endpoint")).unwrap());
    // It wants TLS to revoke, whatever the host.
    let revocable = StandardRevocableToken::RefreshToken(newer.refresh_token().unwrap().clone());
    assert!(
        web.revoke_token(revocable).is_err(),
        "the library has changed its mind: revoke here"
    );

    let (_, wrong) = PkceCodeChallenge::new_random_sha256();
    let again = web
        .exchange_code(AuthorizationCode::new("tg_code_".to_owned()))
        .set_pkce_verifier(wrong);
    match again.request(&http) {
        Err(RequestTokenError::ServerResponse(told)) => assert_eq!(told.error().as_ref(), "invalid_grant"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn openidconnect_believes_the_id_tokens_of_both_profiles() {
    let scene = Scene::new();
    let http = transport(scene.address());
    for profile in ["standard", "cinchy"] {
        let issuer = IssuerUrl::new(scene.text("issuers", profile)).unwrap();
        let found = CoreProviderMetadata::discover(&issuer, &http).unwrap();
        let secret = ClientSecret::new(scene.text("web_client", "secret"));
        let id = ClientId::new(scene.text("web_client", "id"));
        let client = CoreClient::from_provider_metadata(found, id, Some(secret))
            .set_redirect_uri(RedirectUrl::new(REDIRECT.to_owned()).unwrap());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (address, _, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let (code, _, iss) = arrived(&scene.visit(address.as_str()));
        assert_eq!(iss, issuer.as_str(), "RFC 9207");
        let tokens = client
            .exchange_code(Code::new(code))
            .unwrap()
            .set_pkce_verifier(verifier)
            .request(&http)
            .unwrap();
        let id_token = tokens.id_token().unwrap();
        let verifier = client.id_token_verifier();
        let claims = id_token.claims(&verifier, &nonce).unwrap();
        let expected = AccessTokenHash::from_token(
            tokens.access_token(),
            id_token.signing_alg().unwrap(),
            id_token.signing_key(&verifier).unwrap(),
        );
        assert_eq!(claims.access_token_hash(), Some(&expected.unwrap()));
        assert!(
            id_token.claims(&verifier, &Nonce::new_random()).is_err(),
            "another nonce"
        );
        let subject = claims.subject().clone();
        let told: CoreUserInfoClaims = client
            .user_info(tokens.access_token().clone(), Some(subject))
            .unwrap()
            .request(&http)
            .unwrap();
        assert_eq!(told.email().unwrap().as_str(), "alice@example.com");
        scene.passes_as(tokens.access_token().secret(), "alice", "web_client", "openid email");
    }
}
