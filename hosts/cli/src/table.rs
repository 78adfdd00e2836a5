//! Answers as people read them: a table or a few lines, and what to do next.

mod access;
mod held;
mod operators;

use tollgate_http::control::{
    Answer, AuditEntryShown, AuthtokenShown, BackupShown, Explained, FindingShown, IssuedShown, LimitShown,
    NetworkShown, Outcome, PersonShown, RemovedShown, SettingShown, SettingValue, TrailShown, UserShown, VerifyShown,
    in_shell,
};

use crate::columns::table;
use crate::fields;
use crate::print::{FAULT, GOOD};

/// Something that stands in a line of a table.
pub(crate) trait Row {
    /// The headings.
    const HEADS: &'static [&'static str];
    /// What is said where there is none, and what to do next.
    const NONE: &'static str;
    /// What stands below the headings.
    fn cells(&self) -> Vec<String>;
}

/// The text of an answer that is no list.
pub(crate) fn text(answer: &Answer) -> String {
    match answer {
        Answer::Person(person) => one_user(person),
        Answer::Issued(issued) => one_issued(issued),
        Answer::IssuedAdmin(issued) => operators::one_issued_admin(issued),
        Answer::IssuedFeed(issued) => operators::one_issued_feed(issued),
        Answer::Authtoken(token) => rows(std::slice::from_ref(token)),
        Answer::AdminToken(token) => rows(std::slice::from_ref(token)),
        Answer::FeedToken(token) => rows(std::slice::from_ref(token)),
        Answer::ClientSecret(shown) => access::one_client_secret(shown),
        Answer::Client(client) => access::one_client(client),
        Answer::IssuedPersonal(issued) => access::one_issued_personal(issued),
        Answer::PersonalToken(token) => rows(std::slice::from_ref(token)),
        Answer::Consents(list) => rows(list),
        Answer::Grant(grant) => rows(std::slice::from_ref(&**grant)),
        Answer::RevokedGrants(revoked) => held::one_revoked(revoked),
        Answer::EndedLogins(ended) => held::one_ended(ended),
        Answer::Route(route) => rows(std::slice::from_ref(route)),
        Answer::Routes(list) => rows(list),
        Answer::Issuer(issuer) => rows(std::slice::from_ref(&**issuer)),
        Answer::Issuers(list) => rows(list),
        Answer::IdentityProvider(provider) => access::one_identity_provider(provider),
        Answer::IdentityProviders(list) => rows(list),
        Answer::Keys(list) => rows(list),
        Answer::Network(network) => rows(std::slice::from_ref(network)),
        Answer::Setting(setting) => rows(std::slice::from_ref(setting)),
        Answer::Settings(list) => rows(list),
        Answer::Removed(RemovedShown { id: _, removed }) => format!("Removed {removed}."),
        Answer::Explained(explained) => one_explained(explained),
        // The verbs that ask for these tell by themselves what came of them.
        Answer::Imported(done) => format!("{} lines were there already", done.already),
        Answer::Exported(done) => done.path.display().to_string(),
        Answer::Trail(trail) => one_trail(trail),
        Answer::Verified(verified) => one_verified(verified),
        Answer::BackedUp(BackupShown {
            path,
            revision,
            rows,
            len,
        }) => format!(
            "Copied revision {revision}, {rows} rows in {len} bytes, to {}. It opens with the key of this store.",
            path.display()
        ),
        // Only the live screen asks for it, and draws it by itself.
        Answer::Status(status) => format!("revision {}", status.revision),
        // These come in pages, and are written page by page.
        Answer::UserDetail(detail) => person(&detail.person),
        Answer::Users(page) => rows(&page.items),
        Answer::Authtokens(page) => rows(&page.items),
        Answer::Clients(page) => rows(&page.items),
        Answer::PersonalTokens(page) => rows(&page.items),
        Answer::Grants(page) => rows(&page.items),
        Answer::Logins(page) => rows(&page.items),
        Answer::AdminTokens(page) => rows(&page.items),
        Answer::FeedTokens(page) => rows(&page.items),
        Answer::Networks(page) => rows(&page.items),
        Answer::Audit(page) => rows(&page.items),
    }
}

