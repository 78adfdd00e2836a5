//! Answers as people read them: a table or a few lines, and what to do next.

use comfy_table::{ContentArrangement, Table, presets};
use tollgate_http::control::{
    Answer, AuthtokenShown, BackupShown, Explained, FindingShown, IssuedShown, LimitShown, NetworkShown, Outcome,
    RemovedShown, SettingShown, SettingValue, UserDetail, UserShown, VerifyShown, in_shell,
};

/// The text of an answer.
pub(crate) fn text(answer: &Answer) -> String {
    match answer {
        Answer::User(user) => one_user(user),
        Answer::UserDetail(detail) => user_detail(detail),
        Answer::Users(users) if users.is_empty() => "There are no users yet. Next: tollgate user add NAME".to_owned(),
        Answer::Users(list) => users(list),
        Answer::Issued(issued) => one_issued(issued),
        Answer::Authtoken(token) => tokens(std::slice::from_ref(token)),
        Answer::Authtokens(list) if list.is_empty() => {
            "There are no authtokens. Next: tollgate authtoken issue USER".to_owned()
        }
        Answer::Authtokens(list) => tokens(list),
        Answer::Network(network) => networks(std::slice::from_ref(network)),
        Answer::Networks(list) if list.is_empty() => {
            "There are no network rules, so nobody may call. Next: tollgate network trust ADDRESS".to_owned()
        }
        Answer::Networks(list) => networks(list),
        Answer::Setting(setting) => settings(std::slice::from_ref(setting)),
        Answer::Settings(list) => settings(list),
        Answer::Removed(RemovedShown { id: _, removed }) => format!("Removed {removed}."),
        Answer::Explained(explained) => one_explained(explained),
        // The verbs that ask for these tell by themselves what came of them.
        Answer::Imported(done) => format!("{} lines were there already", done.already),
        Answer::Exported(done) => done.path.display().to_string(),
        // Only the live screen asks for it, and draws it by itself.
        Answer::Status(status) => format!("revision {}", status.revision),
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
    }
}

fn one_user(user: &UserShown) -> String {
    format!(
        "{}\n\nTo give this user a token: tollgate authtoken issue {}",
        users(std::slice::from_ref(user)),
        in_shell(&user.name)
    )
}

fn users(users: &[UserShown]) -> String {
    table(
        &["id", "name", "active", "operations", "per hour", "concurrent", "added"],
        users.iter().map(|user| {
            let UserShown {
                id,
                name,
                active,
                operations,
                per_hour,
                concurrent,
                created_at,
            } = user;
            vec![
                id.clone(),
                name.clone(),
                yes_or_no(*active),
                or_none(&operations.join(",")),
                limit(per_hour),
                limit(concurrent),
                created_at.clone(),
            ]
        }),
    )
}

fn user_detail(detail: &UserDetail) -> String {
    let UserDetail {
        user,
        networks: rules,
        authtokens,
    } = detail;
    let rules = if rules.is_empty() {
        "No network rules of their own.".to_owned()
    } else {
        networks(rules)
    };
    let authtokens = if authtokens.is_empty() {
        format!("No authtokens. Next: tollgate authtoken issue {}", in_shell(&user.name))
    } else {
        tokens(authtokens)
    };
    format!("{}\n\n{rules}\n\n{authtokens}", users(std::slice::from_ref(user)))
}

/// The only text that holds a secret.
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

fn tokens(tokens: &[AuthtokenShown]) -> String {
    let or_dash = |moment: &Option<String>| moment.clone().unwrap_or_else(|| "-".to_owned());
    table(
        &["id", "user", "issued", "not before", "expires", "revoked"],
        tokens.iter().map(|token| {
            let AuthtokenShown {
                id,
                user,
                issued_at,
                not_before,
                expires_at,
                revoked_at,
            } = token;
            vec![
                id.clone(),
                user.clone(),
                issued_at.clone(),
                or_dash(not_before),
                or_dash(expires_at),
                or_dash(revoked_at),
            ]
        }),
    )
}

fn networks(networks: &[NetworkShown]) -> String {
    table(
        &["rule", "standing", "for", "added"],
        networks.iter().map(|network| {
            let NetworkShown {
                id: _,
                rule,
                standing,
                user,
                added_at,
            } = network;
            let user = user.clone().unwrap_or_else(|| "everybody".to_owned());
            vec![rule.clone(), standing.clone(), user, added_at.clone()]
        }),
    )
}

fn settings(settings: &[SettingShown]) -> String {
    table(
        &["setting", "value"],
        settings.iter().map(|setting| {
            let value = match &setting.value {
                SettingValue::Switch(on) => on.to_string(),
                SettingValue::Limit(value) => limit(value),
                SettingValue::Rules(rules) => or_none(&rules.join(",")),
            };
            vec![setting.key.clone(), value]
        }),
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
    match (&explained.reason, &explained.next) {
        (Some(reason), Some(next)) => format!("{gates}\n\nDenied with status {status}, because of {reason}.\n{next}"),
        (Some(reason), None) => format!("{gates}\n\nDenied with status {status}, because of {reason}."),
        (None, _) => format!("{gates}\n\nPermitted, with status {status}."),
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

/// Columns under headings, without lines around them.
fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heads.iter().map(|head| head.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
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
