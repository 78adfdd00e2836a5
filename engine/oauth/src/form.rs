//! `application/x-www-form-urlencoded`, read without the leniency of browsers.
//!
//! Where two readers of one body could differ, it is refused: a parameter that stands twice, an escape that is none, bytes that are
//! no UTF-8. A parameter without a value counts as left out (RFC 6749 section 3.2).

use zeroize::Zeroizing;

use crate::call::Call;
use crate::fault::Fault;

/// More parameters than any endpoint knows.
const PARAMETERS_MOST: usize = 64;

/// The parameters of one request. Values may be secrets: they are wiped when dropped and there is no `Debug`.
#[derive(Default)]
pub struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// The parameter that may stand more than once (RFC 8707).
    const REPEATABLE: &'static str = "resource";

    /// Reads the body of a POST, whose `Content-Type` must say that it is a form.
    pub fn of_body(call: &Call<'_>) -> Result<Self, Fault> {
        if !call.content_type.is_some_and(is_form) {
            return Err(Fault::request("The body must be application/x-www-form-urlencoded"));
        }
        if call.query.is_some_and(|query| !query.is_empty()) {
            return Err(Fault::request("Parameters belong into the body, not into the query"));
        }
        Self::parse(call.body)
    }

    /// The same form with all names in small letters, since Cinchy's manual spells them in more than one way and its server reads
    /// them in any. Two names that become one are refused.
    pub fn folded(self) -> Result<Self, Fault> {
        let mut pairs: Vec<(String, Zeroizing<String>)> = Vec::with_capacity(self.0.len());
        for (name, value) in self.0 {
            let name = name.to_ascii_lowercase();
            if name != Self::REPEATABLE && pairs.iter().any(|(earlier, _)| *earlier == name) {
                return Err(Fault::request("A parameter stands more than once"));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// Reads the query of a GET, or the body of a POST.
    pub fn of_query_or_body(call: &Call<'_>) -> Result<Self, Fault> {
        if call.method == b"POST" {
            return Self::of_body(call);
        }
        Self::parse(call.query.unwrap_or_default().as_bytes())
    }

    /// Reads a form of at most [`Call::BODY_MOST`] bytes.
    pub fn parse(text: &[u8]) -> Result<Self, Fault> {
        if text.len() > Call::BODY_MOST {
            return Err(Fault::request("The form is longer than 128 KiB"));
        }
        let mut pairs: Vec<(String, Zeroizing<String>)> = Vec::new();
        for piece in text.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
            if pairs.len() == PARAMETERS_MOST {
                return Err(Fault::request("The form has more than 64 parameters"));
            }
            let (name, value) = match piece.iter().position(|byte| *byte == b'=') {
                Some(at) => (piece.get(..at), piece.get(at + 1..)),
                None => (Some(piece), None),
            };
            let name = decode(name.unwrap_or_default())?;
            if name.is_empty() || name.chars().any(char::is_control) {
                return Err(Fault::request("A parameter has no readable name"));
            }
            if *name != Self::REPEATABLE && pairs.iter().any(|(earlier, _)| *earlier == *name) {
                return Err(Fault::request("A parameter stands more than once"));
            }
            pairs.push((name.to_string(), decode(value.unwrap_or_default())?));
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter; none where it is left out or empty.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The value of a parameter that cannot be done without.
    pub fn needed(&self, name: &str, fault: &'static str) -> Result<&str, Fault> {
        self.one(name).ok_or(Fault::request(fault))
    }

    /// Every value of a parameter, the empty ones left out.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(own, _)| own == name);
        named.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The form as text once more, without the parameters that `leave_out` names.
    pub fn without(&self, leave_out: &[&str]) -> String {
        let kept = self.0.iter().filter(|(name, _)| !leave_out.contains(&name.as_str()));
        write(kept.map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

/// Writes a form or a query.
pub fn write<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut writer = url::form_urlencoded::Serializer::new(String::new());
    writer.extend_pairs(pairs);
    writer.finish()
}

/// One name or value in clear. Also what a client's name and secret have been through before they went into `Basic` (RFC 6749
/// section 2.3.1).
pub(crate) fn decode(text: &[u8]) -> Result<Zeroizing<String>, Fault> {
    // Room for all of it at once: what grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let Some((digits, behind)) = rest.split_first_chunk::<2>() else {
                    return Err(Fault::request("A percent escape is cut off"));
                };
                rest = behind;
                escaped(*digits).ok_or(Fault::request("A percent escape is malformed"))?
            }
            byte => *byte,
        });
    }
    if bytes.contains(&0) {
        return Err(Fault::request("A parameter holds a NUL"));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(Fault::request("A parameter is not UTF-8")),
    }
}

fn escaped(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}

