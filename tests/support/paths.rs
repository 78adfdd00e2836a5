//! How the twin reads paths: as they stand, and as the most lenient server might.

use super::facts::Route;

/// A path cut into segments, and whether a slash ends it.
type Cut = (Vec<Vec<u8>>, bool);

/// The route that a path takes: none where none is about it, and an error where that can be seen in two ways.
pub fn route<'r>(routes: &'r [Route], path: &[u8]) -> Result<Option<&'r Route>, ()> {
    if routes.is_empty() {
        return Ok(None);
    }
    let bytes = bytes(path).filter(|bytes| is_clear(path, bytes)).ok_or(())?;
    let best = |path: &[u8], alike: fn(&[u8], &[u8]) -> bool, slash: bool| {
        let mut met: Vec<&Route> = routes
            .iter()
            .filter(|route| meets(&route.pattern, path, alike, slash))
            .collect();
        met.sort_by_key(|route| kinds(&route.pattern));
        met.first().map(|route| route.pattern.clone())
    };
    let strict = best(path, |pattern, segment| pattern == segment, true);
    let loose = |path: &[u8]| best(path, |pattern, segment| lenient(pattern) == lenient(segment), false);
    let mark = bytes
        .iter()
        .position(|(byte, escaped)| *escaped && b"?#".contains(byte));
    let cut = mark.map(|mark| {
        let before = bytes[..mark].iter().map(|(_, escaped)| if *escaped { 3 } else { 1 });
        loose(&path[..before.sum()])
    });
    if strict != loose(path) || cut.is_some_and(|cut| cut != strict) {
        return Err(());
    }
    Ok(routes.iter().find(|route| Some(&route.pattern) == strict.as_ref()))
}

/// Every byte that a path stands for, and whether it was escaped. None where an escape is broken.
fn bytes(path: &[u8]) -> Option<Vec<(u8, bool)>> {
    let mut out = Vec::new();
    let mut rest = path;
    while let Some((first, behind)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(behind.get(..2)?).ok()?;
            let plain = digits.chars().all(|c| c.is_ascii_hexdigit());
            out.push((u8::from_str_radix(digits, 16).ok().filter(|_| plain)?, true));
            rest = &behind[2..];
        } else {
            out.push((*first, false));
            rest = behind;
        }
    }
    Some(out)
}

fn is_clear(path: &[u8], bytes: &[(u8, bool)]) -> bool {
    let odd = bytes.iter().any(|(byte, escaped)| match escaped {
        true => b"/\\.;".contains(byte) || byte.is_ascii_control(),
        false => b"\\?#".contains(byte) || *byte <= b' ' || *byte == 0x7f,
    });
    let twice = bytes.windows(3).any(|three| {
        three[0] == (b'%', true)
            && three[1..]
                .iter()
                .all(|(byte, escaped)| !escaped && byte.is_ascii_hexdigit())
    });
    // An escape behind an escaped percent sign is no digit.
    let text: Vec<u8> = bytes.iter().map(|(byte, _)| *byte).collect();
    let has = |odd: &[u8]| text.windows(odd.len()).any(|window| window == odd);
    let letters = [
        &[0xc0][..],
        &[0xc1],
        "\u{17f}".as_bytes(),
        "\u{130}".as_bytes(),
        "\u{131}".as_bytes(),
        "\u{212a}".as_bytes(),
    ];
    let long = |first: u8, most: u8| (0x80..=most).any(|second| has(&[first, second]));
    let segments: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let empty = |segment: &[u8]| {
        let name = segment.split(|byte| *byte == b';').next().unwrap();
        name.iter().all(|byte| *byte == b'.')
    };
    let (last, inner) = segments.split_last().unwrap();
    path.first() == Some(&b'/')
        && !odd
        && !twice
        && !letters.into_iter().any(has)
        && !long(0xe0, 0x9f)
        && !long(0xf0, 0x8f)
        && !inner.iter().skip(1).any(|segment| empty(segment))
        && (last.is_empty() || !empty(last))
}

fn cut(path: &[u8]) -> Cut {
    let mut segments: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').skip(1).map(<[u8]>::to_vec).collect();
    let slash = segments.last().is_some_and(Vec::is_empty);
    if slash {
        segments.pop();
    }
    (segments, slash)
}

/// Whether a pattern is about a path. A last slash counts where `slash` says so.
fn meets(pattern: &str, path: &[u8], alike: fn(&[u8], &[u8]) -> bool, slash: bool) -> bool {
    let ((mut pattern, its_slash), (mut path, with_slash)) = (cut(pattern.as_bytes()), cut(path));
    let goes_on = pattern.last().is_some_and(|last| last == b"**");
    if goes_on {
        pattern.pop();
        path.truncate(pattern.len());
    }
    let same_end = goes_on || !slash || its_slash == with_slash;
    let meets = |(pattern, segment): (&Vec<u8>, &Vec<u8>)| pattern == b"*" || alike(pattern, segment);
    same_end && pattern.len() == path.len() && pattern.iter().zip(&path).all(meets)
}

/// What a segment comes to where everything is undone that some server undoes.
fn lenient(segment: &[u8]) -> Vec<u8> {
    let name = segment.split(|byte| *byte == b';').next().unwrap();
    let dots = name.iter().rev().take_while(|byte| **byte == b'.').count();
    let bytes = bytes(&name[..name.len() - dots]).unwrap_or_default();
    bytes.iter().map(|(byte, _)| byte.to_ascii_lowercase()).collect()
}

/// What sorts the most specific pattern first.
fn kinds(pattern: &str) -> Vec<u8> {
    let kind = |segment: &Vec<u8>| match segment.as_slice() {
        b"**" => 2,
        b"*" => 1,
        _ => 0,
    };
    cut(pattern.as_bytes()).0.iter().map(kind).collect()
}
