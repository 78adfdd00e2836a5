//! One client: it asks for change after change, and holds the server to its word.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::Sender;

use serde_json::{Value, json};
use tollgate_tests::control::{Control, Gone};
use tollgate_tests::http::{Connection, Request};

use super::dice::Dice;
use super::journal::{Deed, Done, Journal};
use super::ledger::User;

/// What one client knows and does. No two clients touch the same user.
pub(crate) struct Client {
    pub(crate) name: String,
    pub(crate) dice: Dice,
    pub(crate) journal: Journal,
    /// Users of this client.
    pub(crate) users: Vec<String>,
    /// Tokens of these users that nobody has asked to revoke: id and secret.
    pub(crate) in_use: Vec<(String, String)>,
}

impl Client {
    /// Asks until the server is gone, and reports each acknowledgement.
    pub(crate) fn run(mut self, store: &Path, server: SocketAddr, acknowledged: &Sender<()>) -> Gone {
        let connected = Control::open(store).and_then(|control| Ok((control, connect(server)?)));
        let (mut control, mut connection) = match connected {
            Ok(connected) => connected,
            Err(gone) => return gone,
        };
        let mut number = 0;
        loop {
            if let Err(gone) = self.step(number, &mut control, &mut connection) {
                return gone;
            }
            // Nobody listens any more once the server was killed.
            let _ = acknowledged.send(());
            number += 1;
        }
    }

    fn step(&mut self, number: u32, control: &mut Control, connection: &mut Connection) -> Result<(), Gone> {
        match self.dice.below(4) {
            0 => self.add_user(number, control),
            1 if !self.in_use.is_empty() => self.revoke(control, connection),
            _ if !self.users.is_empty() => self.issue(control, connection),
            _ => self.add_user(number, control),
        }
    }

    fn add_user(&mut self, number: u32, control: &mut Control) -> Result<(), Gone> {
        let name = format!("{}-{number}", self.name);
        let per_hour = 1_000_000 + number;
        let user = User::asked(per_hour);
        let changes = json!({
            "operations": user.operations.join(","),
            "per_hour": per_hour.to_string(),
            "concurrent": user.concurrent,
            "active": user.active,
        });
        let facts = json!({ "name": name, "changes": changes });
        let name = text(
            &self.ask(&Deed::AddUser { name, per_hour }, control, "user_add", facts)?,
            "name",
        );
        self.journal.acknowledged(&Done::UserAdded);
        self.users.push(name);
        Ok(())
    }

    fn issue(&mut self, control: &mut Control, connection: &mut Connection) -> Result<(), Gone> {
        let user = self.users[self.dice.below(self.users.len())].clone();
        let facts = json!({ "user": user });
        let issued = self.ask(&Deed::Issue { user }, control, "authtoken_issue", facts)?;
        let (id, token) = (text(&issued, "id"), text(&issued, "token"));
        self.journal.acknowledged(&Done::Issued {
            id: id.clone(),
            token: token.clone(),
        });
        let passed = passes(connection, &token)?;
        assert!(passed, "token {id} was acknowledged, and the next check refused it");
        self.in_use.push((id, token));
        Ok(())
    }

    fn revoke(&mut self, control: &mut Control, connection: &mut Connection) -> Result<(), Gone> {
        let (id, token) = self.dice.take(&mut self.in_use).unwrap();
        let facts = json!({ "id": id });
        self.ask(&Deed::Revoke { id: id.clone() }, control, "authtoken_revoke", facts)?;
        self.journal.acknowledged(&Done::Revoked);
        let passed = passes(connection, &token)?;
        assert!(
            !passed,
            "the end of token {id} was acknowledged, and the next check let it pass"
        );
        Ok(())
    }

    fn ask(&mut self, deed: &Deed, control: &mut Control, request: &str, facts: Value) -> Result<Value, Gone> {
        self.journal.asked(deed);
        control.ask(request, facts)
    }
}

/// A connection for checks.
pub(crate) fn connect(server: SocketAddr) -> Result<Connection, Gone> {
    Connection::open(server).map_err(|_| Gone)
}

/// Whether a check with this token passes.
pub(crate) fn passes(connection: &mut Connection, token: &str) -> Result<bool, Gone> {
    let answer = connection
        .send(&Request::get("/check").bearer(token))
        .map_err(|_| Gone)?;
    match answer.status {
        200 => Ok(true),
        401 => Ok(false),
        status => panic!("a check was answered with {status}"),
    }
}

/// The text at `key`.
pub(crate) fn text(value: &Value, key: &str) -> String {
    let text = value[key].as_str();
    text.unwrap_or_else(|| panic!("expected a text at {key} in {value}"))
        .to_owned()
}
