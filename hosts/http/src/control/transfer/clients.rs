//! From a line to a client, and back.
//!
//! The columns of Cinchy's table of integrated clients are read under their own titles: grants by the names that its list gives
//! them, URLs separated by semicolons, a blank lifetime for an hour, and its `Guid` for the client's secret.

use tollgate::{
    AccessForm, Audience, ClientAuthentication, Grant, GrantSet, PortableClient, PortableClientSecret, PortableSecret,
    ScopeSet, Timestamp, TokenDigest, UserName,
};
use zeroize::Zeroizing;

use super::fields::{KEYED, bytes, exact, field, fingerprint, hex, moment, required, switch};
use super::line::Line;

/// The client that a line is about.
pub(super) fn client(line: &Line) -> Result<PortableClient, String> {
    Ok(PortableClient {
        name: required("client", line.client.as_deref())?,
        title: line.title.as_deref().map(|title| title.trim().to_owned()),
        grants: line.grants.as_deref().map(grants).transpose()?,
        login_urls: line.login_urls.as_deref().map(urls),
        logout_urls: line.logout_urls.as_deref().map(urls),
        scopes: line.scopes.as_deref().map(scopes).transpose()?,
        audiences: line.audiences.as_deref().map(audiences).transpose()?,
        lifetime_s: field("lifetime", line.lifetime.as_deref())?,
        refresh_lifetime_s: field("refresh_lifetime", line.refresh_lifetime.as_deref())?,
        show_login: switch("show_login", line.show_login.as_deref())?,
        consent: switch("consent", line.consent.as_deref())?,
        enabled: switch("enabled", line.enabled.as_deref())?,
        access: field::<AccessForm>("access", line.access.as_deref())?,
        authentication: authentication(line)?,
        user: field::<UserName>("acts_as", line.acts_as.as_deref())?,
        secrets: secrets(line)?,
        created_at: moment("created_at", line.created_at.as_deref())?,
    })
}

/// The words of a list, whatever stands between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| matches!(c, ',' | ';') || c.is_whitespace();
    text.split(between).filter(|word| !word.is_empty())
}

fn grants(text: &str) -> Result<GrantSet, String> {
    let names = text.split([',', ';']).map(str::trim).filter(|name| !name.is_empty());
    names.map(grant).collect()
}

/// A grant by its own name, or as Cinchy's table names it.
fn grant(name: &str) -> Result<Grant, String> {
    if let Ok(grant) = name.parse() {
        return Ok(grant);
    }
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    match letters.to_ascii_lowercase().as_str() {
        "resourceownerpassword" | "resourceownerpasswordcredentials" => Ok(Grant::Password),
        "clientcredentials" => Ok(Grant::ClientCredentials),
        "authorizationcode" | "code" => Ok(Grant::AuthorizationCode),
        "refreshtoken" => Ok(Grant::RefreshToken),
        "saml" | "saml2" => Ok(Grant::Saml),
        "implicit" | "hybrid" => Err(format!(
            "grants: expected a flow that hands tokens to the client alone, but found `{name}`: write `authorization_code`, and have the client use PKCE"
        )),
        _ => Err(format!(
            "grants: expected `Resource Owner Password`, password, client_credentials, authorization_code, refresh_token or saml2, but found `{name}`"
        )),
    }
}

fn urls(text: &str) -> Vec<String> {
    let urls = text.split(';').map(str::trim).filter(|url| !url.is_empty());
    urls.map(str::to_owned).collect()
}

/// Scopes; those that OpenID Connect names are written its way, however a table shows them.
fn scopes(text: &str) -> Result<ScopeSet, String> {
    const KNOWN: [&str; 5] = ["openid", "profile", "email", "roles", "id"];
    let own = |word: &str| {
        let known = KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(word));
        known.unwrap_or(word).to_owned()
    };
    let written: Vec<String> = words(text).map(own).collect();
    let parsed = written.join(" ").parse();
    parsed.map_err(|error: tollgate::ParseScopeError| format!("scopes: {error}"))
}

fn audiences(text: &str) -> Result<Vec<Audience>, String> {
    let parsed = words(text).map(|word| word.parse().map_err(|error| format!("audiences: {error}")));
    parsed.collect()
}

fn authentication(line: &Line) -> Result<Option<ClientAuthentication>, String> {
    let keys = line.keys.as_ref();
    match (line.authentication.as_deref().map(str::trim), keys) {
        (None, None) => Ok(None),
        (Some("client_secret" | "client_secret_basic" | "client_secret_post"), None) => {
            Ok(Some(ClientAuthentication::Secret))
        }
        (Some("none"), None) => Ok(Some(ClientAuthentication::Public)),
        (None | Some("private_key_jwt"), Some(jwks)) => {
            let jwks = jwks.clone();
            Ok(Some(ClientAuthentication::PrivateKeyJwt { jwks }))
        }
        (Some("private_key_jwt"), None) => Err("keys: expected a JWK set, but found nothing".to_owned()),
        (Some(found), _) => Err(format!(
            "authentication: expected client_secret, none, or private_key_jwt with `keys`, but found `{found}`"
        )),
    }
}