/// A table of rows, or the words for none.
pub(crate) fn rows<T: Row>(items: &[T]) -> String {
    if items.is_empty() {
        return T::NONE.to_owned();
    }
    table(T::HEADS, items.iter().map(Row::cells))
}

/// A user with what others may be told of them.
pub(crate) fn person(shown: &PersonShown) -> String {
    access::one_person(shown)
}

fn one_user(shown: &PersonShown) -> String {
    format!(
        "{}\n\nTo give this user a token: tollgate authtoken issue {}",
        person(shown),
        in_shell(&shown.user.name)
    )
}

impl Row for UserShown {
    const HEADS: &'static [&'static str] = &["id", "name", "active", "operations", "per hour", "concurrent", "added"];
    const NONE: &'static str = "There are no users yet. Next: tollgate user add NAME";

    fn cells(&self) -> Vec<String> {
        let Self {
            id,
            name,
            active,
            operations,
            per_hour,
            concurrent,
            created_at,
        } = self;
        vec![
            id.clone(),
            name.clone(),
            yes_or_no(*active),
            or_none(&operations.join(",")),
            limit(per_hour),
            limit(concurrent),
            created_at.clone(),
        ]
    }
}

fn one_issued(issued: &IssuedShown) -> String {
    let IssuedShown {
        id,
        token,
        user,
        not_before,
        expires_at,
    } = issued;
    let begins = not_before
        .as_ref()
        .map(|moment| format!(" from {moment}"))
        .unwrap_or_default();
    let ends = expires_at
        .as_ref()
        .map(|moment| format!(" until {moment}"))
        .unwrap_or_default();
    format!(
        "Authtoken {id} of {user}{begins}{ends}:\n\n  {token}\n\nKeep it safe: it is not shown again, and cannot be had from the store."
    )
}

impl Row for AuthtokenShown {
    const HEADS: &'static [&'static str] = &["id", "user", "issued", "not before", "expires", "revoked"];
    const NONE: &'static str = "There are no authtokens. Next: tollgate authtoken issue USER";

    fn cells(&self) -> Vec<String> {
        let Self {
            id,
            user,
            issued_at,
            not_before,
            expires_at,
            revoked_at,
        } = self;
        vec![
            id.clone(),
            user.clone(),
            issued_at.clone(),
            or_dash(not_before),
            or_dash(expires_at),
            or_dash(revoked_at),
        ]
    }
}

impl Row for AuditEntryShown {
    const HEADS: &'static [&'static str] = &["entry", "at", "who", "from", "action", "subject", "change"];
    const NONE: &'static str =
        "There are no such entries in the audit trail. All of it: tollgate audit list --last all";

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.at.clone(),
            self.actor.clone(),
            self.origin.clone(),
            self.action.clone(),
            self.subject.clone(),
            fields::difference(self.before.as_ref(), self.after.as_ref()),
        ]
    }
}

impl Row for NetworkShown {
    const HEADS: &'static [&'static str] = &["rule", "standing", "for", "added"];
    const NONE: &'static str = "There are no network rules, so nobody may call. Next: tollgate network trust ADDRESS";

    fn cells(&self) -> Vec<String> {
        let Self {
            id: _,
            rule,
            standing,
            user,
            added_at,
        } = self;
        let user = user.clone().unwrap_or_else(|| "everybody".to_owned());
        vec![rule.clone(), standing.clone(), user, added_at.clone()]
    }
}

impl Row for SettingShown {
    const HEADS: &'static [&'static str] = &["setting", "value"];
    const NONE: &'static str = "There are no settings.";

    fn cells(&self) -> Vec<String> {
        let value = match &self.value {
            SettingValue::Switch(on) => on.to_string(),
            SettingValue::Limit(value) => limit(value),
            SettingValue::Rules(rules) => or_none(&rules.join(",")),
        };
        vec![self.key.clone(), value]
    }
}

