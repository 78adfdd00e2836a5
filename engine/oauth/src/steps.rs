//! What the pages in a browser have to do next: the answers that are no answers to programs.

use tollgate::{Settled, Timestamp, TokenText, UserId, UserName};

use crate::call::{Activity, Call};

/// A client as a page may show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientShown {
    /// Its `client_id`.
    pub name: String,
    /// The name for people.
    pub title: String,
}

/// A request to the authorization endpoint, as far as it has come.
#[derive(Clone, Copy, Default)]
pub struct AuthorizationCall<'a> {
    /// The request itself: parameters in the query of a GET or in the body of a POST.
    pub call: Call<'a>,
    /// The session token of the browser's cookie.
    pub session: Option<&'a [u8]>,
    /// What the person at the browser has answered to [`AuthorizationStep::Consent`]. A host passes this on only from a form that
    /// its own page has made for this session.
    pub decision: Option<Decision>,
}

/// What a person said when asked whether a client may act for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may, and need not ask again for these scopes.
    Allowed,
    /// It may not.
    Refused,
}

/// What to do with a browser that came to the authorization endpoint.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthorizationStep {
    /// Show a page with this; the browser is sent nowhere, because where to is not known for certain.
    Refused(PageFault),
    /// Let the person log in, then come back to the same endpoint with `request` as the query.
    Login {
        /// The query to come back with. Longer than nothing, no longer than what came.
        request: String,
        /// Who asked.
        client: ClientShown,
        /// Whom the client expects (`login_hint`), to fill in the form with.
        hint: Option<String>,
        /// The registered URL that the answer will go to: a page has to say where its form may end (`form-action`).
        redirect: String,
        /// For metrics and logs.
        activity: Activity,
    },
    /// Ask the person whether the client may have this, then call again with `request` and the decision.
    Consent {
        /// The query to come back with.
        request: String,
        /// Who asked.
        client: ClientShown,
        /// Who is asked.
        user: UserName,
        /// What it would get.
        scopes: Vec<String>,
        /// For which services; any where it names none.
        audiences: Vec<String>,
        /// For how long after this it can act without asking again, in seconds.
        lasts_s: u32,
        /// The registered URL that the answer will go to, as in [`AuthorizationStep::Login`].
        redirect: String,
        /// For metrics and logs.
        activity: Activity,
    },
    /// Send the browser there with 303 and `Cache-Control: no-store`.
    Redirect {
        /// Where to: a URL that the client has registered, with the answer in its query.
        url: String,
        /// For metrics and logs.
        activity: Activity,
    },
}

/// What a page says instead of sending the browser anywhere. The texts hold nothing that came with the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFault {
    /// The HTTP status of the page.
    pub status: u16,
    /// The error code, as in RFC 6749.
    pub code: &'static str,
    /// One sentence for people.
    pub detail: String,
    /// For metrics and logs.
    pub activity: Activity,
}

/// A request to the end-session endpoint.
#[derive(Clone, Copy, Default)]
pub struct EndSessionCall<'a> {
    /// The request itself: parameters in the query of a GET or in the body of a POST.
    pub call: Call<'a>,
    /// The session token of the browser's cookie.
    pub session: Option<&'a [u8]>,
    /// Whether the person has confirmed [`EndSessionStep::Confirm`], by a form that the host's page has made for this session.
    pub confirmed: bool,
}

/// What to do with a browser that came to log out.
#[derive(Debug)]
#[non_exhaustive]
pub enum EndSessionStep {
    /// Show a page with this.
    Refused(PageFault),
    /// Ask the person whether they want to log out, then call again with `request` as the query and `confirmed`.
    Confirm {
        /// The query to come back with; may be empty.
        request: String,
        /// Who asked, where that is known.
        client: Option<ClientShown>,
    },
    /// The session is over: take the cookie away, then send the browser there, or show a page that says so.
    Ended {
        /// A logout URL that the client has registered, with `state`.
        redirect: Option<String>,
    },
}

/// What came of a name and a password.
#[derive(Debug)]
#[non_exhaustive]
pub enum PasswordProof {
    /// They belong together.
    Proven(ProvenUser),
    /// They do not, or nobody has that name, or the user is inactive or has no password: alike in time and words.
    Wrong,
    /// Too many wrong ones for this name or from this address: come back later.
    Throttled {
        /// In how many seconds.
        retry_after_s: u32,
    },
    /// Too many passwords are being checked at the moment.
    Busy,
    /// The store cannot be read.
    Unavailable(String),
}

/// A user who has shown their password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenUser {
    /// The user's number.
    pub id: UserId,
    /// The user's name as it stands in the store.
    pub name: UserName,
    /// Tells the password that was shown from every other that the user had or will have.
    pub password_epoch: u32,
    /// When it was shown.
    pub at: Timestamp,
}

/// What came of a login in a browser.
#[derive(Debug)]
#[non_exhaustive]
pub enum Login {
    /// Set the cookie to this token.
    Begun {
        /// The session token; it cannot be had again.
        session: TokenText,
        /// How long the cookie may live.
        lifetime_s: u32,
        /// Whose session it is.
        user: UserName,
    },
    /// As [`PasswordProof::Wrong`].
    Wrong,
    /// As [`PasswordProof::Throttled`].
    Throttled {
        /// In how many seconds.
        retry_after_s: u32,
    },
    /// As [`PasswordProof::Busy`].
    Busy,
    /// The store cannot be read or written.
    Unavailable(String),
}

/// What came of proving what a check has left open.
#[derive(Debug)]
#[non_exhaustive]
pub enum Settlement {
    /// It was proven, and is remembered like this: check the request again.
    Settled(Settled),
    /// It could not be proven: the denial stands.
    Refused,
    /// The password was guessed too often: the denial stands, and no other guess is looked at for a while.
    Throttled {
        /// In how many seconds one is.
        retry_after_s: u32,
    },
    /// Too many passwords are being checked at the moment, or the keys of an issuer are not to be had: nothing is known.
    Busy,
    /// Fetch this set of keys (follow no redirect, read at most [`JWKS_BYTES_MOST`](crate::jwk::JWKS_BYTES_MOST) bytes), bring it to
    /// [`AuthorizationServer::bring_keys`](crate::AuthorizationServer::bring_keys), and settle again. Answered once a minute for
    /// an issuer at most.
    Fetch {
        /// Whose keys.
        issuer: String,
        /// Where they are.
        url: String,
    },
    /// The store cannot be read or written.
    Unavailable(String),
}
