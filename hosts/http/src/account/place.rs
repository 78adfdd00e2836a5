//! Where the pages are for a browser, and what their cookies are called.

use tollgate_oauth::AuthorizationServer;

/// The way from the root of the site to this server, and whether it is reached over TLS.
#[derive(Clone, Debug)]
pub(super) struct Place {
    base: String,
    is_secure: bool,
}

impl Place {
    pub(super) fn of(server: &AuthorizationServer) -> Self {
        let url = &server.configuration().public_url;
        Self {
            base: url.path().trim_end_matches('/').to_owned(),
            is_secure: url.scheme() == "https",
        }
    }

    /// What stands before every path of ours: empty where the server has a site to itself.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// A path of ours as a browser has to ask for it.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Whether cookies are for TLS alone. Without TLS the server is on loopback, where browsers keep no such cookies.
    pub(super) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The cookie of a login. With its prefix, browsers take it from this host alone, over TLS, for every path.
    pub(super) fn session_cookie(&self) -> &'static str {
        if self.is_secure { "__Host-tollgate" } else { "tollgate" }
    }

    /// The cookie that the login form is bound to, before there is a session.
    pub(super) fn form_cookie(&self) -> &'static str {
        if self.is_secure {
            "__Host-tollgate-form"
        } else {
            "tollgate-form"
        }
    }
}
