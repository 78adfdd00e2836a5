//! Two lines, what is registered and what is presented. What is registered is sent to and nothing else: a URL that passes for a registered one has its scheme, host, path and query.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_oauth::redirect::{accept, answer, is_registered};
use url::Url;

fuzz_target!(|lines: &str| {
    let Some((registered, presented)) = lines.split_once('\n') else {
        return;
    };
    if accept(registered, true).is_err() {
        return;
    }
    assert!(is_registered([registered], registered));
    let one = Url::parse(registered).expect("an accepted URL is one");
    assert!(one.username().is_empty() && one.password().is_none() && one.fragment().is_none());
    let sent = answer(registered, [("code", "c&d"), ("state", "e=f#g")]);
    let sent = Url::parse(&sent).expect("an answer is sent to a URL");
    assert_eq!(
        (sent.scheme(), sent.host(), sent.port(), sent.path()),
        (one.scheme(), one.host(), one.port(), one.path())
    );
    assert!(sent.query_pairs().any(|(name, value)| name == "code" && value == "c&d"));
    assert!(
        sent.query_pairs()
            .any(|(name, value)| name == "state" && value == "e=f#g")
    );
    if is_registered([registered], presented) {
        let other = Url::parse(presented).expect("what passes for a URL is one");
        assert_eq!(
            (one.scheme(), one.host(), one.path(), one.query()),
            (other.scheme(), other.host(), other.path(), other.query())
        );
        assert!(other.username().is_empty() && other.fragment().is_none());
    }
});
