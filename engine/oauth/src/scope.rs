//! How far a token reaches: what was asked for, within what the client may have.

use tollgate::{Audience, ScopeSet};

use crate::fault::{Code, Fault};
use crate::form::Form;

/// Makes an authorization answer an ID token too.
pub const OPENID: &str = "openid";
/// Shows the user's name.
pub const PROFILE: &str = "profile";
/// Shows the user's address.
pub const EMAIL: &str = "email";
/// Shows the user's roles.
pub const ROLES: &str = "roles";
/// Asks for a refresh token by another name; who may have one gets it anyway.
pub const OFFLINE: &str = "offline_access";

/// Scopes that are about the user rather than about a resource.
pub const ABOUT_THE_USER: [&str; 5] = [OPENID, PROFILE, EMAIL, ROLES, OFFLINE];

/// The most resources that one request may name.
const RESOURCES_MOST: usize = 8;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Asked {
    /// The scopes; none where it leaves that to us.
    pub scopes: Option<ScopeSet>,
    /// The resources (RFC 8707); none of them where it leaves that to us.
    pub resources: Vec<Audience>,
}

/// What a token is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// How far it reaches.
    pub scopes: ScopeSet,
    /// For whom it is meant; nobody in particular where this is empty.
    pub audiences: Vec<Audience>,
}

impl Asked {
    /// Reads `scope` and `resource`.
    pub fn parse(form: &Form) -> Result<Self, Fault> {
        let scopes = form.one("scope").map(|text| {
            text.parse().map_err(|_| {
                Fault::new(
                    Code::InvalidScope,
                    "scope must be words of ASCII with one blank between them",
                )
            })
        });
        let resources: Vec<Audience> = form.all("resource").map(resource).collect::<Result<_, _>>()?;
        if resources.len() > RESOURCES_MOST {
            return Err(Fault::new(Code::InvalidTarget, "At most 8 resources may be named"));
        }
        Ok(Self {
            scopes: scopes.transpose()?,
            resources,
        })
    }

    /// What it gets, out of what there is to be had: everything where it did not say, nothing beyond.
    pub fn within(&self, scopes: &ScopeSet, audiences: &[Audience]) -> Result<Reach, Fault> {
        const SCOPE: Fault = Fault::new(Code::InvalidScope, "The client may not have one of these scopes");
        const TARGET: Fault = Fault::new(
            Code::InvalidTarget,
            "The client may not have tokens for one of these resources",
        );
        let scopes = match &self.scopes {
            None => scopes.clone(),
            Some(asked) if asked.is_subset_of(scopes) => asked.clone(),
            Some(_) => return Err(SCOPE),
        };
        if self.resources.is_empty() {
            let audiences = audiences.to_vec();
            return Ok(Reach { scopes, audiences });
        }
        if !self.resources.iter().all(|resource| audiences.contains(resource)) {
            return Err(TARGET);
        }
        let mut kept: Vec<Audience> = Vec::new();
        for resource in &self.resources {
            if !kept.contains(resource) {
                kept.push(resource.clone());
            }
        }
        Ok(Reach {
            scopes,
            audiences: kept,
        })
    }
}

/// A resource is an absolute URI without a fragment (RFC 8707 section 2), or the plain name of one as it stands with the client.
fn resource(text: &str) -> Result<Audience, Fault> {
    text.parse().map_err(|_| {
        Fault::new(
            Code::InvalidTarget,
            "resource must be an absolute URI without a fragment",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(form: &str) -> Result<Reach, Code> {
        let audiences = [
            "https://a.example".parse().unwrap(),
            "https://b.example".parse().unwrap(),
        ];
        let form = Form::parse(form.as_bytes()).unwrap();
        let asked = Asked::parse(&form).map_err(|fault| fault.code)?;
        asked
            .within(&"read write".parse().unwrap(), &audiences)
            .map_err(|fault| fault.code)
    }

    fn shown(form: &str) -> String {
        let reach = asked(form).unwrap();
        let audiences: Vec<&str> = reach.audiences.iter().map(Audience::as_str).collect();
        format!("{} for {}", reach.scopes, audiences.join(" "))
    }

    #[test]
    fn who_does_not_say_gets_all_there_is() {
        assert_eq!(shown(""), "read write for https://a.example https://b.example");
        assert_eq!(shown("scope="), "read write for https://a.example https://b.example");
    }

    #[test]
    fn who_says_gets_that_and_no_more() {
        assert_eq!(shown("scope=write"), "write for https://a.example https://b.example");
        assert_eq!(
            shown("scope=write+read&resource=https://b.example&resource=https://b.example"),
            "write read for https://b.example"
        );
        assert_eq!(asked("scope=read+admin").err(), Some(Code::InvalidScope));
        assert_eq!(asked("scope=READ").err(), Some(Code::InvalidScope));
        assert_eq!(asked("scope=read++write").err(), Some(Code::InvalidScope));
        assert_eq!(asked("resource=https://c.example").err(), Some(Code::InvalidTarget));
        assert_eq!(asked("resource=https://a.example/").err(), Some(Code::InvalidTarget));
        assert_eq!(asked("resource=https://a.example%23f").err(), Some(Code::InvalidTarget));
        let many: Vec<&str> = std::iter::repeat_n("resource=https://a.example", 9).collect();
        assert_eq!(asked(&many.join("&")).err(), Some(Code::InvalidTarget));
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_there_is(words in prop::collection::vec("[a-d]", 0..5), had in prop::collection::vec("[a-d]", 0..4)) {
            let had: ScopeSet = had.join(" ").parse().unwrap();
            let scopes: ScopeSet = words.join(" ").parse().unwrap();
            let asked = Asked { scopes: Some(scopes.clone()), resources: Vec::new() };
            match asked.within(&had, &[]) {
                Ok(reach) => prop_assert!(reach.scopes.is_subset_of(&had) && reach.scopes == scopes),
                Err(fault) => prop_assert!(fault.code == Code::InvalidScope && !scopes.is_subset_of(&had)),
            }
        }
    }
}