fn secrets(line: &Line) -> Result<Vec<PortableClientSecret>, String> {
    let Some(exported) = &line.secrets else {
        let clear = line.secret.clone().map(|text| Zeroizing::new(text.trim().to_owned()));
        let given = clear.map(|text| PortableClientSecret {
            secret: PortableSecret::Clear(text),
            created_at: None,
            expires_at: None,
        });
        return Ok(given.into_iter().collect());
    };
    if line.secret.is_some() {
        return Err("secrets: expected one of `secret` and `secrets`, but found both".to_owned());
    }
    let key = fingerprint(line.scheme.as_deref())?;
    let one = |text: &str| {
        let parts = text.split_once('@').ok_or("secrets: expected `digest@made`")?;
        let (made, ended) = match parts.1.split_once('-') {
            Some((made, ended)) => (made, Some(ended)),
            None => (parts.1, None),
        };
        let digest = Zeroizing::new(parts.0.to_owned());
        Ok(PortableClientSecret {
            secret: PortableSecret::Keyed {
                digest: TokenDigest::from_bytes(bytes(&digest)?),
                origin: None,
                key,
            },
            created_at: moment("secrets", Some(made))?,
            expires_at: moment("secrets", ended)?,
        })
    };
    exported.split(';').map(one).collect()
}

/// The line that says what a client is.
pub(super) fn client_line(client: &PortableClient) -> Line {
    let joined = |texts: &Option<Vec<String>>| {
        texts
            .as_ref()
            .map(|texts| texts.join(";"))
            .filter(|text| !text.is_empty())
    };
    let switch = |switch: Option<bool>| switch.map(|switch| switch.to_string());
    let keys = match &client.authentication {
        Some(ClientAuthentication::PrivateKeyJwt { jwks }) => Some(jwks.clone()),
        _ => None,
    };
    let (secrets, scheme) = secrets_of(client);
    let audiences = client.audiences.iter().flatten().map(Audience::as_str);
    Line {
        client: Some(client.name.to_string()),
        title: client.title.clone(),
        grants: client.grants.map(|grants| grants.to_string()),
        login_urls: joined(&client.login_urls),
        logout_urls: joined(&client.logout_urls),
        scopes: client
            .scopes
            .as_ref()
            .map(ScopeSet::to_string)
            .filter(|scopes| !scopes.is_empty()),
        audiences: Some(audiences.collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty()),
        lifetime: client.lifetime_s.map(|seconds| seconds.to_string()),
        refresh_lifetime: client.refresh_lifetime_s.map(|seconds| seconds.to_string()),
        show_login: switch(client.show_login),
        consent: switch(client.consent),
        enabled: switch(client.enabled),
        access: client.access.map(|access| access.to_string()),
        authentication: client.authentication.as_ref().map(|by| by.name().to_owned()),
        keys,
        acts_as: client.user.as_ref().map(UserName::to_string),
        secrets,
        scheme,
        created_at: client.created_at.map(exact),
        ..Line::default()
    }
}

/// The digests of a client's secrets, and the key that they were made under. Nothing that came in clear goes out again.
fn secrets_of(client: &PortableClient) -> (Option<Zeroizing<String>>, Option<String>) {
    let (mut written, mut scheme) = (Vec::new(), None);
    for secret in &client.secrets {
        let PortableSecret::Keyed { digest, key, .. } = &secret.secret else {
            continue;
        };
        let made = secret.created_at.map(Timestamp::as_millis).unwrap_or_default();
        let ended = secret.expires_at.map(|end| format!("-{}", end.as_millis()));
        let digest = hex(digest.as_bytes());
        written.push(format!("{}@{made}{}", digest.as_str(), ended.unwrap_or_default()));
        scheme = Some(format!("{KEYED}{:016x}", u64::from_be_bytes(*key)));
    }
    let written = (!written.is_empty()).then(|| Zeroizing::new(written.join(";")));
    (written, scheme)
}

#[cfg(test)]
mod tests {
    use tollgate::Portable;

    use super::super::{Format, Lines, line_of, portable};
    use super::*;

    fn read(format: Format, text: &str) -> Vec<Result<PortableClient, String>> {
        let lines = Lines::new(format, text.as_bytes())
            .map_err(|fault| panic!("{fault}"))
            .unwrap();
        let records = lines.map(|line| line.unwrap().1.and_then(|line| portable(&line)));
        let clients = records.map(|record| match record? {
            Portable::Client(client) => Ok(*client),
            other => panic!("{other:?}"),
        });
        clients.collect()
    }

    const TITLES: &str = "Client Id,Client Name,Grant Type,Permitted Login Redirect URLs,Permitted Logout Redirect URLs,Permitted Scopes,Access Token Lifetime (seconds),Show Cinchy Login Screen,Enabled,Guid\n";

