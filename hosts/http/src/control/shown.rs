//! Facts as replies show them: the JSON that scripts read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tollgate::{Authtoken, BackupReport, Finding, Issued, Limit, Network, Setting, Standing, User, VerifyReport};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::moment::write_moment;

/// A part of a list that may be long.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PageShown<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Leads to the next page; none where this is the last.
    pub next: Option<String>,
}

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = User)]
pub struct UserShown {
    /// Names the user for ever.
    #[schema(pattern = "^[0-9]+$", example = "1")]
    pub id: String,
    /// The name.
    #[schema(min_length = 1, max_length = 255, example = "alice")]
    pub name: String,
    /// Whether the user's tokens may be used.
    pub active: bool,
    /// Operations the user may use.
    #[schema(example = json!(["GET", "POST"]))]
    pub operations: Vec<String>,
    /// Requests an hour.
    pub per_hour: LimitShown,
    /// Requests at a time.
    pub concurrent: LimitShown,
    /// When the user was added.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub created_at: String,
}

impl From<&User> for UserShown {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.0.to_string(),
            name: user.name.to_string(),
            active: user.active,
            operations: user
                .operations
                .iter()
                .map(|operation| operation.name().to_owned())
                .collect(),
            per_hour: user.per_hour.into(),
            concurrent: user.concurrent.into(),
            created_at: write_moment(user.created_at),
        }
    }
}

/// A limit: a number, or one of the words `unlimited` and `inherit`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LimitShown {
    /// At most this many.
    AtMost(u32),
    /// A word.
    Word(String),
}

impl PartialSchema for LimitShown {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(Limit::MOST));
        let word = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["unlimited", "inherit"]));
        let words = "At most so many, `unlimited`, or `inherit` for what the server says.";
        OneOfBuilder::new()
            .item(number)
            .item(word)
            .description(Some(words))
            .examples([serde_json::json!(1_000), serde_json::json!("inherit")])
            .into()
    }
}

impl ToSchema for LimitShown {
    fn name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }
}

impl From<Limit> for LimitShown {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::AtMost(most) => Self::AtMost(most.get()),
            Limit::Inherit | Limit::Unlimited => Self::Word(limit.to_string()),
        }
    }
}

/// An authtoken, without the secret.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Authtoken)]
pub struct AuthtokenShown {
    /// Names the token for ever.
    #[schema(pattern = "^[0-9]+$", example = "7")]
    pub id: String,
    /// Whose it is.
    #[schema(example = "alice")]
    pub user: String,
    /// When it was issued.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub issued_at: String,
    /// When it may first be used, if not from the beginning.
    #[schema(format = DateTime, required)]
    pub not_before: Option<String>,
    /// When it may no longer be used, if ever.
    #[schema(format = DateTime, required)]
    pub expires_at: Option<String>,
    /// When it was taken back, if it was.
    #[schema(format = DateTime, required)]
    pub revoked_at: Option<String>,
}

impl From<&Authtoken> for AuthtokenShown {
    fn from(token: &Authtoken) -> Self {
        Self {
            id: token.id.0.to_string(),
            user: token.user.to_string(),
            issued_at: write_moment(token.issued_at),
            not_before: token.not_before.map(write_moment),
            expires_at: token.expires_at.map(write_moment),
            revoked_at: token.revoked_at.map(write_moment),
        }
    }
}

/// A new authtoken with its secret; it has no `Debug`.
#[derive(Serialize, Deserialize)]
pub struct IssuedShown {
    /// The token's id.
    pub id: String,
    /// The secret.
    pub token: String,
    /// Whose it is.
    pub user: String,
    /// When it may first be used, if not at once.
    pub not_before: Option<String>,
    /// When it may no longer be used, if ever.
    pub expires_at: Option<String>,
}

impl From<&Issued> for IssuedShown {
    fn from(issued: &Issued) -> Self {
        let AuthtokenShown {
            id,
            user,
            issued_at: _,
            not_before,
            expires_at,
            revoked_at: _,
        } = (&issued.record).into();
        Self {
            id,
            token: issued.token.expose().to_owned(),
            user,
            not_before,
            expires_at,
        }
    }
}

/// A network rule.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Network)]
pub struct NetworkShown {
    /// The rule with `_` for its slash, and after it `@` and the user's name where it is about one.
    #[schema(example = "10.0.0.0_8")]
    pub id: String,
    /// The addresses, as they were written.
    #[schema(example = "10.0.0.0/8")]
    pub rule: String,
    /// `trusted` or `banned`.
    #[schema(pattern = "^(trusted|banned)$", example = "trusted")]
    pub standing: String,
    /// The user whom it is about; everybody where there is none.
    #[schema(required)]
    pub user: Option<String>,
    /// When it was added.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub added_at: String,
}

