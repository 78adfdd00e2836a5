//! Tokens that others have signed: whose keys, for whom, and how often their keys may be fetched.
//!
//! Nothing is fetched here. [`KeySets`] says when it is time to, and a host that does so brings what it got; so a key that nobody
//! knows costs one request in a while, however many tokens name one.

use std::collections::BTreeMap;
use std::sync::Arc;

use tollgate::{Issuer, Scope, ScopeSet, Signature, Timestamp, UserName};

use crate::jose::{Algorithm, Claims, Jws, JwsFault, VerifyingKey};
use crate::jwk;

/// Keys are asked for anew after so long.
const FRESH_S: u64 = 3_600;
/// And serve so long at most while nobody can get others: a key that its issuer has withdrawn must not sign for ever because somebody
/// keeps us from hearing of it.
const KEPT_S: u64 = 24 * 3_600;
/// Between two requests for the keys of one issuer pass at least so many seconds, whatever tokens name.
const BETWEEN_S: u64 = 60;
/// How far ahead the clock of an issuer may be.
const SKEW_S: u64 = 60;

/// What is known of the keys of all issuers.
#[derive(Default)]
pub struct KeySets(BTreeMap<String, KnownKeys>);

#[derive(Default)]
struct KnownKeys {
    /// Where they came from; those of another place are forgotten.
    source: String,
    keys: Arc<Vec<VerifyingKey>>,
    /// When they came.
    since: Option<Timestamp>,
    /// When somebody was last sent to fetch them.
    asked: Option<Timestamp>,
    /// Whether they have not come back.
    is_awaited: bool,
}

impl KnownKeys {
    fn fits(&self, kid: Option<&str>) -> bool {
        let names = |key: &VerifyingKey| kid.is_none() || key.kid().is_none() || key.kid() == kid;
        self.keys.iter().any(names)
    }

    fn may_ask(&self, now: Timestamp) -> bool {
        self.asked
            .is_none_or(|asked| now.millis_since(asked) >= BETWEEN_S * 1_000)
    }

    fn is_kept(&self, now: Timestamp) -> bool {
        self.is_younger(KEPT_S, now)
    }

    fn is_younger(&self, seconds: u64, now: Timestamp) -> bool {
        let age_ms = |since: Timestamp| now.millis_since(since).max(since.millis_since(now));
        self.since.is_some_and(|since| age_ms(since) < seconds * 1_000)
    }
}

/// What there is to verify a token with.
#[derive(Debug)]
pub enum Keys {
    /// These.
    Ready(Arc<Vec<VerifyingKey>>),
    /// Fetch the set, bring it to [`KeySets::bring`], and ask again.
    Fetch,
    /// None that could have signed this token, and it is too soon to ask for others.
    Unknown,
    /// None were brought for a day, or ever, and it is too soon to ask again: whether the token is good is not known.
    Missing,
}

impl KeySets {
    /// The keys of an issuer that may have signed a token with this `kid`. Who is told to fetch is the only one for a while.
    pub fn keys(&mut self, issuer: &str, source: &str, kid: Option<&str>, now: Timestamp) -> Keys {
        let known = self.of(issuer, source);
        let fits = known.fits(kid);
        if known.may_ask(now) && !(known.is_younger(FRESH_S, now) && fits) {
            known.asked = Some(now);
            known.is_awaited = true;
            Keys::Fetch
        } else if !known.is_kept(now) {
            Keys::Missing
        } else if fits {
            Keys::Ready(Arc::clone(&known.keys))
        } else {
            Keys::Unknown
        }
    }

    /// The keys of an issuer that come from a text, read once for each text.
    pub fn of_text(&mut self, issuer: &str, text: &str) -> Arc<Vec<VerifyingKey>> {
        let known = self.of(issuer, text);
        if known.since.is_none() {
            known.keys = Arc::new(jwk::parse_set(text.as_bytes()).unwrap_or_default());
            known.since = Some(Timestamp::from_millis(0));
        }
        Arc::clone(&known.keys)
    }

    /// Whether it is settled that no key of the issuer has this `kid`, until somebody may ask again. Asks nobody.
    pub fn lack(&self, issuer: &str, source: &str, kid: Option<&str>, now: Timestamp) -> bool {
        let known = self.0.get(issuer).filter(|known| known.source == source);
        known.is_some_and(|known| {
            let may_come = known.is_awaited || known.may_ask(now);
            known.is_kept(now) && !known.fits(kid) && !may_come
        })
    }

