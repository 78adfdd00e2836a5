//! A store on disk with clients of every sort, and what they present.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding as _};
use tollgate::{
    AccessForm, AccessText, AddClient, AddUser, Client, Engine, Field, Grant, GrantSet, GrantedTo, IssueAccess,
    IssueCode, PasswordPhc, ScopeSet, SetPassword, SystemEntropy, UserName,
};
use tollgate_oauth::pkce::Challenge;
use tollgate_oauth::{AuthorizationServer, Call, Configuration, Profile, password};

pub(crate) const PASSWORD: &str = "correct horse battery staple";
const REDIRECT: &str = "https://app.example/back";
const VERIFIER: &str = "a-verifier-of-more-than-forty-three-characters";
/// Its SHA-256 in base64url.
const CHALLENGE: &str = "AKaopYQ563pi9GQf83eEMKvsNOZCHLRRNarAWfXnrnQ";
/// People, so that no name guesses often.
const PEOPLE: usize = 64;

/// A token request, whole.
pub(crate) struct Presented {
    authorization: String,
    body: String,
    profile: Profile,
}

pub(crate) struct World {
    server: AuthorizationServer,
    clients: BTreeMap<(&'static str, &'static str), (Client, String)>,
    phc: String,
    _folder: tempfile::TempDir,
}

fn person(at: usize) -> UserName {
    format!("person{}", at % PEOPLE).parse().unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::create(folder.path().join("grants.redb")).unwrap();
        let phc = password::protect(PASSWORD.as_bytes(), &SystemEntropy).unwrap();
        for at in 0..PEOPLE {
            engine.execute(AddUser::named(person(at))).unwrap();
            let password = Some(PasswordPhc::parse(&phc).unwrap());
            engine
                .execute(SetPassword {
                    user: person(at),
                    password,
                })
                .unwrap();
        }
        let mut clients = BTreeMap::new();
        for grant in [
            Grant::ClientCredentials,
            Grant::AuthorizationCode,
            Grant::RefreshToken,
            Grant::Password,
        ] {
            for access in [AccessForm::Opaque, AccessForm::Es256, AccessForm::Rs256] {
                let name = format!("{}-{}", grant.name(), access.name()).parse().unwrap();
                let mut grants = GrantSet::NONE.with(grant);
                if grant == Grant::RefreshToken {
                    grants = grants.with(Grant::AuthorizationCode);
                }
                let added = engine.execute(AddClient {
                    access,
                    consent: false,
                    scopes: scopes(),
                    login_urls: vec![REDIRECT.to_owned()],
                    user: (grant == Grant::ClientCredentials).then(|| person(0)),
                    ..AddClient::named(name, grants)
                });
                let added = added.unwrap();
                let secret = added.secret.unwrap().expose().to_owned();
                clients.insert((grant.name(), access.name()), (added.client, secret));
            }
        }
        let url = "https://tollgate.example".parse().unwrap();
        let server = AuthorizationServer::new(engine, Configuration::at(url)).unwrap();
        server.ensure_keys(server.engine().now()).unwrap();
        Self {
            server,
            clients,
            phc,
            _folder: folder,
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.server.engine()
    }

    /// What the password of everybody is stored as.
    pub(crate) fn phc(&self) -> String {
        self.phc.clone()
    }

    /// So many requests, each of which will be granted once.
    pub(crate) fn presented(&self, grant: Grant, access: AccessForm, count: usize) -> Vec<Presented> {
        let (client, secret) = &self.clients[&(grant.name(), access.name())];
        let authorization = format!(
            "Basic {}",
            Base64::encode_string(format!("{}:{secret}", client.name).as_bytes())
        );
        let one = |at: usize| Presented {
            authorization: authorization.clone(),
            body: self.body(grant, client, at),
            profile: Profile::Standard,
        };
        // Codes are good for a minute, and making thousands takes less.
        let threads = count.min(64);
        std::thread::scope(|scope| {
            let making: Vec<_> = (0..threads)
                .map(|thread| scope.spawn(move || (thread..count).step_by(threads).map(one).collect::<Vec<_>>()))
                .collect();
            making.into_iter().flat_map(|made| made.join().unwrap()).collect()
        })
    }

    fn body(&self, grant: Grant, client: &Client, at: usize) -> String {
        let to = GrantedTo {
            client: client.name.clone(),
            client_number: client.number,
            user: person(at),
            scopes: scopes(),
            audiences: Vec::new(),
        };
        match grant {
            Grant::Password => format!(
                "grant_type=password&username={}&password={}",
                person(at),
                PASSWORD.replace(' ', "+")
            ),
            Grant::AuthorizationCode => {
                let issued = self.engine().execute(IssueCode {
                    to,
                    redirect_url: REDIRECT.to_owned(),
                    challenge: Challenge::parse(Some(CHALLENGE), Some("S256"))
                        .unwrap()
                        .map(|challenge| challenge.0),
                    nonce: None,
                    auth_time: self.engine().now(),
                    session: None,
                });
                let code = issued.unwrap().code;
                format!(
                    "grant_type=authorization_code&code={}&redirect_uri={REDIRECT}&code_verifier={VERIFIER}",
                    code.expose()
                )
            }
            Grant::RefreshToken => {
                let issued = self.engine().execute(IssueAccess {
                    to,
                    text: AccessText::Opaque,
                    lifetime_s: 3_600,
                    grant: Grant::AuthorizationCode,
                    refresh: Some(86_400),
                });
                let refresh = issued.unwrap().refresh.unwrap();
                format!("grant_type=refresh_token&refresh_token={}", refresh.expose())
            }
            Grant::ClientCredentials | Grant::Saml => "grant_type=client_credentials".to_owned(),
        }
    }

    /// Puts one request, which must be granted.
    pub(crate) fn redeem(&self, presented: &Presented) {
        let call = Call {
            method: b"POST",
            authorization: Field::Once(presented.authorization.as_bytes()),
            content_type: Some(b"application/x-www-form-urlencoded"),
            body: presented.body.as_bytes(),
            ..Call::default()
        };
        let answer = self.server.token(presented.profile, &call, self.engine().now());
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    }
}

fn scopes() -> ScopeSet {
    "reports".parse().unwrap()
}
