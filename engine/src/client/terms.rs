//! What a client must be to be of use and to do no harm.

use super::{Client, ClientAuthentication, Grant};

/// Most bytes of a client's title.
const TITLE_LEN_MOST: usize = 255;
/// Most redirect URLs of one sort.
const URLS_MOST: usize = 32;
/// Most bytes of one redirect URL.
const URL_LEN_MOST: usize = 2_000;
/// Most bytes of all redirect URLs of a client, which stand in one record.
const URLS_LEN_MOST: usize = 24_000;
/// Most audiences of one client.
const AUDIENCES_MOST: usize = 16;
/// Most bytes of a client's keys.
const KEYS_LEN_MOST: usize = 16 * 1_024;
/// A minute at least, a year at most.
const LIFETIMES_S: std::ops::RangeInclusive<u32> = 60..=31_536_000;

/// Why a client cannot be as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientFault {
    /// The title cannot be shown.
    #[error("expected a title of 1 to {TITLE_LEN_MOST} bytes without control characters")]
    Title,
    /// It could never get a token.
    #[error("expected at least one grant, because a client without one never gets a token")]
    NoGrant,
    /// A grant that needs a secret or a key.
    #[error(
        "expected a client that has no secret to have the grants authorization_code and refresh_token alone, but found {grant}: give it a secret, or take that grant away"
    )]
    NeedsSecret {
        /// The grant.
        grant: Grant,
    },
    /// Nobody whom its own tokens could act as.
    #[error("expected a user for the grant client_credentials: its tokens act as that user, with that user's limits")]
    NeedsUser,
    /// A login could lead nowhere.
    #[error("expected at least one login URL for the grant authorization_code: logins lead back to one of them")]
    NeedsLoginUrl,
    /// Codes are what refresh tokens come from.
    #[error(
        "expected the grant refresh_token beside authorization_code or password, because refresh tokens come with what these give"
    )]
    NothingToRefresh,
    /// A text that can be no URL to lead to.
    #[error(
        "expected an absolute URL of at most {URL_LEN_MOST} visible ASCII characters without `#` and `;` (write %3B), but found `{found}`"
    )]
    Url {
        /// The beginning of what was given.
        found: String,
    },
    /// The same URL twice.
    #[error("expected each URL once, but found `{found}` twice")]
    UrlTwice {
        /// The URL.
        found: String,
    },
    /// Too many URLs of one sort.
    #[error("expected at most {URLS_MOST} URLs, but found {found}: make another client for the rest")]
    TooManyUrls {
        /// How many were given.
        found: usize,
    },
    /// URLs that are too long together.
    #[error("expected all URLs of a client to have at most {URLS_LEN_MOST} characters together, but found {found}")]
    UrlsTooLong {
        /// How many they have.
        found: usize,
    },
    /// A lifetime that is no use or no limit.
    #[error("expected a lifetime of 60 to 31536000 seconds, but found {found}")]
    Lifetime {
        /// The seconds that were given.
        found: u32,
    },
    /// Too many audiences.
    #[error("expected at most {AUDIENCES_MOST} audiences, but found {found}")]
    TooManyAudiences {
        /// How many were given.
        found: usize,
    },
    /// A text that can be no set of keys.
    #[error("expected the client's keys as a JWK set of at most {KEYS_LEN_MOST} bytes, such as {{\"keys\":[…]}}")]
    Keys,
}

/// Refuses a client that could not be of use, could not be stored, or would be known by a secret that it cannot keep.
pub(crate) fn accept(client: &Client, has_user: bool) -> Result<(), ClientFault> {
    if !(1..=TITLE_LEN_MOST).contains(&client.title.len()) || client.title.chars().any(char::is_control) {
        return Err(ClientFault::Title);
    }
    accept_grants(client, has_user)?;
    accept_urls(client)?;
    for found in [client.lifetime_s, client.refresh_lifetime_s] {
        if !LIFETIMES_S.contains(&found) {
            return Err(ClientFault::Lifetime { found });
        }
    }
    let found = client.audiences.len();
    if found > AUDIENCES_MOST {
        return Err(ClientFault::TooManyAudiences { found });
    }
    match &client.authentication {
        ClientAuthentication::PrivateKeyJwt { jwks }
            if jwks.len() > KEYS_LEN_MOST || !jwks.trim_start().starts_with('{') =>
        {
            Err(ClientFault::Keys)
        }
        _ => Ok(()),
    }
}

fn accept_grants(client: &Client, has_user: bool) -> Result<(), ClientFault> {
    let grants = client.grants;
    if grants.is_empty() {
        return Err(ClientFault::NoGrant);
    }
    if client.authentication == ClientAuthentication::Public {
        let keeps_secrets = |grant: &Grant| !matches!(grant, Grant::AuthorizationCode | Grant::RefreshToken);
        if let Some(grant) = grants.iter().find(keeps_secrets) {
            return Err(ClientFault::NeedsSecret { grant });
        }
    }
    if grants.contains(Grant::ClientCredentials) && !has_user {
        return Err(ClientFault::NeedsUser);
    }
    if grants.contains(Grant::AuthorizationCode) && client.login_urls.is_empty() {
        return Err(ClientFault::NeedsLoginUrl);
    }
    let begins = [Grant::AuthorizationCode, Grant::Password, Grant::Saml];
    if grants.contains(Grant::RefreshToken) && !begins.into_iter().any(|grant| grants.contains(grant)) {
        return Err(ClientFault::NothingToRefresh);
    }
    Ok(())
}

