//! A real nginx on a port of its own, with the configuration that the repository offers for copying.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::ports::free_address;
use crate::process::Process;
use crate::wait::{self, PATIENCE};

/// The configuration to copy, which goes into a `server` block.
pub const OFFERED: &str = include_str!("../../hosts/http/proxies/nginx.conf");

/// Where [`OFFERED`] expects Tollgate and the upstream.
const TOLLGATE: &str = "127.0.0.1:8480";
const UPSTREAM: &str = "127.0.0.1:9000";

/// How often another port is taken when somebody else was faster.
const ATTEMPTS: usize = 5;

/// A running nginx. Everything it reads and writes lies in a folder that goes with it.
pub struct Nginx {
    address: SocketAddr,
    process: Process,
    _folder: TempDir,
}

impl Nginx {
    /// Starts nginx in front of `upstream`, asking `tollgate`, and waits until it listens.
    pub fn start(tollgate: SocketAddr, upstream: SocketAddr) -> Self {
        for place in [TOLLGATE, UPSTREAM] {
            assert_eq!(OFFERED.matches(&format!("http://{place}")).count(), 1, "{place}");
        }
        let locations = OFFERED
            .replace(&format!("http://{TOLLGATE}"), &format!("http://{tollgate}"))
            .replace(&format!("http://{UPSTREAM}"), &format!("http://{upstream}"));
        let mut complaints = String::new();
        for _ in 0..ATTEMPTS {
            match Self::attempt(&locations) {
                Ok(nginx) => return nginx,
                Err(output) => complaints.push_str(&output),
            }
        }
        panic!("nginx did not start:\n{complaints}");
    }

    /// What nginx said where it ended instead of listening.
    fn attempt(locations: &str) -> Result<Self, String> {
        let folder = TempDir::new().unwrap();
        let address = free_address();
        let configuration = folder.path().join("nginx.conf");
        fs::write(&configuration, surrounding(folder.path(), address, locations)).unwrap();
        let mut process = Process::start("nginx", &mut command(&configuration, &folder.path().join("error.log")));
        let listening = wait::until("nginx listens or has ended", PATIENCE, || {
            if process.ended().is_some() {
                return Some(false);
            }
            TcpStream::connect(address).is_ok().then_some(true)
        });
        if listening && process.ended().is_none() {
            return Ok(Self {
                address,
                process,
                _folder: folder,
            });
        }
        let log = fs::read_to_string(folder.path().join("error.log")).unwrap_or_default();
        Err(process.output() + &log)
    }

    /// Where clients reach it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.process.ended().is_none()
    }
}

fn command(configuration: &Path, log: &Path) -> Command {
    // Debian keeps it where only the administrator's PATH looks.
    let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"]
        .into_iter()
        .find(|path| Path::new(path).exists())
        .unwrap_or("nginx");
    let found = Command::new(program).arg("-v").output();
    if found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        panic!("these tests need a real nginx; install it with: apt-get install nginx");
    }
    let mut command = Command::new(program);
    command.arg("-c").arg(configuration).arg("-e").arg(log);
    command
}

/// One process in the foreground, so that killing it by its id leaves nothing behind.
fn surrounding(folder: &Path, address: SocketAddr, locations: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {address};
{locations}
    }}
}}
"
    )
}
