//! One renewal, from reading what there is to keeping what came of it.

use tollgate::Timestamp;

use super::Shared;
use super::access::{AccessFault, Outcome, Step};
use super::places::Place;
use super::store::{Compared, ConnectorNumber, Held, Kept};
use crate::auth_value::{AuthValue, Tokens};
use crate::entry::{Auth, OAuth2, OAuth2Type};
use crate::freshness::Freshness;
use crate::properties::{PASSWORD, USERNAME};
use crate::secret::Secret;
use crate::token_answer::{self, TokenFault};
use crate::token_request::{Grant, token_request};

/// How often a renewal begins again because the value has become another one meanwhile.
const TURNS_MOST: usize = 4;

/// A code that a browser has brought back, with what it is bound to. There is no `Debug`.
pub struct Redemption {
    /// For which account connector.
    pub number: ConnectorNumber,
    /// The code.
    pub code: Secret,
    /// The redirect URL of the flow, to the letter.
    pub redirect_url: String,
    /// What is behind the flow's proof key.
    pub verifier: Secret,
}

/// What came of asking a third party.
struct Asked {
    kept: Kept,
    fault: Option<AccessFault>,
}

impl Shared {
    /// Renews what is to be renewed. What is not (any more) is answered as it is, so that of callers who saw the same end only the
    /// first makes a request.
    pub(super) async fn renew(&self, number: ConnectorNumber) -> Outcome {
        let _place = match self.store.held(number)? {
            Some(held) => self.place(&held).await,
            None => return Err(AccessFault::Unknown),
        };
        for _ in 0..TURNS_MOST {
            let Some(held) = self.store.held(number)? else {
                return Err(AccessFault::Unknown);
            };
            let now = self.clock.now();
            if let Step::Answer(outcome) = held.step(now) {
                return outcome;
            }
            let Compared::Same { version } = self.store.begin(number, held.version, now)? else {
                continue;
            };
            let asked = self.ask(&held, grant(&held)).await;
            match self.store.keep(number, version, asked.kept.clone())? {
                Compared::Same { .. } => return after(held, asked, self.clock.now()),
                // Somebody has set another value: what came of the old one is nobody's any more.
                Compared::Moved => {}
            }
        }
        Err(AccessFault::Busy)
    }

    /// Turns a code into tokens. They go in place of whatever is there, also of what was renewed meanwhile.
    pub(super) async fn redeem(&self, redemption: &Redemption) -> Outcome {
        let number = redemption.number;
        let Some(mut held) = self.store.held(number)? else {
            return Err(AccessFault::Unknown);
        };
        let grant = Some(Grant::Code {
            code: &redemption.code,
            redirect_url: &redemption.redirect_url,
            verifier: &redemption.verifier,
        });
        let _place = self.place(&held).await;
        // What there was before belongs to another grant: no refresh token of it stays.
        held.value = AuthValue::Empty;
        held.freshness = Freshness::default();
        let asked = self.ask(&held, grant).await;
        if let Some(why) = asked.kept.fault {
            // A code is good once: whatever went wrong, the old value stays as it was.
            return Err(AccessFault::NotGranted { why });
        }
        for _ in 0..TURNS_MOST {
            let Some(present) = self.store.held(number)? else {
                return Err(AccessFault::Unknown);
            };
            if let Compared::Same { .. } = self.store.keep(number, present.version, asked.kept.clone())? {
                return after(held, asked, self.clock.now());
            }
        }
        Err(AccessFault::Busy)
    }

