//! What is refused before a parser sees it: what no assertion needs and parsers differ about, or take long for.
//!
//! This reads no more of XML than where tags, attributes and references begin and end. Whether the document is well-formed is for the
//! parser; what this lets through, every parser reads alike.

use super::fault::SamlFault;
use super::limits::{ATTRIBUTES_MOST, NAMESPACE_MOST, NESTED_MOST, TAG_MOST, TAGS_MOST};

/// The namespaces of `xml` and `xmlns` themselves, which nothing may declare.
const RESERVED: [&str; 2] = ["http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"];

/// Looks a document over and gives it back without its XML declaration.
pub(super) fn scan(document: &str) -> Result<&str, SamlFault> {
    if !document.chars().all(is_character) {
        return Err(SamlFault::Characters);
    }
    let text = behind_declaration(document)?;
    let mut scan = Scan::default();
    let mut rest = text;
    while let Some((before, markup)) = split(rest, '<') {
        references(before)?;
        if before.contains("]]>") {
            return Err(malformed("`]]>` outside of a CDATA section"));
        }
        rest = scan.markup(markup)?;
    }
    references(rest)?;
    Ok(text)
}

/// Elements so far.
#[derive(Default)]
struct Scan {
    open: usize,
    tags: usize,
}

impl Scan {
    /// Reads what stands behind a `<`, and gives what comes after it.
    fn markup<'a>(&mut self, markup: &'a str) -> Result<&'a str, SamlFault> {
        match markup.as_bytes() {
            [b'!', b'-', b'-', ..] => Err(SamlFault::Comment),
            [b'!', b'[', ..] => Err(SamlFault::CharacterData),
            [b'!', ..] => Err(SamlFault::Doctype),
            [b'?', ..] => Err(SamlFault::Instruction),
            [b'/', ..] => {
                let (tag, rest) = split(markup, '>').ok_or_else(|| malformed("a tag without an end"))?;
                if tag.len() > TAG_MOST || tag.contains('<') {
                    return Err(too_much("bytes in a tag"));
                }
                self.open = self.open.saturating_sub(1);
                Ok(rest)
            }
            _ => self.tag(markup),
        }
    }

    fn tag<'a>(&mut self, markup: &'a str) -> Result<&'a str, SamlFault> {
        let (tag, rest) = whole_tag(markup)?;
        let (attributes, is_empty) = match tag.strip_suffix('/') {
            Some(attributes) => (attributes, true),
            None => (tag, false),
        };
        self.tags += 1;
        if self.tags > TAGS_MOST {
            return Err(too_much("elements"));
        }
        if self.open + 1 > NESTED_MOST {
            return Err(too_much("elements inside each other"));
        }
        self.open += usize::from(!is_empty);
        let name = attributes.find(is_space).unwrap_or(attributes.len());
        let (_, attributes) = attributes.split_at(name);
        judge_attributes(attributes)?;
        Ok(rest)
    }
}

/// The tag up to its `>`, which may also stand in a value.
fn whole_tag(markup: &str) -> Result<(&str, &str), SamlFault> {
    let mut quoted_by = None;
    for (at, byte) in markup.bytes().enumerate() {
        if at > TAG_MOST {
            return Err(too_much("bytes in a tag"));
        }
        match (quoted_by, byte) {
            (_, b'<') => return Err(malformed("`<` inside of a tag")),
            (None, b'"' | b'\'') => quoted_by = Some(byte),
            (Some(quote), _) if quote == byte => quoted_by = None,
            (None, b'>') => {
                let (tag, rest) = markup.split_at(at);
                return Ok((tag, rest.get(1..).unwrap_or_default()));
            }
            _ => {}
        }
    }
    Err(malformed("a tag without an end"))
}

/// Reads `name="value"` again and again.
fn judge_attributes(mut rest: &str) -> Result<(), SamlFault> {
    let mut count = 0;
    loop {
        let trimmed = rest.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return Ok(());
        }
        if trimmed.len() == rest.len() {
            return Err(malformed("attributes that nothing stands between"));
        }
        count += 1;
        if count > ATTRIBUTES_MOST {
            return Err(too_much("attributes in a tag"));
        }
        let (name, behind) = split(trimmed, '=').ok_or_else(|| malformed("an attribute without a value"))?;
        let behind = behind.trim_start_matches(is_space);
        let quote = behind.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let quote = quote.ok_or_else(|| malformed("a value without quotes"))?;
        let (value, behind) =
            split(behind.get(1..).unwrap_or_default(), quote).ok_or_else(|| malformed("a value without an end"))?;
        references(value)?;
        judge_namespace(name.trim_end_matches(is_space), value)?;
        rest = behind;
    }
}

