//! The control socket: who is heard, what is said, and what stands in the way of it.

#[cfg(test)]
mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};

use support::World;
use support::answering::{Answering, user_names};
use tollgate::AuditOrder;
use tollgate_http::control::{
    AskError, ControlSocket, PersonChangesRequest, Reply, Request, UserChangesRequest, ask, dispatch, socket_path,
    this_process,
};

#[test]
fn a_server_is_asked_through_its_socket_and_takes_it_along() {
    let world = World::new();
    let store = world.path();
    assert!(
        ask(&store, &Request::UserList { cursor: None }).is_ok_and(|reply| reply.is_none()),
        "nobody answers yet"
    );
    let answering = Answering::start(&world, &store);
    assert_eq!(
        user_names(ask(&store, &Request::UserList { cursor: None }).unwrap()),
        ["alice"]
    );
    let mode = fs::metadata(socket_path(&store)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    answering.stop();
    assert!(!socket_path(&store).exists());
    assert!(ask(&store, &Request::UserList { cursor: None }).is_ok_and(|reply| reply.is_none()));
}

#[test]
fn a_dead_socket_is_replaced_and_any_other_file_is_left_alone() {
    let world = World::new();
    let store = world.path();
    let path = socket_path(&store);
    drop(UnixListener::bind(&path).unwrap());
    assert!(
        ask(&store, &Request::UserList { cursor: None }).is_ok_and(|reply| reply.is_none()),
        "nobody listens at it"
    );
    let answering = Answering::start(&world, &store);
    assert_eq!(
        user_names(ask(&store, &Request::UserList { cursor: None }).unwrap()),
        ["alice"]
    );
    answering.stop();

    fs::write(&path, b"notes").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let bound = runtime.block_on(async { ControlSocket::bind(world.engine.clone(), &store).err() });
    assert!(bound.unwrap().to_string().contains("move it away"));
    assert_eq!(fs::read(&path).unwrap(), b"notes");
}

#[test]
fn a_path_that_is_too_long_for_the_system_is_reached_all_the_same() {
    let world = World::new();
    let deep = world.folder.path().join("d".repeat(150));
    fs::create_dir(&deep).unwrap();
    let store = deep.join("tollgate.redb");
    fs::write(&store, b"").unwrap();
    let answering = Answering::start(&world, &store);
    assert_eq!(
        user_names(ask(&store, &Request::UserList { cursor: None }).unwrap()),
        ["alice"]
    );
    answering.stop();
    assert!(!socket_path(&store).exists());
}

#[test]
fn what_is_not_understood_is_said_and_not_repeated() {
    let world = World::new();
    let answering = Answering::start(&world, &world.path());
    let stream = UnixStream::connect(socket_path(&world.path())).unwrap();
    let mut lines = BufReader::new(&stream).lines();
    let mut said = |line: &str| {
        (&stream).write_all(format!("{line}\n").as_bytes()).unwrap();
        lines.next().unwrap().unwrap()
    };
    for odd in [
        "",
        "{}",
        "\"user_fly\"",
        "{\"user_show\":{\"name\":\"alice\",\"secret\":\"tg_at_x\"}}",
        "\u{1}",
    ] {
        let reply = said(odd);
        assert!(
            reply.contains("\"failed\"") && reply.contains("not_understood"),
            "{reply}"
        );
        assert!(!reply.contains("tg_at_x"), "{reply}");
    }
    assert!(
        said("{\"user_list\":{}}").contains("\"alice\""),
        "and the connection goes on"
    );
    drop(stream);
    answering.stop();
}

#[test]
fn a_change_stands_in_the_trail_under_the_name_of_whoever_the_system_says_asked() {
    let world = World::new();
    let answering = Answering::start(&world, &world.path());
    let add = |name: &str| Request::UserAdd {
        name: name.to_owned(),
        changes: UserChangesRequest::default(),
        person: PersonChangesRequest::default(),
    };
    assert!(matches!(ask(&world.path(), &add("bob")).unwrap(), Some(Reply::Done(_))));
    answering.stop();
    assert!(matches!(
        dispatch(&world.engine, &this_process(), add("carol")),
        Reply::Done(_)
    ));

    let trail = world.engine.audit(AuditOrder::NewestFirst, None, 2).unwrap().items;
    let [here, there] = trail.as_slice() else {
        panic!("{trail:?}")
    };
    assert_eq!((here.subject.as_str(), here.origin.as_str()), ("carol", "this process"));
    assert_eq!(
        (there.subject.as_str(), there.origin.as_str()),
        ("bob", "control socket")
    );
    let uid = fs::metadata("/proc/self").unwrap().uid();
    let actor = format!("command line, uid {uid}");
    assert!(there.actor.starts_with(&actor), "{there:?}");
    assert_eq!(here.actor, there.actor);
}

#[test]
fn a_server_that_goes_without_an_answer_leaves_it_unknown() {
    let world = World::new();
    let store = world.path();
    let listener = UnixListener::bind(socket_path(&store)).unwrap();
    let asked = std::thread::scope(|scope| {
        scope.spawn(|| {
            let (stream, _) = listener.accept().unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            assert_eq!(line, "{\"user_list\":{\"cursor\":null}}\n");
        });
        ask(&store, &Request::UserList { cursor: None }).err()
    });
    let broken_off = asked.unwrap();
    assert!(matches!(broken_off, AskError::BrokenOff(_)), "{broken_off}");
    assert!(
        broken_off.to_string().contains("look before you repeat"),
        "{broken_off}"
    );
}