fn accept_urls(client: &Client) -> Result<(), ClientFault> {
    let mut together = 0;
    for urls in [&client.login_urls, &client.logout_urls] {
        let found = urls.len();
        if found > URLS_MOST {
            return Err(ClientFault::TooManyUrls { found });
        }
        for (at, url) in urls.iter().enumerate() {
            let beginning = || url.escape_debug().take(200).collect();
            if !can_be_led_to(url) {
                return Err(ClientFault::Url { found: beginning() });
            }
            if urls.iter().take(at).any(|other| other == url) {
                return Err(ClientFault::UrlTwice { found: beginning() });
            }
            together += url.len();
        }
    }
    if together > URLS_LEN_MOST {
        return Err(ClientFault::UrlsTooLong { found: together });
    }
    Ok(())
}

/// The least that any such URL must be. Who leads people there says more of what it may be.
fn can_be_led_to(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    let begins = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let goes_on = letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b';' | b'\\' | b'"' | b'<' | b'>');
    begins && goes_on && !rest.is_empty() && url.len() <= URL_LEN_MOST && url.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{AccessForm, GrantSet};
    use tollgate_core::{ScopeSet, Timestamp};

    fn client() -> Client {
        Client {
            number: 1,
            name: "abc".parse().unwrap(),
            title: "Abc".into(),
            grants: GrantSet::NONE.with(Grant::AuthorizationCode).with(Grant::RefreshToken),
            login_urls: vec!["https://abc.example/callback".into()],
            logout_urls: Vec::new(),
            scopes: ScopeSet::NONE,
            audiences: Vec::new(),
            lifetime_s: 3_600,
            refresh_lifetime_s: 3_600,
            show_login: true,
            consent: true,
            enabled: true,
            access: AccessForm::Opaque,
            authentication: ClientAuthentication::Secret,
            user: None,
            secrets: Vec::new(),
            created_at: Timestamp::from_millis(0),
        }
    }

    type Change = fn(&mut Client);

    #[test]
    fn what_cannot_be_of_use_is_refused_and_its_twin_is_not() {
        let cases: [(Change, Result<(), ClientFault>); 16] = [
            (|_| {}, Ok(())),
            (|c| c.title.clear(), Err(ClientFault::Title)),
            (|c| c.title = "a\nb".into(), Err(ClientFault::Title)),
            (|c| c.title = "é".repeat(127), Ok(())),
            (|c| c.grants = GrantSet::NONE, Err(ClientFault::NoGrant)),
            (
                |c| c.grants = GrantSet::NONE.with(Grant::RefreshToken),
                Err(ClientFault::NothingToRefresh),
            ),
            (
                |c| c.grants = GrantSet::NONE.with(Grant::ClientCredentials),
                Err(ClientFault::NeedsUser),
            ),
            (|c| c.authentication = ClientAuthentication::Public, Ok(())),
            (
                |c| {
                    c.authentication = ClientAuthentication::Public;
                    c.grants = c.grants.with(Grant::Password);
                },
                Err(ClientFault::NeedsSecret { grant: Grant::Password }),
            ),
            (|c| c.login_urls.clear(), Err(ClientFault::NeedsLoginUrl)),
            (|c| c.lifetime_s = 59, Err(ClientFault::Lifetime { found: 59 })),
            (|c| c.lifetime_s = 60, Ok(())),
            (
                |c| c.refresh_lifetime_s = 31_536_001,
                Err(ClientFault::Lifetime { found: 31_536_001 }),
            ),
            (
                |c| c.audiences = vec!["api".parse().unwrap(); 17],
                Err(ClientFault::TooManyAudiences { found: 17 }),
            ),
            (
                |c| c.authentication = ClientAuthentication::PrivateKeyJwt { jwks: "keys".into() },
                Err(ClientFault::Keys),
            ),
            (
                |c| {
                    c.authentication = ClientAuthentication::PrivateKeyJwt {
                        jwks: "{\"keys\":[]}".into(),
                    }
                },
                Ok(()),
            ),
        ];
        for (at, (change, expected)) in cases.into_iter().enumerate() {
            let mut client = client();
            change(&mut client);
            assert_eq!(accept(&client, false), expected, "case {at}");
        }
        let mut acting = client();
        acting.grants = GrantSet::NONE.with(Grant::ClientCredentials);
        assert_eq!(accept(&acting, true), Ok(()), "the twin of a client without its user");
    }

    #[test]
    fn urls_that_lead_nowhere_are_refused() {
        for good in [
            "https://a.example/cb?x=1",
            "http://127.0.0.1/cb",
            "com.example.app:/cb",
            "http://[::1]:8080/",
        ] {
            assert!(can_be_led_to(good), "{good}");
        }
        let long = format!("https://a.example/{}", "a".repeat(URL_LEN_MOST));
        for bad in [
            "",
            "/cb",
            "a.example/cb",
            "https://a/#x",
            "https://a/;https://b/",
            "https://a/ b",
            "https://a/\u{e9}",
            ":x",
            "https:",
            "1a:x",
            "https://a/\\b",
            "https://a/\nb",
            long.as_str(),
        ] {
            assert!(!can_be_led_to(bad), "{bad:?}");
        }
        let mut twice = client();
        twice.login_urls.push("https://abc.example/callback".into());
        assert!(matches!(accept(&twice, false), Err(ClientFault::UrlTwice { .. })));
        let mut many = client();
        many.logout_urls = (0..33).map(|n| format!("https://a.example/{n}")).collect();
        assert_eq!(accept(&many, false), Err(ClientFault::TooManyUrls { found: 33 }));
        let long = |n: usize| format!("https://a.example/{n:02}{}", "a".repeat(1_900));
        many.logout_urls = (0..12).map(long).collect();
        assert_eq!(accept(&many, false), Ok(()), "the twin");
        many.logout_urls = (0..13).map(long).collect();
        assert!(matches!(accept(&many, false), Err(ClientFault::UrlsTooLong { .. })));
    }
}
