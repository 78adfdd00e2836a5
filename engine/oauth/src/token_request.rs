//! What a request to the token endpoint asks for.

use crate::fault::{Code, Fault};
use crate::form::Form;
use crate::saml::Encoding;
use crate::scope::Asked;

/// The longest code or refresh token that is looked at. Ours have 56 characters.
const PRESENTED_BYTES_MOST: usize = 512;

/// A request for a token, borrowed from its form. It holds secrets, so there is no `Debug`.
pub enum TokenRequest<'a> {
    /// The password of a user (RFC 6749 section 4.3).
    Password {
        /// Who.
        name: &'a str,
        /// By what.
        password: &'a str,
        /// How far.
        asked: Asked,
    },
    /// The client for itself (section 4.4).
    ClientCredentials {
        /// How far.
        asked: Asked,
    },
    /// A code from the authorization endpoint (section 4.1.3).
    Code {
        /// The code.
        code: &'a str,
        /// Where it came to.
        redirect: Option<&'a str>,
        /// The proof key.
        verifier: Option<&'a str>,
        /// How far, within what the code is for.
        asked: Asked,
    },
    /// A refresh token (section 6).
    Refresh {
        /// The token.
        token: &'a str,
        /// How far, within what it is for.
        asked: Asked,
    },
    /// An assertion of an identity provider (RFC 7522), or Cinchy's SAML token.
    Saml {
        /// The assertion, as it stands in the form.
        text: &'a str,
        /// In which base64.
        encoding: Encoding,
        /// How far.
        asked: Asked,
    },
}

/// How RFC 7522 section 2.1 calls its grant.
pub const SAML_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";

impl<'a> TokenRequest<'a> {
    /// Reads a form.
    pub fn parse(form: &'a Form) -> Result<Self, Fault> {
        let grant = form.needed("grant_type", "grant_type is missing")?;
        let presented = |name: &str, fault| match form.needed(name, fault)? {
            text if text.len() > PRESENTED_BYTES_MOST => Err(Fault::grant(
                "It is unknown, expired, revoked, or meant for another client",
            )),
            text => Ok(text),
        };
        let asked = || Asked::parse(form);
        Ok(match grant {
            "password" => Self::Password {
                name: form.needed("username", "username is missing")?,
                password: form.needed("password", "password is missing")?,
                asked: asked()?,
            },
            "client_credentials" => Self::ClientCredentials { asked: asked()? },
            "authorization_code" => Self::Code {
                code: presented("code", "code is missing")?,
                redirect: form.one("redirect_uri"),
                verifier: form.one("code_verifier"),
                asked: asked()?,
            },
            "refresh_token" => Self::Refresh {
                token: presented("refresh_token", "refresh_token is missing")?,
                asked: asked()?,
            },
            other => {
                const UNKNOWN: Fault = Fault::new(Code::UnsupportedGrantType, "This grant_type is not supported");
                let encoding = encoding_of(other).ok_or(UNKNOWN)?;
                let text = match encoding {
                    Encoding::Standard => form.needed("token", "token is missing")?,
                    Encoding::Url => form.needed("assertion", "assertion is missing")?,
                };
                Self::Saml {
                    text,
                    encoding,
                    asked: asked()?,
                }
            }
        })
    }

    /// The grant by the name under which a client is allowed it.
    pub fn grant(&self) -> &'static str {
        match self {
            Self::Password { .. } => "password",
            Self::ClientCredentials { .. } => "client_credentials",
            Self::Code { .. } => "authorization_code",
            Self::Refresh { .. } => "refresh_token",
            Self::Saml { .. } => "saml2",
        }
    }
}

/// How a grant encodes its assertion, if it is one that brings an assertion.
pub fn encoding_of(grant: &str) -> Option<Encoding> {
    match grant {
        "saml2" => Some(Encoding::Standard),
        SAML_BEARER => Some(Encoding::Url),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<&'static str, Code> {
        let form = Form::parse(form.as_bytes()).unwrap();
        TokenRequest::parse(&form)
            .map(|request| request.grant())
            .map_err(|fault| fault.code)
    }

    #[test]
    fn each_grant_has_what_it_needs() {
        for (form, left_out) in [
            ("grant_type=password&username=a&password=b", "password=b"),
            ("grant_type=password&password=b&username=a", "username=a"),
            ("grant_type=authorization_code&code=x", "code=x"),
            ("grant_type=refresh_token&refresh_token=x", "refresh_token=x"),
        ] {
            let grant = form.split(['=', '&']).nth(1);
            assert_eq!(read(form).ok(), grant, "{form}");
            assert_eq!(
                read(&form.replace(&format!("&{left_out}"), "")),
                Err(Code::InvalidRequest),
                "without {left_out}"
            );
        }
        assert_eq!(read("grant_type=client_credentials"), Ok("client_credentials"));
        let bearer = format!("grant_type={SAML_BEARER}");
        for (grant, named, other) in [
            ("grant_type=saml2", "token", "assertion"),
            (&bearer, "assertion", "token"),
        ] {
            assert_eq!(read(&format!("{grant}&{named}=x")), Ok("saml2"));
            assert_eq!(
                read(&format!("{grant}&{other}=x")),
                Err(Code::InvalidRequest),
                "{grant}"
            );
        }
    }

    #[test]
    fn other_grants_are_not_supported() {
        for grant in [
            "implicit",
            "SAML2",
            "urn:ietf:params:oauth:grant-type:SAML2-bearer",
            "Password",
            "urn:ietf:params:oauth:grant-type:device_code",
            "password ",
        ] {
            assert_eq!(
                read(&format!("grant_type={}", grant.replace(' ', "+"))),
                Err(Code::UnsupportedGrantType),
                "{grant}"
            );
        }
        assert_eq!(read(""), Err(Code::InvalidRequest));
        assert_eq!(read("grant_type="), Err(Code::InvalidRequest));
    }

    #[test]
    fn what_is_too_long_was_never_issued() {
        let form = |len: usize| format!("grant_type=refresh_token&refresh_token={}", "x".repeat(len));
        assert_eq!(read(&form(512)), Ok("refresh_token"));
        assert_eq!(read(&form(513)), Err(Code::InvalidGrant));
    }
}
