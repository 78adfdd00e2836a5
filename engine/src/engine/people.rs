//! What the façade says of people, and of their personal access tokens.

use tollgate_core::{Subject, Timestamp, TokenId, TokenKind, UserName};

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
            let token = facts::personal_token(&view, id)?;
            tokens.extend(token.map(|token| self.with_last_use(token)));
        }
        Ok(tokens)
    }

    /// The personal access token of an id, if there is one whose user is there.
    pub fn personal_token(&self, id: TokenId) -> Result<Option<PersonalToken>, ReadError> {
        let token = facts::personal_token(&self.read()?, id)?;
        Ok(token.map(|token| self.with_last_use(token)))
    }

    /// Notes that a request passed with a token. It costs little and writes nothing: checkpoints do. Only personal access tokens
    /// have their last use shown, so of other tokens nothing is noted.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// # let (rule, standing) = ("127.0.0.1".parse()?, tollgate::Standing::Trusted);
    /// # engine.execute(tollgate::AddNetwork { rule, standing, user: None })?;
    /// use tollgate::{AddUser, Field, IssuePersonalToken, RequestParts, Verdict};
    ///
    /// let user = engine.execute(AddUser::named("alice".parse()?))?.name;
    /// let (name, description) = ("laptop".to_owned(), String::new());
    /// let expires_at = engine.now().plus_millis(86_400_000);
    /// let issued = engine.execute(IssuePersonalToken { user: user.clone(), name, description, expires_at })?;
    ///
    /// let bearer = format!("Bearer {}", issued.token.expose());
    /// let authorization = Field::Once(bearer.as_bytes());
    /// let peer = Some("127.0.0.1".parse()?);
    /// let request = RequestParts { method: b"GET", peer, authorization, ..RequestParts::default() };
    /// let now = engine.now();
    /// if let Verdict::Permit(permit) = engine.check(&request, now) {
    ///     permit.subject().map(|subject| engine.used(&subject, now));
    /// }
    /// assert_eq!(engine.personal_tokens(&user)?[0].last_used_at, Some(now));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn used(&self, subject: &Subject, now: Timestamp) {
        if subject.kind() == Some(TokenKind::PersonalAccess) {
            self.0.uses.note(subject.token, now);
        }
    }

    /// The token with its last use, whether that is written down already or not.
    pub(super) fn with_last_use(&self, token: PersonalToken) -> PersonalToken {
        let last_used_at = self.0.uses.of(token.id).max(token.last_used_at);
        PersonalToken { last_used_at, ..token }
    }
}