    /// A place for a request to whoever has the tokens; none where nobody is asked.
    async fn place(&self, held: &Held) -> Option<Place<'_>> {
        match held.entry.auth() {
            Auth::OAuth2(oauth2) => Some(self.places.take(&oauth2.token_url).await),
            Auth::ApiKey | Auth::Basic | Auth::None => None,
        }
    }

    async fn ask(&self, held: &Held, grant: Option<Grant<'_>>) -> Asked {
        let wrong = |why: &str| {
            (
                Freshness::failed(held.freshness, None, self.clock.now()),
                why.to_owned(),
            )
        };
        let Auth::OAuth2(oauth2) = held.entry.auth() else {
            return failed(held, wrong("the connector's entry knows no way to renew anything"));
        };
        let Some(grant) = grant else {
            return failed(
                held,
                (held.freshness.gone(), "there is no grant to renew by".to_owned()),
            );
        };
        let Some(client) = held.properties.client(oauth2) else {
            return failed(held, wrong("neither the entry nor the properties have a ClientId"));
        };
        let request = token_request(&held.entry, oauth2, &client, &grant);
        let sent = self.outbound.send(&request).await;
        let now = self.clock.now();
        let previous = match &held.value {
            AuthValue::OAuth(tokens) => Some(tokens),
            AuthValue::Empty | AuthValue::ApiKey(_) | AuthValue::Basic(_) => None,
        };
        let answer = match sent {
            Ok(answer) => answer,
            Err(fault) => return failed(held, (held.freshness.failed(None, now), fault.to_string())),
        };
        match token_answer::read(&answer, previous, held.is_renewable(), now) {
            Ok(tokens) => renewed(held, tokens, now),
            Err(fault) => {
                let freshness = match &fault {
                    TokenFault::NeedsSignIn { .. } => held.freshness.gone(),
                    TokenFault::Later { retry_after_s, .. } => held.freshness.failed(*retry_after_s, now),
                    TokenFault::Broken { .. } => held.freshness.failed(None, now),
                };
                failed(held, (freshness, fault.to_string()))
            }
        }
    }
}

fn renewed(held: &Held, tokens: Tokens, now: Timestamp) -> Asked {
    let value = AuthValue::OAuth(tokens);
    let freshness = Freshness::obtained(now);
    Asked {
        kept: Kept {
            next: freshness.next_renewal(&value, held.is_renewable()),
            value: Some(value),
            freshness,
            fault: None,
        },
        fault: None,
    }
}

fn failed(held: &Held, (freshness, why): (Freshness, String)) -> Asked {
    let fault = if freshness.is_gone {
        AccessFault::NeedsSignIn
    } else {
        AccessFault::Later { retry_after_s: 1 }
    };
    Asked {
        kept: Kept {
            value: None,
            next: freshness.next_renewal(&held.value, held.is_renewable()),
            freshness,
            fault: Some(why),
        },
        fault: Some(fault),
    }
}

/// What callers get of what was kept: also after a failure, as long as the old value is good.
fn after(held: Held, asked: Asked, now: Timestamp) -> Outcome {
    let held = Held {
        value: asked.kept.value.unwrap_or(held.value),
        freshness: asked.kept.freshness,
        ..held
    };
    match held.step(now) {
        Step::Answer(outcome) | Step::AnswerAndRenew(outcome) => outcome,
        // Its life is so short, or the third party so slow, that it has ended on the way.
        Step::Renew => Err(asked.fault.unwrap_or(AccessFault::Later { retry_after_s: 1 })),
    }
}

/// What a token is renewed with. Our own credentials and passwords go before refresh tokens, since they do not end.
fn grant(held: &Held) -> Option<Grant<'_>> {
    let Auth::OAuth2(oauth2) = held.entry.auth() else {
        return None;
    };
    own_grant(held, oauth2).or(match &held.value {
        AuthValue::OAuth(tokens) => tokens.refresh.as_ref().map(Grant::Refresh),
        AuthValue::Empty | AuthValue::ApiKey(_) | AuthValue::Basic(_) => None,
    })
}

fn own_grant<'a>(held: &'a Held, oauth2: &OAuth2) -> Option<Grant<'a>> {
    match oauth2.sort {
        OAuth2Type::AuthorisationCode => None,
        OAuth2Type::ClientCredentials => Some(Grant::ClientCredentials),
        OAuth2Type::PasswordCredentials => Some(Grant::Password {
            username: held.properties.value(USERNAME)?,
            password: held.properties.value(PASSWORD)?,
        }),
    }
}