/// Whether a `Content-Type` is that of a form, in UTF-8 if it says in what.
fn is_form(content_type: &[u8]) -> bool {
    let mut parts = content_type.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let kind = parts.next().unwrap_or_default();
    let in_utf8 = |part: &[u8]| {
        let part = part.to_ascii_lowercase();
        !part.starts_with(b"charset") || part == b"charset=utf-8" || part == b"charset=\"utf-8\""
    };
    kind.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") && parts.all(in_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(text: &[u8]) -> &'static str {
        match Form::parse(text) {
            Ok(_) => panic!("accepted {}", text.escape_ascii()),
            Err(fault) => fault.description,
        }
    }

    #[test]
    fn a_form_is_read_as_it_was_meant() {
        let form = Form::parse(b"grant_type=password&username=al%C3%AFce&password=a+b%2Bc%26%3D&scope=&flag&").unwrap();
        assert_eq!(form.one("grant_type"), Some("password"));
        assert_eq!(form.one("username"), Some("al\u{ef}ce"));
        assert_eq!(form.one("password"), Some("a b+c&="));
        assert_eq!(form.one("scope"), None, "a parameter without a value is left out");
        assert_eq!(form.one("flag"), None);
        assert_eq!(form.one("Grant_Type"), None, "names have one spelling");
        assert_eq!(
            form.without(&["password", "flag"]),
            "grant_type=password&username=al%C3%AFce&scope="
        );
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for text in [
            &b"a=1&a=2"[..],
            b"a=1&a=",
            b"a&a=2",
            b"a=1&%61=2",
            b"a=%",
            b"a=%4",
            b"a=%g1",
            b"a=%+1",
            b"a=%ff",
            b"a=\xff",
            b"a=%00",
            b"=1",
            b"a%0a=1",
        ] {
            assert!(!refused(text).is_empty());
        }
        assert!(Form::parse(b"a=1&A=2&b=%7e").is_ok_and(|form| form.one("b") == Some("~")));
    }

    #[test]
    fn resources_alone_may_repeat() {
        let form = Form::parse(b"resource=https://a.example&resource=https://b.example").unwrap();
        assert_eq!(
            form.all("resource").collect::<Vec<_>>(),
            ["https://a.example", "https://b.example"]
        );
    }

    #[test]
    fn names_may_be_spelt_in_any_way_where_that_is_wanted() {
        let form = Form::parse(b"Client_id=abc&Grant_Type=password&Password=Ab")
            .unwrap()
            .folded()
            .unwrap();
        assert_eq!(
            (form.one("client_id"), form.one("grant_type"), form.one("password")),
            (Some("abc"), Some("password"), Some("Ab"))
        );
        let twice = Form::parse(b"Client_id=abc&client_id=xyz").unwrap().folded();
        assert!(twice.is_err_and(|fault| fault.description.contains("more than once")));
    }

    #[test]
    fn a_form_has_bounds() {
        let most = vec![b'a'; Call::BODY_MOST];
        assert!(Form::parse(&most).is_ok_and(|form| form.one("a").is_none()));
        assert_eq!(refused(&[most, vec![b'a']].concat()), "The form is longer than 128 KiB");
        let many = |count: usize| (0..count).map(|at| format!("p{at}=1")).collect::<Vec<_>>().join("&");
        assert!(Form::parse(many(64).as_bytes()).is_ok_and(|form| form.one("p63") == Some("1")));
        assert_eq!(refused(many(65).as_bytes()), "The form has more than 64 parameters");
    }

    #[test]
    fn the_content_type_says_that_it_is_a_form() {
        for good in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
            "application/x-www-form-urlencoded ; charset=\"utf-8\"",
        ] {
            assert!(is_form(good.as_bytes()), "{good}");
        }
        for bad in [
            "application/json",
            "",
            "application/x-www-form-urlencoded, text/plain",
            "application/x-www-form-urlencoded; charset=utf-16",
            "text/plain; application/x-www-form-urlencoded",
        ] {
            assert!(!is_form(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn parameters_of_the_body_do_not_stand_in_the_query() {
        let call = Call {
            content_type: Some(b"application/x-www-form-urlencoded"),
            body: b"a=1",
            ..Call::default()
        };
        assert!(Form::of_body(&call).is_ok_and(|form| form.one("a") == Some("1")));
        let both = Call {
            query: Some("b=2"),
            ..call
        };
        assert!(Form::of_body(&both).is_err_and(|fault| fault.description.contains("query")));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(pairs in prop::collection::btree_map("[^\\x00-\\x1f\\x7f-\\x9f]{1,8}", "[^\\x00]{1,16}", 0..8)) {
            let text = write(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let form = Form::parse(text.as_bytes()).unwrap();
            for (name, value) in &pairs {
                prop_assert_eq!(form.one(name), Some(value.as_str()));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            if let Ok(form) = Form::parse(&bytes) {
                let again = Form::parse(form.without(&[]).as_bytes()).unwrap();
                prop_assert_eq!(again.without(&[]), form.without(&[]));
            }
        }
    }
}
