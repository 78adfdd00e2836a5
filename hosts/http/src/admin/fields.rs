//! The fields of bodies, each read into what it means. Refusals say what is expected and hold nothing of what came.

use std::fmt;
use std::num::NonZeroU32;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use tollgate::{Limit, NetworkRule, Operation, OperationSet, Timestamp, UserName};

use crate::control::parse_moment;

/// A field that may be left out, and is no null where it is there.
pub(super) fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(source: D) -> Result<Option<T>, D::Error> {
    T::deserialize(source).map(Some)
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
