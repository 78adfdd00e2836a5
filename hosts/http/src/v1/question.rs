//! What may be asked, and how it is read: strictly, because a misspelt fact would otherwise be a fact left out.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use utoipa::ToSchema;

use crate::parts::hear;

/// Checks that one question may hold.
pub(super) const CHECKS_MOST: usize = 1_000;

/// How long a permit is held where nothing is said, and at most.
const HOLD_S: u16 = 60;
const HOLD_S_MOST: u16 = 3_600;

/// A request to decide about, as its asker tells of it.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Check)]
pub(super) struct Check<'a> {
    /// The method as it stands on the wire.
    #[serde(borrow)]
    #[schema(value_type = String, example = "GET")]
    pub(super) method: Cow<'a, str>,
    /// The path, and the query where there is one. It begins with a slash.
    #[serde(borrow)]
    #[schema(value_type = String, example = "/orders?page=2")]
    pub(super) path: Cow<'a, str>,
    /// The address of the client. A request from nowhere is trusted by no rule.
    #[schema(value_type = Option<String>, example = "203.0.113.7")]
    ip: Option<IpAddr>,
    /// The fields of the request, each with its value or, where it came more than once, its values. Case does not
    /// tell names apart. What is no credential and has nothing to do with a CORS preflight is not looked at.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::BTreeMap<String, Lines>>)]
    headers: Option<Fields>,
    /// The field `Authorization`, if it is not among `headers`: in both places it would be there twice.
    #[serde(borrow)]
    #[schema(value_type = Option<String>)]
    authorization: Option<Cow<'a, str>>,
    /// The field `x-cdata-authtoken`, if it is not among `headers`.
    #[serde(borrow)]
    #[schema(value_type = Option<String>)]
    authtoken: Option<Cow<'a, str>>,
    /// The body, where it is a form (`application/x-www-form-urlencoded`).
    #[serde(borrow)]
    #[schema(value_type = Option<String>)]
    pub(super) form: Option<Cow<'a, str>>,
    /// Scopes that the route wants.
    #[serde(borrow, default)]
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Cow<'a, str>>,
    /// Whether the permit is held after the answer, until it is released.
    #[serde(default)]
    pub(super) hold: bool,
    /// After how many seconds a held permit is freed by itself.
    #[schema(minimum = 1, maximum = 3600, default = 60)]
    hold_seconds: Option<u16>,
}

/// Many requests, decided in their order.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Checks)]
pub(super) struct Batch<'a> {
    /// The requests.
    #[serde(borrow)]
    #[schema(min_items = 1, max_items = 1000)]
    checks: Vec<Check<'a>>,
}

/// A credential that somebody else holds. It has no `Debug`.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Proof)]
pub(super) struct Prove<'a> {
    /// Always true.
    prove: bool,
    /// 32 hexadecimal digits that were never used before.
    #[serde(borrow)]
    #[schema(value_type = String)]
    nonce: Cow<'a, str>,
    /// The address of the client, which guesses are counted by.
    #[schema(value_type = Option<String>)]
    pub(super) ip: Option<IpAddr>,
    /// The client's `Authorization`.
    #[serde(borrow)]
    #[schema(value_type = String)]
    pub(super) authorization: Cow<'a, str>,
}

