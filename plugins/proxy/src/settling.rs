//! Questions to one engine about credentials that no view can decide about: those that are under way, and what became of each.

use std::net::IpAddr;

use tollgate_core::feed::FrameKey;
use tollgate_core::{Timestamp, TokenDigest, Unsettled};

use crate::clock;
use crate::configuration::{Configuration, Source};
use crate::door::{self, Level};
use crate::pairs::{self, Pairs};
use crate::proof::{self, ANSWER_LEN_MAX, Answer, SEAL_FIELD};

/// How much longer than agreed an answer is waited for.
const NEVER_AFTER_MS: u64 = 10_000;
/// Trouble is logged again after so many milliseconds.
const LOG_AGAIN_MS: u64 = 60_000;

/// A question under way. It holds no credential.
struct Question {
    /// The root context in whose name it was sent; the answer comes to it alone.
    root: u32,
    token: u32,
    unsettled: Unsettled,
    nonce: [u8; 16],
    sent: Timestamp,
    /// Later than this no answer comes any more, whatever the proxy says.
    until_ms: u64,
}

/// What became of a question.
pub(crate) struct Heard {
    pub(crate) unsettled: Unsettled,
    pub(crate) answer: Answer,
}

/// The questions to one source, however many configurations name it.
pub(crate) struct Settling {
    key: FrameKey,
    under_way: Vec<Question>,
    logged_ms: Option<u64>,
}

impl Settling {
    pub(crate) fn new(source: &Source) -> Self {
        Self {
            key: FrameKey::of_token(source.feed_token.as_bytes()),
            under_way: Vec::new(),
            logged_ms: None,
        }
    }

    /// Whether this credential is being asked about.
    pub(crate) fn is_under_way(&self, digest: &TokenDigest) -> bool {
        self.under_way
            .iter()
            .any(|question| question.unsettled.digest == *digest)
    }

    /// Whether one more question may be asked.
    pub(crate) fn has_room(&self, configuration: &Configuration) -> bool {
        self.under_way.len() < configuration.questions_most
    }

    /// Asks about the credential in `authorization`, in the name of the root context in whose name this runs. Answers whether it
    /// was sent.
    pub(crate) fn ask(
        &mut self,
        root: u32,
        configuration: &Configuration,
        unsettled: &Unsettled,
        (authorization, address): (&[u8], Option<IpAddr>),
    ) -> bool {
        let mut nonce = [0; 16];
        let Some(now_ms) = clock::steady_ms().filter(|_| getrandom::fill(&mut nonce).is_ok()) else {
            return false;
        };
        let Some(body) = proof::question(authorization, address, &nonce) else {
            return false;
        };
        let source = &configuration.source;
        let bearer = format!("Bearer {}", source.feed_token);
        let headers = pairs::write(&[
            (":method", "POST"),
            (":path", proof::PATH),
            (":authority", &source.authority),
            ("authorization", &bearer),
            ("content-type", "application/json"),
            ("accept", "application/json"),
        ]);
        let sent = clock::now();
        let within_ms = configuration.wait_for_proof_ms;
        match door::call(&source.cluster, &headers, &body, within_ms) {
            Ok(token) => {
                self.under_way.push(Question {
                    root,
                    token,
                    unsettled: *unsettled,
                    nonce,
                    sent,
                    until_ms: now_ms.saturating_add(u64::from(within_ms) + NEVER_AFTER_MS),
                });
                true
            }
            Err(status) => {
                let cluster = &source.cluster;
                self.complain(
                    now_ms,
                    &format!("the cluster `{cluster}` cannot be asked (status {})", status.0),
                );
                false
            }
        }
    }

    /// What became of the question to which this is the answer, of `len` bytes; none came where there is no head. None where this
    /// is the answer to something else.
    pub(crate) fn hear(&mut self, root: u32, token: u32, has_head: bool, len: usize) -> Option<Heard> {
        let at = self
            .under_way
            .iter()
            .position(|question| question.root == root && question.token == token)?;
        let question = self.under_way.swap_remove(at);
        let (answer, trouble) = if has_head {
            read(&self.key, &question, len)
        } else {
            (Answer::Unknown, Some("the engine did not answer".to_owned()))
        };
        if let Some(trouble) = trouble {
            self.complain(clock::steady_ms().unwrap_or(0), &trouble);
        }
        Some(Heard {
            unsettled: question.unsettled,
            answer,
        })
    }

    /// Gives up questions of which the proxy has not said what became of them.
    pub(crate) fn give_up(&mut self) -> Vec<Unsettled> {
        let now_ms = clock::steady_ms().unwrap_or(u64::MAX);
        self.take(|question| now_ms > question.until_ms)
    }

    /// The root context has gone, and with it the answers to what it asked.
    pub(crate) fn lose(&mut self, root: u32) -> Vec<Unsettled> {
        self.take(|question| question.root == root)
    }

    fn take(&mut self, which: impl Fn(&Question) -> bool) -> Vec<Unsettled> {
        let gone = self.under_way.extract_if(.., |question| which(question));
        gone.map(|question| question.unsettled).collect()
    }

    /// Each trouble alone may come with every request, so the log hears of one at a time.
    fn complain(&mut self, now_ms: u64, trouble: &str) {
        let lately = self
            .logged_ms
            .is_some_and(|logged_ms| now_ms.saturating_sub(logged_ms) < LOG_AGAIN_MS);
        if !lately {
            self.logged_ms = Some(now_ms);
            door::log(
                Level::Warn,
                &format!("tollgate: a credential is not settled: {trouble}"),
            );
        }
    }
}

/// Reads the answer that has just come, and says what is wrong with one that is none.
fn read(key: &FrameKey, question: &Question, len: usize) -> (Answer, Option<String>) {
    let none = |what: &str| (Answer::Unknown, Some(what.to_owned()));
    let Ok(bytes) = door::call_headers() else {
        return none("the proxy does not hand out the answer");
    };
    let Some(fields) = Pairs::read(&bytes) else {
        return none("the answer has no fields that can be read");
    };
    let field = |wanted: &str| {
        let mut found = fields.iter().filter(|(name, _)| *name == wanted.as_bytes());
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    };
    let status = field(":status").unwrap_or_default();
    if status != b"200" {
        let status = String::from_utf8_lossy(status);
        return none(&format!("the engine answered with HTTP status {status}"));
    }
    if len > ANSWER_LEN_MAX {
        return none("what came is longer than an answer");
    }
    let (Ok(body), Some(seal)) = (door::call_body(len), field(SEAL_FIELD)) else {
        return none("what came is no answer of the engine's");
    };
    let sealed_for = (key, &question.nonce);
    let answer = proof::answer(&body, seal, sealed_for, question.unsettled.sort, question.sent);
    (answer, None)
}