    /// Takes what came from `source`; none where nothing did, or no key set. Then the keys from before stay.
    pub fn bring(&mut self, issuer: &str, source: &str, text: Option<&[u8]>, now: Timestamp) {
        let known = self.of(issuer, source);
        known.is_awaited = false;
        if let Some(keys) = text.and_then(jwk::parse_set) {
            known.keys = Arc::new(keys);
            known.since = Some(now);
        }
    }

    /// Forgets all issuers but these.
    pub fn keep(&mut self, issuers: &[Issuer]) {
        self.0
            .retain(|name, _| issuers.iter().any(|issuer| issuer.issuer == *name));
    }

    fn of(&mut self, issuer: &str, source: &str) -> &mut KnownKeys {
        let known = self.0.entry(issuer.to_owned()).or_default();
        if known.source != source {
            *known = KnownKeys {
                source: source.to_owned(),
                ..KnownKeys::default()
            };
        }
        known
    }
}

/// What a token of a trusted issuer is good for here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// Whom it names.
    pub user: UserName,
    /// How far it reaches: what it says, within what its issuer may give.
    pub scopes: ScopeSet,
    /// Those of the issuer's audiences that it names.
    pub audiences: Vec<tollgate::Audience>,
    /// The first moment at which it is good no more.
    pub until: Timestamp,
}

/// Whether an issuer may sign with this.
fn allows(issuer: &Issuer, algorithm: Algorithm) -> bool {
    issuer.algorithms.contains(match algorithm {
        Algorithm::Rs256 => Signature::Rs256,
        Algorithm::Es256 => Signature::Es256,
        Algorithm::EdDsa => Signature::EdDsa,
    })
}

/// Claims that ID tokens have, and access tokens have not.
const OF_LOGINS: [&str; 4] = ["nonce", "at_hash", "c_hash", "s_hash"];

/// Judges a token by the keys of the issuer that it names.
pub fn judge(jws: &Jws<'_>, issuer: &Issuer, keys: &[VerifyingKey], now: Timestamp) -> Result<External, JwsFault> {
    accept_header(jws, issuer)?;
    accept_claims(jws, &jws.verify(keys)?, issuer, now)
}

/// Whether a token could be good if its signature were: what is refused here needs no key. Nothing else may be concluded from it.
pub fn accept_unverified(jws: &Jws<'_>, issuer: &Issuer, now: Timestamp) -> Result<(), JwsFault> {
    accept_header(jws, issuer)?;
    accept_claims(jws, &jws.unverified()?, issuer, now).map(drop)
}

fn accept_header(jws: &Jws<'_>, issuer: &Issuer) -> Result<(), JwsFault> {
    // Tokens of other kinds have other rules: what logs somebody out, or proves a key, is no access token.
    let is_access = matches!(jws.header().typ.as_deref(), None | Some("jwt" | "at+jwt"));
    if is_access && allows(issuer, jws.header().algorithm) {
        Ok(())
    } else {
        Err(JwsFault::Header)
    }
}

fn accept_claims(jws: &Jws<'_>, claims: &Claims, issuer: &Issuer, now: Timestamp) -> Result<External, JwsFault> {
    if claims.text("iss")? != issuer.issuer {
        return Err(JwsFault::Claim("iss"));
    }
    // Most issuers call their ID tokens by the same type as access tokens of before RFC 9068. Those that a login shows in are refused;
    // from the others the audience protects, which for an ID token is the client that it was made for.
    let is_named = jws.header().typ.as_deref() == Some("at+jwt");
    if let Some(claim) = OF_LOGINS.into_iter().find(|name| claims.member(name).is_some())
        && !is_named
    {
        return Err(JwsFault::Claim(claim));
    }
    let wanted: Vec<&str> = issuer.audiences.iter().map(tollgate::Audience::as_str).collect();
    claims.is_for(&wanted)?;
    let until = claims.is_current(now, SKEW_S)?;
    const USER: JwsFault = JwsFault::Claim("of the user");
    let named = claims.member(&issuer.user_claim).and_then(|value| value.as_str());
    let audiences = issuer
        .audiences
        .iter()
        .filter(|audience| claims.is_for(&[audience.as_str()]).is_ok());
    Ok(External {
        user: named.ok_or(USER)?.parse().map_err(|_| USER)?,
        scopes: scopes(claims, &issuer.scopes)?,
        audiences: audiences.cloned().collect(),
        until,
    })
}

