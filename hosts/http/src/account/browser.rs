//! What a browser brings along: its session, and the cookie of its forms.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use axum::response::Response;
use tollgate::{Author, Engine, ReadError, SessionFacts};
use tollgate_oauth::Call;
use zeroize::Zeroizing;

use super::Pages;
use super::back::Back;
use super::cookies;
use super::form_key::FormKey;
use super::page::see_other;
use crate::identity::admitted::Peer;
use crate::identity::carried::Carried;

/// A browser that came to an endpoint which clients send it to, and its request; or what it is answered before anybody looks further.
/// `back` is that endpoint, with a query.
pub(super) async fn arrive(
    pages: &Pages,
    request: Request<Body>,
    back: impl FnOnce(String) -> Back,
) -> Result<(Browser, Carried), Response> {
    let browser = Browser::of(pages, &request);
    let carried = Carried::read(request).await?;
    match browser.to_ask_by_get(&carried.call()) {
        Some(query) => Err(see_other(&pages.place().path(&back(query).to_string()))),
        None => Ok((browser, carried)),
    }
}

/// The longest cookie that is looked at.
const COOKIE_LEN_MAX: usize = 128;

/// The longest form that is asked for by GET instead.
const QUERY_LEN_MAX: usize = 6_000;

/// One browser's cookies, and where it is. It has no `Debug`, because a session is a credential.
#[derive(Clone)]
pub(super) struct Browser {
    session: Option<Zeroizing<Vec<u8>>>,
    form: Option<String>,
    pub(super) peer: Option<IpAddr>,
}

impl Browser {
    pub(super) fn of(pages: &Pages, request: &Request<Body>) -> Self {
        let cookie = |name| {
            let value = cookies::presented(request.headers(), name)?;
            (1..=COOKIE_LEN_MAX).contains(&value.len()).then(|| value.to_vec())
        };
        let form = cookie(pages.place().form_cookie());
        Self {
            session: cookie(pages.place().session_cookie()).map(Zeroizing::new),
            form: form.and_then(|form| String::from_utf8(form).ok()),
            peer: request.extensions().get::<Peer>().and_then(|peer| peer.0),
        }
    }

    /// The session token as it was presented.
    pub(super) fn session(&self) -> Option<&[u8]> {
        self.session.as_ref().map(|session| session.as_slice())
    }

    /// The query to come back with by GET, where a form came without a session. Browsers keep our cookies from a form of another site,
    /// and send them with the GET that such a form is answered with: so nobody is taken for logged out who is not.
    fn to_ask_by_get(&self, call: &Call<'_>) -> Option<String> {
        const FORM: &[u8] = b"application/x-www-form-urlencoded";
        let begins = |kind: &[u8]| {
            kind.get(..FORM.len())
                .is_some_and(|kind| kind.eq_ignore_ascii_case(FORM))
        };
        let is_form = call.content_type.is_some_and(begins) && call.query.is_none();
        if call.method != b"POST" || !is_form || self.session.is_some() || call.body.len() > QUERY_LEN_MAX {
            return None;
        }
        let query = str::from_utf8(call.body).ok()?;
        let is_plain = query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        is_plain.then(|| query.to_owned())
    }

    /// What the session says, as long as it holds. May block.
    pub(super) fn facts(&self, engine: &Engine) -> Result<Option<SessionFacts>, ReadError> {
        match self.session() {
            Some(session) => engine.session(session, engine.now()),
            None => Ok(None),
        }
    }

    /// [`Browser::facts`], looked up beside everything else; or what is answered where that cannot be done.
    pub(super) async fn looked_up(&self, pages: &Pages) -> Result<Option<SessionFacts>, Response> {
        let browser = self.clone();
        let facts = pages.work(move |server| browser.facts(server.engine())).await?;
        facts.map_err(|error| {
            tracing::error!(%error, "a session cannot be looked up");
            pages.broken()
        })
    }

    /// As the audit trail names a user at this browser.
    pub(super) fn author(&self, facts: &SessionFacts) -> Author {
        let origin = self.peer.map_or_else(|| "unknown".to_owned(), |peer| peer.to_string());
        Author::new(&format!("user {}", facts.user.name), &origin)
    }

    /// What a login form for this browser carries, and the cookie to set where it has none.
    #[expect(clippy::result_large_err, reason = "the refusal is the answer, made once")]
    pub(super) fn form_token(&self, pages: &Pages) -> Result<(String, Option<HeaderValue>), Response> {
        let forms = pages.forms().ok_or_else(|| pages.broken())?;
        if let Some(form) = &self.form {
            return Ok((forms.form_token(form.as_bytes()), None));
        }
        let cookie = FormKey::draw_cookie().map_err(|_| pages.broken())?;
        let token = forms.form_token(cookie.as_bytes());
        let place = pages.place();
        Ok((token, cookies::set(place, place.form_cookie(), &cookie, None)))
    }

    /// Whether a login form was made for this browser.
    pub(super) fn is_form_token(&self, pages: &Pages, presented: &str) -> bool {
        let (Some(forms), Some(form)) = (pages.forms(), &self.form) else {
            return false;
        };
        forms.is_form_token(form.as_bytes(), presented)
    }
}
