//! The first minute: `tollgate serve --dev` in an empty folder prints a line with curl that works.
//!
//! It is the first promise that the README makes, so the line is taken from what is printed and given to a shell, as a
//! reader would paste it.

use std::process::Command;

use tempfile::TempDir;
use tollgate_tests::binary;
use tollgate_tests::ports::free_address;
use tollgate_tests::process::Process;
use tollgate_tests::wait::{self, PATIENCE};

/// Starts the server on a free port and waits for the line that it prints.
fn serve(folder: &TempDir) -> (Process, String) {
    let mut command = Command::new(binary::tollgate());
    command.current_dir(folder.path());
    command.args(["serve", "--dev", "--listen", &free_address().to_string()]);
    let mut server = Process::start("tollgate serve --dev", &mut command);
    let line = wait::until("a line with curl is printed", PATIENCE, || {
        assert_eq!(server.ended(), None, "{}", server.output());
        let printed = server.stdout();
        let mut whole = printed.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        whole
            .find(|line| line.trim_start().starts_with("curl "))
            .map(|line| line.trim().to_owned())
    });
    (server, line)
}

/// The status that a shell gets for `line`.
fn pasted(line: &str) -> String {
    let script = format!("{line} --silent --output /dev/null --write-out '%{{http_code}}'");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_ne!(
        output.status.code(),
        Some(127),
        "install curl with: apt-get install curl\n{complaints}"
    );
    assert!(output.status.success(), "{script}: {}\n{complaints}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_line_that_is_printed_works_when_it_is_pasted() {
    let folder = TempDir::new().unwrap();
    let (mut server, line) = serve(&folder);
    assert_eq!(pasted(&line), "200", "{line}");
    let token = line.find("tg_at_").unwrap_or_else(|| panic!("no authtoken in {line}"));
    let spoilt = format!("{}tg_at_0{}", &line[..token], &line[token + "tg_at_0".len()..]);
    let spoilt = if spoilt == line {
        line.replace("tg_at_0", "tg_at_1")
    } else {
        spoilt
    };
    assert_eq!(pasted(&spoilt), "401", "{spoilt}");
    server.terminate();
    assert!(server.wait(PATIENCE).success(), "{}", server.output());

    let (_server, again) = serve(&folder);
    assert_eq!(pasted(&again), "200", "the second time, on what is there: {again}");
}