/// `scope` as a text or a list, `scp` as some write it; where neither is there, all that the issuer may give.
fn scopes(claims: &Claims, most: &ScopeSet) -> Result<ScopeSet, JwsFault> {
    const FAULT: JwsFault = JwsFault::Claim("scope");
    let Some(said) = claims.member("scope").or_else(|| claims.member("scp")) else {
        return Ok(most.clone());
    };
    let words: Vec<&str> = match said {
        serde_json::Value::String(text) => text.split(' ').collect(),
        serde_json::Value::Array(items) => items
            .iter()
            .map(|item| item.as_str())
            .collect::<Option<_>>()
            .ok_or(FAULT)?,
        _ => return Err(FAULT),
    };
    let kept: Vec<Scope> = most
        .iter()
        .filter(|scope| words.contains(&scope.as_str()))
        .cloned()
        .collect();
    ScopeSet::of(kept).map_err(|_| FAULT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::SigningPair;
    use tollgate::JwksSource;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    fn signer(kid: &str) -> SigningPair {
        let pkcs8 = SigningPair::generate(Algorithm::Es256).unwrap();
        SigningPair::from_pkcs8(Algorithm::Es256, &pkcs8, kid, None).unwrap()
    }

    fn set(signers: &[&SigningPair]) -> Vec<u8> {
        let keys: Vec<String> = signers
            .iter()
            .map(|signer| jwk::written(&signer.public().unwrap(), signer.kid(), None))
            .collect();
        format!("{{\"keys\":[{}]}}", keys.join(",")).into_bytes()
    }

    fn issuer() -> Issuer {
        Issuer {
            issuer: "https://them.example".to_owned(),
            jwks: JwksSource::Url("https://them.example/jwks".to_owned()),
            audiences: vec!["https://us.example".parse().unwrap(), "api".parse().unwrap()],
            algorithms: "ES256,EdDSA".parse().unwrap(),
            user_claim: "email".to_owned(),
            client: "them".parse().unwrap(),
            scopes: "read write".parse().unwrap(),
        }
    }

    const GOOD: &str = r#"{"iss":"https://them.example","aud":"https://us.example","exp":1000100,"email":"ann@us.example","scope":"write admin"}"#;

    fn judged(typ: &str, payload: &str) -> Result<External, JwsFault> {
        let signer = signer("k");
        let keys = jwk::parse_set(&set(&[&signer])).unwrap();
        let token = signer.sign(typ, payload).unwrap();
        judge(&Jws::parse(&token).unwrap(), &issuer(), &keys, START)
    }

    #[test]
    fn a_token_reaches_as_far_as_it_says_within_what_its_issuer_may_give() {
        let external = judged("at+jwt", GOOD).unwrap();
        assert_eq!(
            (external.user.as_str(), external.scopes.to_string().as_str()),
            ("ann@us.example", "write")
        );
        assert_eq!(
            external.audiences.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
            ["https://us.example"]
        );
        assert_eq!(external.until, Timestamp::from_seconds(1_000_100));
        let list = judged("JWT", &GOOD.replace("\"scope\":\"write admin\"", "\"scp\":[\"read\"]")).unwrap();
        assert_eq!(list.scopes.to_string(), "read");
        let silent = judged("JWT", &GOOD.replace(",\"scope\":\"write admin\"", "")).unwrap();
        assert_eq!(silent.scopes.to_string(), "read write");
    }

    #[test]
    fn each_claim_must_be_right() {
        for (from, to, fault) in [
            ("https://them", "https://other", JwsFault::Claim("iss")),
            ("https://us.example", "https://else.example", JwsFault::Claim("aud")),
            ("\"exp\":1000100,", "", JwsFault::Claim("exp")),
            ("1000100", "1000000", JwsFault::Claim("exp")),
            (
                "\"email\":\"ann@us.example\"",
                "\"email\":7",
                JwsFault::Claim("of the user"),
            ),
            ("\"email\"", "\"mail\"", JwsFault::Claim("of the user")),
            ("\"write admin\"", "7", JwsFault::Claim("scope")),
        ] {
            assert_ne!(GOOD.replace(from, to), GOOD);
            assert_eq!(
                judged("JWT", &GOOD.replace(from, to)).err(),
                Some(fault),
                "{from} as {to}"
            );
        }
        for claim in OF_LOGINS {
            let of_login = GOOD.replace("\"exp\"", &format!("\"{claim}\":\"x\",\"exp\""));
            assert_eq!(judged("JWT", &of_login).err(), Some(JwsFault::Claim(claim)));
            assert!(judged("at+jwt", &of_login).is_ok(), "it says that it is none");
        }
        for typ in ["id+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt"] {
            assert_eq!(judged(typ, GOOD).err(), Some(JwsFault::Header), "{typ}");
        }
        let narrow = Issuer {
            algorithms: "RS256".parse().unwrap(),
            ..issuer()
        };
        let signer = signer("k");
        let token = signer.sign("JWT", GOOD).unwrap();
        let keys = jwk::parse_set(&set(&[&signer])).unwrap();
        assert_eq!(
            judge(&Jws::parse(&token).unwrap(), &narrow, &keys, START).err(),
            Some(JwsFault::Header)
        );
    }

    fn shown(keys: &Keys) -> String {
        match keys {
            Keys::Ready(keys) => format!("{} ready", keys.len()),
            Keys::Fetch => "fetch".to_owned(),
            Keys::Unknown => "unknown".to_owned(),
            Keys::Missing => "missing".to_owned(),
        }
    }

    #[test]
    fn an_unknown_key_is_asked_for_once_a_minute() {
        let (old, new) = (signer("old"), signer("new"));
        let mut sets = KeySets::default();
        let ask = |sets: &mut KeySets, kid: &str, seconds: u64| {
            shown(&sets.keys("i", "u", Some(kid), START.plus_millis(seconds * 1_000)))
        };
        assert_eq!(ask(&mut sets, "old", 0), "fetch");
        assert_eq!(ask(&mut sets, "old", 1), "missing", "one is on the way");
        sets.bring("i", "u", Some(&set(&[&old])), START);
        assert_eq!(ask(&mut sets, "old", 2), "1 ready");
        assert_eq!(ask(&mut sets, "new", 3), "unknown");
        let lack = |sets: &KeySets, kid: &str, seconds: u64| {
            sets.lack("i", "u", Some(kid), START.plus_millis(seconds * 1_000))
        };
        assert!(lack(&sets, "new", 59) && !lack(&sets, "old", 59));
        assert!(!lack(&sets, "new", 60), "somebody may ask");
        assert_eq!(ask(&mut sets, "new", 60), "fetch");
        assert_eq!(ask(&mut sets, "new", 61), "unknown");
        assert!(!lack(&sets, "new", 61), "they are on their way");
        sets.bring("i", "u", None, START);
        assert!(lack(&sets, "new", 61));
        assert_eq!(
            ask(&mut sets, "old", 62),
            "1 ready",
            "a fetch that failed takes nothing away"
        );
        assert_eq!(ask(&mut sets, "new", 120), "fetch");
        sets.bring("i", "u", Some(&set(&[&old, &new])), START.plus_millis(120_000));
        assert_eq!(ask(&mut sets, "new", 121), "2 ready");
        assert_eq!(
            ask(&mut sets, "new", 3_721),
            "fetch",
            "after an hour they are asked for anew"
        );
        assert_eq!(
            ask(&mut sets, "new", 3_722),
            "2 ready",
            "and serve until others are there"
        );
        // Nobody can get others from then on.
        let last = 120 + KEPT_S;
        for (second, answer) in [
            (last - 59, "fetch"),
            (last - 1, "2 ready"),
            (last, "missing"),
            (last + 1, "fetch"),
            (last + 2, "missing"),
        ] {
            assert_eq!(ask(&mut sets, "new", second), answer, "keys serve for a day: {second}");
            sets.bring("i", "u", None, START);
        }
        sets.bring("i", "u", Some(&set(&[&new])), START.plus_millis((last + 61) * 1_000));
        assert_eq!(ask(&mut sets, "new", last + 62), "1 ready");
        assert_eq!(
            shown(&sets.keys("i", "elsewhere", Some("new"), START)),
            "fetch",
            "keys of another place are others"
        );
        let text = String::from_utf8(set(&[&new])).unwrap();
        assert_eq!((sets.of_text("i", &text).len(), sets.of_text("i", "{}").len()), (1, 0));
        sets.keep(&[]);
        assert!(sets.0.is_empty());
    }
}
