//! A store that was made once must open for ever.
//!
//! `fixtures/format-1.redb` was made by the ignored test below, under the key in `fixtures/format-1.key`. A format that
//! cannot read it any more is a new format: it gets a number and a fixture of its own, and this one stays.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use support::{BEGIN, refused, request};
use tollgate::{
    AddNetwork, AddUser, Change, DenyReason, Engine, ExpireToken, IssueAuthtoken, Limit, ManualClock, OpenOptions,
    OperationSet, RemoveUser, Revision, RevokeToken, SeededEntropy, SetSetting, Setting, Standing, TokenId, Verdict,
};

/// The tokens that were shown when the fixture was made: valid, revoked, expired, of a removed user.
const VALID: &str = "tg_at_MzHeM8nzYkSrT8BxzD3hRxVJlbxw30w9pNxGZXZwm1u0pjwZB";
const REVOKED: &str = "tg_at_HxwEPYNyuAnxJbFbbtvZTsa7uyZkG7g2H5QA3pIoYsc2SJMQT";
const EXPIRED: &str = "tg_at_nHYVmnJiYgprapaJUiiqMlauTmdYoZADcPX3NOvUg6M2CPQRa";
const ORPHAN: &str = "tg_at_hgOtk1xgEdrmnBbNDjEJEOtfafhv570jQT8TwiZIHsX2NGz6P";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn options(clock: &Arc<ManualClock>) -> OpenOptions {
    OpenOptions::new()
        .clock(Arc::clone(clock) as _)
        .checkpoint_every(None)
        .sweep_every(None)
}

#[test]
fn format_1_opens_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("format-1.redb");
    fs::copy(fixtures().join("format-1.redb"), &path).unwrap();
    copy_key(&folder.path().join("format-1.key"));
    let clock = Arc::new(ManualClock::at(BEGIN.plus_millis(1_000_000)));
    let engine = options(&clock).open(&path).unwrap();
    assert_eq!(engine.revision(), Revision(18));
    assert_eq!(engine.verify().unwrap().findings, []);

    let users = engine.users().unwrap();
    let [zoe, ann] = users.as_slice() else {
        panic!("{users:?}")
    };
    assert_eq!(
        (ann.name.as_str(), ann.id.0, ann.active, ann.operations),
        ("ann", 1, true, OperationSet::ALL)
    );
    assert_eq!(
        (zoe.name.as_str(), zoe.id.0, zoe.active, zoe.operations.bits()),
        ("Zoë", 2, false, 5)
    );
    assert_eq!(
        (zoe.per_hour.to_string(), zoe.concurrent),
        ("1000".to_owned(), Limit::Unlimited)
    );
    assert_eq!(zoe.created_at, BEGIN);

    let bearer = format!("Bearer {VALID}");
    let Verdict::Permit(permit) = engine.check(&request(bearer.as_bytes()), engine.now()) else {
        panic!("refused")
    };
    assert_eq!(
        permit.quota().map(|quota| quota.remaining),
        Some(4_998),
        "one charge came from the checkpoint"
    );
    assert_eq!(refused(&engine, REVOKED), Some(DenyReason::Revoked));
    assert_eq!(refused(&engine, EXPIRED), Some(DenyReason::Expired));
    assert_eq!(refused(&engine, ORPHAN), Some(DenyReason::UnknownToken));
    let tokens = engine.tokens(None).unwrap();
    assert_eq!(tokens.iter().map(|token| token.id.0).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(tokens[1].revoked_at, Some(BEGIN));
    assert_eq!(tokens[2].expires_at, Some(BEGIN.plus_millis(60_000)));

    let networks: Vec<String> = engine.networks().unwrap().iter().map(shown).collect();
    assert_eq!(
        networks,
        [
            "trusted 127.0.0.0/8 of all",
            "banned 203.0.113.* of all",
            "trusted 2001:db8::/32 of all",
            "banned 10.0.0.1-9 of ann"
        ]
    );
    let settings: Vec<String> = engine
        .settings()
        .unwrap()
        .list()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(settings, ["5000", "unlimited", "true", "false", "10.0.0.0/8,::1", ""]);

    let mut cursor = engine.subscribe(engine.feed_identity().at(Revision(0))).unwrap();
    let first = cursor.next(std::time::Duration::ZERO).unwrap().unwrap();
    assert!(matches!(first.changes.as_slice(), [Change::AddNetwork { .. }]));
    engine.execute(RevokeToken { id: TokenId(1) }).unwrap();
    assert_eq!(
        refused(&engine, VALID),
        Some(DenyReason::Revoked),
        "and it can be written to"
    );
}

