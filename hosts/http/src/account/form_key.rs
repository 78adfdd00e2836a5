//! What shows that a login form was made by this server for this browser, before there is a session.
//!
//! A browser gets a random cookie, and the form a digest of it under a key of this process. Another site can send a form, but
//! neither read the cookie nor make its digest; so nobody can be logged in as somebody else without noticing.

use tollgate::{Entropy as _, EntropyError, SystemEntropy};

/// The key of this process. After a restart an open form is out of date, and is shown again.
pub(super) struct FormKey([u8; 32]);

impl FormKey {
    pub(super) fn draw() -> Result<Self, EntropyError> {
        random().map(Self)
    }

    /// A value for the cookie of a browser that has none.
    pub(super) fn draw_cookie() -> Result<String, EntropyError> {
        Ok(blake3::Hash::from_bytes(random()?).to_hex().to_string())
    }

    /// What the form carries.
    pub(super) fn form_token(&self, cookie: &[u8]) -> String {
        blake3::keyed_hash(&self.0, cookie).to_hex().to_string()
    }

    /// Whether a form was made for the browser with this cookie. Takes the same time wherever the digests differ.
    pub(super) fn is_form_token(&self, cookie: &[u8], presented: &str) -> bool {
        // Comparing digests of this library takes constant time.
        let presented = blake3::Hash::from_hex(presented);
        presented.is_ok_and(|presented| presented == blake3::keyed_hash(&self.0, cookie))
    }
}

fn random() -> Result<[u8; 32], EntropyError> {
    let mut bytes = [0; 32];
    SystemEntropy.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_good_for_its_own_browser_and_process() {
        let key = FormKey::draw().unwrap();
        let (cookie, other) = (FormKey::draw_cookie().unwrap(), FormKey::draw_cookie().unwrap());
        let token = key.form_token(cookie.as_bytes());
        assert!(key.is_form_token(cookie.as_bytes(), &token));
        assert!(!key.is_form_token(other.as_bytes(), &token));
        assert!(!FormKey::draw().unwrap().is_form_token(cookie.as_bytes(), &token));
        for presented in ["", "abc", &token[1..], &cookie] {
            assert!(!key.is_form_token(cookie.as_bytes(), presented), "{presented}");
        }
    }
}
