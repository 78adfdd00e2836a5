//! From the pairs of a request's head to the parts that a check is decided by, in place and in one pass.

use std::net::IpAddr;

use tollgate_core::{Field, RequestParts, announces_form, is_spelt_like_ours};

use crate::pairs::Pairs;

/// What a request's head says.
#[derive(Default)]
pub(crate) struct Head<'a> {
    method: &'a [u8],
    target: &'a [u8],
    authorization: Field<'a>,
    authtoken: Field<'a>,
    has_origin: bool,
    has_requested_method: bool,
    /// Whether the request would have a next hop take our fields away.
    is_unreadable: bool,
    /// Whether the body is announced as a form.
    pub(crate) is_form: bool,
    /// Names of fields that an upstream may take for Tollgate's.
    pub(crate) spelt_like_ours: Vec<&'a [u8]>,
    #[cfg(feature = "trap")]
    pub(crate) wants_trap: bool,
}

impl<'a> Head<'a> {
    /// None where the pairs do not hold together.
    pub(crate) fn read(pairs: Pairs<'a>) -> Option<Self> {
        let mut head = Self::default();
        let mut seen = 0;
        for (name, value) in pairs.iter() {
            seen += 1;
            head.hear(name, value);
        }
        (seen == pairs.len()).then_some(head)
    }

    fn hear(&mut self, name: &'a [u8], value: &'a [u8]) {
        // Proxies hand names on in small letters, as HTTP/2 has them.
        match name {
            b":method" => self.method = value,
            b":path" => self.target = value,
            b"authorization" => add(&mut self.authorization, value),
            b"x-cdata-authtoken" => add(&mut self.authtoken, value),
            b"origin" => self.has_origin = true,
            b"access-control-request-method" => self.has_requested_method = true,
            b"connection" if nominates_ours(value) => self.is_unreadable = true,
            b"content-type" => self.is_form |= announces_form(value),
            #[cfg(feature = "trap")]
            b"x-tollgate-test-trap" => self.wants_trap = true,
            _ if is_spelt_like_ours(name) => self.spelt_like_ours.push(name),
            _ => {}
        }
    }

    fn split(&self) -> (&'a [u8], Option<&'a [u8]>) {
        let target = self.target;
        let mark = target.iter().position(|byte| *byte == b'?');
        match mark.and_then(|at| target.split_at_checked(at)) {
            Some((path, query)) => (path, query.split_first().map(|(_, query)| query)),
            None => (target, None),
        }
    }

    /// The path, without query.
    pub(crate) fn path(&self) -> &'a [u8] {
        self.split().0
    }

    /// The one line of `Authorization`.
    pub(crate) fn authorization(&self) -> Option<&'a [u8]> {
        match self.authorization {
            Field::Once(line) => Some(line),
            Field::Absent | Field::Repeated => None,
        }
    }

    /// The parts of a request that `peer` sent.
    pub(crate) fn parts(&self, peer: Option<IpAddr>, form: Option<&'a [u8]>) -> RequestParts<'a> {
        if self.is_unreadable {
            return Self::unreadable(peer);
        }
        let (path, query) = self.split();
        RequestParts {
            method: self.method,
            path,
            query,
            form,
            peer,
            authorization: self.authorization,
            authtoken: self.authtoken,
            preflight: self.method == b"OPTIONS" && self.has_origin && self.has_requested_method,
            scopes: &[],
        }
    }

    /// Parts that are refused as malformed at the gate where credentials are read, and no earlier.
    pub(crate) fn unreadable(peer: Option<IpAddr>) -> RequestParts<'static> {
        RequestParts {
            peer,
            authorization: Field::Repeated,
            ..RequestParts::default()
        }
    }
}

fn add<'a>(field: &mut Field<'a>, value: &'a [u8]) {
    *field = match field {
        Field::Absent => Field::Once(value),
        Field::Once(_) | Field::Repeated => Field::Repeated,
    };
}

/// Whether a field of ours stands among those that a next hop is to remove (RFC 9110 section 7.6.1).
fn nominates_ours(value: &[u8]) -> bool {
    let names = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    names.into_iter().any(is_spelt_like_ours)
}

#[cfg(test)]
mod tests {
    use super::nominates_ours;

    #[test]
    fn a_field_of_ours_cannot_be_nominated_away() {
        for (value, nominates) in [
            ("upgrade, X-Tollgate-User", true),
            ("x-tollgate_scope", true),
            ("keep-alive, Upgrade", false),
            ("", false),
        ] {
            assert_eq!(nominates_ours(value.as_bytes()), nominates, "{value}");
        }
    }
}