/// What the body of a question may be.
#[derive(ToSchema)]
#[schema(as = Question)]
#[expect(dead_code, reason = "it documents the body; `Question` is what becomes of it")]
pub(super) enum Asked<'a> {
    #[schema(title = "One")]
    One(Box<Check<'a>>),
    #[schema(title = "Many")]
    Many(Batch<'a>),
    /// From a follower alone.
    #[schema(title = "Proof")]
    Proof(Prove<'a>),
}

/// What was asked.
pub(super) enum Question<'a> {
    One(Box<Check<'a>>),
    Many(Vec<Check<'a>>),
}

/// Why there is no question. It repeats nothing that was sent, which may hold credentials.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) status: StatusCode,
    pub(super) detail: String,
}

impl<'a> Question<'a> {
    /// Reads the body of a question.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        /// Enough to see which of the two it is; what else is there is looked at after that.
        #[derive(serde::Deserialize)]
        struct Shape {
            checks: Option<IgnoredAny>,
        }
        let shape: Shape = serde_json::from_slice(body).map_err(|error| unread(&error))?;
        let question = match shape.checks {
            None => Self::One(serde_json::from_slice(body).map_err(|error| unread(&error))?),
            Some(_) => {
                let batch: Batch<'_> = serde_json::from_slice(body).map_err(|error| unread(&error))?;
                Self::Many(batch.checks)
            }
        };
        question.within_bounds()?;
        Ok(question)
    }

    pub(super) fn checks(&self) -> &[Check<'a>] {
        match self {
            Self::One(check) => std::slice::from_ref(check),
            Self::Many(checks) => checks,
        }
    }

    fn within_bounds(&self) -> Result<(), Malformed> {
        let count = self.checks().len();
        if !(1..=CHECKS_MOST).contains(&count) {
            let detail = format!("Expected 1 to {CHECKS_MOST} checks, and {count} came: ask more than once.");
            return Err(unprocessable(detail));
        }
        let odd = |check: &Check<'_>| !(1..=HOLD_S_MOST).contains(&check.hold_seconds.unwrap_or(HOLD_S));
        match self.checks().iter().position(odd) {
            None => Ok(()),
            Some(at) => Err(unprocessable(format!(
                "Expected `hold_seconds` from 1 to {HOLD_S_MOST}, and check number {} has another.",
                at + 1
            ))),
        }
    }
}

impl<'a> Prove<'a> {
    /// Reads the body of a follower's question.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let read: Option<Self> = serde_json::from_slice(body).ok();
        // What a parser says may repeat what it read.
        read.filter(|question| question.prove && question.nonce().is_some())
            .ok_or_else(|| {
                unprocessable(
                    "Expected `{\"prove\": true, \"nonce\": …, \"ip\": …, \"authorization\": …}` with a nonce of 32 hexadecimal \
                     digits: a feed token may ask for proofs alone."
                        .to_owned(),
                )
            })
    }

    /// What the answer is to be sealed over, too.
    pub(super) fn nonce(&self) -> Option<[u8; 16]> {
        let digits = &*self.nonce;
        let are_digits = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(digits, 16).ok().filter(|_| are_digits)?;
        Some(number.to_be_bytes())
    }
}

impl Check<'_> {
    /// Who sent the request.
    pub(super) fn client(&self) -> Option<IpAddr> {
        self.ip.map(|ip| ip.to_canonical())
    }

    /// The scopes that its route wants.
    pub(super) fn wanted(&self) -> Vec<&str> {
        self.scopes.iter().map(|scope| &**scope).collect()
    }

    /// The fields of the request that a decision may depend on.
    pub(super) fn fields(&self) -> HeaderMap {
        let mut fields = match &self.headers {
            Some(Fields(fields)) => fields.clone(),
            None => HeaderMap::new(),
        };
        let shorts = [
            ("authorization", &self.authorization),
            ("x-cdata-authtoken", &self.authtoken),
        ];
        for (name, value) in shorts {
            if let Some(value) = value {
                hear(&mut fields, name, value.as_bytes());
            }
        }
        fields
    }

    /// How long the permit is held.
    pub(super) fn hold_s(&self) -> u16 {
        self.hold_seconds.unwrap_or(HOLD_S)
    }

    pub(super) fn hold_for(&self) -> Duration {
        Duration::from_secs(u64::from(self.hold_s()))
    }
}

/// What a parser says may repeat what it read, so only the place is told.
fn unread(error: &serde_json::Error) -> Malformed {
    let at = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        Category::Io | Category::Syntax | Category::Eof => Malformed {
            status: StatusCode::BAD_REQUEST,
            detail: format!("Expected one JSON object, and the text is none from {at} on."),
        },
        Category::Data => unprocessable(format!(
            "Expected an object with `method`, `path` and perhaps `ip`, `headers`, `authorization`, `authtoken`, `form`, \
             `scopes`, `hold` and `hold_seconds`, each once and nothing else, or {{\"checks\": […]}} with a list of such \
             objects; what stands at {at} does not fit."
        )),
    }
}

pub(super) fn unprocessable(detail: String) -> Malformed {
    Malformed {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        detail,
    }
}

/// The fields among `headers` that a decision may depend on. Names that differ in case alone are the same field, and so is
/// one that stands there twice.
struct Fields(HeaderMap);

/// The value of a field, or its values where it came more than once.
#[derive(ToSchema)]
#[schema(as = FieldLines)]
#[expect(dead_code, reason = "it documents what `LinesOf` reads")]
enum Lines {
    #[schema(title = "Value")]
    One(String),
    #[schema(title = "Values")]
    Many(Vec<String>),
}

/// A text that is copied only where an escape stands in it.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = HeaderMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of field names")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<HeaderMap, M::Error> {
                let mut fields = HeaderMap::new();
                while let Some(Text(name)) = map.next_key()? {
                    map.next_value_seed(LinesOf {
                        name: &name,
                        fields: &mut fields,
                    })?;
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}

/// Reads the value or values of one field into `fields`.
struct LinesOf<'f> {
    name: &'f str,
    fields: &'f mut HeaderMap,
}

impl<'de> DeserializeSeed<'de> for LinesOf<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for LinesOf<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        hear(self.fields, self.name, value.as_bytes());
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        while let Some(Text(value)) = list.next_element()? {
            hear(self.fields, self.name, value.as_bytes());
        }
        Ok(())
    }
}
