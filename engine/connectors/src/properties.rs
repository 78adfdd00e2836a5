//! Properties of an account connector: names with values, of which some are secrets. So none is ever shown.

use tollgate_oauth::json;

use crate::entry::{Client, OAuth2};
use crate::secret::{Secret, object};

/// Who we are to this account's third party, in place of what the entry says. The names are Cyclr's.
pub const CLIENT_ID: &str = "ClientId";
/// The secret with it.
pub const CLIENT_SECRET: &str = "ClientSecret";
/// Whose password gets a token, where the entry says `PasswordCredentials`. This name and the next are ours.
pub const USERNAME: &str = "Username";
/// The password.
pub const PASSWORD: &str = "Password";

const PROPERTIES_MOST: usize = 64;
const NAME_CHARACTERS_MOST: usize = 128;
const VALUE_BYTES_MOST: usize = 8_192;

/// The properties of one account connector, in the order in which they were set. There is no `Debug`.
#[derive(Clone, Default)]
pub struct Properties(Vec<(String, Secret)>);

/// Why a property is not set. It repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each says what it means")]
pub enum PropertyFault {
    #[error("expected a name of 1 to 128 characters without control characters")]
    Name,
    #[error("expected a value of at most 8,192 bytes, and none with a line break where it is a client's id or secret")]
    Value,
    #[error("expected at most 64 properties")]
    TooMany,
    #[error("expected a JSON object of texts, with each name once")]
    Text,
}

