//! A server with users and clients, and a browser that keeps cookies and follows nothing by itself.

use std::collections::BTreeMap;

use serde_json::Value;
use tollgate::{AddClient, PasswordPhc, SetPassword};
use tollgate_http::{CrossOrigin, HostOptions};
use tollgate_oauth::{AuthorizationServer, Configuration, form};

use crate::support::json::{document, send};
use crate::support::running::Running;
use crate::support::{Answer, CLIENT, World, name};

pub(crate) const PASSWORD: &str = "correct horse";
/// The same at the lowest price there is.
const PASSWORD_PHC: &str =
    "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$M7jw0GQI4Kfcxf+xPldfNRYttP89scc9XVAYAcaZ0U0";
pub(crate) const CALLBACK: &str = "https://app.example/callback?from=tollgate";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) server: Running,
    /// The secret of the client `app`.
    pub(crate) secret: String,
}

impl Scene {
    /// `alice` has a password; `app` may do everything for her, `spa` is public.
    pub(crate) fn new() -> Self {
        Self::at("http://127.0.0.1:8480")
    }

    /// The same, reached by others at `public_url`.
    pub(crate) fn at(public_url: &str) -> Self {
        let world = World::new();
        give_password(&world, "alice", PASSWORD_PHC);
        let mut app = AddClient::named("app".parse().unwrap(), ALL_GRANTS.parse().unwrap());
        app.title = "The <b>App</b> & more".to_owned();
        app.scopes = "js_api openid profile email".parse().unwrap();
        app.login_urls = vec![CALLBACK.to_owned()];
        app.logout_urls = vec!["https://app.example/bye".to_owned()];
        app.user = Some(name("alice"));
        let secret = world.run(app).secret.unwrap().expose().to_owned();
        let mut spa = AddClient::named(
            "spa".parse().unwrap(),
            "authorization_code refresh_token".parse().unwrap(),
        );
        spa.authentication = tollgate::ClientAuthentication::Public;
        spa.scopes = "js_api openid".parse().unwrap();
        spa.login_urls = vec!["http://127.0.0.1/cb".to_owned()];
        world.run(spa);
        let server = Running::with_options(&world, options(&world, public_url), None);
        Self { world, server, secret }
    }

    /// A POST of a form, from this machine.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, "", fields)
    }

    /// With further header lines, each with its end.
    pub(crate) fn post_with(&self, path: &str, lines: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_raw(path, lines, &form::write(fields.iter().copied()))
    }

    pub(crate) fn post_raw(&self, path: &str, lines: &str, body: &str) -> Answer {
        let lines = format!("content-type: application/x-www-form-urlencoded\r\n{lines}");
        send(&self.server, &format!("POST {path}"), &lines, body.as_bytes())
    }

    /// A token request of `app` with its secret in the body.
    pub(crate) fn token(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", "app"), ("client_secret", self.secret.as_str())];
        all.extend(fields);
        self.post(path, &all)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        send(&self.server, &format!("GET {path}"), "", b"")
    }

    /// `/check` for the client that is trusted.
    pub(crate) fn check(&self, path: &str, authorization: &str) -> Answer {
        let lines = format!("x-forwarded-for: {CLIENT}\r\nauthorization: {authorization}\r\n");
        send(&self.server, &format!("GET /check{path}"), &lines, b"")
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser {
            scene: self,
            cookies: BTreeMap::new(),
        }
    }

    /// A browser in which alice has logged in.
    pub(crate) fn logged_in(&self) -> Browser<'_> {
        let mut browser = self.browser();
        let page = text(&browser.get("/account/login"));
        let answer = browser.submit(
            &page,
            "/account/login",
            &[("username", "alice"), ("password", PASSWORD)],
        );
        assert_eq!(answer.status, 303, "{}", text(&answer));
        browser
    }
}

pub(crate) const ALL_GRANTS: &str = "password client_credentials authorization_code refresh_token";

pub(crate) fn give_password(world: &World, user: &str, phc: &str) {
    world.run(SetPassword {
        user: name(user),
        password: Some(PasswordPhc::parse(phc).unwrap()),
    });
}

pub(crate) fn options(world: &World, public_url: &str) -> HostOptions {
    let configuration = Configuration::at(public_url.parse().unwrap());
    HostOptions {
        authorization: Some(AuthorizationServer::new(world.engine.clone(), configuration).unwrap()),
        cross_origin: CrossOrigin::new(&["https://spa.example"], false).ok(),
        metrics_from: vec!["0.0.0.0/0".parse().unwrap()],
        ..HostOptions::default()
    }
}

/// A browser without scripts.
pub(crate) struct Browser<'s> {
    scene: &'s Scene,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        let lines = self.cookie_line();
        let answer = send(&self.scene.server, &format!("GET {path}"), &lines, b"");
        self.keep(&answer);
        answer
    }

    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let lines = self.cookie_line();
        let answer = self.scene.post_with(path, &lines, fields);
        self.keep(&answer);
        answer
    }

    /// Sends the form of `page` that goes to `action`, its hidden fields first.
    pub(crate) fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = hidden(page, action);
        all.extend(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let all: Vec<(&str, &str)> = all
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.post(action, &all)
    }

    fn cookie_line(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if pairs.is_empty() {
            return String::new();
        }
        format!("cookie: {}\r\n", pairs.join("; "))
    }

    fn keep(&mut self, answer: &Answer) {
        for line in answer.field("set-cookie") {
            let (pair, rest) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The hidden fields of the form that goes to `action`, as a browser reads them.
pub(crate) fn hidden(page: &str, action: &str) -> Vec<(String, String)> {
    let begin = page
        .find(&format!("action=\"{action}\""))
        .unwrap_or_else(|| panic!("no form to {action}: {page}"));
    let form = page[begin..].split("</form>").next().unwrap();
    let fields = form.split("<input type=\"hidden\" name=\"").skip(1);
    let plain = |text: &str| {
        text.replace("&#38;", "&")
            .replace("&#60;", "<")
            .replace("&#62;", ">")
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
    };
    fields
        .map(|field| {
            let (name, rest) = field.split_once('"').unwrap();
            let value = rest.split_once("value=\"").unwrap().1.split('"').next().unwrap();
            (name.to_owned(), plain(value))
        })
        .collect()
}

pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

pub(crate) fn json(answer: &Answer) -> Value {
    document(answer)
}

/// What no token answer may lack.
pub(crate) fn not_stored(answer: &Answer) {
    assert_eq!(answer.field("cache-control"), ["no-store"], "{}", text(answer));
}

/// A page that nothing can run in, frame or keep.
pub(crate) fn is_page(answer: &Answer) {
    not_stored(answer);
    assert_eq!(answer.field("content-type"), ["text/html; charset=utf-8"]);
    assert_eq!(answer.field("x-frame-options"), ["DENY"]);
    assert_eq!(answer.field("referrer-policy"), ["no-referrer"]);
    assert_eq!(answer.field("x-content-type-options"), ["nosniff"]);
    let policy = answer.field("content-security-policy");
    assert!(
        policy[0].starts_with("default-src 'none'; style-src 'self'; form-action 'self'")
            && policy[0].ends_with("frame-ancestors 'none'; base-uri 'none'"),
        "{policy:?}"
    );
    assert!(!text(answer).contains("<script") && !text(answer).contains("style="));
}
