//! What the façade says of people, and of their personal access tokens.

use tollgate_core::{TokenId, UserName};

use super::{Engine, ReadError};
use crate::facts;
use crate::person::{Person, PersonalToken};
use crate::record::UserRow;
use crate::store::{PersonalTokens, ReadView, Source as _, StoreError, Tokens, Users, beginning_with};

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
            tokens.extend(personal_token(&view, &user, id)?);
        }
        Ok(tokens)
    }

    /// The personal access token of an id, if there is one whose user is there.
    pub fn personal_token(&self, id: TokenId) -> Result<Option<PersonalToken>, ReadError> {
        let view = self.read()?;
        let Some(token) = view.row::<Tokens>(&id)? else {
            return Ok(None);
        };
        let Some(user) = view.row::<Users>(&token.user)? else {
            return Ok(None);
        };
        Ok(personal_token(&view, &user, id)?)
    }
}

fn personal_token(view: &ReadView, user: &UserRow, id: TokenId) -> Result<Option<PersonalToken>, StoreError> {
    let Some(named) = view.row::<PersonalTokens>(&(user.id, id))? else {
        return Ok(None);
    };
    let row = view.row_that_must_be::<Tokens>(&id)?;
    let last_used = facts::last_used(view, id)?;
    Ok(Some(facts::personal_shown(&row, &named, user.name.clone(), last_used)))
}