fn shown(network: &tollgate::Network) -> String {
    let user = network.user.as_ref().map_or("all", |user| user.as_str());
    format!("{} {} of {user}", network.standing, network.rule)
}

/// The fixture's key file, readable by its owner alone, which a checkout does not keep.
fn copy_key(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::copy(fixtures().join("format-1.key"), path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Makes the fixture anew and prints its tokens, for the constants above. Only for a new format.
#[test]
#[ignore = "writes into the source tree; run by hand when a format is made"]
fn make_format_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("format-1.redb");
    let clock = Arc::new(ManualClock::at(BEGIN));
    let engine = options(&clock)
        .create(true)
        .entropy(Arc::new(SeededEntropy::new(1)))
        .open(&path)
        .unwrap();
    let tokens = fill(&engine);
    engine.close();
    let mut database = redb::Database::open(&path).unwrap();
    while database.compact().unwrap() {}
    drop(database);
    for name in ["format-1.redb", "format-1.key"] {
        fs::copy(folder.path().join(name), fixtures().join(name)).unwrap();
    }
    assert_eq!(
        tokens,
        [VALID, REVOKED, EXPIRED, ORPHAN],
        "put these into the constants"
    );
}

fn fill(engine: &Engine) -> Vec<String> {
    let network = |rule: &str, standing, user: Option<&str>| {
        let user = user.map(|name| name.parse().unwrap());
        let command = AddNetwork {
            rule: rule.parse().unwrap(),
            standing,
            user,
        };
        engine.execute(command).unwrap();
    };
    let issue = |user: &str| {
        let command = IssueAuthtoken {
            user: user.parse().unwrap(),
            expires_at: None,
            not_before: None,
        };
        engine.execute(command).unwrap()
    };
    network("127.0.0.0/8", Standing::Trusted, None);
    network("203.0.113.*", Standing::Banned, None);
    network("2001:db8::/32", Standing::Trusted, None);
    engine.execute(AddUser::named("ann".parse().unwrap())).unwrap();
    let zoe = AddUser {
        operations: OperationSet::from_bits(5),
        per_hour: "1000".parse().unwrap(),
        concurrent: Limit::Unlimited,
        active: false,
        ..AddUser::named("Zoë".parse().unwrap())
    };
    engine.execute(zoe).unwrap();
    network("10.0.0.1-9", Standing::Banned, Some("ann"));
    for (key, value) in [
        ("per_hour", "5000"),
        ("concurrent", "unlimited"),
        ("allow_authtoken_in_url", "true"),
        ("trusted_proxies", "10.0.0.0/8, ::1"),
    ] {
        engine
            .execute(SetSetting {
                setting: Setting::parse(key, value).unwrap(),
            })
            .unwrap();
    }
    let (valid, revoked, expired) = (issue("ann"), issue("ann"), issue("ann"));
    assert_eq!(
        refused(engine, valid.token.expose()),
        None,
        "a charge for the checkpoint"
    );
    engine.execute(RevokeToken { id: revoked.record.id }).unwrap();
    engine
        .execute(ExpireToken {
            id: expired.record.id,
            at: BEGIN.plus_millis(60_000),
        })
        .unwrap();
    engine.execute(AddUser::named("gone".parse().unwrap())).unwrap();
    let orphan = issue("gone");
    engine
        .execute(RemoveUser {
            name: "gone".parse().unwrap(),
        })
        .unwrap();
    [valid, revoked, expired, orphan]
        .iter()
        .map(|issued| issued.token.expose().to_owned())
        .collect()
}
