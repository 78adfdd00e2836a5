//! What the façade says of people, and of their personal access tokens.

use tollgate_core::{TokenId, UserName};

use super::{Engine, ReadError};
use crate::facts;
use crate::person::{Person, PersonalToken};
use crate::store::{PersonalTokens, beginning_with};

impl Engine {
    /// The user of a name with all that is known of them, if there is one.
    pub fn person(&self, name: &UserName) -> Result<Option<Person>, ReadError> {
        Ok(facts::person(&self.read()?, name)?)
    }

    /// The personal access tokens of a user, those that have ended included, in the order in which they were issued.
    pub fn personal_tokens(&self, of: &UserName) -> Result<Vec<PersonalToken>, ReadError> {
        let view = self.read()?;
        let Some(user) = facts::user_named(&view, of)? else {
            return Err(ReadError::NoSuchUser { name: of.clone() });
        };
        let mut tokens = Vec::new();
        for ((_, id), _) in facts::rows::<PersonalTokens>(&view, &beginning_with(user.id.0))? {
            tokens.extend(facts::personal_token(&view, id)?);
        }
        Ok(tokens)
    }

    /// The personal access token of an id, if there is one whose user is there.
    pub fn personal_token(&self, id: TokenId) -> Result<Option<PersonalToken>, ReadError> {
        Ok(facts::personal_token(&self.read()?, id)?)
    }
}