impl From<&Network> for NetworkShown {
    fn from(network: &Network) -> Self {
        let rule = network.rule.to_string();
        let user = network.user.as_ref().map(ToString::to_string);
        Self {
            id: rule_id(&rule, user.as_deref()),
            rule,
            standing: match network.standing {
                Standing::Trusted => "trusted".to_owned(),
                Standing::Banned => "banned".to_owned(),
            },
            user,
            added_at: write_moment(network.added_at),
        }
    }
}

/// What lists name a rule by. It stands in a path as it is, but for what is odd in the user's name. No rule holds `_` or `@`,
/// so that no two rules have one id.
pub(crate) fn rule_id(rule: &str, user: Option<&str>) -> String {
    let rule = rule.replace('/', "_");
    match user {
        Some(user) => format!("{rule}@{user}"),
        None => rule,
    }
}

/// The rule and the user that [`rule_id`] has named so.
pub(crate) fn named_by_rule_id(id: &str) -> (String, Option<&str>) {
    let (rule, user) = match id.split_once('@') {
        Some((rule, user)) => (rule, Some(user)),
        None => (id, None),
    };
    (rule.replace('_', "/"), user)
}

/// A setting.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Setting)]
pub struct SettingShown {
    /// Its key.
    #[schema(example = "per_hour")]
    pub id: String,
    /// The same.
    #[schema(example = "per_hour")]
    pub key: String,
    /// Its value.
    pub value: SettingValue,
}

/// The value of a setting, in the type that it has.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingValue)]
#[serde(untagged)]
pub enum SettingValue {
    /// On or off.
    Switch(bool),
    /// A limit.
    Limit(LimitShown),
    /// A list of network rules, or of forms of foreign tokens.
    Rules(Vec<String>),
}

impl From<&Setting> for SettingShown {
    fn from(setting: &Setting) -> Self {
        let value = match setting {
            Setting::PerHour(limit) | Setting::Concurrent(limit) => SettingValue::Limit((*limit).into()),
            Setting::AllowAuthtokenInUrl(allowed) | Setting::AllowPreflight(allowed) => SettingValue::Switch(*allowed),
            Setting::TrustedProxies(rules) => SettingValue::Rules(rules.iter().map(ToString::to_string).collect()),
            Setting::ForeignTokens(forms) => SettingValue::Rules(forms.iter().map(|form| form.to_string()).collect()),
        };
        Self {
            id: setting.key().to_owned(),
            key: setting.key().to_owned(),
            value,
        }
    }
}

/// Something that is no longer there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemovedShown {
    /// What lists named it by.
    pub id: String,
    /// What people name it by.
    pub removed: String,
}

/// What a look at every row found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifyShown {
    /// Whether nothing was found that is not as it must be.
    pub sound: bool,
    /// The revision that was read.
    pub revision: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// Users.
    pub users: u64,
    /// Tokens.
    pub tokens: u64,
    /// Network rules.
    pub networks: u64,
    /// Hourly counters.
    pub counters: u64,
    /// Changes in the tail of the feed.
    pub changes: u64,
    /// What is not as it must be.
    pub findings: Vec<FindingShown>,
    /// Findings beyond those that are listed.
    pub findings_left_out: u64,
}

/// Something that is not as it must be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FindingShown {
    /// The table and the key.
    pub id: String,
    /// What was expected and what was found.
    pub fault: String,
}

impl From<VerifyReport> for VerifyShown {
    fn from(report: VerifyReport) -> Self {
        let shown = |finding: &Finding| FindingShown {
            id: format!("{} {}", finding.table, finding.key),
            fault: finding.fault.clone(),
        };
        Self {
            sound: report.findings.is_empty(),
            revision: report.revision.0,
            rows: report.rows,
            users: report.users,
            tokens: report.tokens,
            networks: report.networks,
            counters: report.counters,
            changes: report.changes,
            findings: report.findings.iter().map(shown).collect(),
            findings_left_out: report.findings_left_out,
        }
    }
}

/// A copy of the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackupShown {
    /// Where it is.
    pub path: PathBuf,
    /// The revision it holds.
    pub revision: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// Its length in bytes.
    pub len: u64,
}

impl From<BackupReport> for BackupShown {
    fn from(report: BackupReport) -> Self {
        let (revision, rows, len) = (report.revision.0, report.rows, report.len);
        Self {
            path: report.path,
            revision,
            rows,
            len,
        }
    }
}

/// A name as a shell takes it for one word, for lines that people copy.
pub fn in_shell(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte));
    if plain {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_rules_name_them_and_no_two_are_alike() {
        for (rule, user, id) in [
            ("10.0.0.0/8", None, "10.0.0.0_8"),
            ("10.0.0.0/8", Some("ann@example.org"), "10.0.0.0_8@ann@example.org"),
            ("fd00:1::2", None, "fd00:1::2"),
            ("1::2", Some("fd00"), "1::2@fd00"),
            ("203.0.113.*", Some("a_b/c"), "203.0.113.*@a_b/c"),
        ] {
            assert_eq!(rule_id(rule, user), id);
            assert_eq!(named_by_rule_id(id), (rule.to_owned(), user));
        }
    }
}
