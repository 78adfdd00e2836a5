//! What a host hands in of a request to the authorization server, and what it gets to send back.

use std::fmt;
use std::net::IpAddr;

use tollgate::Field;

/// Which of the two dialects an endpoint speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Below `/identity`: every token error is a 400, access tokens carry Cinchy's claims, the password grant may be allowed.
    /// The issuer is `<public_url>/identity`.
    Cinchy,
    /// Below `/oauth2`: as the RFCs say. The issuer is `<public_url>`.
    Standard,
}

/// One request to an endpoint. Everything is borrowed and nothing is kept.
///
/// It has no `Debug`, because it holds credentials.
#[derive(Clone, Copy, Default)]
pub struct Call<'a> {
    /// The method as it stands on the wire.
    pub method: &'a [u8],
    /// `Authorization`.
    pub authorization: Field<'a>,
    /// `Content-Type`.
    pub content_type: Option<&'a [u8]>,
    /// The query, without its question mark.
    pub query: Option<&'a str>,
    /// The whole body. A host reads no more than [`Call::BODY_MOST`] bytes and answers 413 beyond.
    pub body: &'a [u8],
    /// Who calls: the address that guesses of passwords are counted for.
    pub peer: Option<IpAddr>,
}

impl Call<'_> {
    /// The longest body that any endpoint reads.
    pub const BODY_MOST: usize = 128 * 1_024;
}

/// What to send back. The fields hold everything but `Content-Length` and `Date`.
///
/// The body may hold tokens, so `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Header fields, each name at most once.
    pub fields: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Who asked for what, for metrics and logs.
    pub activity: Activity,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Answer");
        shown.field("status", &self.status).field("activity", &self.activity);
        shown.finish_non_exhaustive()
    }
}

/// What an answer was about, in words that may become labels: no secret, and of bounded variety as far as `client` is one that
/// exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The client, once it is known to exist. A name that nobody has is not repeated here.
    pub client: Option<String>,
    /// What was asked for: a grant by its name in the client table, or the endpoint.
    pub asked: &'static str,
    /// `granted`, or the error code that was answered.
    pub outcome: &'static str,
    /// What was wrong with it beyond what the caller is told, in one line for the log alone.
    pub reason: Option<String>,
}