    #[test]
    fn a_table_of_integrated_clients_is_read_under_its_own_titles() {
        let rows = [
            "abc,Reports,Resource Owner Password,,,js_api,,,Yes,6f9619ff-8b86-d011-b42d-00c04fc964ff\n",
            "tableau,Tableau,Authorization Code,https://a.example/cb; https://b.example/cb,https://a.example/,\"Id, OpenId, Email\",600,No,false,\n",
        ];
        let read = read(Format::Csv, &[TITLES, rows[0], rows[1]].concat());
        let [Ok(abc), Ok(tableau)] = read.as_slice() else {
            panic!("{read:?}")
        };
        assert_eq!((abc.name.as_str(), abc.title.as_deref()), ("abc", Some("Reports")));
        assert_eq!(abc.grants, Some(GrantSet::NONE.with(Grant::Password)));
        assert_eq!(
            (abc.lifetime_s, abc.login_urls.clone(), abc.show_login),
            (None, None, None)
        );
        assert_eq!(
            (abc.scopes.clone().unwrap().to_string().as_str(), abc.enabled),
            ("js_api", Some(true))
        );
        let [secret] = abc.secrets.as_slice() else {
            panic!("{abc:?}")
        };
        assert!(matches!(&secret.secret, PortableSecret::Clear(text) if text.starts_with("6f9619ff")));
        assert!(!format!("{abc:?}").contains("6f9619ff"));
        let urls = ["https://a.example/cb", "https://b.example/cb"].map(str::to_owned);
        assert_eq!(tableau.login_urls.as_deref(), Some(urls.as_slice()));
        assert_eq!(tableau.scopes.clone().unwrap().to_string(), "id openid email");
        assert_eq!(
            (tableau.lifetime_s, tableau.show_login, tableau.enabled),
            (Some(600), Some(false), Some(false))
        );
        assert!(tableau.secrets.is_empty());
    }

    #[test]
    fn what_a_column_cannot_mean_is_said_with_its_name() {
        for (row, begins) in [
            ("a b,,password,,,,,,,", "client: "),
            ("abc,,Implicit,,,,,,,", "grants: expected a flow"),
            ("abc,,Magic,,,,,,,", "grants: expected `Resource"),
            ("abc,,password,,,,soon,,,", "lifetime: "),
            ("abc,,password,,,,,perhaps,,", "show_login: "),
        ] {
            let read = read(Format::Csv, &[TITLES, row, "\n"].concat());
            let [Err(fault)] = read.as_slice() else { panic!("{row}") };
            assert!(fault.starts_with(begins), "{fault}");
        }
        let twin = read(Format::Csv, &[TITLES, "abc,,password,,,,,,,\n"].concat());
        assert!(matches!(twin.as_slice(), [Ok(_)]));
        let mixed = r#"{"client":"abc","token":"0123456789abcdef"}"#;
        let Err(fault) = &read(Format::JsonLines, mixed)[0] else {
            panic!("taken")
        };
        assert!(fault.contains("about one thing"), "{fault}");
    }

    #[test]
    fn a_client_reads_what_it_writes() {
        let secret = |end: Option<u64>| PortableClientSecret {
            secret: PortableSecret::Keyed {
                digest: TokenDigest::from_bytes([0xab; 32]),
                origin: None,
                key: [1, 2, 3, 4, 5, 6, 7, 8],
            },
            created_at: Some(Timestamp::from_millis(1_234)),
            expires_at: end.map(Timestamp::from_millis),
        };
        let client = PortableClient {
            title: Some("Abc".into()),
            grants: Some("authorization_code,refresh_token".parse().unwrap()),
            login_urls: Some(vec!["https://a.example/cb?x=1,2".into(), "https://b.example/".into()]),
            logout_urls: None,
            scopes: Some("a b".parse().unwrap()),
            audiences: Some(vec!["https://api.example".parse().unwrap(), "x".parse().unwrap()]),
            lifetime_s: Some(60),
            refresh_lifetime_s: Some(61),
            show_login: Some(false),
            consent: Some(true),
            enabled: Some(false),
            access: Some(AccessForm::Es256),
            authentication: Some(ClientAuthentication::Secret),
            user: Some("ann".parse().unwrap()),
            secrets: vec![secret(None), secret(Some(9_999))],
            created_at: Some(Timestamp::from_millis(5)),
            ..PortableClient::named("abc".parse().unwrap())
        };
        let line = line_of(&Portable::Client(Box::new(client.clone())));
        let Ok(Portable::Client(again)) = portable(&line) else {
            panic!("another record")
        };
        assert_eq!(format!("{again:?}"), format!("{client:?}"), "but for what is hidden");
        let PortableSecret::Keyed { digest, key, .. } = &again.secrets[1].secret else {
            panic!("another secret")
        };
        assert_eq!((digest.as_bytes(), key), (&[0xab; 32], &[1, 2, 3, 4, 5, 6, 7, 8]));
        let json = serde_json::to_string(&line).unwrap();
        let from_json = read(Format::JsonLines, &json);
        assert_eq!(format!("{:?}", from_json[0].as_ref().unwrap()), format!("{client:?}"));
        let list = r#"{"client":"abc","grants":["password","saml2"],"login_urls":["https://a.example/1,2","https://b.example/"]}"#;
        let listed = read(Format::JsonLines, list);
        assert_eq!(listed[0].as_ref().unwrap().login_urls.as_ref().unwrap().len(), 2);
    }
}
