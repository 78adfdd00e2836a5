//! Does anybody do the same work faster? Tollgate and every rival take turns within this one run.
//!
//! `cargo bench` in this folder.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tollgate_benches::{
    Bearer, Case, Footprint, NOW, Plan, Population, Rounds, Table, admitted, bare_digest, compare, ratio, request,
};
use tollgate_core::{Field, RequestParts};
use tollgate_rivals::{
    DashmapMaps, LinkedDashmap, LinkedPapaya, MokaMaps, PapayaMaps, RedbHeld, RedbStore, Rival, SqliteStore,
};

fn main() {
    for (title, tokens) in [("1,000 tokens, hot", 1_000), ("1,000,000 tokens, uniform", 1_000_000)] {
        compare_all(title, Population::new(Plan::one_each(tokens)), tokens);
    }
}

fn compare_all(title: &str, population: Population, tokens: u64) {
    let redb = RedbStore::new(&population);
    let held = RedbHeld::new(&redb);
    let (papaya, dashmap, moka) = (
        PapayaMaps::new(&population),
        DashmapMaps::new(&population),
        MokaMaps::new(&population),
    );
    let (linked_papaya, linked_dashmap) = (LinkedPapaya::new(&population), LinkedDashmap::new(&population));
    let sqlite = SqliteStore::new(&population);
    let rivals: [(&str, &dyn Rival); 8] = [
        ("papaya, governor", &papaya),
        ("dashmap, governor", &dashmap),
        ("moka, governor", &moka),
        ("papaya with users linked, governor in each", &linked_papaya),
        ("dashmap with users linked, governor in each", &linked_dashmap),
        ("redb, a transaction for each check, governor", &redb),
        ("redb, one transaction for all, governor", &held),
        ("SQLite, one prepared join, governor", &sqlite),
    ];
    for (name, rival) in rivals {
        does_the_same_work(name, rival, &population);
    }

    let (bearers, footprint) = (&population.bearers, Footprint::new(tokens, tokens));
    let mut cases = vec![
        Case::over("Tollgate", bearers, |bearer| admitted(&population.view, bearer)),
        Case::over("bare digest", bearers, |bearer| bare_digest(bearer.token())),
        Case::over("digest + two dependent reads", bearers, |bearer| {
            footprint.digest_and_read(bearer.token())
        }),
    ];
    for (name, rival) in rivals {
        cases.push(Case::over(name, bearers, move |bearer| {
            rival.admits(&request(bearer), NOW)
        }));
    }
    let rounds = Rounds {
        count: 200,
        slice: Duration::from_millis(4),
    };
    let figures = compare(&mut cases, rounds);
    let mut table = Table::new(&[title, "best ns", "median ns", "/ Tollgate"]);
    for figure in &figures {
        table.row([
            figure.name.clone(),
            format!("{:.0}", figure.best),
            format!("{:.0}", figure.median),
            ratio(figure.best, figures[0].best),
        ]);
    }
    println!("{table}");
}

/// A rival that leaves a gate out would win: each is seen to let through and to refuse what Tollgate does.
fn does_the_same_work(name: &str, rival: &dyn Rival, population: &Population) {
    let banned_by_user = Some(IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3)));
    let banned = Some(IpAddr::V4(Ipv4Addr::new(10, 9, 2, 3)));
    let stranger = Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)));
    for bearer in population.bearers.iter().take(1_000) {
        let asked = request(bearer);
        let unknown = Bearer::new(&tollgate_core::TokenText::from_entropy(
            tollgate_core::TokenKind::Authtoken,
            &[3; 32],
        ));
        assert!(rival.admits(&asked, NOW), "{name} refuses what should pass");
        for (gate, refused) in [
            ("network, global", RequestParts { peer: banned, ..asked }),
            (
                "network, user",
                RequestParts {
                    peer: banned_by_user,
                    ..asked
                },
            ),
            (
                "network, default",
                RequestParts {
                    peer: stranger,
                    ..asked
                },
            ),
            (
                "operation",
                RequestParts {
                    method: b"DELETE",
                    ..asked
                },
            ),
            (
                "scope",
                RequestParts {
                    scopes: &["read"],
                    ..asked
                },
            ),
            (
                "look up",
                RequestParts {
                    authorization: Field::Once(unknown.value()),
                    ..asked
                },
            ),
        ] {
            assert!(!rival.admits(&refused, NOW), "{name} lacks the gate `{gate}`");
        }
        let late = tollgate_core::Timestamp::from_seconds(1_900_000_000);
        assert!(!rival.admits(&asked, late), "{name} lacks the gate `validity`");
    }
}
