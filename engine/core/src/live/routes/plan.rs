//! From routes to words. Only the writer comes here.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::route::{PathPattern, Route, loose};

use super::body_word;

/// A segment by its loose reading and as it was written.
type Literal = (Vec<u8>, Vec<u8>);

/// What may follow the segments that lead here; routes by their rank, counted from one.
#[derive(Default)]
struct Node {
    literals: BTreeMap<Literal, Node>,
    star: Option<Box<Node>>,
    /// The route of a pattern that ends here.
    ends: u16,
    /// Whether that pattern ends in a slash.
    with_slash: bool,
    /// The route of a pattern that goes on with two stars.
    goes_on: u16,
}

/// The words of a table of routes. None where there are too many, or texts too long to be said.
pub(crate) fn plan(routes: &[Route]) -> Option<Vec<u64>> {
    if routes.len() > Route::MOST {
        return None;
    }
    let mut ranked: Vec<&Route> = routes.iter().collect();
    ranked.sort_by_key(|route| rank(&route.pattern));
    let mut root = Node::default();
    for (at, route) in ranked.iter().enumerate() {
        root.insert(&route.pattern, u16::try_from(at + 1).ok()?);
    }
    let count = ranked.len() as u64;
    let mut words = Vec::from([count]);
    words.resize(ranked.len() + 1, 0);
    for (at, route) in ranked.iter().enumerate() {
        let place = words.len() as u64;
        *words.get_mut(at + 1)? = place;
        write_body(route, &mut words);
    }
    let root = root.write(&mut words);
    *words.first_mut()? = count | root << 32;
    Some(words)
}

/// The most specific pattern has the lowest rank. Of two patterns that one path can meet, the one that first has a literal
/// where the other has a star, or a star where the other has two, comes before, and one that ends before one that goes on.
fn rank(pattern: &PathPattern) -> Vec<u8> {
    let kind = |segment: &str| match segment {
        "**" => 2,
        "*" => 1,
        _ => 0,
    };
    pattern
        .segments()
        .filter(|segment| !segment.is_empty())
        .map(kind)
        .collect()
}

impl Node {
    fn insert(&mut self, pattern: &PathPattern, rank: u16) {
        let mut node = self;
        for segment in pattern.segments() {
            node = match segment {
                "**" => {
                    node.goes_on = rank;
                    return;
                }
                "*" => node.star.get_or_insert_default(),
                "" => {
                    node.with_slash = true;
                    break;
                }
                literal => {
                    let bytes = literal.as_bytes();
                    node.literals
                        .entry((loose(bytes).collect(), bytes.to_vec()))
                        .or_default()
                }
            };
        }
        node.ends = rank;
    }

    /// Writes the nodes behind this one, then this one, and answers where it stands.
    fn write(&self, words: &mut Vec<u64>) -> u64 {
        let star = self.star.as_ref().map_or(0, |star| star.write(words));
        let literals: Vec<u64> = self
            .literals
            .iter()
            .map(|((loose, written), node)| {
                let text = words.len() as u64;
                write_text(loose, words);
                write_text(written, words);
                text | node.write(words) << 32
            })
            .collect();
        let place = words.len() as u64;
        let ends = u64::from(self.ends) << 16 | u64::from(self.goes_on) << 32 | u64::from(self.with_slash) << 48;
        words.extend([literals.len() as u64 | ends, star]);
        words.extend(literals);
        place
    }
}

fn write_body(route: &Route, words: &mut Vec<u64>) {
    words.push(body_word(route));
    write_text(route.pattern.as_str().as_bytes(), words);
    if let Some(audience) = &route.audience {
        write_text(audience.as_str().as_bytes(), words);
    }
    for scope in route.scopes.iter() {
        write_text(scope.as_str().as_bytes(), words);
    }
}

fn write_text(text: &[u8], words: &mut Vec<u64>) {
    words.push(text.len() as u64);
    for bytes in text.chunks(8) {
        words.push(bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
}
