//! A store with a client and a user, and the steps of an authorization.

use tollgate::{
    AccessText, AddClient, Client, ClientName, CodeFacts, Engine, ExecuteError, GiveConsent, Grant, GrantFault,
    GrantSet, GrantedTo, IssueAccess, IssueCode, IssuedAccess, RedeemCode, Redeemed, Refresh, Refreshed, Refusal,
    ScopeSet, UserName,
};

use crate::support::World;

/// Where the user is sent.
pub(crate) const CALLBACK: &str = "https://app.example/callback";
/// Seconds for which access tokens are good.
pub(crate) const LIFETIME_S: u32 = 3_600;
/// Seconds for which a family goes on.
pub(crate) const REFRESH_S: u32 = 30 * 24 * 3_600;

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) user: UserName,
    pub(crate) client: Client,
}

impl Scene {
    /// A client that may use every grant, and needs no consent.
    pub(crate) fn new() -> Self {
        Self::of(World::new())
    }

    pub(crate) fn of(world: World) -> Self {
        let user = world.user("ann");
        let client = add_client(&world.engine, "app", false);
        Self { world, user, client }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.world.engine
    }

    /// Closes the store and opens it again.
    pub(crate) fn reopen(self) -> Self {
        Self {
            world: self.world.reopen(),
            ..self
        }
    }

    /// Sets the clock forward.
    pub(crate) fn pass(&self, millis: u64) {
        self.world.clock.set(self.engine().now().plus_millis(millis));
    }

    pub(crate) fn granted_to(&self, scopes: &str) -> GrantedTo {
        granted_to(&self.client, &self.user, scopes)
    }

    pub(crate) fn code(&self) -> String {
        self.try_code("read write").unwrap()
    }

    pub(crate) fn try_code(&self, scopes: &str) -> Result<String, ExecuteError> {
        issue_code(self.engine(), self.granted_to(scopes))
    }

    pub(crate) fn redeem(&self, code: &str) -> Result<Redeemed, ExecuteError> {
        redeem(self.engine(), code, self.client.number)
    }

    pub(crate) fn refresh(&self, token: &str) -> Result<Refreshed, ExecuteError> {
        refresh(self.engine(), token, self.client.number)
    }

    /// Tokens of a login that just happened.
    pub(crate) fn log_in(&self) -> IssuedAccess {
        granted(self.redeem(&self.code()))
    }

    pub(crate) fn consent(&self, scopes: &str) {
        let command = GiveConsent {
            user: self.user.clone(),
            client: self.client.name.clone(),
            client_number: self.client.number,
            scopes: scopes.parse().unwrap(),
            audiences: Vec::new(),
        };
        self.engine().execute(command).unwrap();
    }
}

pub(crate) fn add_client(engine: &Engine, name: &str, consent: bool) -> Client {
    let grants: GrantSet = Grant::ALL.into_iter().collect();
    let command = AddClient {
        login_urls: vec![CALLBACK.to_owned()],
        scopes: "read write admin".parse().unwrap(),
        audiences: vec!["https://api.example".parse().unwrap()],
        consent,
        user: engine.users().unwrap().first().map(|user| user.name.clone()),
        ..AddClient::named(name.parse::<ClientName>().unwrap(), grants)
    };
    engine.execute(command).unwrap().client
}

pub(crate) fn granted_to(client: &Client, user: &UserName, scopes: &str) -> GrantedTo {
    GrantedTo {
        client: client.name.clone(),
        client_number: client.number,
        user: user.clone(),
        scopes: scopes.parse::<ScopeSet>().unwrap(),
        audiences: Vec::new(),
    }
}

pub(crate) fn issue_code(engine: &Engine, to: GrantedTo) -> Result<String, ExecuteError> {
    let command = IssueCode {
        to,
        redirect_url: CALLBACK.to_owned(),
        redirect_said: true,
        issuer: None,
        challenge: Some([7; 32]),
        nonce: Some("n-0S6".to_owned()),
        auth_time: engine.now(),
        session: None,
    };
    Ok(engine.execute(command)?.code.expose().to_owned())
}

pub(crate) fn issue_access(engine: &Engine, to: GrantedTo, refresh: Option<u32>) -> Result<IssuedAccess, ExecuteError> {
    engine.execute(IssueAccess {
        to,
        text: AccessText::Opaque,
        lifetime_s: LIFETIME_S,
        grant: Grant::Password,
        refresh,
    })
}

pub(crate) fn facts(engine: &Engine, code: &str) -> CodeFacts {
    engine.code(code.as_bytes()).unwrap().unwrap()
}

pub(crate) fn redeem(engine: &Engine, code: &str, client_number: u64) -> Result<Redeemed, ExecuteError> {
    engine.execute(RedeemCode {
        code: facts(engine, code).proof,
        client_number,
        text: AccessText::Opaque,
        lifetime_s: LIFETIME_S,
        refresh: Some(REFRESH_S),
    })
}

pub(crate) fn refreshing(engine: &Engine, token: &str, client_number: u64) -> Refresh {
    Refresh {
        refresh: engine.refresh(token.as_bytes()).unwrap().unwrap().proof,
        client_number,
        scopes: None,
        audiences: None,
        text: AccessText::Opaque,
        lifetime_s: LIFETIME_S,
    }
}

pub(crate) fn refresh(engine: &Engine, token: &str, client_number: u64) -> Result<Refreshed, ExecuteError> {
    engine.execute(refreshing(engine, token, client_number))
}

pub(crate) fn granted(redeemed: Result<Redeemed, ExecuteError>) -> IssuedAccess {
    match redeemed {
        Ok(Redeemed::Granted(tokens)) => *tokens,
        other => panic!("expected tokens, but got {other:?}"),
    }
}

pub(crate) fn rotated(refreshed: Result<Refreshed, ExecuteError>) -> IssuedAccess {
    match refreshed {
        Ok(Refreshed::Granted(tokens)) => *tokens,
        other => panic!("expected the first use, but got {other:?}"),
    }
}

pub(crate) fn repeated(refreshed: Result<Refreshed, ExecuteError>) -> IssuedAccess {
    match refreshed {
        Ok(Refreshed::Repeated(tokens)) => *tokens,
        other => panic!("expected a repetition, but got {other:?}"),
    }
}

/// Why a grant was refused; none where it was not, or for another reason than those.
pub(crate) fn fault<T>(answer: Result<T, ExecuteError>) -> Option<GrantFault> {
    match answer.err()? {
        ExecuteError::Refused(Refusal::Grant(fault)) => Some(fault),
        ExecuteError::Refused(_) | ExecuteError::Unavailable(_) => None,
    }
}

pub(crate) fn access(tokens: &IssuedAccess) -> &str {
    tokens.token.as_ref().unwrap().expose()
}

pub(crate) fn refresh_of(tokens: &IssuedAccess) -> &str {
    tokens.refresh.as_ref().unwrap().expose()
}
