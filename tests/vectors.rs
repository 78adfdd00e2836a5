//! The shared vectors, run through the code under test and through its twin.
//!
//! `vectors/*.json` say what a check must answer, each with its reason; nothing in them was computed by what they judge.

mod support;

use std::collections::{BTreeSet, HashMap};

use support::facts::{Ask, Change, Outcome, Step, Vector, VectorFile};
use support::reference::{Held, Reference};
use support::vectors::files;
use support::{native, said};
use tollgate_core::{DENY_REASONS, Gate, HeldPermit, LiveView, LiveWriter, Verdict};

/// What can be asked the questions of a vector.
trait Judge {
    fn change(&mut self, change: &Change) -> bool;
    /// Answers how the verdict differs from what is expected, if it does.
    fn ask(&mut self, ask: &Ask) -> Option<String>;
    /// Answers whether a permit was held under this label.
    fn release(&mut self, label: &str) -> bool;
}

struct Native {
    view: LiveView,
    writer: LiveWriter,
    held: HashMap<String, HeldPermit>,
}

impl Native {
    fn new(digest_key: &str) -> Self {
        let (view, writer) = native::view(digest_key);
        let held = HashMap::new();
        Self { view, writer, held }
    }
}

impl Judge for Native {
    fn change(&mut self, change: &Change) -> bool {
        native::change(&mut self.writer, change)
    }

    fn ask(&mut self, ask: &Ask) -> Option<String> {
        let verdict = native::ask(&self.view, &ask.request, ask.now_ms);
        let outcome = native::outcome(&self.view, &ask.request, &verdict);
        if let (Verdict::Permit(permit), Some(label)) = (verdict, &ask.hold) {
            self.held.insert(label.clone(), permit.hold());
        }
        (outcome != ask.expect).then(|| format!("{outcome:?}"))
    }

    fn release(&mut self, label: &str) -> bool {
        self.held.remove(label).is_some()
    }
}

#[derive(Default)]
struct Twin {
    reference: Reference,
    held: HashMap<String, Held>,
}

impl Judge for Twin {
    fn change(&mut self, change: &Change) -> bool {
        self.reference.change(change)
    }

    fn ask(&mut self, ask: &Ask) -> Option<String> {
        let (answer, held) = self.reference.check(&ask.request, ask.now_ms);
        match (held, &ask.hold) {
            (Some(held), Some(label)) => drop(self.held.insert(label.clone(), held)),
            (Some(held), None) => self.reference.end(held, false),
            (None, _) => {}
        }
        (answer != said(&ask.expect)).then(|| format!("{answer:?}"))
    }

    fn release(&mut self, label: &str) -> bool {
        let held = self.held.remove(label);
        held.map(|held| self.reference.end(held, false)).is_some()
    }
}

/// Tells a judge the facts of a vector, takes it through the steps, and answers the first thing that went wrong.
fn run(judge: &mut impl Judge, file: &VectorFile, vector: &Vector) -> Result<(), String> {
    let server = vector.server.as_ref().unwrap_or(&file.world.server);
    let authorities = vector.authorities.as_ref().unwrap_or(&file.world.authorities);
    let users = vector.users.as_ref().unwrap_or(&file.world.users);
    let tokens = vector.tokens.as_ref().unwrap_or(&file.world.tokens);
    let mut facts = vec![Change::SetServer(server.clone())];
    facts.extend(authorities.iter().cloned().map(Change::PutAuthority));
    facts.extend(users.iter().cloned().map(Change::PutUser));
    facts.extend(tokens.iter().cloned().map(Change::PutToken));
    for fact in &facts {
        judge
            .change(fact)
            .then_some(())
            .ok_or_else(|| format!("cannot state {fact:?}"))?;
    }
    for (at, step) in vector.steps.iter().enumerate() {
        let wrong = match step {
            Step::Ask(ask) => judge
                .ask(ask)
                .map(|got| format!("expected {:?}\n     got {got}", ask.expect)),
            Step::Change(amend) => (!judge.change(&amend.change)).then(|| "the change could not be made".to_owned()),
            Step::Release(held) => {
                (!judge.release(&held.release)).then(|| "nothing is held under this label".to_owned())
            }
        };
        wrong.map_or(Ok(()), |wrong| Err(format!("step {}: {wrong}", at + 1)))?;
    }
    Ok(())
}

