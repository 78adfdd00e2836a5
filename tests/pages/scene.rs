//! A server with a user, an application, and the place where the application waits for its codes.

use serde_json::Value;
use tollgate_tests::browser::form_encoded;
use tollgate_tests::http::{Request, Response, exchange};
use tollgate_tests::tollgate::{Server, Store};
use tollgate_tests::upstream::Upstream;

use super::facts::Document;
use super::window::Window;

pub const PASSWORD: &str = "correct horse battery staple";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// As long as a title and a scope may reasonably be.
pub const TITLE: &str = "Quarterly Revenue & Forecast Dashboard";

pub struct Scene {
    pub store: Store,
    pub server: Server,
    /// Where the application is called back.
    pub application: Upstream,
}

impl Scene {
    pub fn new() -> Self {
        Self::with("")
    }

    /// A server with further lines in its configuration.
    pub fn with(configuration: &str) -> Self {
        let application = Upstream::start();
        let store = Store::init();
        store.run(&["network", "trust", "127.0.0.0/8"]);
        store.run_with_input(&["user", "add", "alice", "--password-stdin"], PASSWORD);
        let (back, left) = (of(&application, "/back"), of(&application, "/left"));
        let add = [
            "client",
            "add",
            "dashboard",
            "--name",
            TITLE,
            "--public",
            "--login-url",
            &back,
            "--logout-url",
            &left,
        ];
        let grants = ["--grant", "authorization_code", "--grant", "refresh_token"];
        let scopes = [
            "openid",
            "profile",
            "email",
            "offline_access",
            "js_api",
            "urn:example:reports:read",
        ];
        let scopes = scopes.map(|scope| ["--scope", scope]).concat();
        store.run(&[&add[..], &grants, &scopes].concat());
        std::fs::write(store.path().with_file_name("tollgate.toml"), configuration).unwrap();
        let server = store.serve_with(&["--config", "tollgate.toml"]);
        Self {
            store,
            server,
            application,
        }
    }

    pub fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// Where the application sends people to log in.
    pub fn authorize(&self, more: &[(&str, &str)]) -> String {
        let back = of(&self.application, "/back");
        let asked = [
            ("response_type", "code"),
            ("client_id", "dashboard"),
            ("redirect_uri", &back),
            ("scope", "openid profile offline_access js_api urn:example:reports:read"),
            ("state", "kept as it is"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        self.address(&format!(
            "/oauth2/authorize?{}",
            form_encoded(&[&asked[..], more].concat())
        ))
    }

    /// Where the application sends people to log out.
    pub fn end_session(&self) -> String {
        let left = of(&self.application, "/left");
        let asked = [
            ("client_id", "dashboard"),
            ("post_logout_redirect_uri", &left),
            ("state", "gone"),
        ];
        self.address(&format!("/oauth2/endsession?{}", form_encoded(&asked)))
    }

    /// Logs alice in, from the page with the form.
    #[track_caller]
    pub fn log_in(&self, window: &mut Window) -> Document {
        window.type_in("alice");
        window.step_to("Password");
        window.type_in(PASSWORD);
        window.go("Enter")
    }

    /// The parameters with which the browser arrived at the application, at `path`.
    #[track_caller]
    pub fn arrived(&self, page: &Document, path: &str) -> Vec<(String, String)> {
        let url = url::Url::parse(&page.address).unwrap();
        let place = of(&self.application, path);
        assert!(
            page.address.starts_with(&format!("{place}?")),
            "{} is not {place}",
            page.address
        );
        assert_eq!(page.text, "upstream");
        url.query_pairs().into_owned().collect()
    }

    /// What the application is given for a code.
    #[track_caller]
    pub fn redeemed(&self, code: &str) -> Value {
        let back = of(&self.application, "/back");
        let answer = self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &back),
            ("code_verifier", VERIFIER),
        ]);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// A token request of the application.
    pub fn token(&self, asked: &[(&str, &str)]) -> Response {
        let body = form_encoded(&[asked, &[("client_id", "dashboard")]].concat());
        let request = Request::new("POST", "/oauth2/token")
            .field("content-type", "application/x-www-form-urlencoded")
            .body(&body);
        exchange(self.server.address(), &request)
    }

    /// Whether a check lets a token through, which then is alice's.
    #[track_caller]
    pub fn passes(&self, token: &str) -> bool {
        let answer = exchange(self.server.address(), &Request::get("/check").bearer(token));
        match answer.status {
            200 => assert_eq!(answer.field("x-tollgate-user"), Some("alice")),
            status => assert_eq!(status, 401, "{}", String::from_utf8_lossy(&answer.body)),
        }
        answer.status == 200
    }

    /// Closes a window that may have been here and at the application.
    #[track_caller]
    pub fn close(&self, window: Window) {
        window.close(&[&self.address(""), &of(&self.application, "")]);
    }
}

fn of(application: &Upstream, path: &str) -> String {
    format!("http://{}{path}", application.address())
}

/// The parameter of a name.
#[track_caller]
pub fn parameter<'p>(parameters: &'p [(String, String)], name: &str) -> &'p str {
    let found = parameters.iter().find(|(own, _)| own == name);
    &found.unwrap_or_else(|| panic!("no {name} in {parameters:?}")).1
}
