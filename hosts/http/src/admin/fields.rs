//! The fields of bodies, each read into what it means. Refusals say what is expected and hold nothing of what came.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use tollgate::{
    AccessForm, Audience, ClientName, Grant, Limit, NetworkRule, Operation, OperationSet, PathPattern, SchemeSet,
    Scope, ScopeSet, SignatureSet, SubjectMapping, Timestamp, UserName,
};

use super::problem::Problem;
use crate::control::parse_moment;

/// A field that may be left out, and is no null where it is there.
pub(super) fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(source: D) -> Result<Option<T>, D::Error> {
    T::deserialize(source).map(Some)
}

/// A field that may be left out, and takes what is there away where it is null.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    source: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(source).map(Some)
}

/// What can be read from a text.
pub(super) trait Expected: FromStr {
    /// What is said where it cannot: nothing of the text itself.
    const EXPECTED: &'static str;
}

/// A text that stands for something else.
pub(super) struct Text<T>(pub(super) T);

impl<'de, T: Expected> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        text.parse().map(Self).map_err(|_| D::Error::custom(T::EXPECTED))
    }
}

impl Expected for ClientName {
    const EXPECTED: &'static str = "expected a client's name of 1 to 100 visible ASCII characters without a colon";
}

impl Expected for Scope {
    const EXPECTED: &'static str =
        "expected a scope of 1 to 128 visible ASCII characters without quotes, backslashes and commas";
}

impl Expected for Audience {
    const EXPECTED: &'static str =
        "expected an audience: a plain name, or an absolute URI without a fragment, of 1 to 255 bytes";
}

impl Expected for Grant {
    const EXPECTED: &'static str =
        "expected `password`, `client_credentials`, `authorization_code`, `refresh_token` or `saml2`";
}

impl Expected for AccessForm {
    const EXPECTED: &'static str = "expected `opaque`, `rs256` or `es256`";
}

impl Expected for PathPattern {
    const EXPECTED: &'static str =
        "expected a pattern that begins with `/` and can be read in one way, such as `/API/**`";
}

impl Expected for SchemeSet {
    const EXPECTED: &'static str = "expected `bearer`, `basic`, `password`, `header` or `parameter`";
}

impl Expected for SignatureSet {
    const EXPECTED: &'static str = "expected `RS256`, `ES256` or `EdDSA`";
}

impl Expected for SubjectMapping {
    const EXPECTED: &'static str = "expected `nameid`, or `attribute:` and the attribute's Name behind it";
}

/// A set of scopes, in the order in which they came.
pub(super) fn scope_set(scopes: Vec<Text<Scope>>) -> Result<ScopeSet, Problem> {
    ScopeSet::of(scopes.into_iter().map(|Text(scope)| scope)).map_err(|error| {
        let detail = format!("at `scopes`: {error}");
        Problem::unprocessable("unexpected-json", detail).at(Some("scopes".to_owned()), 0)
    })
}

/// Audiences, in the order in which they came.
pub(super) fn audiences(named: Vec<Text<Audience>>) -> Vec<Audience> {
    named.into_iter().map(|Text(audience)| audience).collect()
}

/// A name.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Name(pub(super) UserName);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            "expected a name of 1 to 255 bytes, without colons and control characters, and without blanks at either end"
                .to_owned()
        })
    }
}

/// A network rule.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Rule(pub(super) NetworkRule);

impl TryFrom<String> for Rule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse::<NetworkRule>().map(Self).map_err(|error| error.to_string())
    }
}

/// A moment.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Moment(pub(super) Timestamp);

impl TryFrom<String> for Moment {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let moment = parse_moment(&text).ok().filter(|_| text.trim() == text);
        moment
            .map(Self)
            .ok_or("expected a moment in UTC such as 2027-01-31T12:00:00Z")
    }
}

/// A group of methods, by its name alone.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct OperationName(Operation);

impl TryFrom<String> for OperationName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let named = Operation::ALL.into_iter().find(|operation| operation.name() == text);
        named.map(Self).ok_or("expected GET, POST, PUT or DELETE")
    }
}

/// The names of operations, as a description lists them.
#[derive(utoipa::ToSchema)]
#[schema(as = Operation, rename_all = "UPPERCASE")]
#[allow(dead_code, reason = "it stands for the names that are read by hand")]
pub(super) enum OperationWord {
    Get,
    Post,
    Put,
    Delete,
}

/// The set of some operations.
pub(super) fn set(names: &[OperationName]) -> OperationSet {
    names
        .iter()
        .fold(OperationSet::NONE, |set, OperationName(name)| set.with(*name))
}

/// A limit: a number or a word.
pub(super) struct LimitSent(pub(super) Limit);

impl<'de> Deserialize<'de> for LimitSent {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Reader)
    }
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = LimitSent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number from 1 to {}, `unlimited` or `inherit`", Limit::MOST)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<LimitSent, E> {
        let most = u32::try_from(number).ok().filter(|most| *most <= Limit::MOST);
        match most.and_then(NonZeroU32::new) {
            Some(most) => Ok(LimitSent(Limit::AtMost(most))),
            None => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<LimitSent, E> {
        match word {
            "unlimited" => Ok(LimitSent(Limit::Unlimited)),
            "inherit" => Ok(LimitSent(Limit::Inherit)),
            _ => Err(E::invalid_value(Unexpected::Other("another word"), &self)),
        }
    }
}