fn run_all<J: Judge>(judge: impl Fn(&VectorFile) -> J) {
    let mut wrong = Vec::new();
    for (name, file) in &files() {
        for vector in &file.vectors {
            if let Err(what) = run(&mut judge(file), file, vector) {
                wrong.push(format!("{name}: {}: {what}", vector.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} vectors fail\n{}", wrong.len(), wrong.join("\n"));
}

fn asks(vector: &Vector) -> impl Iterator<Item = &Ask> {
    vector.steps.iter().filter_map(|step| match step {
        Step::Ask(ask) => Some(&**ask),
        Step::Release(_) | Step::Change(_) => None,
    })
}

fn passes(ask: &Ask) -> bool {
    matches!(ask.expect, Outcome::Granted { .. })
}

#[test]
fn every_vector_holds_for_the_code_under_test() {
    run_all(|file| Native::new(&file.digest_key));
}

#[test]
fn every_vector_holds_for_the_twin() {
    run_all(|_| Twin::default());
}

/// A runner that accepts anything would accept a vector whose verdicts were exchanged.
#[test]
fn a_wrong_expectation_is_noticed() {
    let mut files = files();
    let file = files.get_mut("limits").unwrap();
    let denied = file
        .vectors
        .iter()
        .flat_map(asks)
        .find(|ask| !passes(ask))
        .unwrap()
        .expect
        .clone();
    let (mut tried, whole) = (0, std::mem::take(&mut file.vectors));
    for mut vector in whole {
        let Some(Step::Ask(ask)) = vector
            .steps
            .iter_mut()
            .find(|step| matches!(step, Step::Ask(ask) if passes(ask)))
        else {
            continue;
        };
        ask.expect = denied.clone();
        tried += 1;
        let wrong = "a verdict that was exchanged for another went unnoticed";
        run(&mut Native::new(&file.digest_key), file, &vector).expect_err(wrong);
        run(&mut Twin::default(), file, &vector).expect_err(wrong);
    }
    assert!(tried > 10, "{tried} vectors were tried");
}

/// A refusal shows little without the near request that passes.
#[test]
fn each_refusal_stands_beside_an_accepted_twin() {
    for (name, file) in &files() {
        let by_name: HashMap<&str, &Vector> = file
            .vectors
            .iter()
            .map(|vector| (vector.name.as_str(), vector))
            .collect();
        assert_eq!(by_name.len(), file.vectors.len(), "{name}: two vectors share a name");
        for vector in file.vectors.iter().filter(|vector| !asks(vector).any(passes)) {
            let twin = vector.twin.as_ref().and_then(|twin| by_name.get(twin.as_str()));
            let twin = twin.unwrap_or_else(|| panic!("{name}: {} names no twin in this file", vector.name));
            assert!(asks(twin).any(passes), "{name}: nothing passes in {}", twin.name);
        }
    }
}

#[test]
fn nothing_is_left_out() {
    let files = files();
    let vectors: Vec<&Vector> = files.values().flat_map(|file| &file.vectors).collect();
    assert!(vectors.len() >= 200, "{} vectors", vectors.len());
    let verdicts: Vec<_> = vectors
        .iter()
        .flat_map(|vector| asks(vector))
        .map(|ask| said(&ask.expect))
        .collect();
    let said: BTreeSet<&str> = verdicts.iter().flat_map(|(verdict, ..)| verdict.split(' ')).collect();
    for row in &DENY_REASONS {
        assert!(said.contains(row.label), "no vector is refused for {}", row.label);
    }
    for gate in Gate::ALL {
        assert!(said.contains(native::gate(gate)), "no vector is refused by {gate:?}");
    }
    let passed = verdicts.iter().filter(|(verdict, ..)| verdict == "permit");
    let places: BTreeSet<&str> = passed
        .filter_map(|(_, subject, _)| Some(subject.as_ref()?.2.as_str()))
        .collect();
    assert_eq!(places, BTreeSet::from(["basic", "bearer", "form", "header", "query"]));
}

/// A request that would fail at two gates must report the first of them.
#[test]
fn each_two_gates_in_a_row_have_a_vector_of_their_order() {
    let files = files();
    let order = &files["order"].vectors;
    for pair in Gate::ALL.windows(2) {
        let [first, second] = [native::gate(pair[0]), native::gate(pair[1])];
        let vector = order
            .iter()
            .find(|vector| vector.name == format!("{first} before {second}"));
        let vector = vector.unwrap_or_else(|| panic!("no vector shows {first} before {second}"));
        let verdicts: Vec<String> = asks(vector).map(|ask| said(&ask.expect).0).collect();
        let gates = verdicts.iter().filter_map(|verdict| verdict.split(' ').next());
        // What passes first spends the limits that are to refuse.
        let gates: Vec<&str> = gates.skip_while(|gate| *gate == "permit").collect();
        assert_eq!(gates, [first, second, "permit"], "{}", vector.name);
    }
}