fn one_trail(trail: &TrailShown) -> String {
    let TrailShown {
        sound,
        entries,
        head,
        newest_at,
        broken_at,
        fault,
        kept_at,
    } = trail;
    let until = newest_at
        .as_ref()
        .map(|moment| format!(", the newest of {moment}"))
        .unwrap_or_default();
    if !sound {
        let at = broken_at
            .as_ref()
            .map(|at| format!(" at entry {at}"))
            .unwrap_or_default();
        let (begin, end) = (FAULT.render(), FAULT.render_reset());
        return format!(
            "{begin}The audit trail is broken{at}:{end} {}.\nUp to there {entries} entries follow each other{until}; the last has the digest\n  {head}\n\n\
             Compare with an export or a backup from before: tollgate audit verify FILE",
            fault.as_deref().unwrap_or_default()
        );
    }
    let (begin, end) = (GOOD.render(), GOOD.render_reset());
    let kept = match kept_at.as_deref() {
        Some("0") => "\nThe digest that was kept is that of an empty trail.".to_owned(),
        Some(kept) if *kept == entries.to_string() => "\nIt ends with the digest that was kept.".to_owned(),
        Some(kept) => format!("\nThe digest that was kept is that of entry {kept}, and the rest was written since."),
        None => String::new(),
    };
    format!(
        "{begin}The audit trail is whole:{end} {entries} entries{until}. The last has the digest\n  {head}{kept}\n\n\
         Keep this digest elsewhere. That nothing was cut off is seen later with: tollgate audit verify --head {head}"
    )
}

fn one_explained(explained: &Explained) -> String {
    let gates = table(
        &["gate", "outcome", "why"],
        explained.gates.iter().map(|gate| {
            let outcome = match gate.outcome {
                Outcome::Passed => "passed",
                Outcome::Refused => "refused",
                Outcome::NotAsked => "not asked",
            };
            vec![gate.id.clone(), outcome.to_owned(), gate.why.clone()]
        }),
    );
    let status = explained.status;
    let (bad, good) = (FAULT.render(), GOOD.render());
    let end = FAULT.render_reset();
    let denied = format!("{bad}Denied{end} with status {status}, because of");
    match (&explained.reason, &explained.next) {
        (Some(reason), Some(next)) => format!("{gates}\n\n{denied} {reason}.\n{next}"),
        (Some(reason), None) => format!("{gates}\n\n{denied} {reason}."),
        (None, _) => format!("{gates}\n\n{good}Permitted{end}, with status {status}."),
    }
}

fn one_verified(verified: &VerifyShown) -> String {
    let VerifyShown {
        sound,
        revision,
        rows,
        users,
        tokens,
        networks,
        counters,
        changes,
        findings,
        findings_left_out,
    } = verified;
    let read = format!(
        "Read {rows} rows at revision {revision}: {users} users, {tokens} tokens, {networks} network rules, {counters} hourly \
         counters, {changes} changes."
    );
    if *sound {
        return format!("{read}\nEvery row is sealed, refers to rows that exist, and says what checks go by.");
    }
    let listed = table(
        &["row", "fault"],
        findings
            .iter()
            .map(|FindingShown { id, fault }| vec![id.clone(), fault.clone()]),
    );
    let more = if *findings_left_out > 0 {
        format!("\n… and {findings_left_out} more.")
    } else {
        String::new()
    };
    format!("{read}\n\n{listed}{more}\n\nThis store is not sound: restore a backup.")
}

fn limit(limit: &LimitShown) -> String {
    match limit {
        LimitShown::AtMost(most) => most.to_string(),
        LimitShown::Word(word) => word.clone(),
    }
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes".to_owned() } else { "no".to_owned() }
}

fn or_none(list: &str) -> String {
    if list.is_empty() {
        "none".to_owned()
    } else {
        list.to_owned()
    }
}

fn or_dash(moment: &Option<String>) -> String {
    moment.clone().unwrap_or_else(|| "-".to_owned())
}