impl Properties {
    /// Sets one, in place of what it was. An empty value takes it away, since it would override with nothing.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), PropertyFault> {
        if name.is_empty() || name.chars().count() > NAME_CHARACTERS_MOST || name.chars().any(char::is_control) {
            return Err(PropertyFault::Name);
        }
        let is_credential = [CLIENT_ID, CLIENT_SECRET].contains(&name);
        if value.len() > VALUE_BYTES_MOST
            || (is_credential && !value.is_empty() && Secret::key(value, VALUE_BYTES_MOST).is_err())
        {
            return Err(PropertyFault::Value);
        }
        if value.is_empty() {
            self.0.retain(|(own, _)| own != name);
            return Ok(());
        }
        let is_full = self.0.len() == PROPERTIES_MOST;
        match self.0.iter_mut().find(|(own, _)| own == name) {
            Some((_, own)) => *own = Secret::new(value),
            None if is_full => return Err(PropertyFault::TooMany),
            None => self.0.push((name.to_owned(), Secret::new(value))),
        }
        Ok(())
    }

    /// The value of one.
    pub fn value(&self, name: &str) -> Option<&Secret> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Which there are. That a property is set is all that is ever shown of it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Who we are to the third party: by this account's properties, or else as the entry has it. A `ClientId` of the account takes
    /// the account's secret or none: the entry's goes with the entry's id alone. None where nobody has said who we are.
    pub fn client(&self, oauth2: &OAuth2) -> Option<Client> {
        let secret = self.value(CLIENT_SECRET).cloned();
        match (self.value(CLIENT_ID), &oauth2.client) {
            (Some(id), _) => Some(Client {
                id: id.expose().to_owned(),
                secret,
            }),
            (None, Some(shared)) => Some(Client {
                id: shared.id.clone(),
                secret: secret.or_else(|| shared.secret.clone()),
            }),
            (None, None) => None,
        }
    }

    /// All of them as one text, to be sealed.
    pub fn write(&self) -> Secret {
        object(self.0.iter().map(|(name, value)| (name.as_str(), value.expose())))
    }

    /// Reads what [`Properties::write`] wrote.
    pub fn parse(text: &str) -> Result<Self, PropertyFault> {
        let mut properties = Self::default();
        for (name, value) in json::object(text.as_bytes()).ok_or(PropertyFault::Text)? {
            let serde_json::Value::String(value) = value else {
                return Err(PropertyFault::Text);
            };
            properties.set(&name, Secret::new(value).expose())?;
        }
        Ok(properties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Auth, Entry, EntryText};
    use proptest::prelude::*;

    fn oauth2(client_id: Option<&str>) -> Box<OAuth2> {
        let text = EntryText {
            name: "Example".to_owned(),
            auth_type: "OAuth2".to_owned(),
            oauth2_type: Some("ClientCredentials".to_owned()),
            token_url: Some("https://login.crm.example/token".to_owned()),
            client_id: client_id.map(str::to_owned),
            client_secret: client_id.map(|_| Secret::new("shared secret")),
            ..EntryText::default()
        };
        match Entry::accept(&text).unwrap().auth() {
            Auth::OAuth2(oauth2) => oauth2.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn client(properties: &[(&str, &str)], shared: Option<&str>) -> Option<(String, Option<String>)> {
        let mut own = Properties::default();
        for (name, value) in properties {
            own.set(name, value).unwrap();
        }
        let client = own.client(&oauth2(shared))?;
        Some((client.id, client.secret.map(|secret| secret.expose().to_owned())))
    }

    #[test]
    fn the_accounts_own_client_goes_before_the_entrys() {
        let of = |id: &str, secret: Option<&str>| Some((id.to_owned(), secret.map(str::to_owned)));
        assert_eq!(client(&[], Some("shared")), of("shared", Some("shared secret")));
        assert_eq!(
            client(&[("ClientId", "own"), ("ClientSecret", "s")], Some("shared")),
            of("own", Some("s"))
        );
        assert_eq!(
            client(&[("ClientSecret", "s")], Some("shared")),
            of("shared", Some("s"))
        );
        assert_eq!(
            client(&[("ClientId", "own"), ("ClientSecret", "s")], None),
            of("own", Some("s"))
        );
        assert_eq!(
            client(&[("ClientId", "own")], Some("shared")),
            of("own", None),
            "the entry's secret is not its"
        );
        assert_eq!(client(&[("clientid", "own")], None), None, "names have one spelling");
        assert_eq!(client(&[("ClientSecret", "s")], None), None);
    }

    #[test]
    fn a_property_has_bounds() {
        let mut own = Properties::default();
        assert_eq!(own.set("Region", "eu\nwest"), Ok(()));
        assert_eq!(own.set("ClientSecret", "a\nb"), Err(PropertyFault::Value));
        assert_eq!(own.set("ClientSecret", "a b"), Ok(()));
        assert_eq!(own.set("", "a"), Err(PropertyFault::Name));
        assert_eq!(own.set("a\n", "a"), Err(PropertyFault::Name));
        assert_eq!(own.set(&"a".repeat(129), "a"), Err(PropertyFault::Name));
        assert_eq!(own.set("a", &"a".repeat(8_193)), Err(PropertyFault::Value));
        for at in 2..PROPERTIES_MOST {
            assert_eq!(own.set(&format!("p{at}"), "a"), Ok(()));
        }
        assert_eq!(own.set("one more", "a"), Err(PropertyFault::TooMany));
        assert_eq!(own.set("Region", "us"), Ok(()), "what is there may change");
        assert_eq!(own.value("Region").map(Secret::expose), Some("us"));
        assert_eq!(own.set("Region", ""), Ok(()));
        assert!(own.value("Region").is_none() && own.names().count() == PROPERTIES_MOST - 1);
    }

    #[test]
    fn what_is_no_object_of_texts_is_refused() {
        assert!(Properties::parse("{}").is_ok_and(|own| own.names().count() == 0));
        for text in ["", "[]", r#"{"a":1}"#, r#"{"a":"b","a":"c"}"#, r#"{"a":null}"#] {
            assert!(
                Properties::parse(text).is_err_and(|fault| fault == PropertyFault::Text),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(pairs in prop::collection::btree_map("[^\\x00-\\x1f\\x7f-\\x9f]{1,8}", "\\PC{1,16}|[\\x00-\\x7f]{1,8}", 0..8)) {
            let mut own = Properties::default();
            for (name, value) in &pairs {
                prop_assume!(own.set(name, value).is_ok());
            }
            let read = Properties::parse(own.write().expose()).unwrap();
            prop_assert_eq!(read.names().count(), pairs.len());
            for (name, value) in &pairs {
                prop_assert_eq!(read.value(name).map(Secret::expose), Some(value.as_str()));
            }
        }
    }
}