/// Refuses declarations of namespaces that are not allowed, some of which parsers let through.
fn judge_namespace(name: &str, value: &str) -> Result<(), SamlFault> {
    let prefix = match name.strip_prefix("xmlns") {
        Some("") => "",
        Some(behind) => behind.strip_prefix(':').unwrap_or("xmlns"),
        None => return Ok(()),
    };
    let undeclares = !prefix.is_empty() && value.is_empty();
    let is_odd = !value.is_empty() && !is_absolute(value);
    if undeclares || is_odd || matches!(prefix, "xml" | "xmlns") || RESERVED.contains(&value) {
        return Err(SamlFault::Namespace);
    }
    if value.len() > NAMESPACE_MOST {
        return Err(too_much("bytes in a namespace"));
    }
    Ok(())
}

/// Whether a namespace is an absolute URI in plain characters. Readers differ in what they make of others, and some canonicalize none.
fn is_absolute(namespace: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?@!$()*+,;=#".contains(&byte);
    let scheme = namespace.split_once(':').map(|(scheme, _)| scheme.as_bytes());
    let has_scheme = scheme.is_some_and(|scheme| {
        scheme.first().is_some_and(u8::is_ascii_alphabetic) && scheme.iter().all(u8::is_ascii_alphanumeric)
    });
    has_scheme && namespace.bytes().all(is_plain) && namespace.bytes().filter(|byte| *byte == b'#').count() <= 1
}

/// Refuses references to anything that must be declared first, and to characters that XML does not have.
fn references(text: &str) -> Result<(), SamlFault> {
    let mut rest = text;
    while let Some((_, behind)) = split(rest, '&') {
        let (name, behind) = split(behind, ';').ok_or(SamlFault::Entity)?;
        let number = match name.strip_prefix('#') {
            Some(digits) => match digits.strip_prefix('x') {
                Some(digits) => number(digits, 16),
                None => number(digits, 10),
            },
            None if matches!(name, "amp" | "lt" | "gt" | "quot" | "apos") => Some('x'),
            None => None,
        };
        if !number.is_some_and(is_character) {
            return Err(SamlFault::Entity);
        }
        rest = behind;
    }
    Ok(())
}

fn number(digits: &str, radix: u32) -> Option<char> {
    let is_number = (1..=8).contains(&digits.len()) && digits.chars().all(|digit| digit.is_digit(radix));
    let number = is_number.then(|| u32::from_str_radix(digits, radix).ok())??;
    char::from_u32(number)
}

/// The document behind `<?xml … ?>`, which may say nothing but version 1.0 and UTF-8.
fn behind_declaration(document: &str) -> Result<&str, SamlFault> {
    let Some(declaration) = document
        .strip_prefix("<?xml")
        .filter(|behind| behind.starts_with(is_space))
    else {
        return if document.starts_with('<') {
            Ok(document)
        } else {
            Err(malformed("it begins with no element"))
        };
    };
    let (declaration, rest) = declaration.split_once("?>").ok_or(SamlFault::Declaration)?;
    let said: Vec<String> = declaration
        .split(is_space)
        .filter(|word| !word.is_empty())
        .map(unquoted)
        .collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let ["version=1.0", behind @ ..] = said.as_slice() else {
        return Err(SamlFault::Declaration);
    };
    let behind = match behind {
        [encoding, behind @ ..] if encoding.eq_ignore_ascii_case("encoding=utf-8") => behind,
        behind => behind,
    };
    match behind {
        [] | ["standalone=yes" | "standalone=no"] => Ok(rest.trim_start_matches(is_space)),
        _ => Err(SamlFault::Declaration),
    }
}

fn unquoted(word: &str) -> String {
    word.replace(['"', '\''], "")
}

