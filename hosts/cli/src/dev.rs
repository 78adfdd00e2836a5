//! `tollgate serve --dev`: a store to try things with, and a `curl` line that works.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use serde_json::{Value, json};
use tollgate::{Engine, REFRESH_IDLE_S};
use tollgate_http::control::{
    AddressedRule, Answer, AuthtokenShown, CheckRequest, Explained, PersonChangesRequest, Reply, Request,
    UserChangesRequest, dispatch, this_process,
};

use crate::exit::{Exit, Failure};
use crate::init::create;
use crate::reach;

/// The name of the sample user.
const USER: &str = "dev";

/// The addresses of this machine.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1"];

/// What was prepared for a first try.
pub(crate) struct Trial {
    token: String,
    /// Whether the sample user was there before.
    again: bool,
}

/// Where a trial is served, a caller on this machine must come from an address that is trusted.
pub(crate) fn refuse_other_machines(listen: SocketAddr) -> Result<(), Failure> {
    if listen.ip().is_loopback() || listen.ip().is_unspecified() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "expected an address of this machine alone with --dev, such as 127.0.0.1:8480, but found {listen}: \
         use `tollgate init` and `tollgate serve` for more than a first try"
    )))
}

/// Opens the store, or makes one, and sees to it that the sample user has exactly one token.
pub(crate) fn prepare(store: &Path) -> Result<(Engine, Trial), Failure> {
    let engine = if store.exists() {
        reach::open(store, None, REFRESH_IDLE_S)?
    } else {
        create(store)?
    };
    let again = match done(&engine, Request::UserList { cursor: None })? {
        Answer::Users(page) if page.items.iter().any(|user| user.name == USER) => true,
        Answer::Users(page) if page.items.is_empty() => false,
        _ => {
            return Err(Failure::new(
                Exit::Refused,
                "not_a_trial",
                format!(
                    "expected a new store or one that --dev has made, but {} has users and no user `{USER}`: \
                     leave --dev out, or try in another folder",
                    store.display()
                ),
            ));
        }
    };
    if !again {
        done(
            &engine,
            Request::UserAdd {
                name: USER.to_owned(),
                changes: UserChangesRequest::default(),
                person: PersonChangesRequest::default(),
            },
        )?;
    }
    for rule in LOOPBACK {
        let trust = Request::NetworkTrust(AddressedRule {
            rule: rule.to_owned(),
            user: None,
        });
        match done(&engine, trust) {
            Err(failure) if failure.fault.code != "network_exists" => return Err(failure),
            Ok(_) | Err(_) => {}
        }
    }
    revoke_earlier_tokens(&engine)?;
    let issue = Request::AuthtokenIssue {
        user: USER.to_owned(),
        expires_at: None,
        expires_in_s: None,
        not_before: None,
    };
    match done(&engine, issue)? {
        Answer::Issued(issued) => Ok((
            engine,
            Trial {
                token: issued.token,
                again,
            },
        )),
        _ => Err(Failure::trouble("not_understood", "expected a token to be issued")),
    }
}

/// Each start prints a token, and tokens that nobody knows any more should not pile up.
fn revoke_earlier_tokens(engine: &Engine) -> Result<(), Failure> {
    if let Answer::Authtokens(tokens) = done(
        engine,
        Request::AuthtokenList {
            user: Some(USER.to_owned()),
            cursor: None,
        },
    )? {
        for AuthtokenShown { id, .. } in tokens.items.into_iter().filter(|token| token.revoked_at.is_none()) {
            done(engine, Request::AuthtokenRevoke { id })?;
        }
    }
    Ok(())
}

impl Trial {
    /// The line to try.
    fn curl(&self, address: SocketAddr) -> String {
        format!(
            "curl -i -H 'Authorization: Bearer {}' {}/check",
            self.token,
            url(reachable(address))
        )
    }

    /// What is said to scripts beside the address.
    pub(crate) fn json(&self, address: SocketAddr) -> Value {
        json!({ "user": USER, "token": self.token, "curl": self.curl(address) })
    }

    /// What is said to people, once the server listens at `address`.
    pub(crate) fn text(&self, engine: &Engine, address: SocketAddr) -> Result<String, Failure> {
        let user = if self.again {
            format!("The sample user `{USER}` is there from an earlier start; their earlier tokens are revoked.")
        } else {
            format!("This machine is trusted, and there is a sample user `{USER}`.")
        };
        let explained = self.explain(engine, reachable(address).ip())?;
        let outcome = if explained.permitted {
            format!(
                "It is answered with `HTTP/1.1 200 OK` and `x-tollgate-user: {USER}`: the request may pass. Leave the header out, \
                 and it is 401."
            )
        } else {
            // Somebody has changed the trial; the line shows just that.
            format!(
                "It is answered with {}. {}",
                explained.status,
                explained.next.unwrap_or_default()
            )
        };
        Ok(format!(
            "{user} Try it from another terminal:\n\n  {}\n\n{outcome}\n",
            self.curl(address)
        ))
    }

    fn explain(&self, engine: &Engine, ip: IpAddr) -> Result<Explained, Failure> {
        let check = CheckRequest {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            ip: ip.to_string(),
            headers: vec![format!("Authorization: Bearer {}", self.token)],
        };
        match done(engine, Request::Check(check))? {
            Answer::Explained(explained) => Ok(*explained),
            _ => Err(Failure::trouble("not_understood", "expected a check to be explained")),
        }
    }
}

fn done(engine: &Engine, request: Request) -> Result<Answer, Failure> {
    match dispatch(engine, &this_process(), request) {
        Reply::Done(answer) => Ok(answer),
        Reply::Refused(fault) => Err(Failure::refused(fault)),
        Reply::Failed(fault) => Err(Failure::trouble(&fault.code, &fault.message)),
    }
}

/// Where a client on this machine finds a server that listens at `address`.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The base of all URLs of a server.
pub(crate) fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
