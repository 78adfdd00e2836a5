//! Paths as servers may read them. Where two servers could read one path differently, whoever decides by it must not guess.

/// A path that can be read in one way as far as it goes by itself: whether it also names one route alone shows when routes are
/// compared with its segments in both ways, [as they stand](Segments) and [loosely](loose).
pub(crate) struct ClearPath<'a> {
    path: &'a [u8],
    /// What is left for a server that takes an escaped `?` or `#` for one that stands for itself.
    cut: Option<&'a [u8]>,
}

impl<'a> ClearPath<'a> {
    /// Reads a path from its first slash on, without query. Costs one pass; allocates nothing.
    ///
    /// None for what servers are known to read in two ways: another beginning; empty segments but the last, and `.` and `..`; a
    /// backslash; bytes that no path may hold; escapes that are broken, that are escaped again, or that stand for a slash, a
    /// backslash, a dot, a semicolon, a control character or UTF-8 written too long; and letters that are ASCII in the other case.
    pub(crate) fn parse(path: &'a [u8]) -> Option<Self> {
        let (b'/', mut rest) = path.split_first()? else {
            return None;
        };
        let (mut segment, mut last, mut cut) = (Segment::default(), 0_u32, None);
        while let Some((first, behind)) = rest.split_first() {
            let at = path.len() - rest.len();
            rest = behind;
            let byte = match *first {
                b'/' => {
                    segment.end(false)?;
                    (segment, last) = (Segment::default(), 0);
                    continue;
                }
                b'%' => {
                    let (byte, behind) = unescaped(rest)?;
                    rest = behind;
                    if matches!(byte, b'?' | b'#') {
                        cut = cut.or(path.get(..at));
                    }
                    segment.push(b'a');
                    byte
                }
                b'\\' | b'?' | b'#' | 0..=b' ' | 0x7f => return None,
                plain => {
                    segment.push(plain);
                    plain
                }
            };
            last = last << 8 | u32::from(byte);
            if is_odd(last) {
                return None;
            }
        }
        segment.end(true)?;
        Some(Self { path, cut })
    }

    /// The segments of the whole path, and those of what is left of it for a server that cuts it where it holds an escape.
    pub(crate) fn readings(&self) -> (Segments<'a>, Option<Segments<'a>>) {
        let segments = |path: &'a [u8]| Segments(path.get(1..));
        (segments(self.path), self.cut.map(segments))
    }
}

/// What matters of a segment that is being read: how it begins, up to a semicolon.
#[derive(Clone, Copy, Default)]
struct Segment {
    len: usize,
    dots: usize,
    is_cut: bool,
}

impl Segment {
    fn push(&mut self, byte: u8) {
        self.is_cut |= byte == b';';
        self.len += usize::from(!self.is_cut);
        self.dots += usize::from(!self.is_cut && byte == b'.');
    }

    /// None where it is empty, or nothing but dots. The last one may be empty: the path ends in a slash.
    fn end(self, is_last: bool) -> Option<()> {
        match self {
            Self { len: 0, is_cut, .. } => (is_last && !is_cut).then_some(()),
            Self { len, dots, .. } => (dots < len).then_some(()),
        }
    }
}

/// Takes the two digits of an escape off the front. None where there are none, or what they stand for is a mark to servers.
fn unescaped(rest: &[u8]) -> Option<(u8, &[u8])> {
    let byte = escape(rest)?;
    let behind = rest.get(2..)?;
    let is_mark = matches!(byte, b'/' | b'\\' | b'.' | b';' | 0..=0x1f | 0x7f);
    let is_escaped_again = byte == b'%' && escape(behind).is_some();
    (!is_mark && !is_escaped_again).then_some((byte, behind))
}

/// The byte that two digits stand for.
fn escape(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
}

/// Whether the last bytes are a letter of UTF-8 that some servers take for ASCII: one written longer than it needs, or one whose other
/// case is ASCII (`K` for Kelvin, the long `s`, `i` with and without its dot).
fn is_odd(last: u32) -> bool {
    let [_, a, b, c] = last.to_be_bytes();
    matches!(c, 0xc0 | 0xc1)
        || matches!(
            (b, c),
            (0xe0, 0x80..=0x9f) | (0xf0, 0x80..=0x8f) | (0xc5, 0xbf) | (0xc4, 0xb0 | 0xb1)
        )
        || (a, b, c) == (0xe2, 0x84, 0xaa)
}

/// What is left of a path behind a slash: none where it has ended, nothing where it ended in that slash.
#[derive(Clone, Copy)]
pub(crate) struct Segments<'a>(Option<&'a [u8]>);