/// `Char` of XML 1.0.
fn is_character(one: char) -> bool {
    matches!(one, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn is_space(one: char) -> bool {
    matches!(one, ' ' | '\t' | '\n' | '\r')
}

fn split(text: &str, at: char) -> Option<(&str, &str)> {
    text.split_once(at)
}

fn too_much(what: &'static str) -> SamlFault {
    SamlFault::TooMuch { what }
}

fn malformed(what: &str) -> SamlFault {
    SamlFault::Malformed { what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_assertions_are_made_of_passes() {
        for good in [
            "<a/>",
            "<a b='c>d' xmlns:p=\"urn:x\" e = 'f'>&amp;&#65;&#x41; <p:b></p:b>\n</a>\n",
            "<a xmlns='urn:x'><b xmlns=''/></a>",
            "<a b='it&quot;s \"so\"'/>",
        ] {
            assert_eq!(scan(good), Ok(good));
            for declaration in [
                "<?xml version=\"1.0\"?>",
                "<?xml version='1.0' encoding='utf-8' ?>\n",
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>",
            ] {
                assert_eq!(scan(&format!("{declaration}{good}")), Ok(good), "{declaration}");
            }
        }
    }

    #[test]
    fn what_no_assertion_needs_is_refused() {
        for (bad, fault) in [
            ("<a>\u{0}</a>", SamlFault::Characters),
            ("<a b='\u{0}'/>", SamlFault::Characters),
            ("<a>\u{1f}</a>", SamlFault::Characters),
            ("<a>\u{fffe}</a>", SamlFault::Characters),
            ("<!DOCTYPE a><a/>", SamlFault::Doctype),
            ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", SamlFault::Doctype),
            ("<a><!-- --></a>", SamlFault::Comment),
            ("<a><![CDATA[x]]></a>", SamlFault::CharacterData),
            ("<a><?php x?></a>", SamlFault::Instruction),
            ("<a/><?x y?>", SamlFault::Instruction),
            ("<a>&x;</a>", SamlFault::Entity),
            ("<a>&amp</a>", SamlFault::Entity),
            ("<a>&#0;</a>", SamlFault::Entity),
            ("<a b='&#x1f;'/>", SamlFault::Entity),
            ("<a>&#xd800;</a>", SamlFault::Entity),
            ("<a>&#X41;</a>", SamlFault::Entity),
            ("<a xmlns:p=''/>", SamlFault::Namespace),
            ("<a xmlns:p = \"\"/>", SamlFault::Namespace),
            (
                "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
                SamlFault::Namespace,
            ),
            ("<a xmlns:q='http://www.w3.org/2000/xmlns/'/>", SamlFault::Namespace),
            ("<a xmlns:q='urn:&#x78;'/>", SamlFault::Namespace),
            ("<a xmlns:q='q'/>", SamlFault::Namespace),
            ("<a xmlns='q/r'/>", SamlFault::Namespace),
            ("<a xmlns:q='urn:\u{e9}'/>", SamlFault::Namespace),
            ("<a xmlns:q='urn:a#b#c'/>", SamlFault::Namespace),
            ("<?xml version='1.1'?><a/>", SamlFault::Declaration),
            ("<?xml version='1.0' encoding='utf-16'?><a/>", SamlFault::Declaration),
            ("<?xml version='1.0' encoding='utf-7'?><a/>", SamlFault::Declaration),
        ] {
            assert_eq!(scan(bad), Err(fault), "{bad}");
        }
        for bad in [
            "",
            " <a/>",
            "x",
            "\u{feff}<a/>",
            "<a",
            "<a b>",
            "<a b=c>",
            "<a b='c",
            "<a b='<'/>",
            "<a>]]></a>",
            "<a b=''c=''/>",
        ] {
            assert!(matches!(scan(bad), Err(SamlFault::Malformed { .. })), "{bad}");
        }
    }

    #[test]
    fn too_much_of_anything_is_refused_at_its_bound() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        let beside = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count));
        let attributes =
            |count: usize| format!("<a {}/>", (0..count).map(|at| format!("b{at}='' ")).collect::<String>());
        let long = |len: usize| format!("<a b='{}'/>", "x".repeat(len));
        let namespace = |len: usize| format!("<a xmlns='urn:{}'/>", "x".repeat(len - 4));
        for (most, one_more) in [
            (nested(NESTED_MOST), nested(NESTED_MOST + 1)),
            (beside(TAGS_MOST - 1), beside(TAGS_MOST)),
            (attributes(ATTRIBUTES_MOST), attributes(ATTRIBUTES_MOST + 1)),
            (long(TAG_MOST - 7), long(TAG_MOST - 6)),
            (namespace(NAMESPACE_MOST), namespace(NAMESPACE_MOST + 1)),
        ] {
            assert_eq!(scan(&most), Ok(most.as_str()));
            assert!(matches!(scan(&one_more), Err(SamlFault::TooMuch { .. })), "{one_more}");
        }
    }
}
