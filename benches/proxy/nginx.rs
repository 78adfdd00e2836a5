//! The cheapest server that `ext_authz` can ask: nginx that answers 200 to everything.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use tempfile::TempDir;
use tollgate_tests::http::{Connection, Request};
use tollgate_tests::ports::free_address;
use tollgate_tests::process::Process;
use tollgate_tests::wait::{self, PATIENCE};

/// A running nginx of one process.
pub(crate) struct Nginx {
    pub(crate) address: SocketAddr,
    process: Process,
    _folder: TempDir,
}

impl Nginx {
    pub(crate) fn start() -> Self {
        let (folder, address) = (TempDir::new().unwrap(), free_address());
        let configuration = folder.path().join("nginx.conf");
        let place = folder.path().display();
        let text = format!(
            "daemon off;\nmaster_process off;\npid {place}/pid;\nerror_log stderr warn;\nevents {{}}\nhttp {{\n\
             access_log off;\nkeepalive_requests 1000000000;\nclient_body_temp_path {place}/body;\n\
             proxy_temp_path {place}/proxy;\nfastcgi_temp_path {place}/fastcgi;\nuwsgi_temp_path {place}/uwsgi;\n\
             scgi_temp_path {place}/scgi;\nserver {{ listen {address}; location / {{ return 200; }} }}\n}}\n"
        );
        fs::write(&configuration, text).unwrap();
        let mut command = Command::new("nginx");
        // Debian keeps servers where only the administrator's PATH looks.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:/usr/sbin:/usr/local/sbin"));
        command.arg("-c").arg(configuration).args(["-e", "stderr"]);
        let process = Process::start("nginx (apt-get install nginx)", &mut command);
        wait::until("nginx answers", PATIENCE, || {
            let answer = Connection::open(address).and_then(|mut connection| connection.send(&Request::get("/")));
            answer.is_ok_and(|answer| answer.status == 200).then_some(())
        });
        Self {
            address,
            process,
            _folder: folder,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}