impl<'a> Segments<'a> {
    /// The next segment, and what is left behind it; none where only a slash is left, or nothing.
    pub(crate) fn next(self) -> Option<(&'a [u8], Self)> {
        let rest = self.0.filter(|rest| !rest.is_empty())?;
        let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
        let (segment, behind) = rest.split_at_checked(end)?;
        Some((segment, Self(behind.get(1..))))
    }

    /// Whether a slash is left.
    pub(crate) fn ends_in_slash(self) -> bool {
        self.0.is_some()
    }
}

/// A segment as the most lenient server reads it: without what stands behind a semicolon, without dots at its end, escapes undone,
/// in small letters.
pub(crate) fn loose(segment: &[u8]) -> impl Iterator<Item = u8> + Clone {
    let end = segment.iter().position(|byte| *byte == b';').unwrap_or(segment.len());
    let mut rest = segment.get(..end).unwrap_or_default();
    while let Some(shorter) = rest.strip_suffix(b".") {
        rest = shorter;
    }
    core::iter::from_fn(move || {
        let (first, behind) = rest.split_first()?;
        let (byte, behind) = match (first, escape(behind)) {
            (b'%', Some(byte)) => (byte, behind.get(2..)?),
            _ => (*first, behind),
        };
        rest = behind;
        Some(byte.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_clear(path: impl AsRef<[u8]>) -> bool {
        ClearPath::parse(path.as_ref()).is_some()
    }

    /// Peers have let `//admin`, `/%2e%2e/admin` and the like past rules about `/admin`.
    #[test]
    fn paths_that_servers_read_in_two_ways_are_told_from_those_they_do_not() {
        for clear in [
            "/",
            "/a",
            "/a/",
            "/a/b.c/.d/e..f",
            "/a/...x",
            "/a%20b",
            "/%C3%A9",
            "/C%23",
            "/100%25",
            "/100%25/x",
            "/a;b=c/d",
            "/a*b/**",
            "/~!$&'()+,=:@",
            "/\u{e9}",
        ] {
            assert!(is_clear(clear), "{clear}");
        }
        for odd in [
            "",
            "*",
            "a",
            "http://a/b",
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/./a",
            "/a/../b",
            "/a/..",
            "/...",
            "/..;x/a",
            "/;a",
            "/a/;/b",
            "/.;/a",
            "/%2e",
            "/%2E%2e/a",
            "/a%2Fb",
            "/a%2f",
            "/a%5Cb",
            "/a\\b",
            "/a%00",
            "/a%0a",
            "/a%7f",
            "/a%3Bb",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a%u0061",
            "/%252e",
            "/%2541",
            "/a b",
            "/a\tb",
            "/a#b",
            "/a?b",
            "/%C0%AF",
            "/%c1%81",
            "/%E0%80%AF",
            "/%F0%80%80%AF",
            "/\u{212a}",
            "/%E2%84%AA",
            "/\u{17f}",
            "/%C4%B1",
            "/\u{130}",
        ] {
            assert!(!is_clear(odd), "{odd}");
        }
        assert!(!is_clear(b"/a\xc0\xaf"), "raw bytes count as escaped ones do");
    }

    #[test]
    fn segments_come_in_order_and_a_last_slash_is_seen() {
        for (path, expected, slash) in [
            ("/", vec![], true),
            ("/a", vec!["a"], false),
            ("/a/b;c/", vec!["a", "b;c"], true),
        ] {
            let mut segments = ClearPath::parse(path.as_bytes()).unwrap().readings().0;
            let mut seen = Vec::new();
            while let Some((segment, rest)) = segments.next() {
                seen.push(std::str::from_utf8(segment).unwrap());
                segments = rest;
            }
            assert_eq!((seen, segments.ends_in_slash()), (expected, slash), "{path}");
        }
    }

    #[test]
    fn an_escaped_question_mark_gives_a_second_reading() {
        let cut = |path: &'static str| ClearPath::parse(path.as_bytes()).unwrap().cut;
        assert_eq!(cut("/a%3Fb/c"), Some(&b"/a"[..]));
        assert_eq!(cut("/a/%23b%3f"), Some(&b"/a/"[..]));
        assert_eq!(cut("/a%20b"), None);
    }

    #[test]
    fn the_loose_reading_undoes_what_servers_undo() {
        for (segment, expected) in [
            ("Ab%43", "abc"),
            ("admin;x=1", "admin"),
            ("admin.", "admin"),
            ("a%20b", "a b"),
            ("a.b", "a.b"),
        ] {
            assert_eq!(
                loose(segment.as_bytes()).collect::<Vec<_>>(),
                expected.as_bytes(),
                "{segment}"
            );
        }
    }
}
